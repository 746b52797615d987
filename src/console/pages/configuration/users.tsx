/** Who may come in: users, groups, tokens of programs, and the ways to log in. */
import { useEffect, useState } from 'preact/hooks';
import type { AuthStatus, AuthTestList, UserList, UserSummary } from '../../../http/api-types.js';
import { SaidOnce } from '../../config/result-dialog.js';
import { Refused, useTask } from '../../config/task.js';
import { dayTime } from '../../i18n/time.js';
import { api } from '../../session/session.js';
import { CopyLine } from '../../ui/copy.js';
import { ConfirmDialog } from '../../ui/dialog.js';
import { StateShape } from '../../ui/icons.js';
import { NotThere, useReading } from '../details/read.js';
import { Groups } from './groups.js';
import { Tokens } from './tokens.js';
import { type Link, UserDialog } from './user-dialog.js';
import { usersTexts as t } from './users-texts.js';

/** @param changes counts what was changed elsewhere on the page: groups give their members roles. */
function Users({ changes }: { readonly changes: number }) {
  const { reading, again } = useReading<UserList>('/users');
  useEffect(() => {
    if (changes > 0) again();
  }, [changes, again]);
  const [editing, setEditing] = useState<UserSummary | 'new' | null>(null);
  const [removing, setRemoving] = useState<UserSummary | null>(null);
  const [link, setLink] = useState<Link | null>(null);
  const task = useTask();
  if (reading.kind !== 'there') return <NotThere reading={reading} again={again} />;
  const remove = (name: string): void => {
    setRemoving(null);
    task.run(async () => {
      await api.send('DELETE', `/users/${encodeURIComponent(name)}`);
      again();
    });
  };
  return (
    <section class="form-section" aria-labelledby="users-title">
      <div class="config-row">
        <h2 id="users-title">{t('title')}</h2>
        <button type="button" class="button primary" onClick={() => setEditing('new')}>
          {t('add')}
        </button>
      </div>
      <p class="muted">{t('intro')}</p>
      <Refused refusal={task.refusal} />
      {reading.value.items.length === 0 ? (
        <p>{t('none')}</p>
      ) : (
        <div class="table-scroll" tabIndex={0}>
          <table class="table">
            <thead>
              <tr>
                <th scope="col">{t('name')}</th>
                <th scope="col">{t('effective')}</th>
                <th scope="col">{t('groups')}</th>
                <th scope="col">{t('state')}</th>
                <td />
              </tr>
            </thead>
            <tbody>
              {reading.value.items.map((user) => (
                <tr key={user.name}>
                  <th scope="row">{user.name}</th>
                  <td>{t(`role_${user.effectiveRole ?? 'none'}`)}</td>
                  <td>{user.groups.join(', ')}</td>
                  <td>{t(`state_${user.state}`)}</td>
                  <td>
                    <span class="config-row">
                      <button
                        type="button"
                        class="button small"
                        aria-label={t('changeUser', { name: user.name })}
                        onClick={() => setEditing(user)}
                      >
                        {t('change')}
                      </button>
                      <button
                        type="button"
                        class="button small quiet"
                        aria-label={t('remove', { name: user.name })}
                        title={t('remove', { name: user.name })}
                        onClick={() => setRemoving(user)}
                      >
                        ×
                      </button>
                    </span>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {editing === null ? null : (
        <UserDialog
          user={editing === 'new' ? null : editing}
          onClose={() => setEditing(null)}
          onDone={(made) => {
            setEditing(null);
            setLink(made);
            again();
          }}
        />
      )}
      {link === null ? null : (
        <SaidOnce
          title={t('linkTitle', { name: link.user })}
          explanation={t('linkHelp', { node: link.node, time: dayTime(Date.parse(link.expires), Date.now()) })}
          secret={link.url}
          close={t('close')}
          onClose={() => setLink(null)}
        />
      )}
      {removing === null ? null : (
        <ConfirmDialog
          title={t('removeTitle', { name: removing.name })}
          onClose={() => setRemoving(null)}
          confirm={t('remove', { name: removing.name })}
          onConfirm={() => remove(removing.name)}
          danger
        >
          <p>{t('removeHelp')}</p>
          <CopyLine text={`holdfast user delete ${removing.name}`} />
        </ConfirmDialog>
      )}
    </section>
  );
}
function Ways() {
  const { reading, again } = useReading<AuthStatus>('/auth');
  const [tests, setTests] = useState<AuthTestList | null>(null);
  const task = useTask();
  if (reading.kind !== 'there') return <NotThere reading={reading} again={again} />;
  const { node, ways, configFile } = reading.value;
  return (
    <section class="form-section" aria-labelledby="ways-title">
      <h2 id="ways-title">{t('waysTitle', { node })}</h2>
      <ul class="plain-list">
        {ways.map((way) => (
          <li key={way.name} class="config-row">
            <StateShape verdict={way.state === 'on' ? 'well' : way.state === 'failing' ? 'bad' : 'none'} />
            <strong>{t(`way_${way.name}`)}</strong>
            <span class="muted" lang="en">
              {way.message}
            </span>
          </li>
        ))}
      </ul>
      <p class="muted">{t('waysHelp', { file: configFile })}</p>
      <div class="config-row">
        <button
          type="button"
          class="button"
          disabled={task.busy}
          onClick={() =>
            task.run(async () => setTests(await api.json<AuthTestList>('POST', '/auth/test', { json: {}, timeoutMs: 30_000 })))
          }
        >
          {t('test')}
        </button>
      </div>
      <Refused refusal={task.refusal} />
      {tests === null ? null : (
        <ul class="plain-list" aria-label={t('tested')} lang="en">
          {tests.items.map((one) => (
            <li key={one.what} class="config-row">
              <StateShape verdict={one.ok ? 'well' : 'bad'} />
              {one.what}: {one.message} {one.remedy}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
export function UsersPage() {
  const [changes, setChanges] = useState(0);
  return (
    <div class="config-page">
      <Users changes={changes} />
      <Groups onChange={() => setChanges((count) => count + 1)} />
      <Tokens />
      <Ways />
    </div>
  );
}
