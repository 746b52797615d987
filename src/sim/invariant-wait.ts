/** Invariant 5: WAIT has a cause. */
import type { CheckerConfig, ModuleConfig } from '../config/types.js';
import { intervalOf, resourceOf, timeoutOf } from '../machines/checker-rules.js';
import { ruledResources, waitingRules } from './drawn-rules.js';
import { checkEveryMs, type Invariant } from './invariant.types.js';
import { followSwitches } from './switched.js';
import type { World } from './world.js';

interface Place {
  /** Resources of wait rules that are down. */
  readonly causes: Set<string>;
  /** Values of the resources that plans set. */
  readonly values: Map<string, string>;
  /** How long each value has been as it is, in ms of time in which its daemon ran. */
  readonly ageMs: Map<string, number>;
  /** Values that were set a moment before the daemon ended: the next one may know them, or not. */
  readonly doubtful: Set<string>;
  state: string;
  /** A script runs during which nothing is decided. */
  isUndecided: boolean;
  /** For how long the module has been WAIT NotReady without a cause, or UP Ready with one, in ms of time in which its daemon ran. */
  wrongMs: number;
}

/** Resources of the default wait rules (section 2.12 of the compatibility page). */
const waitClasses: readonly string[] = ['module', 'intf'];
/** Classes of the resources that plans set, which rules of the user's may be about. */
const watchedClasses: readonly string[] = [...waitClasses, 'ip', 'custom'];
const ruled: readonly string[] = ruledResources;
/** Checkers whose resource, while it is down, makes the module wait. */
const waitCheckers = (config: ModuleConfig | undefined): readonly CheckerConfig[] =>
  (config?.check?.checkers ?? []).filter((one) => one.action === 'wait');
/** Modules on the same node without which a module waits. */
export const neededBy = (config: ModuleConfig | undefined): readonly string[] =>
  (config?.check?.checkers ?? []).flatMap((one) => (one.kind === 'module' ? [one.name] : []));
/** How long a checker may take to find that something has changed, in ms. */
const detectionMs = (checker: CheckerConfig): number => {
  const intervalMs = intervalOf(checker);
  // What hangs is looked at again when the check before has timed out.
  return Math.max(intervalMs, timeoutOf(checker)) * (checker.grace - 1) + intervalMs + timeoutOf(checker);
};

/** Scripts during which nothing is decided. */
const undecided: readonly string[] = ['handler', 'update'];
/** A decision is carried out a little after its time: scripts, timers, the look of this invariant itself. */
const slackMs = 750;
/** A value is in the history on disk that long after it was set, in ms of time in which its daemon ran. */
const keptMs = 1_250;

