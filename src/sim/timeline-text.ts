/** A simulation as text: what happened, in order, then the requests and the expectations. */
import { secondsOf } from './facts.js';
import type { Simulation } from './scenario-run.js';

/** The whole report. */
export function timelineText(simulation: Simulation): string {
  const { title, seed, forMs, balancer, nodes, events, requests, expectations, violation } = simulation;
  const counts = requests.map(({ module, sent, succeeded, lost }) => {
    const reasons = Object.entries(lost).map(([why, count]) => `${count} ${why}`);
    return `requests for ${module}: ${sent} sent, ${succeeded} answered, ${sent - succeeded} lost${reasons.length === 0 ? '' : ` (${reasons.join(', ')})`}`;
  });
  return [
    `${title}`,
    `${nodes.length} nodes, ${forMs / 1_000} s, ${balancer === null ? 'no balancer' : `balancer ${balancer}`}, seed ${seed}`,
    '',
    ...events.map(({ atMs, text }) => `${secondsOf(atMs, 0).padStart(9)}  ${text}`),
    '',
    ...counts,
    ...expectations.map(({ text, met, found }) => `${met ? 'met    ' : 'NOT MET'}  ${text}${met ? '' : ` (found: ${found})`}`),
    ...(violation === null ? [] : [`DEFECT  invariant ${violation}`]),
    '',
  ].join('\n');
}
