import { win32 } from 'node:path';
import type { Clock, Processes, ScriptSpec } from '../../actors/ports.js';
import { createClock } from '../clock.js';
import { type CommandRunner, runCommand } from '../run-command.js';
import { createScriptRunner, type GuardedScripts, type Launch, type ScriptPlatform } from '../script-runner.js';
import { createUserlogGuard } from '../userlog-guard.js';
import { quoteForCmd } from './command-line.js';
import { systemEnvironment, systemProgram } from './powershell.js';

export interface WindowsScriptsOptions {
  readonly processes: Processes;
  readonly clock?: Clock;
  readonly run?: CommandRunner;
  readonly onProblem?: (message: string) => void;
}

const taskkillTimeoutMs = 10_000;

/**
 * Scripts on Windows: .cmd, .bat, .ps1, .vbs and .exe with the interpreter of each. SIGTERM asks the tree of processes to close,
 * SIGKILL ends it, both by taskkill; once the script itself has ended, its tree can no longer be found and nothing is signalled.
 */
export function createWindowsScripts(options: WindowsScriptsOptions): GuardedScripts {
  const onProblem = options.onProblem ?? ((): void => undefined);
  return createScriptRunner({
    platform: createWindowsScriptPlatform(options.processes, options.run ?? runCommand, onProblem),
    processes: options.processes,
    clock: options.clock ?? createClock(),
    guard: createUserlogGuard(onProblem),
    onProblem,
  });
}

/** How programs are started and signalled on Windows; for scripts and for what checkers run. */
export function createWindowsScriptPlatform(
  processes: Processes,
  run: CommandRunner = runCommand,
  onProblem: (message: string) => void = () => undefined,
): ScriptPlatform {
  return {
    launch: windowsLaunch,
    launchPlain: () => null,
    // Milliseconds of the start are not told without WMI, which takes longer than many a script.
    identify: (pid) => ({ pid, startTime: Date.now() }),
    // Only a look at the whole table tells whether an adopted script's number was given to another process.
    beforeAdoption: async () => {
      await processes.list();
    },
    group: (process) => {
      let ended = false;
      return {
        signal: (signal) => {
          if (ended || !processes.isAlive(process)) return;
          void run(systemProgram('taskkill.exe'), taskkillArguments(process.pid, signal), {
            timeoutMs: taskkillTimeoutMs,
            env: systemEnvironment(),
          }).then((result) => {
            if (result.kind === 'failed') onProblem(`taskkill of ${process.pid}: ${result.message}`);
          });
        },
        leaderEnded: () => {
          ended = true;
        },
        isEmpty: () => ended,
        close: () => {
          ended = true;
        },
      };
    },
    userlogOf: () => null,
  };
}

/** Arguments of taskkill: the whole tree, by force for SIGKILL. */
export function taskkillArguments(pid: number, signal: 'SIGTERM' | 'SIGKILL'): readonly string[] {
  return ['/PID', String(pid), '/T', ...(signal === 'SIGKILL' ? ['/F'] : [])];
}

/** How a script is executed on Windows, by its extension. */
export function windowsLaunch(spec: ScriptSpec, atMs: number): Launch {
  const refused = (code: string, message: string): Launch => ({ refused: { type: 'failed', code, message, atMs } });
  switch (win32.extname(spec.path).toLowerCase()) {
    case '.exe':
      return { file: spec.path, args: spec.args, verbatim: false };
    case '.ps1':
      return {
        file: systemProgram('WindowsPowerShell', 'v1.0', 'powershell.exe'),
        args: ['-NoLogo', '-NoProfile', '-NonInteractive', '-ExecutionPolicy', 'Bypass', '-File', spec.path, ...spec.args],
        verbatim: false,
      };
    case '.vbs':
      return { file: systemProgram('cscript.exe'), args: ['//NoLogo', '//B', spec.path, ...spec.args], verbatim: false };
    case '.cmd':
    case '.bat': {
      const quoted = [spec.path, ...spec.args].map(quoteForCmd);
      if (quoted.includes(null))
        return refused(
          'EINVAL',
          `${spec.path} was not started: cmd.exe cannot be handed a quote, a percent sign or a line end safely`,
        );
      // With /s, cmd.exe removes exactly the outer quotes and takes the rest as it stands; /v:off keeps exclamation marks as they
      // are.
      return { file: systemProgram('cmd.exe'), args: ['/d', '/v:off', '/s', '/c', `"${quoted.join(' ')}"`], verbatim: true };
    }
    default:
      return refused('ENOEXEC', `${spec.path} was not started: Windows scripts are .cmd, .bat, .ps1, .vbs or .exe`);
  }
}
