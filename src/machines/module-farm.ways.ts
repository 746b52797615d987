/** Ways of the module's chart that many of its states share: where the end of a script leads, and what a command does where. */
import type { ModuleContext } from './module.types.js';
import type { ScriptStep } from './module-rules.js';
import { scriptInput } from './module-rules.js';

/** Where the end of a script leads: the first way whose guard holds. */
interface Way {
  readonly guard?: 'leaving' | 'forcing' | 'toWait' | 'toRestart' | 'toStartAgain' | 'wasResumed' | 'handlerFailed';
  readonly target: string;
  readonly actions?: readonly ('startAgain' | 'acceptHandlerFailure' | 'watchDeadline' | 'armPre')[];
}
const withActions = (first: 'noteScriptEnd' | 'noteScriptDefect', ways: readonly Way[]) =>
  ways.map(({ actions = [], ...way }) => ({ ...way, actions: [first, ...actions] }));
/** The script of a state. A defect of what runs it leads the same way as its end: the module goes on, whatever scripts do. */
export const runs = (step: (context: ModuleContext) => ScriptStep, ends: readonly Way[], defects = ends) => ({
  src: 'script' as const,
  id: 'script' as const,
  input: ({ context }: { context: ModuleContext }) => scriptInput(context, step(context)),
  onDone: withActions('noteScriptEnd', ends),
  onError: withActions('noteScriptDefect', defects),
});
/** Where a stop leads, as scripts are told. */
export const stopTarget = (context: ModuleContext): string => (context.intent === 'wait' ? 'WAIT' : 'STOP');

/** Commands where nothing runs that would have to be ended first. */
export const leave = (target: string) => ({
  'module.stop': { target, actions: ['accept', 'watchDeadline'] as const },
  'module.shutdown': { target, actions: ['accept', 'watchDeadline'] as const },
  'module.forcestop': { target, actions: ['accept', 'watchDeadline'] as const },
  'module.stopstart': [
    { guard: 'overBudget', target, actions: ['acceptMaxloop', 'watchDeadline'] },
    { target, actions: ['accept', 'watchDeadline'] },
  ] as const,
});
/** A wait, where nothing runs that would have to be ended first. */
export const waitFor = (target: string) => ({
  'module.wait': [
    { guard: 'overBudget', target, actions: ['acceptMaxloop', 'watchDeadline'] },
    { target, actions: ['accept', 'watchDeadline'] },
  ] as const,
});
/** A restart, and where the module goes when it would be one too many. */
export const restartBy = (target: string, beyond: string) => ({
  'module.restart': [
    { guard: 'overBudget', target: beyond, actions: ['acceptMaxloop', 'watchDeadline'] },
    { target, actions: 'accept' },
  ] as const,
});
/** A command that may be one too many, with what is done besides. */
export const counted = <const After extends string>(after: After) =>
  [
    { guard: 'overBudget', actions: ['acceptMaxloop', 'watchDeadline', after] },
    { guard: 'stronger', actions: ['accept', 'watchDeadline', after] },
  ] as const;
/** Commands while a script runs that is to be ended for them: the intent is noted, and the script's end leads on. */
export const interrupt = {
  'module.stop': { guard: 'stronger', actions: ['accept', 'watchDeadline', 'terminateScript'] },
  'module.shutdown': { guard: 'stronger', actions: ['accept', 'watchDeadline', 'terminateScript'] },
  'module.stopstart': counted('terminateScript'),
  'module.forcestop': { guard: 'stronger', actions: ['accept', 'watchDeadline', 'killScript'] },
} as const;
/** Commands while a stop script runs, which is needed anyway: only a forced stop ends it. */
export const note = {
  'module.stop': { guard: 'stronger', actions: ['accept', 'watchDeadline'] },
  'module.shutdown': { guard: 'stronger', actions: ['accept', 'watchDeadline'] },
  'module.stopstart': counted('watchDeadline'),
  'module.wait': counted('watchDeadline'),
  'module.forcestop': { guard: 'stronger', actions: ['accept', 'watchDeadline', 'killScript'] },
} as const;

/** What an administrator changes while the module rests: the `update` script is told (sections 2.15 and 5.3). */
export const updateIn = (target: string) => ({
  'maintenance.switch': { target, actions: 'noteSwitch' as const },
  'module.reconfigure': { target, actions: 'takePlan' as const },
  'module.update': { target, actions: 'takePlan' as const },
});
