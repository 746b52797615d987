/** Everything that is asked of Holdfast in figures, in one place. A benchmark names its target; `judge` in row.ts compares. */

/** A limit for the figure itself, or for its ratio to the peer's. */
export interface Target {
  readonly of: 'value' | 'ratio';
  readonly comparison: '≤' | '≥';
  /** In the unit of the figure; a ratio has none. */
  readonly limit: number;
}

const atMost = (limit: number): Target => ({ of: 'value', comparison: '≤', limit });

export const targets = {
  /** `holdfast state`, from the start of the command to its end, in ms. */
  commandMs: atMost(200),
  /** From the kill of an application to its end being known, and to stop_both's first act with polltimer 10, median in ms. */
  reactionMs: atMost(50),
  /** From a node's power off to the others' view without it, by default (pulse 100 ms), in ms. */
  viewMs: atMost(800),
  /** The same with a pulse of 25 ms. */
  fastViewMs: atMost(200),
  /** Living nodes that were given up. */
  falseLosses: atMost(0),
  /** Requests of ready.txt per second, against a bare `node:http` server on the same machine. */
  probeRate: { of: 'ratio', comparison: '≥', limit: 0.8 },
  /** Slowest of 100 probes, at 200 probes/s with 30 modules beside a busy event stream, in ms. */
  probeP99Ms: atMost(5),
  /** Processor time of the daemon for one check by a program, against Node's `spawn` of it alone. */
  programOverhead: { of: 'ratio', comparison: '≤', limit: 1.5 },
  /** Resident memory of a daemon at rest with 10 modules and 2 nodes, in MB. */
  memoryMb: atMost(110),
  /** Its processor time, in % of one core. */
  cpuPercent: atMost(2),
  /** Processor time of 200 checks a second of one kind, in % of one core: what 200 checkers at 1 s may cost altogether. */
  checksCpuPercent: atMost(10),
  /** From a failure to the first act of stop_both, with a checker as it comes: interval 10 s, timeout 5 s, handle_time 2 s, in ms. */
  checkDefaultMs: atMost(17_500),
  /** The same with the shortest times: interval 1 s, timeout 1 s, no handle_time. */
  checkFastestMs: atMost(2_500),
  /** Processor time of a daemon with 200 checkers at 1 s, in % of one core. */
  checkersCpuPercent: atMost(10),
  /** What 200 checkers add to a daemon, charts and flight recorder included, against Node that does the same with nothing around it. */
  checkersOverhead: { of: 'ratio', comparison: '≤', limit: 2 },
  /** Checks of one checker at one time. */
  checksAtOnce: atMost(1),
  /** Simulated time of 2 nodes with 2 modules in one of processor time. */
  simulationSpeed: { of: 'value', comparison: '≥', limit: 1_000 },
  /** A middle size's cost against the straight line from the smallest to the largest size: at least 1 means growth at most linear; 0.9 leaves room for noise. */
  growth: { of: 'ratio', comparison: '≥', limit: 0.9 },
  /** What the console loads before it shows the monitoring, compressed, in kB. */
  consoleLoadKb: atMost(250),
  /** From the opening of the console to the first card that can be acted on, without a cache, in ms. */
  consoleUsableMs: atMost(1000),
  /** From a change of a state to its being drawn, in ms. */
  consoleChangeMs: atMost(150),
  /** Processor time of the browser for an open console with 32 modules on 16 nodes and 50 events/s, in % of one core. */
  consoleBrowserPercent: atMost(10),
  /** The same of the daemon, for that console alone. */
  consoleDaemonPercent: atMost(3),
  /** A login of an honest user beside 1,000 wrong passwords from one address, in ms: computing a password once takes a quarter of a second. */
  loginBesideAttackMs: atMost(1_000),
  /** Passwords that are computed for these 1,000; the others are refused before. */
  passwordsComputed: atMost(20),
  /** Processor time of the daemon for all of them, in ms; the honest logins beside them are not counted. */
  attackCpuMs: atMost(5_000),
} as const satisfies Readonly<Record<string, Target>>;

export type TargetName = keyof typeof targets;
