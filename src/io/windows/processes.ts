import type { Processes, ProcessIdentity, ProcessInfo } from '../../actors/ports.js';
import { type CommandRunner, runCommand } from '../run-command.js';
import { SharedScan } from '../shared-scan.js';
import { splitCommandLine } from './command-line.js';
import { parseJsonList, powershell, property } from './powershell.js';

/** Creation times as milliseconds since 1970 and in UTC, because the JSON of dates differs between PowerShell 5 and 7. */
const script =
  'Get-CimInstance Win32_Process | ForEach-Object { [pscustomobject]@{ Pid=$_.ProcessId; Parent=$_.ParentProcessId; Name=$_.Name; Line=$_.CommandLine; ' +
  "Start=if ($_.CreationDate) { [long]($_.CreationDate.ToUniversalTime() - [datetime]'1970-01-01').TotalMilliseconds } else { 0 } } } | ConvertTo-Json -Compress";

export interface WindowsProcessesOptions {
  readonly run?: CommandRunner;
  /** Does some process have that number? Default: signal 0. */
  readonly numberIsTaken?: (pid: number) => boolean;
  /** Ends a process. Default: TerminateProcess, by Node. */
  readonly end?: (pid: number) => void;
}

/**
 * A script's start is noted by our own clock, not by WMI's; a number is not given to another process as quickly as this, in ms.
 */
const sameStartMs = 3_000;

/**
 * Processes of Windows, by WMI through PowerShell. Exits cannot be watched here: `watchExit` gives null, and the scan is all
 * there is. `isAlive` knows a number that was given to another process only after the next `list`.
 */
export function createWindowsProcesses(options: WindowsProcessesOptions = {}): Processes {
  const run = options.run ?? runCommand;
  const numberIsTaken = options.numberIsTaken ?? signalZero;
  const end = options.end ?? ((pid: number) => void process.kill(pid));
  let startTimes: ReadonlyMap<number, number> = new Map();
  const scan = new SharedScan(async () => {
    const list = parseProcesses(await powershell(run, script, {}));
    startTimes = new Map(list.map((process) => [process.pid, process.startTime]));
    return list;
  });
  const isAlive = ({ pid, startTime }: ProcessIdentity): boolean =>
    numberIsTaken(pid) && Math.abs((startTimes.get(pid) ?? startTime) - startTime) <= sameStartMs;
  return {
    list: () => scan.next(),
    watchExit: () => null,
    isAlive,
    signal: (identity) => {
      if (!isAlive(identity)) return 'gone';
      try {
        end(identity.pid);
        return 'sent';
      } catch (error) {
        return error instanceof Error && 'code' in error && error.code === 'ESRCH' ? 'gone' : 'refused';
      }
    },
  };
}

function signalZero(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/**
 * Processes in the JSON that the script prints. A process whose command line is not shown (the system's own) has no arguments.
 * Process 0, which is the idle time, is left out.
 * @throws when it is no JSON.
 */
export function parseProcesses(json: string): readonly ProcessInfo[] {
  return parseJsonList(json).flatMap((entry) => {
    const pid = property(entry, 'Pid');
    const ppid = property(entry, 'Parent');
    const name = property(entry, 'Name');
    const line = property(entry, 'Line');
    const startTime = property(entry, 'Start');
    if (typeof pid !== 'number' || pid === 0 || typeof name !== 'string') return [];
    return [
      {
        pid,
        startTime: typeof startTime === 'number' ? startTime : 0,
        ppid: typeof ppid === 'number' ? ppid : 0,
        name: name.toLowerCase().slice(0, 63),
        args: typeof line === 'string' ? splitCommandLine(line) : [],
      },
    ];
  });
}
