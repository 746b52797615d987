/** Tokens of programs. */
import { useId, useState } from 'preact/hooks';
import type { NewToken, Role, TokenList, TokenSummary } from '../../../http/api-types.js';
import { SaidOnce } from '../../config/result-dialog.js';
import { Refused, useTask } from '../../config/task.js';
import { dayTime } from '../../i18n/time.js';
import { api } from '../../session/session.js';
import { CopyLine } from '../../ui/copy.js';
import { ConfirmDialog } from '../../ui/dialog.js';
import { NotThere, useReading } from '../details/read.js';
import { RoleSelect } from './role-select.js';
import { TextField } from './text-field.js';
import { usersTexts as t } from './users-texts.js';

function TokenDialog({ onClose, onDone }: { readonly onClose: () => void; readonly onDone: (token: NewToken) => void }) {
  const id = useId();
  const [label, setLabel] = useState('');
  const [role, setRole] = useState<Role>('monitor');
  const [days, setDays] = useState('');
  const [tried, setTried] = useState(false);
  const task = useTask();
  const count = days.trim() === '' ? null : Number(days);
  const errors = {
    label: label.trim() === '' ? t('nameMissing') : null,
    days: count !== null && !(Number.isInteger(count) && count >= 1 && count <= 3650) ? t('daysBad') : null,
  };
  const submit = (): void => {
    setTried(true);
    if (errors.label !== null || errors.days !== null) return;
    task.run(async () =>
      onDone(await api.json<NewToken>('POST', '/tokens', { json: { label: label.trim(), role, days: count } })),
    );
  };
  return (
    <ConfirmDialog title={t('addToken')} onClose={onClose} confirm={t('save')} onConfirm={submit} busy={task.busy}>
      <Refused refusal={task.refusal} />
      <TextField label={t('label')} value={label} onInput={setLabel} error={tried ? errors.label : null} />
      <div class="field">
        <label for={`${id}-role`}>{t('role')}</label>
        <RoleSelect id={`${id}-role`} value={role} none={false} onChange={(next) => setRole(next ?? 'monitor')} />
      </div>
      <TextField label={t('days')} value={days} onInput={setDays} error={tried ? errors.days : null} inputMode="numeric" />
    </ConfirmDialog>
  );
}
export function Tokens() {
  const { reading, again } = useReading<TokenList>('/tokens');
  const [adding, setAdding] = useState(false);
  const [made, setMade] = useState<NewToken | null>(null);
  const [revoking, setRevoking] = useState<TokenSummary | null>(null);
  const task = useTask();
  if (reading.kind !== 'there') return <NotThere reading={reading} again={again} />;
  const revoke = (id: string): void => {
    setRevoking(null);
    task.run(async () => {
      await api.send('DELETE', `/tokens/${encodeURIComponent(id)}`);
      again();
    });
  };
  return (
    <section class="form-section" aria-labelledby="tokens-title">
      <div class="config-row">
        <h2 id="tokens-title">{t('tokenTitle')}</h2>
        <button type="button" class="button" onClick={() => setAdding(true)}>
          {t('addToken')}
        </button>
      </div>
      <p class="muted">{t('tokenIntro')}</p>
      <Refused refusal={task.refusal} />
      {reading.value.items.length === 0 ? (
        <p>{t('noTokens')}</p>
      ) : (
        <div class="table-scroll" tabIndex={0}>
          <table class="table">
            <thead>
              <tr>
                <th scope="col">{t('label')}</th>
                <th scope="col">{t('role')}</th>
                <th scope="col">{t('owner')}</th>
                <th scope="col">{t('created')}</th>
                <th scope="col">{t('expires')}</th>
                <td />
              </tr>
            </thead>
            <tbody>
              {reading.value.items.map((token) => (
                <tr key={token.id}>
                  <th scope="row">{token.label}</th>
                  <td>{t(`role_${token.role}`)}</td>
                  <td>{token.owner}</td>
                  <td>{dayTime(Date.parse(token.created), Date.now())}</td>
                  <td class={token.expired ? 'bad' : undefined}>
                    {token.expired
                      ? t('ended')
                      : token.expires === null
                        ? t('never')
                        : dayTime(Date.parse(token.expires), Date.now())}
                  </td>
                  <td>
                    <button
                      type="button"
                      class="button small quiet"
                      aria-label={t('revoke', { name: token.label })}
                      title={t('revoke', { name: token.label })}
                      onClick={() => setRevoking(token)}
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
      {adding ? (
        <TokenDialog
          onClose={() => setAdding(false)}
          onDone={(token) => {
            setAdding(false);
            setMade(token);
            again();
          }}
        />
      ) : null}
      {made === null ? null : (
        <SaidOnce
          title={t('tokenMade', { name: made.label })}
          explanation={t('tokenOnce')}
          secret={made.token}
          close={t('close')}
          onClose={() => setMade(null)}
        />
      )}
      {revoking === null ? null : (
        <ConfirmDialog
          title={t('revokeTitle', { name: revoking.label })}
          onClose={() => setRevoking(null)}
          confirm={t('revoke', { name: revoking.label })}
          onConfirm={() => revoke(revoking.id)}
          danger
        >
          <p>{t('revokeHelp')}</p>
          <CopyLine text={`holdfast token revoke ${revoking.id}`} />
        </ConfirmDialog>
      )}
    </section>
  );
}
