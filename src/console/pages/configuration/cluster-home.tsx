/** The nodes with their configuration, and what can be done with it. */
import { useEffect, useState } from 'preact/hooks';
import type { ClusterStateList, ClusterXml, DistributionReport } from '../../../http/api-types.js';
import { type NodeResult, NodeResults } from '../../config/nodes.js';
import { Refused, saveFile, useTask } from '../../config/task.js';
import { dayTime } from '../../i18n/time.js';
import { everySecond } from '../../model/clock.js';
import type { Verdict } from '../../model/status.js';
import { live } from '../../model/store.js';
import { navigate } from '../../router.js';
import { api } from '../../session/session.js';
import { CopyLine } from '../../ui/copy.js';
import { ConfirmDialog, Dialog } from '../../ui/dialog.js';
import { StateShape } from '../../ui/icons.js';
import { NotThere, useReading } from '../details/read.js';
import { clusterTexts as t } from './cluster-texts.js';
import { JoinCommand } from './join.js';
import { allNodesMs, KeyPanel, resultsOf } from './key-panel.js';

const verdicts: Readonly<Record<ClusterStateList['items'][number]['status'], Verdict>> = {
  ...{ same: 'well', behind: 'moving', ahead: 'moving', apart: 'bad', oldKey: 'bad', otherKey: 'bad', unreachable: 'bad' },
};
function Nodes() {
  const { reading, again } = useReading<ClusterStateList>('/cluster/state');
  // Who comes and goes is told by the events; the rest is asked again then.
  const known = live.nodes.value.map(({ name, online }) => `${name} ${online}`).join();
  useEffect(() => again(), [known, again]);
  if (reading.kind !== 'there') return <NotThere reading={reading} again={again} />;
  return (
    <div class="table-scroll" tabIndex={0}>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">{t('node')}</th>
            <th scope="col">{t('state')}</th>
            <th scope="col">{t('configuredAt')}</th>
            <th scope="col">{t('generation')}</th>
            <th scope="col">{t('version')}</th>
            <th scope="col">{t('where')}</th>
          </tr>
        </thead>
        <tbody>
          {reading.value.items.map(({ node, self, status, message, info, url }) => (
            <tr key={node}>
              <th scope="row">
                {node}
                {self ? <span class="muted"> {t('self')}</span> : null}
              </th>
              <td title={message}>
                <span class="config-row">
                  <StateShape verdict={verdicts[status]} unreachable={status === 'unreachable'} />
                  {t(`status_${status}`)}
                </span>
              </td>
              <td>{info?.configuredAt == null ? '–' : dayTime(Date.parse(info.configuredAt), everySecond.value)}</td>
              <td>{info?.generation ?? '–'}</td>
              <td>{info?.version ?? '–'}</td>
              <td>
                <code>{url}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
export function ClusterHome() {
  const cluster = live.cluster.value;
  const task = useTask();
  const [results, setResults] = useState<readonly NodeResult[]>([]);
  const [open, setOpen] = useState<'invite' | 'unconfigure' | null>(null);
  if (cluster === null) return null;
  if (!cluster.configured) {
    return (
      <div class="config-page narrow">
        <h2>{t('title')}</h2>
        <p>{t('none')}</p>
        <button type="button" class="button primary" onClick={() => navigate('/configuration/cluster/config')}>
          {t('setUp')}
        </button>
      </div>
    );
  }
  const close = (): void => setOpen(null);
  const download = (): void =>
    task.run(async () => {
      const { xml } = await api.get<ClusterXml>('/cluster/config');
      saveFile('cluster.xml', new Blob([xml], { type: 'application/xml' }));
    });
  const distribute = (): void =>
    task.run(async () =>
      setResults(
        resultsOf(await api.json<DistributionReport>('POST', '/cluster/distribute', { json: {}, timeoutMs: allNodesMs })),
      ),
    );
  const unconfigure = (): void => {
    close();
    task.run(async () => {
      await api.send('DELETE', '/cluster/config');
      live.refresh();
    });
  };
  return (
    <div class="config-page">
      <h2>{t('title')}</h2>
      <div class="config-row">
        <button type="button" class="button primary" onClick={() => navigate('/configuration/cluster/config')}>
          {t('configure')}
        </button>
        <button type="button" class="button" onClick={() => setOpen('invite')}>
          {t('invite')}
        </button>
        <button type="button" class="button" disabled={task.busy} onClick={distribute}>
          {t('distribute')}
        </button>
        <button type="button" class="button" disabled={task.busy} onClick={download}>
          {t('download')}
        </button>
        <button type="button" class="button" disabled={task.busy} onClick={() => setOpen('unconfigure')}>
          {t('unconfigure')}
        </button>
      </div>
      <Refused refusal={task.refusal} />
      <NodeResults results={results} label={t('results')} />
      <Nodes />
      <KeyPanel />
      {open === 'invite' ? (
        <Dialog
          title={t('inviteTitle')}
          onClose={close}
          actions={
            <button type="button" class="button primary" onClick={close}>
              OK
            </button>
          }
        >
          <JoinCommand comer={null} />
          <p>{t('inviteWatch')}</p>
        </Dialog>
      ) : null}
      {open === 'unconfigure' ? (
        <ConfirmDialog
          title={t('unconfigureTitle', { node: cluster.self })}
          onClose={close}
          confirm={t('unconfigure')}
          onConfirm={unconfigure}
          danger
        >
          <p>{t('unconfigureHelp')}</p>
          <CopyLine text="holdfast cluster deconfig" />
        </ConfirmDialog>
      ) : null}
    </div>
  );
}
