/** The key of the cluster, which everything between nodes and modules is encrypted with. */
import { useState } from 'preact/hooks';
import type { DistributionReport } from '../../../http/api-types.js';
import { type NodeResult, NodeResults } from '../../config/nodes.js';
import { Refused, useTask } from '../../config/task.js';
import { live } from '../../model/store.js';
import { api } from '../../session/session.js';
import { CopyLine } from '../../ui/copy.js';
import { ConfirmDialog } from '../../ui/dialog.js';
import { StateShape } from '../../ui/icons.js';
import { clusterTexts as t } from './cluster-texts.js';

/** What became of a distribution, as results of nodes. */
export function resultsOf({ items }: DistributionReport): readonly NodeResult[] {
  return items.map(({ node, state, message }) => ({
    ...{ node, message, problems: [] },
    state: state === 'done' || state === 'same' ? 'done' : state === 'away' ? 'away' : 'failed',
  }));
}
export const allNodesMs = 65_000;

export function KeyPanel() {
  const cluster = live.cluster.value;
  const task = useTask();
  const [results, setResults] = useState<readonly NodeResult[]>([]);
  const [asking, setAsking] = useState(false);
  if (cluster === null || !cluster.configured) return null;
  const renew = (): void =>
    task.run(async () => {
      setResults(
        resultsOf(
          await api.json<DistributionReport>('POST', '/cluster/distribute', { json: { newKey: true }, timeoutMs: allNodesMs }),
        ),
      );
      live.refresh();
    });
  const remove = (): void => {
    setAsking(false);
    task.run(async () => {
      await api.send('DELETE', '/cluster/key');
      live.refresh();
    });
  };
  return (
    <section class="form-section" aria-labelledby="key-title">
      <h3 id="key-title">{t('keyTitle')}</h3>
      <p class="config-row">
        <StateShape verdict={cluster.encrypted ? 'well' : 'bad'} />
        <span>{t(cluster.encrypted ? 'keyOn' : 'keyOff')}</span>
      </p>
      <div class="config-row">
        <button type="button" class="button" disabled={task.busy} onClick={renew}>
          {t(cluster.encrypted ? 'rekey' : 'genkey')}
        </button>
        {cluster.encrypted ? (
          <button type="button" class="button quiet" disabled={task.busy} onClick={() => setAsking(true)}>
            {t('delkey')}
          </button>
        ) : null}
      </div>
      <p class="muted">{t('rekeyHelp')}</p>
      <Refused refusal={task.refusal} />
      <NodeResults results={results} label={t('results')} />
      {asking ? (
        <ConfirmDialog
          title={t('delkeyTitle', { node: cluster.self })}
          onClose={() => setAsking(false)}
          confirm={t('delkey')}
          onConfirm={remove}
          danger
        >
          <p>{t('delkeyHelp')}</p>
          <CopyLine text="holdfast cluster delkey" />
        </ConfirmDialog>
      ) : null}
    </section>
  );
}
