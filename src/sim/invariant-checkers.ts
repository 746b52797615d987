/** Checkers say what is so, and what they say has its consequence. */
import type { CheckerConfig, ModuleConfig } from '../config/types.js';
import { intervalOf, resourceOf, slackOf, timeoutOf } from '../machines/checker-rules.js';
import type { Fact } from './facts.js';
import { checkEveryMs, type Invariant } from './invariant.types.js';
import { isOfApplication } from './sim-prober.js';
import { followSwitches } from './switched.js';
import type { World } from './world.js';

interface Watched {
  readonly checker: CheckerConfig;
  readonly resource: string;
  /** The rule that its action makes; null: nothing follows from it. */
  readonly rule: string | null;
  isDown: boolean;
  /** How long that has been so while it was looked at without a break, in ms. */
  sameMs: number;
  /** It does not answer at all, or did just now: a check lasts until its timeout. */
  hangs: boolean;
  /** What its resource said at the last look. */
  value: string | null;
  /** When it had last been so for longer than from one check to the end of the next. */
  longUpAtMs: number;
  longDownAtMs: number;
}
interface Place {
  readonly watched: readonly Watched[];
  /** For how long the module has been UP (Ready) without a break in which all of this is judged, in ms. */
  readyMs: number;
  isReady: boolean;
  /** For how long no resource has changed, in ms: another rule may ask for a stronger action, whose time begins anew. */
  steadyMs: number;
  /** A script runs during which nothing is decided. */
  isUndecided: boolean;
}

/** First letters of the rules that actions of checkers make. */
const letters: Readonly<Record<string, string>> = { tcp: 't', ping: 'p', custom: 'c', http: 'h', systemd: 's' };
const undecided: readonly string[] = ['handler', 'update'];
/** A look of this invariant comes a little after what it looks at, in ms. */
const slackMs = 2 * checkEveryMs;
/** How often an executable that loops looks, in ms. */
const loopMs = 1_000;

/** How long a checker may take to say what has changed, in ms. */
function detectionMs({ checker, hangs }: Watched): number {
  const intervalMs = intervalOf(checker);
  if (checker.kind === 'custom') return 2 * loopMs;
  if (!hangs) return intervalMs * checker.grace;
  return Math.max(intervalMs, timeoutOf(checker)) * (checker.grace - 1) + intervalMs + timeoutOf(checker);
}
const ruleOf = ({ kind, ident, action }: CheckerConfig): string | null =>
  action === 'noaction' || letters[kind] === undefined ? null : `${letters[kind]}_${ident}`;
const placeOf = (config: ModuleConfig): Place => ({
  // What another module does is the matter of invariants 5 and 9.
  watched: (config.check?.checkers ?? [])
    .filter(({ kind }) => kind !== 'module')
    .map((checker) => ({
      checker,
      resource: resourceOf(checker),
      rule: ruleOf(checker),
      isDown: false,
      sameMs: 0,
      hangs: false,
      value: null,
      longUpAtMs: Number.NEGATIVE_INFINITY,
      longDownAtMs: Number.NEGATIVE_INFINITY,
    })),
  readyMs: 0,
  isReady: false,
  steadyMs: 0,
  isUndecided: false,
});