/** 5: WAIT (NotReady) if and only if a wait rule holds. There is no administrator's wait among the commands yet. */
export function waitHasCause(world: World): Invariant {
  const known = new Map<string, Place>();
  const switched = followSwitches();
  const of = (node: string, module: string): Place => {
    const key = `${node}/${module}`;
    const found = known.get(key) ?? {
      causes: new Set<string>(),
      values: new Map<string, string>(),
      ageMs: new Map<string, number>(),
      doubtful: new Set<string>(),
      state: '',
      isUndecided: false,
      wrongMs: 0,
    };
    known.set(key, found);
    return found;
  };
  return {
    name: '5 wait has a cause',
    ofModules: true,
    statement:
      'WAIT (NotReady) holds if and only if a wait rule holds or an administrator’s wait is pending; it is left within handle_time of the cause going away.',
    onFact(fact, atMs) {
      switched.heed(fact, atMs);
      if (fact.kind === 'switch') of(fact.node, fact.module).wrongMs = 0;
      // Values that people set are kept over restarts of the daemon, but not over those of the machine.
      if (fact.kind === 'daemon' && (fact.phase === 'killed' || fact.phase === 'left')) {
        for (const { name } of world.options.modules) {
          const place = of(fact.node, name);
          for (const [resource, ageMs] of place.ageMs) if (ageMs < keptMs) place.doubtful.add(resource);
          place.wrongMs = 0;
        }
      }
      if (fact.kind === 'daemon' && fact.phase === 'started') {
        for (const { name } of world.options.modules) Object.assign(of(fact.node, name), { wrongMs: 0, isUndecided: false });
      }
      if (fact.kind === 'machine' && fact.phase === 'off') {
        for (const { name } of world.options.modules) known.delete(`${fact.node}/${name}`);
      }
      if (fact.kind === 'resource') {
        const [resourceClass = ''] = fact.name.split('.');
        const place = of(fact.node, fact.module);
        if (!watchedClasses.includes(resourceClass)) return null;
        place.values.set(fact.name, fact.value);
        // Whatever changes may change which rule asks for what: its time begins anew.
        place.wrongMs = 0;
        if (!waitClasses.includes(resourceClass) && !ruled.includes(fact.name)) return null;
        if (fact.value === 'down' && waitClasses.includes(resourceClass)) place.causes.add(fact.name);
        else place.causes.delete(fact.name);
        place.ageMs.set(fact.name, 0);
        place.doubtful.delete(fact.name);
        place.wrongMs = 0;
      }
      if (fact.kind === 'probe') {
        const place = of(fact.node, fact.module);
        const state = `${fact.state} ${fact.quality}`;
        if (state !== place.state) place.wrongMs = 0;
        place.state = state;
        // Whoever needs it has to find that out.
        for (const { name, config } of world.options.modules)
          if (neededBy(config).includes(fact.module)) of(fact.node, name).wrongMs = 0;
      }
      // What is checked has changed: it has to be found out.
      if (fact.kind === 'fault' && fact.what.startsWith('check ')) {
        for (const { name } of world.options.modules) of(fact.node, name).wrongMs = 0;
      }
      // Another configuration: the time that a decision must hold begins anew.
      if (fact.kind === 'fault' && / is reconfigured /.test(fact.what)) of(fact.node, fact.what.split(' ')[0] ?? '').wrongMs = 0;
      // So does what is applied anew.
      if (fact.kind === 'command' && fact.action === 'update' && fact.answer === 'run') of(fact.node, fact.module).wrongMs = 0;
      // A handler is let go on, and so is the script of a changed configuration: rules are looked at again after it.
      if ((fact.kind === 'script.begin' || fact.kind === 'script.end') && undecided.includes(fact.script))
        Object.assign(of(fact.node, fact.module), { wrongMs: 0, isUndecided: fact.kind === 'script.begin' });
      return null;
    },
    onCheck() {
      for (const [key, place] of known) {
        const [nodeName = '', module = ''] = key.split('/');
        const node = world.node(nodeName);
        if (!node.begun() || node.stalled() || node.host.suspended()) continue;
        for (const [resource, ageMs] of place.ageMs) place.ageMs.set(resource, ageMs + checkEveryMs);
        // With rules or checkers switched off, what waits goes on waiting and what runs goes on running.
        const judged =
          switched.isOff(nodeName, module, 'failover') === false && switched.isOff(nodeName, module, 'checker') === false;
        if (!judged || place.doubtful.size > 0 || place.isUndecided) {
          place.wrongMs = 0;
          continue;
        }
        const config = world.options.modules.find((one) => one.name === module)?.config;
        const checkers = waitCheckers(config);
        const limitMs =
          (config?.failover?.handleTimeMs ?? 2_000) + slackMs + Math.max(0, ...checkers.map((checker) => detectionMs(checker)));
        const broken = checkers.map(resourceOf).filter((name) => world.checkFaults.has(`${key}/${name}`));
        const missed = neededBy(config).filter((other) => known.get(`${nodeName}/${other}`)?.state !== 'UP Ready');
        const causes = [...place.causes, ...broken, ...missed, ...waitingRules(config, place.values)].join(' ');
        const needless = place.state === 'WAIT NotReady' && causes === '';
        const ignored = place.state === 'UP Ready' && causes !== '';
        place.wrongMs = needless || ignored ? place.wrongMs + checkEveryMs : place.wrongMs;
        if (place.wrongMs <= limitMs) continue;
        return needless
          ? `${key}: WAIT (NotReady) for ${place.wrongMs} ms, and no resource of a wait rule is down`
          : `${key}: UP (Ready) for ${place.wrongMs} ms, and ${causes} down`;
      }
      return null;
    },
  };
}
