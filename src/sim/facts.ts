/** What the simulator notes while it runs. Invariants, digests, timelines and reports are made from these facts alone. */
import type { LogEntry } from '../actors/ports.js';
import type { SwitchName } from '../machines/module.types.js';

export type Fact =
  | {
      readonly kind: 'script.begin' | 'script.end';
      readonly node: string;
      readonly module: string;
      readonly script: string;
      readonly args: readonly string[];
      /** 0: it could not be started at all. */
      readonly pid: number;
      /** How it ended; null at its beginning. */
      readonly exit: string | null;
    }
  /** What the probe answers from now on. */
  | {
      readonly kind: 'probe';
      readonly node: string;
      readonly module: string;
      readonly ready: boolean;
      readonly state: string;
      readonly quality: string;
    }
  | { readonly kind: 'log'; readonly node: string; readonly module: string | null; readonly entry: LogEntry }
  | { readonly kind: 'daemon'; readonly node: string; readonly phase: 'started' | 'ready' | 'killed' | 'left' }
  | {
      readonly kind: 'machine';
      readonly node: string;
      readonly phase: 'off' | 'on' | 'suspended' | 'resumed' | 'stalled' | 'unstalled';
    }
  | {
      readonly kind: 'application';
      readonly node: string;
      readonly module: string;
      readonly name: string;
      readonly phase: 'began' | 'ended';
    }
  | {
      readonly kind: 'command';
      readonly node: string;
      readonly module: string;
      readonly action: string;
      /** Null: an administrator. */
      readonly identity: string | null;
      readonly answer: 'run' | 'already' | 'refused' | 'unreachable';
      readonly message: string;
    }
  | { readonly kind: 'resource'; readonly node: string; readonly module: string; readonly name: string; readonly value: string }
  /** An administrator has used a maintenance switch, and the daemon has taken it. */
  | {
      readonly kind: 'switch';
      readonly node: string;
      readonly module: string;
      readonly what: SwitchName;
      readonly on: boolean;
    }
  /** The network, a disk, what scripts do: a fault began or ended. */
  | { readonly kind: 'fault'; readonly node: string; readonly what: string }
  /** The balancer has changed its mind about a target. */
  | { readonly kind: 'target'; readonly node: string; readonly module: string; readonly healthy: boolean }
  /** Requests of clients that failed, summed up per second. */
  | { readonly kind: 'lost'; readonly node: string; readonly module: string; readonly count: number; readonly why: string };

/** A fact with the virtual time at which it was noted, in ms. */
export interface TimedFact {
  readonly atMs: number;
  readonly fact: Fact;
}

/** Seconds with three digits, counted from the beginning. */
export const secondsOf = (atMs: number, startMs: number): string => ((atMs - startMs) / 1000).toFixed(3);

/** One fact in one line, without its time. */
export function describe(fact: Fact): string {
  switch (fact.kind) {
    case 'script.begin':
      return `${fact.node} ${fact.module} script ${fact.script} ${fact.args.join(' ')} begins`;
    case 'script.end':
      return `${fact.node} ${fact.module} script ${fact.script} ${fact.args.join(' ')} ends (${fact.exit ?? '?'})`;
    case 'probe':
      return `${fact.node} ${fact.module} ${fact.state} ${fact.quality}, ready.txt ${fact.ready ? 200 : 404}`;
    case 'log':
      return `${fact.node} ${fact.module ?? '-'} ${fact.entry.level} ${fact.entry.component}: ${fact.entry.message}`;
    case 'daemon':
      return `${fact.node} daemon ${fact.phase}`;
    case 'machine':
      return `${fact.node} machine ${fact.phase}`;
    case 'application':
      return `${fact.node} ${fact.module} process ${fact.name} ${fact.phase}`;
    case 'command':
      return `${fact.node} ${fact.module} command ${fact.action}${fact.identity === null ? '' : ` -i ${fact.identity}`}: ${fact.answer}${fact.message === '' ? '' : ` (${fact.message})`}`;
    case 'resource':
      return `${fact.node} ${fact.module} resource ${fact.name}=${fact.value}`;
    case 'switch':
      return `${fact.node} ${fact.module} ${fact.what} ${fact.on ? 'on' : 'off'}`;
    case 'fault':
      return `${fact.node} fault: ${fact.what}`;
    case 'target':
      return `balancer: ${fact.node} ${fact.module} ${fact.healthy ? 'healthy' : 'unhealthy'}`;
    case 'lost':
      return `${fact.count} requests for ${fact.module} on ${fact.node} lost: ${fact.why}`;
  }
}
