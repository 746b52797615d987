/** The wizard of the cluster: nodes and networks, then what became of it on each node, and letting in those that have no key yet. */
import { configHelp } from 'virtual:config-help';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { readForEdit } from '../../../config/xml-edit.js';
import type { CheckResult, ClusterSummary, ClusterXml, ConfigProblem, DistributionReport } from '../../../http/api-types.js';
import { ApiFailure } from '../../api/client.js';
import { TwoViews } from '../../config/document.js';
import { createDraft, type Draft, type FileVersion } from '../../config/draft.js';
import { type NodeResult, NodeResults } from '../../config/nodes.js';
import { Refused, refusalOf, useTask } from '../../config/task.js';
import { live } from '../../model/store.js';
import { navigate } from '../../router.js';
import { api } from '../../session/session.js';
import { uiTexts } from '../../ui/texts.js';
import { firstCluster, lansOf } from './cluster-document.js';
import { ClusterForm, lookAt } from './cluster-form.js';
import { clusterTexts as t } from './cluster-texts.js';
import { JoinCommand } from './join.js';
import type { Comer } from './join-command.js';
import { allNodesMs, resultsOf } from './key-panel.js';

const file = 'cluster.xml';

async function readCluster(): Promise<FileVersion | null> {
  try {
    const { xml } = await api.get<ClusterXml>('/cluster/config');
    // It has no tag of its own: its text stands for it.
    return { text: xml, etag: xml };
  } catch (error) {
    if (error instanceof ApiFailure && error.code === 'CONF_NONE') return null;
    throw error;
  }
}
async function inspect(text: string, signal: AbortSignal): Promise<readonly ConfigProblem[]> {
  try {
    const { warnings } = await api.json<CheckResult>('POST', '/cluster/config/check', { json: { xml: text }, signal });
    return warnings;
  } catch (error) {
    if (error instanceof ApiFailure && error.code === 'CONF_INVALID') return refusalOf(error).problems;
    throw error;
  }
}
/** The address by which this browser came, where that is one that other nodes can use too. */
function ownAddress(): string {
  const { hostname } = location;
  return /^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(hostname) ? '' : hostname;
}
const nowOf = (draft: Draft) => {
  const read = readForEdit(draft.text.peek());
  return read.ok ? read.document : null;
};

