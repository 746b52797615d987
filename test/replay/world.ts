/** A node with one module in virtual time, its machines recorded, its outside played by the test. */
import { type Actor, type AnyEventObject, createActor, fromCallback, type InspectionEvent } from 'xstate';
import type { Clock, Journal } from '../../src/actors/ports.js';
import { createRecorder } from '../../src/actors/recorder.js';
import type { JournalRecord } from '../../src/actors/recorder.types.js';
import { encodeLine } from '../../src/actors/recorder-lines.js';
import type { ProcConfig } from '../../src/config/types.js';
import { errdMachine } from '../../src/machines/errd.machine.js';
import type { ErrdEvent, ErrdProcess, WatcherCommand } from '../../src/machines/errd.types.js';
import type { CommandName, DrainInput, ModuleInput, ModulePlan, Origin } from '../../src/machines/module.types.js';
import { moduleFarmMachine } from '../../src/machines/module-farm.machine.js';
import { nodeMachine } from '../../src/machines/node.machine.js';
import { emptyCounter } from '../../src/machines/restart-counter.js';
import { scriptMachine } from '../../src/machines/script.machine.js';
import type { RunnerCommand, RunnerInput } from '../../src/machines/script.types.js';
import { type Reading, readRecords, type SourceLine } from '../../src/replay/records.js';
import { replay } from '../../src/replay/replay.js';
import type { Step } from '../../src/replay/story.js';
import { aPlan, aProc } from '../helpers/module-harness.js';
import { createVirtualClock } from '../helpers/virtual-clock.js';

/** A journal in memory; `full` asks for a new file. */
export interface MemoryJournal extends Journal {
  readonly records: JournalRecord[];
  full: boolean;
}
export function memoryJournal(): MemoryJournal {
  let begun = false;
  const journal: MemoryJournal = {
    records: [],
    full: false,
    due: () => (begun ? (journal.full ? 'full' : null) : 'start'),
    begin(head) {
      begun = true;
      journal.full = false;
      journal.records.push(...head);
    },
    append: (record) => void journal.records.push(record),
    flush: async () => undefined,
    read: async () => journal.records,
    close: async () => undefined,
  };
  return journal;
}

export const linesOf = (records: readonly JournalRecord[], file = 'memory'): readonly SourceLine[] =>
  records.map((record, index) => ({ file, number: index + 1, text: encodeLine(index + 1, record) }));
async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
export const readingsOf = (lines: readonly SourceLine[]): AsyncGenerator<Reading> => readRecords(each(lines));
export const replayed = (lines: readonly SourceLine[], onStep?: (step: Step) => void) => replay(readingsOf(lines), onStep);

export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export interface World {
  readonly clock: ReturnType<typeof createVirtualClock>;
  readonly root: Actor<typeof nodeMachine>;
  readonly processes: Map<string, readonly ErrdProcess[]>;
  /** Code that the next scripts end with; null: they hang. */
  code: number | null;
  command(name: CommandName, origin?: Origin): void;
  send(event: AnyEventObject): void;
  /** Ends the process of the `<proc>`, seen by errd. */
  crash(): void;
  /** Moves time, and lets the recorder settle. */
  run(ms: number): Promise<void>;
  /** Sent while the machines are at work on something else, when the module's state next changes. */
  onChange: (() => void) | null;
  close(): Promise<void>;
}

export interface WorldOptions {
  readonly plan?: Partial<ModulePlan>;
  readonly journal: Journal;
  /** The recorder's own, where it is not the machines'. */
  readonly recorderClock?: Pick<Clock, 'monotonicMs' | 'wallMs'>;
  readonly scriptMs?: number;
  /** Sees what the recorder sees. */
  readonly inspect?: (event: InspectionEvent) => void;
}

