import type { ModuleCommand } from '../../http/api-types.js';
import type { CommandSpec, OptionSpec } from '../command.types.js';
import { identityOption, nodesOption, timeoutOption, waitOption } from './shared.js';

const waitingOptions: readonly OptionSpec[] = [nodesOption, waitOption, timeoutOption];
const actionOptions: readonly OptionSpec[] = [identityOption, ...waitingOptions];

function action(
  word: ModuleCommand,
  summary: string,
  details: string,
  examples: CommandSpec['examples'],
  options: readonly OptionSpec[] = actionOptions,
): CommandSpec {
  return {
    words: [word],
    summary,
    details,
    module: 'required',
    options,
    operands: [],
    examples,
    run: async (context) => (await import('../commands/control.js')).control(context, word),
  };
}

function waiting(
  word: string,
  summary: string,
  details: string,
  example: CommandSpec['examples'][number],
  name: 'waitStart' | 'waitStop',
): CommandSpec {
  return {
    words: [word],
    summary,
    details,
    module: 'required',
    options: [timeoutOption],
    operands: [],
    examples: [example],
    run: async (context) => (await import('../commands/control.js'))[name](context),
  };
}

/** Commands that start, stop and wait. */
export const controlCommands: readonly CommandSpec[] = [
  action('start', 'Start a module', 'It returns when the start is accepted. A module that runs already is left alone, exit 0.', [
    { line: 'holdfast start -m farm', does: 'Starts the module farm on this node and returns at once.' },
    {
      line: "holdfast start -m farm --nodes '*' --wait --timeout 60s",
      does: 'Starts it on all nodes and waits up to a minute for the end.',
    },
  ]),
  action(
    'stop',
    'Stop a module',
    'It returns when the stop is accepted. A module that is stopped already is left alone, exit 0.',
    [
      { line: 'holdfast stop -m farm --wait', does: 'Stops the module and returns when it is STOP.' },
      { line: 'holdfast stop -m farm -i start_both', does: 'Stops it from a script: the log names start_both as the origin.' },
    ],
  ),
  action(
    'restart',
    "Restart a module's application",
    'Only the stop and start scripts of the application run; the module does not pass through STOP.',
    [
      { line: 'holdfast restart -m farm', does: 'Restarts the application as administrator and resets the restart counter.' },
      { line: 'holdfast restart -m farm -i mychecker', does: 'Restarts it automatically: this counts against maxloop.' },
    ],
  ),
  action(
    'stopstart',
    'Stop a module and start it again',
    'The whole way: stop scripts, poststop, STOP, then an automatic start.',
    [{ line: 'holdfast stopstart -m farm --wait', does: 'Stops and starts the module and waits until it is up again.' }],
  ),
  action(
    'forcestop',
    'Stop a module without waiting for its scripts',
    'For a module whose stop hangs: scripts that run are ended, and the forced stop is done.',
    [{ line: 'holdfast forcestop -m farm', does: 'Forces the module into STOP.' }],
  ),
  action(
    'update',
    'Take what is applied anew while a module runs',
    'After a change around the module, such as another address behind a name: names are looked up anew, and the script update of the module is called with its state twice. It needs a Ready state or WAIT (NotReady); no start or stop script runs.',
    [
      { line: 'holdfast update -m farm --wait', does: 'Updates the module and returns when its update script has ended.' },
      { line: "holdfast update -m farm --nodes '*' --wait", does: 'The same on all nodes.' },
    ],
    [
      { ...identityOption, help: 'What acts by itself, for the log; the restart counter stays as it is either way.' },
      ...waitingOptions,
    ],
  ),
  {
    words: ['shutdown'],
    summary: 'Stop all modules of this node',
    details:
      'For the shutdown of the machine. The modules stop at the same time; one that refuses does not keep the others from stopping.',
    module: 'none',
    options: [waitOption, timeoutOption],
    operands: [],
    examples: [{ line: 'holdfast shutdown --wait --timeout 5m', does: 'Stops everything and waits up to five minutes for it.' }],
    run: async (context) => (await import('../commands/control.js')).shutdown(context),
  },
  waiting(
    'waitstart',
    'Wait for the end of a start',
    'Until the module is Ready on this node. It fails as soon as the start has ended in STOP, and keeps waiting in WAIT.',
    {
      line: 'holdfast waitstart -m farm --timeout 2m',
      does: 'Returns 0 when the module is up, 1 when it is not within two minutes.',
    },
    'waitStart',
  ),
  waiting(
    'waitstop',
    'Wait for the end of a stop',
    'Until the module is STOP on this node.',
    { line: 'holdfast waitstop -m farm', does: 'Returns when the module is stopped.' },
    'waitStop',
  ),
  {
    words: ['waitstate'],
    summary: 'Wait for a stable state',
    details: 'Until the module is settled in that state on this node: not on its way into it, and not passing through.',
    module: 'required',
    options: [timeoutOption],
    operands: [
      {
        name: 'STATE',
        help: 'STOP, WAIT, ALONE, UP, PRIM or SECOND.',
        count: 'one',
        complete: ['STOP', 'WAIT', 'ALONE', 'UP', 'PRIM', 'SECOND'],
      },
    ],
    examples: [
      { line: 'holdfast waitstate -m farm UP --timeout 30s', does: 'Returns 0 when the module is UP, 1 after 30 seconds.' },
    ],
    run: async (context) => (await import('../commands/control.js')).waitState(context),
  },
];
