/** What became of something on each node. */

import type { ConfigProblem } from '../../http/api-types.js';
import type { Verdict } from '../model/status.js';
import { StateShape } from '../ui/icons.js';
import { Problems } from './task.js';
import { configTexts as t } from './texts.js';

export interface NodeResult {
  readonly node: string;
  readonly state: 'running' | 'done' | 'failed' | 'away';
  readonly message: string;
  readonly problems: readonly ConfigProblem[];
}
const verdicts: Readonly<Record<NodeResult['state'], Verdict>> = {
  running: 'moving',
  done: 'well',
  failed: 'bad',
  away: 'moving',
};
export function NodeResults({ results, label }: { readonly results: readonly NodeResult[]; readonly label: string }) {
  if (results.length === 0) return null;
  return (
    <ul class="node-results" aria-label={label} aria-live="polite">
      {results.map(({ node, state, message, problems }) => (
        <li key={node} class={`node-result ${state}`}>
          <StateShape verdict={verdicts[state]} />
          <strong>{node}</strong>
          <span>{t(state)}</span>
          <span class="muted" lang="en">
            {message}
          </span>
          <Problems problems={problems} />
        </li>
      ))}
    </ul>
  );
}