/** Starts the node and adds the module `web`, which is STOP. */
export function createWorld({ plan, journal, scriptMs = 100, recorderClock, inspect }: WorldOptions): World {
  const clock = createVirtualClock();
  const recorder = createRecorder({ journal, clock: recorderClock ?? clock, node: 'n1', version: '1', bootId: 'boot' });
  const processes = new Map<string, readonly ErrdProcess[]>();
  let pid = 100;
  let notify: ((event: ErrdEvent) => void) | null = null;
  let code: number | null = 0;

  const runner = fromCallback<RunnerCommand, RunnerInput>(({ input, sendBack, receive }) => {
    const timers: unknown[] = [];
    const later = (ms: number, work: () => void): void => void timers.push(clock.setTimeout(work, ms));
    const exit = (kind: 'code' | 'signal', value: number | null, detail: string | null): void =>
      sendBack({ type: 'script.exited', kind, code: value, detail, atMs: clock.monotonicMs() });
    if (input.script === 'transition' || input.script === 'poststop') {
      later(0, () => sendBack({ type: 'script.absent', atMs: clock.monotonicMs() }));
    } else {
      later(1, () => sendBack({ type: 'script.started', userlog: null, pid: 1, adopted: false }));
      const result = code;
      if (result !== null) {
        later(scriptMs, () => {
          if (input.script === 'start_both') {
            pid += 1;
            processes.set('app', [{ pid, startTime: pid }]);
          }
          if (input.script === 'stop_both') processes.delete('app');
          exit('code', result, null);
        });
      }
    }
    receive(({ signal }) => later(1, () => exit('signal', null, signal)));
    return () => {
      for (const timer of timers) clock.clearTimeout(timer);
    };
  });
  const watcher = fromCallback<WatcherCommand, { readonly procs: readonly ProcConfig[] }>(({ sendBack, receive }) => {
    let selected: readonly string[] = [];
    let open = true;
    notify = (event) => {
      if (open) sendBack(event);
    };
    receive((command) => {
      if (command.type === 'select') {
        selected = command.names;
        return;
      }
      clock.setTimeout(() => {
        if (!open) return;
        const found = Object.fromEntries(selected.map((name) => [name, { processes: processes.get(name) ?? [], service: null }]));
        sendBack({ type: 'processes.seen', atMs: clock.monotonicMs(), found });
      }, 1);
    });
    return () => {
      open = false;
    };
  });
  const machine = nodeMachine.provide({
    actors: {
      module: moduleFarmMachine.provide({
        actors: {
          script: scriptMachine.provide({ actors: { runner } }),
          errd: errdMachine.provide({ actors: { watcher } }),
          drainWatch: fromCallback<AnyEventObject, DrainInput>(() => undefined),
        },
      }),
    },
  });
  const root = createActor(machine, {
    clock: {
      setTimeout: (callback, ms) => clock.setTimeout(callback, ms),
      clearTimeout: (handle) => clock.clearTimeout(handle),
    },
    inspect: (event) => {
      recorder.inspect(event);
      inspect?.(event);
    },
  });
  root.start();
  const input: ModuleInput = {
    plan: {
      ...aPlan,
      module: 'web',
      errd: { pollTimerMs: 10_000, procs: [{ ...aProc, argRegex: 'password=hunter2' }] },
      ...plan,
    },
    counter: emptyCounter,
    wish: 'stop',
    held: false,
    resume: null,
    disabledClasses: [],
    enabledClasses: [],
  };
  root.send({ type: 'module.add', name: 'web', input });
  const module = () => root.getSnapshot().children['module:web'];
  const world: World = {
    clock,
    root,
    processes,
    get code() {
      return code;
    },
    set code(value) {
      code = value;
    },
    onChange: null,
    command: (name, origin = { kind: 'admin', by: 'root' }) =>
      world.send({ type: `module.${name}`, origin, atMs: clock.monotonicMs() }),
    send(event) {
      const actor = module();
      // What the test may send is checked by the machine itself.
      if (actor !== undefined) Reflect.apply(actor.send, actor, [event]);
    },
    crash() {
      const gone = processes.get('app') ?? [];
      processes.delete('app');
      const exit = { kind: 'signal', code: null, signal: 'SIGKILL' } as const;
      for (const process of gone) notify?.({ type: 'process.exited', process, exit, atMs: clock.monotonicMs() });
    },
    async run(ms) {
      const endMs = clock.nowMs() + ms;
      while (clock.nowMs() < endMs) {
        clock.run(Math.min(50, endMs - clock.nowMs()));
        await settled();
      }
    },
    async close() {
      await settled();
      recorder.close();
      root.stop();
      await journal.close();
    },
  };
  module()?.subscribe({ next: () => fire(world), error: () => undefined });
  return world;
}

function fire(world: World): void {
  const { onChange } = world;
  world.onChange = null;
  onChange?.();
}
