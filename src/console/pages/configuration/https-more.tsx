/** What belongs to HTTPS and is needed less often: certificates of one's own, for persons, and the authority's backup. */
import { useId, useState } from 'preact/hooks';
import type { HttpsStatus, UserCertificateFiles } from '../../../http/api-types.js';
import { Refused, saveFile, useTask } from '../../config/task.js';
import { api } from '../../session/session.js';
import { httpsTexts as t } from './https-texts.js';
import { TextField } from './text-field.js';

const httpsMs = 70_000;
const shortest = 8;

interface AreaProps {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly error: string | null;
  readonly onChange: (value: string) => void;
}
function Area({ id, label, value, error, onChange }: AreaProps) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <textarea
        id={id}
        class="input"
        rows={4}
        spellcheck={false}
        autocomplete="off"
        value={value}
        placeholder="-----BEGIN …"
        aria-invalid={error === null ? undefined : 'true'}
        aria-describedby={`${id}-error`}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
      <span class="field-error" id={`${id}-error`}>
        {error}
      </span>
    </div>
  );
}
export function OwnCertificate({ onDone }: { readonly onDone: () => void }) {
  const id = useId();
  const [certificate, setCertificate] = useState('');
  const [key, setKey] = useState('');
  const [authority, setAuthority] = useState('');
  const [tried, setTried] = useState(false);
  const task = useTask();
  const missing = (value: string): string | null => (tried && value.trim() === '' ? t('missing') : null);
  const submit = (): void => {
    setTried(true);
    if (certificate.trim() === '' || key.trim() === '') return;
    task.run(async () => {
      await api.json<HttpsStatus>('PUT', '/https/certificate', {
        json: { certificate, key, authority: authority.trim() === '' ? null : authority },
        timeoutMs: httpsMs,
      });
      setKey('');
      setTried(false);
      onDone();
    });
  };
  return (
    <details class="form-section">
      <summary>{t('own')}</summary>
      <p>{t('ownHelp')}</p>
      <Area
        id={`${id}-certificate`}
        label={t('certificate')}
        value={certificate}
        error={missing(certificate)}
        onChange={setCertificate}
      />
      <Area id={`${id}-key`} label={t('key')} value={key} error={missing(key)} onChange={setKey} />
      <Area id={`${id}-authority`} label={t('authority')} value={authority} error={null} onChange={setAuthority} />
      <Refused refusal={task.refusal} />
      <div class="config-row">
        <button type="button" class="button" disabled={task.busy} onClick={submit}>
          {t('install')}
        </button>
      </div>
    </details>
  );
}
const roles = ['Monitor', 'Control', 'Admin'] as const;
const bytesOf = (base64: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

export function PersonCertificate() {
  const id = useId();
  const [name, setName] = useState('');
  const [role, setRole] = useState<(typeof roles)[number]>('Monitor');
  const [days, setDays] = useState('365');
  const [password, setPassword] = useState('');
  const [tried, setTried] = useState(false);
  const [made, setMade] = useState(false);
  const task = useTask();
  const count = Number(days);
  const errors = {
    name: name.trim() === '' ? t('missing') : null,
    days: Number.isInteger(count) && count >= 1 && count <= 3650 ? null : t('missing'),
    password: password !== '' && password.length < shortest ? t('passwordShort') : null,
  };
  const submit = (): void => {
    setTried(true);
    setMade(false);
    if (errors.name !== null || errors.days !== null || errors.password !== null) return;
    task.run(async () => {
      const files = await api.json<UserCertificateFiles>('POST', '/https/usercert', {
        json: { name: name.trim(), role, days: count, password: password === '' ? null : password },
        timeoutMs: httpsMs,
      });
      if (files.pkcs12 !== null)
        saveFile(`${name.trim()}.p12`, new Blob([bytesOf(files.pkcs12)], { type: 'application/x-pkcs12' }));
      else saveFile(`${name.trim()}.pem`, new Blob([files.certificate, files.key ?? ''], { type: 'application/x-pem-file' }));
      setMade(true);
      setPassword('');
      setTried(false);
    });
  };
  return (
    <details class="form-section">
      <summary>{t('person')}</summary>
      <p>{t('personHelp')}</p>
      <div class="field-grid">
        <TextField label={t('personName')} value={name} error={tried ? errors.name : null} onInput={setName} />
        <div class="field">
          <label for={`${id}-role`}>{t('personRole')}</label>
          <select
            id={`${id}-role`}
            class="input"
            value={role}
            onChange={(event) => setRole(roles.find((one) => one === event.currentTarget.value) ?? 'Monitor')}
          >
            {roles.map((one) => (
              <option key={one} value={one}>
                {t(`role_${one}`)}
              </option>
            ))}
          </select>
        </div>
        <TextField label={t('personDays')} value={days} error={tried ? errors.days : null} onInput={setDays} />
        <TextField
          label={t('personPassword')}
          type="password"
          value={password}
          error={tried ? errors.password : null}
          onInput={setPassword}
        />
      </div>
      <Refused refusal={task.refusal} />
      <div class="config-row">
        <button type="button" class="button" disabled={task.busy} onClick={submit}>
          {t('personMake')}
        </button>
        {made ? <span role="status">{t('personMade')}</span> : null}
      </div>
    </details>
  );
}
export function AuthorityBackup() {
  const [password, setPassword] = useState('');
  const [tried, setTried] = useState(false);
  const task = useTask();
  const error = password.length < shortest ? t('passwordShort') : null;
  const submit = (): void => {
    setTried(true);
    if (error !== null) return;
    task.run(async () => {
      const { pem } = await api.json<{ readonly pem: string }>('POST', '/https/ca/export', {
        json: { password },
        timeoutMs: httpsMs,
      });
      saveFile('authority.pem', new Blob([pem], { type: 'application/x-pem-file' }));
      setPassword('');
      setTried(false);
    });
  };
  return (
    <details class="form-section">
      <summary>{t('backup')}</summary>
      <p>{t('backupHelp')}</p>
      <TextField
        label={t('backupPassword')}
        type="password"
        value={password}
        error={tried ? error : null}
        onInput={setPassword}
      />
      <Refused refusal={task.refusal} />
      <div class="config-row">
        <button type="button" class="button" disabled={task.busy} onClick={submit}>
          {t('backupMake')}
        </button>
      </div>
    </details>
  );
}
