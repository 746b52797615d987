/** Groups with a role for their members. */
import { useState } from 'preact/hooks';
import type { GroupList, Role } from '../../../http/api-types.js';
import { Refused, useTask } from '../../config/task.js';
import { api } from '../../session/session.js';
import { NotThere, useReading } from '../details/read.js';
import { RoleSelect } from './role-select.js';
import { usersTexts as t } from './users-texts.js';

export function Groups({ onChange }: { readonly onChange: () => void }) {
  const { reading, again } = useReading<GroupList>('/groups');
  const [name, setName] = useState('');
  const task = useTask();
  if (reading.kind !== 'there') return <NotThere reading={reading} again={again} />;
  const set = (group: string, role: Role | null): void =>
    task.run(async () => {
      await api.json('PUT', `/groups/${encodeURIComponent(group)}`, { json: { role: role ?? 'monitor' } });
      setName('');
      again();
      onChange();
    });
  const remove = (group: string): void =>
    task.run(async () => {
      await api.send('DELETE', `/groups/${encodeURIComponent(group)}`);
      again();
      onChange();
    });
  return (
    <section class="form-section" aria-labelledby="groups-title">
      <h2 id="groups-title">{t('groupTitle')}</h2>
      <p class="muted">{t('groupIntro')}</p>
      <Refused refusal={task.refusal} />
      {reading.value.items.length === 0 ? (
        <p>{t('noGroups')}</p>
      ) : (
        <div class="table-scroll" tabIndex={0}>
          <table class="table">
            <thead>
              <tr>
                <th scope="col">{t('name')}</th>
                <th scope="col">{t('role')}</th>
                <th scope="col">{t('members')}</th>
                <td />
              </tr>
            </thead>
            <tbody>
              {reading.value.items.map((group) => (
                <tr key={group.name}>
                  <th scope="row">{group.name}</th>
                  <td>
                    <label class="visually-hidden" for={`group-${group.name}`}>
                      {t('groupRole', { name: group.name })}
                    </label>
                    <RoleSelect
                      id={`group-${group.name}`}
                      value={group.role}
                      none={false}
                      onChange={(role) => set(group.name, role)}
                    />
                  </td>
                  <td>{group.members.join(', ')}</td>
                  <td>
                    <button
                      type="button"
                      class="button small quiet"
                      aria-label={t('remove', { name: group.name })}
                      title={t('remove', { name: group.name })}
                      onClick={() => remove(group.name)}
                    >
                      ×
                    </button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <form
        class="config-row"
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim() !== '') set(name.trim(), 'monitor');
        }}
      >
        <label for="new-group">{t('addGroup')}</label>
        <input
          id="new-group"
          class="input short"
          value={name}
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => setName(event.currentTarget.value)}
        />
        <button type="submit" class="button" disabled={name.trim() === '' || task.busy}>
          {t('save')}
        </button>
      </form>
    </section>
  );
}
