import type { Role } from '../../../http/api-types.js';
import { usersTexts as t } from './users-texts.js';

const roles: readonly Role[] = ['monitor', 'control', 'admin'];
const isRole = (text: string): text is Role => roles.some((one) => one === text);

/** A choice of a role. */
export function RoleSelect({
  id,
  value,
  none,
  onChange,
}: {
  readonly id: string;
  readonly value: Role | null;
  readonly none: boolean;
  readonly onChange: (role: Role | null) => void;
}) {
  return (
    <select
      id={id}
      class="input"
      value={value ?? ''}
      onChange={(event) => {
        const next = event.currentTarget.value;
        onChange(isRole(next) ? next : null);
      }}
    >
      {none ? <option value="">{t('role_none')}</option> : null}
      {roles.map((one) => (
        <option key={one} value={one}>
          {t(`role_${one}`)}
        </option>
      ))}
    </select>
  );
}