/** Applies it here, then gives it to the others; tells what became of it as it goes. */
async function carryOut(
  xml: string,
  self: string,
  before: boolean,
  tell: (results: readonly NodeResult[]) => void,
): Promise<void> {
  const here = (state: NodeResult['state'], message: string): NodeResult => ({ node: self, state, message, problems: [] });
  if (!before) {
    tell([here('running', '')]);
    await api.json<ClusterSummary>('PUT', '/cluster/config', { json: { xml }, timeoutMs: allNodesMs });
    tell([here('done', t('appliedHere'))]);
    const report = await api.json<DistributionReport>('POST', '/cluster/distribute', { json: {}, timeoutMs: allNodesMs });
    // Nobody else has the key of a cluster that was made just now.
    tell(
      resultsOf(report).map((one) =>
        one.node === self || one.state === 'done' ? one : { ...one, state: 'away', message: t('waitsJoin') },
      ),
    );
    return;
  }
  tell([here('running', '')]);
  tell(resultsOf(await api.json<DistributionReport>('POST', '/cluster/distribute', { json: { xml }, timeoutMs: allNodesMs })));
}
/** What has just appeared below is brought into sight. */
function useInSight() {
  const element = useRef<HTMLElement>(null);
  useEffect(() => element.current?.scrollIntoView({ block: 'nearest' }), []);
  return element;
}
function Outcome({ results, xml }: { readonly results: readonly NodeResult[]; readonly xml: string }) {
  const inSight = useInSight();
  const online = new Set(live.nodes.value.filter((node) => node.online || node.self).map((node) => node.name));
  const missing = results.filter(({ state, node }) => state === 'away' && !online.has(node));
  const read = readForEdit(xml);
  const rows = read.ok ? (lansOf(read.document)?.rows ?? []) : [];
  const comer = (name: string): Comer => ({
    name,
    addresses: rows.flatMap((lan) =>
      lan.nodes.filter((node) => node.name === name).map(({ address }) => ({ lan: lan.name, address })),
    ),
  });
  // Who has come since is done.
  const now = results.map(
    (one): NodeResult =>
      one.state === 'away' && online.has(one.node) ? { ...one, state: 'done', message: t('joined', { node: one.node }) } : one,
  );
  const over = now.length > 0 && now.every(({ state }) => state === 'done');
  return (
    <section class="form-section" aria-labelledby="step2" ref={inSight}>
      <h3 id="step2">{t('step2')}</h3>
      <NodeResults results={now} label={t('results')} />
      {missing.length === 0 ? null : (
        <div class="notice moving">
          <h3>{t('joinTitle')}</h3>
          <p>{t('joinHelp')}</p>
          {missing.map(({ node }) => (
            <JoinCommand key={node} comer={comer(node)} />
          ))}
        </div>
      )}
      {over ? (
        <div class="config-row">
          <strong role="status">{t('allThere')}</strong>
          <button type="button" class="button primary" onClick={() => navigate('/configuration/modules')}>
            {t('toModules')}
          </button>
          <button type="button" class="button" onClick={() => navigate('/configuration/cluster')}>
            {t('toCluster')}
          </button>
        </div>
      ) : null}
    </section>
  );
}
export function ClusterWizard() {
  const cluster = live.cluster.value;
  const self = cluster?.self ?? '';
  const [view, setView] = useState<'form' | 'xml'>('form');
  const [results, setResults] = useState<readonly NodeResult[]>([]);
  const [applied, setApplied] = useState('');
  const task = useTask();
  const draft = useMemo(
    () =>
      createDraft(
        'holdfast.draft.cluster',
        { read: readCluster, write: async (text) => text },
        sessionStorage,
        firstCluster(self, ownAddress()),
      ),
    [self],
  );
  useEffect(() => {
    if (self === '') return;
    void draft.load().then(() => {
      const document = nowOf(draft);
      for (const { address } of document === null ? [] : (lansOf(document)?.rows.flatMap((row) => row.nodes) ?? []))
        void lookAt(address);
    });
  }, [draft, self]);
  const state = draft.state.value;
  if (self === '' || state.kind === 'loading') return <p class="hint">{uiTexts('loading')}</p>;
  if (state.kind === 'failed') return <Refused refusal={{ ...state, problems: [] }} />;
  const apply = (): void =>
    task.run(async () => {
      setResults([]);
      // What others saved meanwhile is looked at first.
      await draft.load();
      if (draft.theirs.peek() !== null) return;
      const xml = draft.text.peek();
      setApplied(xml);
      await carryOut(xml, self, cluster?.configured === true, setResults);
      await draft.save();
      live.refresh();
    });
  return (
    <div class="config-page">
      <h2>{t('wizardTitle')}</h2>
      <p>
        {t('wizardIntro')} <span class="muted">{t('advanced')}</span>
      </p>
      <h3>{t('step1')}</h3>
      <TwoViews
        {...{ draft, file, language: 'cluster', inspect, view, onView: setView }}
        form={(parts) => <ClusterForm {...parts} help={configHelp.cluster} now={() => nowOf(draft)} />}
      />
      <Refused refusal={task.refusal} />
      <div class="config-row">
        <button type="button" class="button primary" disabled={task.busy || draft.theirs.value !== null} onClick={apply}>
          {t('saveApply')}
        </button>
        <button type="button" class="button" disabled={task.busy} onClick={() => draft.discard()}>
          {t('reload')}
        </button>
      </div>
      {results.length === 0 ? null : <Outcome results={results} xml={applied} />}
    </div>
  );
}
