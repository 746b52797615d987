import type { Ports } from '../actors/ports.js';
import { createClock } from './clock.js';
import { createHost } from './host.js';
import { limitArenas } from './linux/allocator.js';
import { createLinuxProcesses } from './linux/processes.js';
import { createLinuxScriptPlatform, createLinuxScripts } from './linux/scripts.js';
import { createLinuxServices } from './linux/services.js';
import { createCustomProber } from './probers/custom-prober.js';
import { createProber } from './probers/index.js';
import { createRandom } from './random.js';
import { createRecords } from './records.js';
import type { GuardedScripts } from './script-runner.js';
import { createWindowsProcesses } from './windows/processes.js';
import { createWindowsScriptPlatform, createWindowsScripts } from './windows/scripts.js';
import { createWindowsServices } from './windows/services.js';

export interface PlatformOptions {
  /** Where records are kept; made where it is missing. */
  readonly recordsDir: string;
  /** What went wrong without stopping anything: a damaged record, a userlog that cannot be opened. */
  readonly onProblem: (message: string) => void;
  /** The authority of this cluster's own HTTPS, which checks trust: a file that may not be there yet. */
  readonly authorityFile: string;
  /** Of Holdfast, for those that checks ask. */
  readonly version: string;
  /** Default: the one we run on. */
  readonly platform?: NodeJS.Platform;
}

/** The ports that this machine answers itself. Logs and the cluster's transport come from elsewhere. */
export type PlatformPorts = Pick<Ports, 'clock' | 'random' | 'host' | 'processes' | 'services' | 'records' | 'prober'> & {
  readonly scripts: GuardedScripts;
};

/**
 * Builds the ports of the operating system we run on: Windows, or else Linux.
 * @throws when the operating system gives no boot id.
 */
export async function createPlatformPorts(options: PlatformOptions): Promise<PlatformPorts> {
  const { onProblem, recordsDir, version, authorityFile } = options;
  const platform = options.platform ?? process.platform;
  const clock = createClock();
  const records = createRecords(recordsDir, ({ file, message, movedTo }) =>
    onProblem(`record ${file}: ${message}${movedTo === null ? '' : `; put aside as ${movedTo}`}`),
  );
  const shared = { clock, random: createRandom(), host: await createHost({ platform }), records };
  if (platform === 'win32') {
    const processes = createWindowsProcesses();
    const services = createWindowsServices();
    const scripts = createWindowsScripts({ processes, clock, onProblem });
    const custom = createCustomProber(createWindowsScriptPlatform(processes), { ...shared, processes, scripts });
    return { ...shared, processes, services, scripts, prober: createProber({ services, custom, version, authorityFile }) };
  }
  if (platform === 'linux') limitArenas();
  const processes = createLinuxProcesses({ clock });
  const services = createLinuxServices();
  const scripts = createLinuxScripts({ processes, clock, onProblem });
  const custom = createCustomProber(createLinuxScriptPlatform(), { ...shared, processes, scripts });
  return { ...shared, processes, services, scripts, prober: createProber({ services, custom, version, authorityFile }) };
}
