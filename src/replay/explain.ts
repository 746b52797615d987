/** Why a module went from one state to the next: from the raw fact through the verdicts, rules and the restart counter to the scripts. */
import type { Explanation, ExplanationLink as Link } from '../actors/face.js';
import type { Standing, Step } from './story.js';
import { factOf, scriptLine, verdictOf } from './words.js';

/** How far before a verdict its fact may lie, in ms. */
const reachMs = 15 * 60_000;
const nowhere: Standing = { path: '', state: 'STOP', quality: 'NotReady', count: 0, maxloop: 0, reason: null, phase: null };
const iso = (wallMs: number): string => new Date(wallMs).toISOString();
const isMove = ({ before, after }: Step): boolean =>
  after !== null && (before?.state !== after.state || before.quality !== after.quality);
const isTransient = (standing: Standing | null): boolean => standing?.quality === 'Transient';

/** Steps of one module as they come; the newest are kept. */
export class Chronicle {
  readonly #steps: Step[] = [];
  readonly #most: number;

  /** @param most steps that are kept. */
  constructor(most = 20_000) {
    this.#most = most;
  }
  add(step: Step): void {
    this.#steps.push(step);
    if (this.#steps.length > this.#most * 1.1) this.#steps.splice(0, this.#steps.length - this.#most);
  }
  get steps(): readonly Step[] {
    return this.#steps;
  }
}

/** A whole transition begins where the module leaves a state that is no passage. */
function beginningOf(steps: readonly Step[], last: number): number {
  let index = last;
  while (index > 0 && isTransient(steps[index]?.before ?? null)) {
    index -= 1;
    while (index > 0 && !isMove(steps[index] ?? missing)) index -= 1;
  }
  return index;
}
const missing: Step = {
  module: '',
  at: 0,
  wallMs: 0,
  to: '',
  by: null,
  ev: { type: '' },
  times: 1,
  proc: null,
  script: null,
  inside: [],
  log: [],
  scripts: [],
  before: null,
  after: null,
  resources: {},
};

/**
 * The last transition that began at or before `untilWallMs` (null: the last of all), or null where there is none on record.
 * A module that was only loaded has made none.
 */
export function explain(
  steps: readonly Step[],
  node: string,
  untilWallMs: number | null,
  doubt: string | null,
): Explanation | null {
  // Moments are asked for in whole milliseconds: a step within that one is still meant.
  const lastMove = steps.findLastIndex(
    (step) => isMove(step) && step.before !== null && (untilWallMs === null || Math.floor(step.wallMs) <= untilWallMs),
  );
  if (lastMove < 0) return null;
  const begin = beginningOf(steps, lastMove);
  const first = steps[begin] ?? missing;
  const settled = steps.findIndex((step, index) => index >= begin && !isTransient(step.after));
  const end = settled < 0 ? steps.length - 1 : settled;
  const last = steps[end] ?? first;
  const [from, to] = [first.before ?? nowhere, last.after ?? nowhere];
  const chain = [
    ...causesOf(steps, begin).flatMap((step) => linksOf(step)),
    ...steps.slice(begin, end + 1).flatMap((step) => linksOf(step)),
  ];
  return {
    module: first.module,
    node,
    from: { state: from.state, quality: from.quality },
    to: { state: to.state, quality: to.quality },
    at: iso(first.wallMs),
    until: settled < 0 ? null : iso(last.wallMs),
    reason: first.after?.reason ?? null,
    chain,
    resources: Object.entries(first.resources).map(([name, value]) => ({ name, value })),
    budget: { used: first.after?.count ?? 0, max: first.after?.maxloop ?? 0 },
    doubt,
  };
}

const nameIn = (event: object): string | null => ('name' in event && typeof event.name === 'string' ? event.name : null);

/** Earlier steps without which this one would not have been: the ends of processes behind errd's verdict, the resource behind a rule. */
function causesOf(steps: readonly Step[], index: number): readonly Step[] {
  const step = steps[index];
  if (step === undefined) return [];
  const earlier = steps.slice(0, index).filter((one) => step.at - one.at <= reachMs);
  const causes = new Set<Step>();
  for (const event of step.inside) {
    if (event.type === 'proc.failed') {
      const exit = earlier.findLast((one) => one.ev.type === 'process.exited' && one.proc === nameIn(event));
      if (exit !== undefined) causes.add(exit);
    }
    // A rule that had to hold for a while: what made it hold.
    if (event.type === 'failover.decided' && step.before?.phase === 'pending') {
      const began = earlier.findLast((one) => one.before?.phase !== 'pending' && one.after?.phase === 'pending');
      if (began !== undefined) causes.add(began);
    }
  }
  return [...causes].sort((left, right) => left.at - right.at);
}

/** Links without news of their own: what every scan and every script's start says. */
const dull: readonly string[] = ['script.started', 'scan.due', 'probes.observed'];

/** What one step says, in order. */
export function linksOf(step: Step): readonly Link[] {
  const at = iso(step.wallMs);
  const link = (kind: Link['kind'], text: string): Link => ({ at, atMs: step.at, kind, text });
  const { before, after, ev } = step;
  const isPassive = dull.includes(ev.type) || ev.type.startsWith('xstate.after.');
  const moved = after !== null && before?.path !== after.path;
  if (isPassive && !moved && step.inside.length === 0) return [];
  // The first look after arming is news only where it says that the application has outlived the daemon.
  const spoken = step.inside.filter(({ type }) => type !== 'errd.surveyed' || before?.path === 'UP.resuming');
  const verdicts = spoken.map(verdictOf).filter((verdict) => verdict !== null);
  const seen = new Set<string>();
  const fresh = verdicts.filter(({ text }) => !seen.has(text) && seen.add(text) && text !== factOf(step));
  const counted = after !== null && after.count > (before?.count ?? 0);
  return [
    link(ev.type.startsWith('module.') && step.to !== 'node' ? 'command' : 'fact', factOf(step)),
    ...fresh.map(({ kind, text }) => link(kind, text)),
    ...(counted ? [link('counter', counterText(after))] : []),
    ...(moved && after !== null
      ? [link('state', `${before === null ? '' : `${before.path} → `}${after.path}: ${after.state} (${after.quality})`)]
      : []),
    ...step.scripts.map((script) => link('script', scriptLine(script))),
  ];
}

function counterText({ count, maxloop }: Standing): string {
  return count > maxloop
    ? `restart counter: action ${count}, more than maxloop ${maxloop}: the module stops`
    : `restart counter: ${count} of ${maxloop}`;
}
