/** The node's machines as they are, with silent actors in the place of those that touch the world: what these said is in the journal. */
import type { AnyEventObject } from 'xstate';
import { fromCallback } from 'xstate';
import type { ProcConfig } from '../config/types.js';
import { checkerMachine } from '../machines/checker.machine.js';
import type { CheckerInput, LookerCommand } from '../machines/checker.types.js';
import { checkersMachine } from '../machines/checkers.machine.js';
import { errdMachine } from '../machines/errd.machine.js';
import type { WatcherCommand } from '../machines/errd.types.js';
import type { DrainInput } from '../machines/module.types.js';
import { moduleFarmMachine } from '../machines/module-farm.machine.js';
import { nodeMachine } from '../machines/node.machine.js';
import { scriptMachine } from '../machines/script.machine.js';
import type { RunnerCommand, RunnerInput } from '../machines/script.types.js';

const nothing = (): void => undefined;

/** The node's machine with its modules; none of them hears anything but what it is sent. */
export const silentNodeMachine = nodeMachine.provide({
  actors: {
    module: moduleFarmMachine.provide({
      actors: {
        script: scriptMachine.provide({ actors: { runner: fromCallback<RunnerCommand, RunnerInput>(nothing) } }),
        errd: errdMachine.provide({
          actors: { watcher: fromCallback<WatcherCommand, { readonly procs: readonly ProcConfig[] }>(nothing) },
        }),
        checkers: checkersMachine.provide({
          actors: {
            checker: checkerMachine.provide({
              actors: {
                looker: fromCallback<LookerCommand, CheckerInput>(nothing),
                program: fromCallback<AnyEventObject, CheckerInput>(nothing),
              },
            }),
          },
        }),
        drainWatch: fromCallback<AnyEventObject, DrainInput>(nothing),
      },
    }),
  },
});

/** A clock whose timers never fire: those that did are in the journal. */
export const stillClock = { setTimeout: (): number => 0, clearTimeout: nothing };
