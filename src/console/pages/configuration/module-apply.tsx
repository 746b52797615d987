/** Saving, checking, applying: here first, then on the other nodes, each with its result. */
import { useState } from 'preact/hooks';
import type { CheckResult, DistributionReport, ModuleSummary } from '../../../http/api-types.js';
import { ApiFailure } from '../../api/client.js';
import { type NodeResult, NodeResults } from '../../config/nodes.js';
import { Problems, Refused, refusalOf, useTask } from '../../config/task.js';
import { live } from '../../model/store.js';
import { navigate } from '../../router.js';
import { api } from '../../session/session.js';
import { StateShape } from '../../ui/icons.js';
import { resultsOf } from './key-panel.js';
import { openDrafts } from './module-files.js';
import { modulesTexts as t } from './modules-texts.js';

const applyMs = 65_000;

/** Saves all files of the module. @throws ApiFailure FILE_CONFLICT where somebody else saved one meanwhile */
async function saveAll(module: string): Promise<void> {
  for (const { path, draft } of openDrafts(module)) {
    if (draft.theirs.peek() === null && !draft.dirty.peek()) continue;
    if (!(await draft.save())) throw new ApiFailure(0, 'FILE_CONFLICT', t('conflictStop', { file: path }), null);
  }
}
export function ApplyStep({ module }: { readonly module: string }) {
  const self = live.cluster.value?.self ?? '';
  const nodes = live.nodes.value;
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const [results, setResults] = useState<readonly NodeResult[]>([]);
  const [checked, setChecked] = useState<CheckResult | null>(null);
  const task = useTask();
  const url = `/modules/${encodeURIComponent(module)}`;
  const unsaved = openDrafts(module).filter(({ draft }) => draft.dirty.value);
  const others = nodes.filter((node) => !node.self && node.online && !left.has(node.name)).map((node) => node.name);

  const check = (): void =>
    task.run(async () => {
      setResults([]);
      setChecked(null);
      await saveAll(module);
      setChecked(await api.json<CheckResult>('POST', `${url}/config/check`, { timeoutMs: applyMs }));
    });
  const apply = (): void =>
    task.run(async () => {
      setChecked(null);
      await saveAll(module);
      const running = (node: string): NodeResult => ({ node, state: 'running', message: '', problems: [] });
      setResults([running(self)]);
      let here: NodeResult;
      try {
        await api.json<ModuleSummary>('POST', `${url}/config/apply`, { timeoutMs: applyMs });
        here = { node: self, state: 'done', message: t('applied_here'), problems: [] };
      } catch (error) {
        const { message, problems } = refusalOf(error);
        // What is refused here is given to nobody.
        setResults([{ node: self, state: 'failed', message, problems }]);
        return;
      }
      setResults([here, ...others.map(running)]);
      if (others.length > 0) {
        try {
          const report = await api.json<DistributionReport>('POST', `${url}/export`, {
            json: { nodes: others },
            timeoutMs: applyMs,
          });
          setResults([here, ...resultsOf(report).filter(({ node }) => node !== self)]);
        } catch (error) {
          const { message, problems } = refusalOf(error);
          setResults([here, ...others.map((node): NodeResult => ({ node, state: 'failed', message, problems }))]);
        }
      }
      live.refresh();
    });
  const done = results.length > 0 && results.every(({ state }) => state === 'done');
  return (
    <div class="apply">
      <p>{t('applyHelp')}</p>
      <fieldset class="form-element">
        <legend>{t('onNodes')}</legend>
        {nodes.map((node) => {
          const status = live.status(module, node.name).value;
          const runs =
            status !== null && status.state !== 'STOP' && status.state !== 'NOTCONFIGURED' && status.state !== 'UNKNOWN';
          const remark = !node.online && !node.self ? t('unreachable') : runs ? t('running', { state: status.state }) : null;
          return (
            <label key={node.name} class="config-row">
              <input
                type="checkbox"
                checked={node.self || (node.online && !left.has(node.name))}
                disabled={node.self || !node.online || task.busy}
                onChange={(event) => {
                  const next = new Set(left);
                  if (event.currentTarget.checked) next.delete(node.name);
                  else next.add(node.name);
                  setLeft(next);
                }}
              />
              {node.self ? t('mandatory', { node: node.name }) : node.name}
              {remark === null ? null : <span class="muted">{remark}</span>}
            </label>
          );
        })}
      </fieldset>
      <p class="muted" role="status">
        {unsaved.length === 0 ? t('allSaved') : t('unsaved', { files: unsaved.map(({ path }) => path).join(', ') })}
      </p>
      <div class="config-row">
        <button type="button" class="button" disabled={task.busy} onClick={check}>
          {t('saveCheck')}
        </button>
        <button type="button" class="button primary" disabled={task.busy} onClick={apply}>
          {t('saveApply')}
        </button>
      </div>
      <Refused refusal={task.refusal} />
      {checked === null ? null : (
        <section class="form-section" role="status">
          <p class="config-row">
            <StateShape verdict="well" />
            {t('checkGood')}
          </p>
          <Problems problems={checked.warnings} />
          {checked.rules === undefined || checked.rules.length === 0 ? null : (
            <details>
              <summary>{t('rules')}</summary>
              <ul class="plain-list mono">
                {checked.rules.map((rule) => (
                  <li key={`${rule.label} ${rule.condition}`}>
                    {rule.label}: {rule.condition} → {rule.action}
                  </li>
                ))}
              </ul>
            </details>
          )}
        </section>
      )}
      <NodeResults results={results} label={t('results')} />
      {done ? (
        <div class="config-row">
          <button type="button" class="button primary" onClick={() => navigate('/monitoring')}>
            {t('start')}
          </button>
        </div>
      ) : null}
    </div>
  );
}
