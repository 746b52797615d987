/** A user as a form: name, role, groups, and how it gets a password. */
import { useId, useState } from 'preact/hooks';
import type { Role, UserResult, UserSummary } from '../../../http/api-types.js';
import { Refused, useTask } from '../../config/task.js';
import { addressOf } from '../../router.js';
import { api } from '../../session/session.js';
import { ConfirmDialog } from '../../ui/dialog.js';
import { RoleSelect } from './role-select.js';
import { TextField } from './text-field.js';
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
    <ConfirmDialog
      title={user === null ? t('addTitle') : t('changeTitle', { name: user.name })}
      onClose={onClose}
      confirm={t('save')}
      onConfirm={submit}
      busy={task.busy}
    >
      <Refused refusal={task.refusal} />
      <TextField
        label={t('name')}
        value={name}
        onInput={setName}
        error={tried ? errors.name : null}
        disabled={user !== null}
        autocapitalize="none"
        spellcheck={false}
      />
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
    </ConfirmDialog>
  );
}