/** 11 (ours): a checker's resource follows what is checked within its interval, grace and timeout, its rule acts, and never without cause. */
export function checkersTell(world: World): Invariant {
  const switched = followSwitches();
  const known = new Map<string, Place>();
  for (const node of world.nodes.keys())
    for (const { name, config } of world.options.modules)
      if ((config.check?.checkers ?? []).length > 0) known.set(`${node}/${name}`, placeOf(config));
  const begin = (place: Place | undefined): void => {
    if (place === undefined) return;
    place.readyMs = 0;
    for (const one of place.watched) {
      one.sameMs = 0;
      one.value = null;
    }
  };
  const ofNode = (node: string): readonly Place[] =>
    world.options.modules.flatMap(({ name }) => {
      const place = known.get(`${node}/${name}`);
      return place === undefined ? [] : [place];
    });
  const heed = (fact: Fact): void => {
    switch (fact.kind) {
      case 'daemon':
      case 'machine':
        for (const place of ofNode(fact.node)) begin(place);
        return;
      case 'fault':
        // Anything may have changed, and back, between two looks.
        for (const place of fact.what.startsWith('healed') ? known.values() : ofNode(fact.node)) {
          for (const one of place.watched) one.sameMs = 0;
          if (fact.what.includes(' is reconfigured ')) begin(place);
        }
        return;
      case 'resource': {
        const place = known.get(`${fact.node}/${fact.module}`);
        if (place !== undefined) place.steadyMs = 0;
        return;
      }
      case 'switch':
        begin(known.get(`${fact.node}/${fact.module}`));
        return;
      case 'application':
        for (const one of known.get(`${fact.node}/${fact.module}`)?.watched ?? []) one.sameMs = 0;
        return;
      case 'probe': {
        const place = known.get(`${fact.node}/${fact.module}`);
        if (place === undefined) return;
        place.isReady = fact.state === 'UP' && fact.quality === 'Ready';
        begin(place);
        return;
      }
      case 'script.begin':
      case 'script.end': {
        const place = known.get(`${fact.node}/${fact.module}`);
        if (place === undefined || !undecided.includes(fact.script)) return;
        place.isUndecided = fact.kind === 'script.begin';
        begin(place);
        return;
      }
    }
  };
  /** What a module's rule was not to do. */
  const needless = (fact: Fact): string | null => {
    if (fact.kind !== 'log' || fact.module === null) return null;
    const [, action, rule] = /^Action (\w+) from failover rule (\w+)/.exec(fact.entry.message) ?? [];
    const key = `${fact.node}/${fact.module}`;
    const one = known.get(key)?.watched.find((other) => other.rule !== null && other.rule === rule);
    if (one === undefined || one.isDown || one.sameMs <= detectionMs(one) + slackMs) return null;
    return `${key}: ${action ?? ''} from rule ${rule ?? ''}, and what ${one.resource} looks at has been well for ${one.sameMs} ms`;
  };
  /** What of a checker is not as it must be after the time that it has had. */
  const wrong = (key: string, place: Place, one: Watched, value: string | null, acts: boolean): string | null => {
    const { checker, resource, sameMs, isDown } = one;
    const limitMs = detectionMs(one) + slackMs;
    // What does not answer just after its start is not down yet.
    if (sameMs <= limitMs || place.readyMs <= limitMs + slackOf(checker)) return null;
    if (value !== (isDown ? 'down' : 'up'))
      return `${key}: ${resource} is ${value ?? 'not known'}, and what it looks at has been ${isDown ? 'down' : 'up'} for ${sameMs} ms`;
    const handleMs = world.options.modules.find(({ name }) => key.endsWith(`/${name}`))?.config.failover?.handleTimeMs ?? 2_000;
    if (place.steadyMs <= handleMs + slackMs) return null;
    // Its decision has to hold for handle_time from when it was first down, which may be late after a start.
    const actMs = limitMs + handleMs + slackMs;
    if (!acts || one.rule === null || !isDown || sameMs <= actMs || place.readyMs <= actMs + slackOf(checker)) return null;
    return `${key}: UP (Ready), and what ${resource} looks at has been down for ${sameMs} ms: rule ${one.rule} has not acted`;
  };
  /** How long something is as it is, and whether that is long enough for a check to have seen it. */
  const follow = (one: Watched, isDown: boolean, hangs: boolean, atMs: number): void => {
    one.sameMs = isDown === one.isDown ? one.sameMs + checkEveryMs : 0;
    one.isDown = isDown;
    const { checker, sameMs } = one;
    const seenMs = Math.max(intervalOf(checker), timeoutOf(checker)) + timeoutOf(checker) + slackMs;
    if (hangs) one.hangs = true;
    else if (one.hangs && sameMs > detectionMs(one) + slackMs) one.hangs = false;
    if (sameMs <= seenMs) return;
    if (isDown) one.longDownAtMs = atMs;
    else one.longUpAtMs = atMs;
  };
  /** A resource turns only after as many contrary results in a row as its grace says: what was seen in between begins the row anew. */
  const early = (key: string, one: Watched, value: string | null, atMs: number): string | null => {
    const { checker, resource } = one;
    const turned = (one.value === 'up' && value === 'down') || (one.value === 'down' && value === 'up');
    if (!turned || checker.kind === 'custom') return null;
    const sinceMs = atMs - (value === 'down' ? one.longUpAtMs : one.longDownAtMs);
    // The last look of this invariant was a little before the change, and the first contrary check may have begun just after that. One that
    // was due while another hung begins at its end: it and the next one are less than an interval apart.
    const pauses = Math.max(0, checker.grace - 1 - (one.hangs ? 1 : 0));
    if (sinceMs + slackMs >= intervalOf(checker) * pauses) return null;
    return `${key}: ${resource} is ${value} ${sinceMs} ms after what it looks at was the contrary, and its grace is ${checker.grace}`;
  };
  return {
    name: '11 checkers tell',
    ofModules: true,
    statement:
      'While a module is UP, the resource of a checker is what is checked within interval, grace and timeout; its rule acts then, and never without cause.',
    onFact(fact, atMs) {
      switched.heed(fact, atMs);
      heed(fact);
      return needless(fact);
    },
    onCheck(atMs) {
      for (const [key, place] of known) {
        const [nodeName = '', module = ''] = key.split('/');
        const node = world.node(nodeName);
        const runs = node.begun() && !node.stalled() && !node.host.suspended();
        if (!place.isReady || place.isUndecided || !runs || switched.isOff(nodeName, module, 'checker') !== false) {
          begin(place);
          continue;
        }
        place.readyMs += checkEveryMs;
        const acts = switched.isOff(nodeName, module, 'failover') === false;
        const resources = node.runtime()?.hosts.get(module)?.resources;
        const lastOf = ({ resource }: Watched): string | null => resources?.last(resource)?.value ?? null;
        place.steadyMs = place.watched.every((one) => lastOf(one) === one.value) ? place.steadyMs + checkEveryMs : 0;
        for (const one of place.watched) {
          const fault = world.checkFaults.get(`${key}/${one.resource}`);
          const isDown = fault !== undefined || (isOfApplication(one.checker) && !node.applicationRuns(module));
          const value = lastOf(one);
          const condition = early(key, one, value, atMs);
          follow(one, isDown, fault === 'hang', atMs);
          one.value = value;
          if (condition !== null) return condition;
          const late = wrong(key, place, one, value, acts);
          if (late !== null) return late;
        }
      }
      return null;
    },
  };
}
