/**
 * What must always hold, as functions over the facts of a simulated world: outside the code under test, and checked at every fact and
 * every quarter of a second. Each is named for its place in the statecharts design; how its words are read is in docs/verification.md.
 * (Invariant 8 is about mirror modules, which there are none of yet; invariant 9 is demanded by the swarm's second phase.)
 */

import { followDisks } from './disk-doubt.js';
import type { Invariant, Violation } from './invariant.types.js';
import { checkEveryMs } from './invariant.types.js';
import { checkersTell } from './invariant-checkers.js';
import { countedStops } from './invariant-loop.js';
import { probeTruth, scriptOrder } from './invariant-scripts.js';
import { stopEnds } from './invariant-stop.js';
import { switchesStay } from './invariant-switches.js';
import { sameView, viewAge } from './invariant-views.js';
import { waitHasCause } from './invariant-wait.js';
import type { World } from './world.js';

/** A defect in a chart or an actor is caught by the code under test, and must not happen all the same. */
const noDefects = (world: World): Invariant => ({
  name: '0 no defect',
  ofModules: false,
  statement: 'No chart and no actor throws.',
  onFact: (fact) => {
    if (fact.kind !== 'log') return null;
    const { message } = fact.entry;
    if (message.startsWith('Module ') && message.includes('stopped by a defect')) return `${fact.node}: ${message}`;
    // What the disk and the process table refuse is told in the same words; everything else is a defect of ours.
    const outside = message.includes('ENOSPC') || message.includes('EMFILE');
    if (message.startsWith('Defect in ') && !outside) return `${fact.node}: ${message}`;
    return fact.entry.component === 'cluster' && message.includes('machine failed') ? `${fact.node}: ${message}` : null;
  },
  onCheck: () => world.defects[0] ?? null,
});

/** All invariants of farm modules. */
export const allInvariants: readonly ((world: World) => Invariant)[] = [
  noDefects,
  probeTruth,
  scriptOrder,
  countedStops,
  stopEnds,
  waitHasCause,
  sameView,
  viewAge,
  switchesStay,
  checkersTell,
];

/** Watches a world; `first` is the first violation, after which nothing more is looked at. */
export function watchInvariants(world: World): { first(): Violation | null } {
  let found: Violation | null = null;
  const invariants = allInvariants.map((make) => make(world));
  const report = (invariant: Invariant, condition: string | null): void => {
    if (condition === null || found !== null) return;
    found = { invariant: invariant.name, statement: invariant.statement, atMs: world.time.nowMs(), condition };
  };
  const disks = followDisks();
  world.watch((fact, atMs) => {
    if (found !== null) return;
    disks.heed(fact, atMs);
    for (const invariant of invariants) {
      const condition = invariant.onFact?.(fact, atMs) ?? null;
      if (!(invariant.ofModules && disks.doubtful(fact.node))) report(invariant, condition);
    }
  });
  const check = (): void => {
    if (found !== null) return;
    for (const invariant of invariants) {
      const condition = invariant.onCheck?.(world.time.nowMs()) ?? null;
      const excused =
        invariant.ofModules &&
        condition !== null &&
        [...world.nodes.keys()].some((node) => condition.startsWith(`${node}/`) && disks.doubtful(node));
      if (!excused) report(invariant, condition);
    }
    world.time.scheduleQuiet(checkEveryMs, check);
  };
  world.time.scheduleQuiet(checkEveryMs, check);
  return { first: () => found };
}
