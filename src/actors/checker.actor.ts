/**
 * Binds a checker's chart to the prober: one actor that looks when it is told to, and one that keeps a checker's own executable running.
 * They decide nothing; after their end nothing is told any more, and what was running is closed.
 */
import type { AnyEventObject } from 'xstate';
import { fromCallback } from 'xstate';
import type { CheckerEvent, CheckerInput, LookerCommand } from '../machines/checker.types.js';
import { timeoutOf } from '../machines/checker-rules.js';
import type { ActiveModule, CheckPlace, Closable, Ports, ScriptSpec } from './ports.js';

/** Longest detail that is kept, in characters. */
const detailLength = 300;

/** What the actors need. */
export interface CheckerActorOptions extends Pick<Ports, 'clock' | 'prober'> {
  readonly activeModule: (name: string) => ActiveModule | null;
}

const short = (detail: string): string => (detail.length > detailLength ? `${detail.slice(0, detailLength - 1)}…` : detail);
const placeOf = (module: string, active: ActiveModule | null): CheckPlace => ({
  module,
  binDir: active?.binDir ?? '',
  env: active?.env ?? {},
  output: active === null ? null : outputOf(active),
});
/** Where what a looping checker writes goes: as that of the scripts. */
const outputOf = ({ config: { user }, varDir }: ActiveModule): ScriptSpec['output'] =>
  user?.logging === 'none' ? null : { dir: varDir, limitBytes: (user?.userlogSizeKb ?? 2048) * 1024 };

/** The actor that looks: `look` begins a check, `expire` ends the one that runs. One check, one `check.ended`. */
export function createLooker(options: CheckerActorOptions) {
  const { clock, prober, activeModule } = options;
  return fromCallback<LookerCommand, CheckerInput>(({ input, sendBack, receive }) => {
    const { module, checker } = input;
    let running: Closable | null = null;
    const end = (up: boolean, detail: string, stamp: string | null): void => {
      running = null;
      const event: CheckerEvent = { type: 'check.ended', up, detail: short(detail), stamp, atMs: clock.monotonicMs() };
      sendBack(event);
    };
    const look = (): void => {
      running?.close();
      // A closed check is silent; this is held against it as well, since a prober that is not must not end a later one.
      const mine: Closable = prober.check(checker, placeOf(module, activeModule(module)), ({ up, detail, stamp }) => {
        if (running === mine) end(up, detail, stamp);
      });
      running = mine;
    };
    receive((command) => {
      if (command.type === 'look') {
        look();
        return;
      }
      if (running === null) return;
      running.close();
      end(false, `no answer within ${timeoutOf(checker) / 1000} s`, null);
    });
    return () => {
      running?.close();
      running = null;
    };
  });
}

/** The actor that keeps the executable of a `custom` checker of mode `loop`. */
export function createCheckerProgram(options: CheckerActorOptions) {
  const { prober, activeModule } = options;
  return fromCallback<AnyEventObject, CheckerInput>(({ input, sendBack }) => {
    const { module, checker } = input;
    if (checker.kind !== 'custom') return undefined;
    let isOpen = true;
    const program = prober.run(checker, placeOf(module, activeModule(module)), ({ detail }) => {
      const event: CheckerEvent = { type: 'program.ended', detail: short(detail) };
      if (isOpen) sendBack(event);
    });
    return () => {
      isOpen = false;
      program.close();
    };
  });
}
