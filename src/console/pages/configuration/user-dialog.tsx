/** A user as a form: name, role, groups, and how it gets a password. */
import { useId, useState } from 'preact/hooks';
import type { Role, UserResult, UserSummary } from '../../../http/api-types.js';
import { Refused, useTask } from '../../config/task.js';
import { addressOf } from '../../router.js';
import { api } from '../../session/session.js';
import { Dialog } from '../../ui/dialog.js';
import { usersTexts as t } from './users-texts.js';

/** A one-time link, as it is opened. */
export interface Link {
  readonly user: string;
  readonly url: string;
  readonly node: string;
  readonly expires: string;
}
type Way = 'link' | 'password' | 'keep';
const shortest = 12;
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
interface UserDialogProps {
  /** Null: a new one. */
  readonly user: UserSummary | null;
  readonly onClose: () => void;
  readonly onDone: (link: Link | null) => void;
}
export function UserDialog({ user, onClose, onDone }: UserDialogProps) {
  const id = useId();
  const [name, setName] = useState(user?.name ?? '');
  const [role, setRole] = useState<Role | null>(user === null ? 'monitor' : user.role);
  const [groups, setGroups] = useState(user?.groups.join(' ') ?? '');
  const [way, setWay] = useState<Way>(user === null ? 'link' : 'keep');
  const [password, setPassword] = useState('');
  const [tried, setTried] = useState(false);
  const task = useTask();
  const errors = {
    name: name.trim() === '' ? t('nameMissing') : null,
    password: way === 'password' && password.length < shortest ? t('passwordShort') : null,
  };
  const submit = (): void => {
    setTried(true);
    if (errors.name !== null || errors.password !== null) return;
    task.run(async () => {
      const common = {
        role,
        groups: groups.split(/[\s,]+/).filter((one) => one !== ''),
        ...(way === 'password' ? { password } : way === 'link' ? { invite: true } : {}),
      };
      const result =
        user === null
          ? await api.json<UserResult>('POST', '/users', { json: { name: name.trim(), ...common } })
          : await api.json<UserResult>('PUT', `/users/${encodeURIComponent(user.name)}`, { json: common });
      const { invitation } = result;
      onDone(
        invitation === null
          ? null
          : {
              ...{ user: result.user.name, node: invitation.node, expires: invitation.expires },
              url: `${location.origin}${addressOf(`/first/${encodeURIComponent(invitation.code)}`)}`,
            },
      );
    });
  };
  const ways: readonly Way[] = user === null ? ['link', 'password'] : ['keep', 'link', 'password'];
  return (
    <Dialog
      title={user === null ? t('addTitle') : t('changeTitle', { name: user.name })}
      onClose={onClose}
      actions={
        <>
          <button type="button" class="button" onClick={onClose}>
            {t('cancel')}
          </button>
          <button type="button" class="button primary" disabled={task.busy} onClick={submit}>
            {t('save')}
          </button>
        </>
      }
    >
      <Refused refusal={task.refusal} />
      <div class="field">
        <label for={`${id}-name`}>{t('name')}</label>
        <input
          id={`${id}-name`}
          class="input"
          value={name}
          disabled={user !== null}
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          aria-invalid={tried && errors.name !== null ? 'true' : undefined}
          aria-describedby={`${id}-name-error`}
          onInput={(event) => setName(event.currentTarget.value)}
        />
        <span class="field-error" id={`${id}-name-error`}>
          {tried ? errors.name : null}
        </span>
      </div>
      <div class="field">
        <label for={`${id}-role`}>{t('role')}</label>
        <RoleSelect id={`${id}-role`} value={role} none onChange={setRole} />
      </div>
      <div class="field">
        <label for={`${id}-groups`}>{t('groups')}</label>
        <p class="field-help" id={`${id}-groups-help`}>
          {t('groupsHelp')}
        </p>
        <input
          id={`${id}-groups`}
          class="input"
          value={groups}
          autocomplete="off"
          spellcheck={false}
          aria-describedby={`${id}-groups-help`}
          onInput={(event) => setGroups(event.currentTarget.value)}
        />
      </div>
      <fieldset class="form-element">
        <legend>{t('how')}</legend>
        {ways.map((one) => (
          <label key={one} class="config-row">
            <input type="radio" name={`${id}-way`} checked={way === one} onChange={() => setWay(one)} />{' '}
            {t(one === 'link' ? 'byLink' : one === 'password' ? 'byPassword' : 'keep')}
          </label>
        ))}
        {way === 'password' ? (
          <div class="field">
            <label for={`${id}-password`}>{t('password')}</label>
            <input
              id={`${id}-password`}
              class="input"
              type="password"
              autocomplete="new-password"
              value={password}
              aria-invalid={tried && errors.password !== null ? 'true' : undefined}
              aria-describedby={`${id}-password-error`}
              onInput={(event) => setPassword(event.currentTarget.value)}
            />
            <span class={tried && errors.password !== null ? 'field-error' : 'field-help'} id={`${id}-password-error`}>
              {t('passwordShort')}
            </span>
          </div>
        ) : null}
      </fieldset>
    </Dialog>
  );
}
