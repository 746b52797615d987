import type { ServiceState, Services } from '../../actors/ports.js';
import { type CommandRunner, runCommand } from '../run-command.js';
import { parseJsonList, powershell, property } from './powershell.js';

/**
 * `Win32_Service` is asked rather than `sc queryex`, whose words are translated on localised systems. The names come as JSON in
 * an environment variable.
 */
const script =
  '$n=@($env:HOLDFAST_SERVICES | ConvertFrom-Json);' +
  'Get-CimInstance Win32_Service | Where-Object { $n -contains $_.Name } | ForEach-Object { $s=$_; $p=if ($s.ProcessId) { ' +
  "Get-CimInstance Win32_Process -Filter ('ProcessId=' + $s.ProcessId) -ErrorAction SilentlyContinue }; " +
  '[pscustomobject]@{ Name=$s.Name; State=$s.State; ExitCode=$s.ExitCode; Pid=$s.ProcessId; ' +
  "Start=if ($p) { [long]($p.CreationDate.ToUniversalTime() - [datetime]'1970-01-01').TotalMilliseconds } else { 0 } } } | ConvertTo-Json -Compress";

/** ERROR_SERVICE_NEVER_STARTED: the exit code of a service that was not started since boot. */
const neverStarted = 1077;

export interface WindowsServicesOptions {
  readonly run?: CommandRunner;
}

/**
 * States of Windows services by their service name, without regard to case. A service that is not installed is stopped; all are
 * unknown when WMI does not answer.
 */
export function createWindowsServices(options: WindowsServicesOptions = {}): Services {
  const run = options.run ?? runCommand;
  return {
    states: async (names) => {
      if (names.length === 0) return [];
      try {
        const found = parseServices(await powershell(run, script, { HOLDFAST_SERVICES: JSON.stringify(names) }));
        const byName = new Map(found.map((service) => [service.name.toLowerCase(), service]));
        return names.map((name) => ({ ...(byName.get(name.toLowerCase()) ?? stopped), name }));
      } catch {
        // An unknown state is never taken for a failure; the next poll asks again.
        return names.map((name) => ({ name, state: 'unknown', mainProcess: null }));
      }
    },
  };
}

const stopped: Omit<ServiceState, 'name'> = { state: 'stopped', mainProcess: null };

/**
 * Services in the JSON that the script prints.
 * @throws when it is no JSON.
 */
export function parseServices(json: string): readonly ServiceState[] {
  return parseJsonList(json).flatMap((entry) => {
    const name = property(entry, 'Name');
    if (typeof name !== 'string') return [];
    const pid = property(entry, 'Pid');
    const startTime = property(entry, 'Start');
    const known = typeof pid === 'number' && pid > 0 && typeof startTime === 'number' && startTime > 0;
    return [
      {
        name,
        state: serviceState(property(entry, 'State'), property(entry, 'ExitCode')),
        mainProcess: known ? { pid, startTime } : null,
      },
    ];
  });
}

function serviceState(state: unknown, exitCode: unknown): ServiceState['state'] {
  switch (state) {
    case 'Running':
    case 'Pause Pending':
    case 'Continue Pending':
      return 'running';
    case 'Start Pending':
      return 'starting';
    case 'Stopped':
      return exitCode === 0 || exitCode === neverStarted ? 'stopped' : 'failed';
    case 'Stop Pending':
    case 'Paused':
      return 'stopped';
    default:
      return 'unknown';
  }
}
