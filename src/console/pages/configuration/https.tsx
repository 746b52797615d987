/** HTTPS: how it stands, switching it on for all nodes, and what belongs to it. */
import { useState } from 'preact/hooks';
import type { HttpsReport, HttpsStatus } from '../../../http/api-types.js';
import { type NodeResult, NodeResults } from '../../config/nodes.js';
import { Refused, saveFile, useTask } from '../../config/task.js';
import { dayTime } from '../../i18n/time.js';
import { addressOf } from '../../router.js';
import { api } from '../../session/session.js';
import { CopyLine } from '../../ui/copy.js';
import { ConfirmDialog } from '../../ui/dialog.js';
import { StateShape } from '../../ui/icons.js';
import { NotThere, useReading } from '../details/read.js';
import { AuthorityBackup, OwnCertificate, PersonCertificate } from './https-more.js';
import { httpsTexts as t } from './https-texts.js';

const httpsMs = 70_000;
const pairs = (hex: string): string => (hex.toUpperCase().match(/../g) ?? []).join(':');

const secureAddress = (port: number): string => `https://${location.hostname}:${port}${addressOf('/configuration/https')}`;

/** The way on, after HTTPS was switched on from a page that came by HTTP. */
function Moved({ fingerprint, port }: { readonly fingerprint: string | null; readonly port: number }) {
  return (
    <div class="notice moving" role="status">
      <p>{t('moved')}</p>
      {fingerprint === null ? null : (
        <>
          <p>
            {t('fingerprint')}. {t('fingerprintHelp')}
          </p>
          <CopyLine text={pairs(fingerprint)} />
        </>
      )}
      <a class="button primary" href={secureAddress(port)}>
        {t('goSecure')}
      </a>
    </div>
  );
}
function Status({ status }: { readonly status: HttpsStatus }) {
  const { on, port, kind, certificate, authority, authorityNode, renewAt, findings } = status;
  const [failed, setFailed] = useState<string | null>(null);
  return (
    <>
      <p class="config-row">
        <StateShape verdict={on ? 'well' : 'bad'} />
        <strong>{on ? t('on', { port }) : t('off')}</strong>
        {on && location.protocol === 'http:' ? (
          <a class="button" href={secureAddress(port)}>
            {t('goSecure')}
          </a>
        ) : null}
      </p>
      {kind === null ? null : <p>{kind === 'private' ? t('kindPrivate', { node: authorityNode ?? '' }) : t('kindOwn')}</p>}
      {certificate === null ? null : (
        <dl class="config-facts">
          <dt>{t('names')}</dt>
          <dd>{certificate.names.join(', ')}</dd>
          <dt>{t('validTo')}</dt>
          <dd>{dayTime(Date.parse(certificate.validTo), Date.now())}</dd>
          {renewAt === null ? null : (
            <>
              <dt>{t('renewAt')}</dt>
              <dd>{dayTime(Date.parse(renewAt), Date.now())}</dd>
            </>
          )}
        </dl>
      )}
      {authority === null ? null : (
        <>
          <h3>{t('fingerprint')}</h3>
          <CopyLine text={pairs(authority.fingerprint)} />
          <p class="muted">
            {t('fingerprintHelp')} {t('authorityHelp')}
          </p>
          <div class="config-row">
            <button
              type="button"
              class="button"
              onClick={() => {
                api.text('/https/authority').then(
                  (pem) => saveFile('cacert.crt', new Blob([pem], { type: 'application/x-pem-file' })),
                  (error: unknown) => setFailed(String(error)),
                );
              }}
            >
              {t('authorityDownload')}
            </button>
            {failed === null ? null : <span class="field-error">{failed}</span>}
          </div>
        </>
      )}
      {findings.length === 0 ? null : (
        <>
          <h3>{t('findings')}</h3>
          <ul class="problem-list" lang="en">
            {findings.map((one) => (
              <li key={one.message} class={one.severity === 'error' ? 'bad' : 'moving'}>
                <span class="problem-text">
                  {one.message} {one.remedy}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}
function Wizard({ status, onDone }: { readonly status: HttpsStatus; readonly onDone: (report: HttpsReport) => void }) {
  const [also, setAlso] = useState(status.also.join(' '));
  const [tls12, setTls12] = useState(status.tls12);
  const [clients, setClients] = useState(status.clientCertificates);
  const [anew, setAnew] = useState(false);
  const [results, setResults] = useState<readonly NodeResult[]>([]);
  const task = useTask();
  const hasAuthority = status.authority !== null && status.kind === 'private';
  const submit = (): void =>
    task.run(async () => {
      setResults([]);
      const report = await api.json<HttpsReport>('POST', '/https/setup', {
        json: {
          ...{ tls12, clientCertificates: clients, newAuthority: anew },
          also: also.split(/[\s,]+/).filter((one) => one !== ''),
        },
        timeoutMs: httpsMs,
      });
      setResults(report.items.map(({ node, ok, message }) => ({ node, state: ok ? 'done' : 'failed', message, problems: [] })));
      onDone(report);
    });
  return (
    <section class="form-section" aria-labelledby="https-wizard">
      <h3 id="https-wizard">{t(status.on ? 'wizardAgain' : 'wizard')}</h3>
      <p>{t('wizardHelp')}</p>
      <div class="field">
        <label for="https-also">{t('also')}</label>
        <p class="field-help" id="https-also-help">
          {t('alsoHelp')}
        </p>
        <input
          id="https-also"
          class="input"
          value={also}
          spellcheck={false}
          autocomplete="off"
          placeholder="www.example.org 10.0.0.100"
          aria-describedby="https-also-help"
          onInput={(event) => setAlso(event.currentTarget.value)}
        />
      </div>
      <label class="config-row">
        <input type="checkbox" checked={clients} onChange={(event) => setClients(event.currentTarget.checked)} /> {t('clients')}
      </label>
      <label class="config-row">
        <input type="checkbox" checked={tls12} onChange={(event) => setTls12(event.currentTarget.checked)} /> {t('tls12')}
      </label>
      {hasAuthority ? (
        <label class="config-row">
          <input type="checkbox" checked={anew} onChange={(event) => setAnew(event.currentTarget.checked)} /> {t('newAuthority')}
        </label>
      ) : null}
      <div class="config-row">
        <button type="button" class="button primary" disabled={task.busy} onClick={submit}>
          {t(status.on ? 'submitAgain' : 'submit')}
        </button>
      </div>
      <Refused refusal={task.refusal} />
      <NodeResults results={results} label={t('results')} />
    </section>
  );
}
export function HttpsPage() {
  const { reading, again } = useReading<HttpsStatus>('/https');
  const [asking, setAsking] = useState(false);
  const [said, setSaid] = useState<string | null>(null);
  const [results, setResults] = useState<readonly NodeResult[]>([]);
  const [moved, setMoved] = useState<HttpsReport | null>(null);
  const task = useTask();
  if (reading.kind !== 'there') return <NotThere reading={reading} again={again} />;
  const status = reading.value;
  const renew = (): void =>
    task.run(async () => {
      await api.json<HttpsStatus>('POST', '/https/renew', { timeoutMs: httpsMs });
      setSaid(t('renewed'));
      again();
    });
  const switchOff = (): void => {
    setAsking(false);
    task.run(async () => {
      const report = await api.json<HttpsReport>('POST', '/https/off', { json: {}, timeoutMs: httpsMs });
      setResults(report.items.map(({ node, ok, message }) => ({ node, state: ok ? 'done' : 'failed', message, problems: [] })));
      again();
    });
  };
  return (
    <div class="config-page">
      <section class="form-section" aria-labelledby="https-title">
        <h2 id="https-title">{t('title', { node: status.node })}</h2>
        <Status status={status} />
        {status.on ? (
          <div class="config-row">
            {status.kind === 'private' ? (
              <button type="button" class="button" disabled={task.busy} onClick={renew}>
                {t('renew')}
              </button>
            ) : null}
            <button type="button" class="button" disabled={task.busy} onClick={() => setAsking(true)}>
              {t('switchOff')}
            </button>
          </div>
        ) : null}
        {said === null ? null : <p role="status">{said}</p>}
        <Refused refusal={task.refusal} />
        <NodeResults results={results} label={t('results')} />
      </section>
      {moved === null ? null : <Moved fingerprint={moved.fingerprint} port={status.port} />}
      <Wizard
        key={String(status.on)}
        status={status}
        onDone={(report) => {
          // From now on this page is answered by HTTPS only, which the browser may not trust yet: a person has to go there.
          if (location.protocol === 'http:') setMoved(report);
          else again();
        }}
      />
      {status.on && status.kind === 'private' && status.authorityNode === status.node ? (
        <>
          <PersonCertificate />
          <AuthorityBackup />
        </>
      ) : null}
      <OwnCertificate
        onDone={() => {
          setSaid(t('installed'));
          again();
        }}
      />
      {asking ? (
        <ConfirmDialog
          title={t('offTitle')}
          onClose={() => setAsking(false)}
          confirm={t('switchOff')}
          onConfirm={switchOff}
          danger
        >
          <p>{t('offHelp')}</p>
          <CopyLine text="holdfast https off" />
        </ConfirmDialog>
      ) : null}
    </div>
  );
}
