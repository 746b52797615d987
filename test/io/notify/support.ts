/** A node's face made of an event ring, and what notifications are told by it. */
import type { Test } from 'tap';
import { createEventRing, type EventRing } from '../../../src/actors/event-ring.js';
import type { Explanation, NodeFace, Outcome } from '../../../src/actors/face.js';
import type { Clock } from '../../../src/actors/ports.js';
import type { Message as LogLine } from '../../../src/machines/messages.js';
import { fakeFace } from '../../http/fake-face.js';

export interface Node {
  readonly face: NodeFace;
  readonly ring: EventRing;
  readonly lines: string[];
  readonly log: (line: LogLine) => void;
  state(module: string, state: string, quality: string, reason?: string | null): void;
  critical(module: string | null, message: string, level?: string): void;
  view(leader: string, members: readonly string[], lost: readonly string[], joined: readonly string[]): void;
}

/** @param explain what the flight recorder answers; default: nothing is on record */
export function node(
  clock: Pick<Clock, 'wallMs' | 'monotonicMs'>,
  explain: (module: string) => Promise<Outcome<Explanation>> = async () => ({
    ok: false,
    failure: { code: 'EXPLAIN_NONE', message: 'nothing' },
  }),
): Node {
  const ring = createEventRing(7);
  const lines: string[] = [];
  const face: NodeFace = {
    ...fakeFace({ modules: ['farm', 'db'] }),
    subscribe: (onEvent) => ring.subscribe(onEvent),
    explain: (module) => explain(module),
  };
  const append = (module: string | null, type: string, data: Readonly<Record<string, unknown>>): void => {
    const at = new Date(clock.wallMs()).toISOString();
    ring.append({ node: 'n1', module, type, at, atMs: clock.monotonicMs(), cause: null, data });
  };
  return {
    ...{ face, ring, lines },
    log: (line) => void lines.push(`${line.level} ${line.message}`),
    state: (module, state, quality, reason = null) =>
      append(module, 'module.state', { state, quality, path: state, reason, ready: false }),
    critical: (module, message, level = 'C') =>
      append(module, module === null ? 'node.log' : 'log', { level, component: 'errd', message }),
    view: (leader, members, lost, joined) =>
      append(null, 'view.changed', {
        epoch: 2,
        leader,
        members,
        joined,
        lost: lost.map((one) => ({ node: one, evidence: 'silent for 2 s' })),
      }),
  };
}

/** Resolves with the first that holds, of what `push` is given. */
export function inbox<T>(): { readonly all: T[]; push(item: T): void; next(wanted?: (item: T) => boolean): Promise<T> } {
  const all: T[] = [];
  const waiting = new Set<() => void>();
  let taken = 0;
  return {
    all,
    push(item) {
      all.push(item);
      for (const look of [...waiting]) look();
    },
    next: (wanted = () => true) =>
      new Promise((resolve) => {
        const look = (): void => {
          const index = all.findIndex((item, place) => place >= taken && wanted(item));
          const found = all[index];
          if (index === -1 || found === undefined) return;
          taken = index + 1;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
      }),
  };
}

/** A module that went from UP to STOP, explained. */
export const explanation: Explanation = {
  ...{ module: 'farm', node: 'n1', from: { state: 'UP', quality: 'Ready' }, to: { state: 'STOP', quality: 'NotReady' } },
  ...{ at: '2026-01-01T00:00:00.000Z', until: null, reason: 'stop called by maxloop', doubt: null },
  chain: [
    { at: '2026-01-01T00:00:00.000Z', atMs: 1, kind: 'fact', text: 'process 42 of web was ended by SIGKILL' },
    { at: '2026-01-01T00:00:00.001Z', atMs: 2, kind: 'counter', text: 'restart 4 of 3' },
    { at: '2026-01-01T00:00:00.002Z', atMs: 3, kind: 'state', text: 'STOP' },
  ],
  resources: [],
  budget: { used: 4, max: 3 },
};

/** Fails a test that hangs with what it waited for. */
export async function soon<T>(t: Test, what: string, promise: Promise<T>, limitMs = 20_000): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not come in time`)), limitMs);
  });
  t.teardown(() => clearTimeout(timer));
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
