/** How simulated scripts behave: a book of ordinary ones, and what goes wrong with them when a fault says so. */
import type { SeededRandom } from './random.js';
import type { Stubbornness } from './sim-host.js';

/** How a simulated script behaves; decided when it starts. */
export interface ScriptBehaviour {
  /** Time it takes, in ms; null: it hangs until it is killed. */
  readonly durationMs: number | null;
  readonly exitCode: number;
  /** What it does to the application, and after how many ms; it may be later than its own end. */
  readonly effect: { readonly kind: 'start' | 'terminate' | 'kill'; readonly afterMs: number } | null;
  /** What it does about signals. */
  readonly stubbornness: Stubbornness;
  /** It cannot be started at all. */
  readonly fails: boolean;
  /** The application that it starts dies by itself after that many ms; null: it lives. */
  readonly diesAfterMs: number | null;
}

/** What can go wrong with a script. */
export const scriptFaultKinds = [
  'fails',
  'refuses',
  'hangs',
  'hangsStubbornly',
  'unkillable',
  'forks',
  'diesLate',
  'slow',
  'noEffect',
] as const;
export type ScriptFault = (typeof scriptFaultKinds)[number];

/** One call of a script. */
export interface ScriptCall {
  readonly node: string;
  readonly module: string;
  readonly script: string;
  readonly args: readonly string[];
}

/** Chooses what a script does. */
export type ScriptBook = (call: ScriptCall, random: SeededRandom) => ScriptBehaviour;

/** Durations of ordinary scripts, in ms. */
const ordinary: Readonly<
  Record<string, { readonly low: number; readonly high: number; readonly effect: 'start' | 'terminate' | null }>
> = {
  prestart: { low: 50, high: 900, effect: 'terminate' },
  start_both: { low: 200, high: 3_000, effect: 'start' },
  stop_both: { low: 100, high: 2_500, effect: 'terminate' },
  transition: { low: 10, high: 100, effect: null },
  poststop: { low: 20, high: 400, effect: null },
};
const unknownScript = { low: 50, high: 1_500, effect: null } as const;

/** Scripts of an application that does what it should; a handler heals by starting what is missing. */
export function ordinaryBehaviour({ script, args }: ScriptCall, random: SeededRandom): ScriptBehaviour {
  const forced = args[0] === 'force';
  const { low, high, effect } =
    ordinary[script] ?? (script === 'handler' ? { low: 50, high: 1_500, effect: 'start' as const } : unknownScript);
  const durationMs = random.between(low, forced ? Math.min(high, 600) : high);
  const kind = forced && effect === 'terminate' ? 'kill' : effect;
  return {
    durationMs,
    exitCode: 0,
    effect: kind === null ? null : { kind, afterMs: Math.round(durationMs * 0.6) },
    stubbornness: 'none',
    fails: false,
    diesAfterMs: null,
  };
}

/** A script with one thing wrong. */
export function faultyBehaviour(call: ScriptCall, fault: ScriptFault, random: SeededRandom): ScriptBehaviour {
  const good = ordinaryBehaviour(call, random);
  const { effect } = good;
  switch (fault) {
    case 'fails':
      return { ...good, exitCode: random.between(1, 255), effect: null };
    case 'refuses':
      return { ...good, fails: true };
    case 'hangs':
      return { ...good, durationMs: null, effect: random.chance(0.5) ? effect : null };
    case 'hangsStubbornly':
      return { ...good, durationMs: null, stubbornness: 'ignoresTerm' };
    case 'unkillable':
      return { ...good, durationMs: null, stubbornness: 'unkillable', effect: null };
    case 'forks':
      return { ...good, durationMs: 20, effect: effect && { ...effect, afterMs: random.between(30, 6_000) } };
    case 'diesLate':
      return { ...good, diesAfterMs: random.between(20, 8_000) };
    case 'slow':
      return { ...good, durationMs: random.between(5_000, 25_000) };
    case 'noEffect':
      return { ...good, effect: null };
  }
}
