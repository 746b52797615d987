import { readFileSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import type { Host } from '../actors/ports.js';
import { readProcStat } from './linux/proc-table.js';
import { type CommandRunner, runCommand } from './run-command.js';
import { powershell } from './windows/powershell.js';

/** What the host's facts are read from; tests hand in others. */
export interface HostSources {
  readonly platform?: NodeJS.Platform;
  readonly run?: CommandRunner;
}

/**
 * The facts of this machine. The boot id is the kernel's (`/proc/sys/kernel/random/boot_id`) with the start time of process 1
 * behind it, because a container that is started again keeps the kernel's id although nothing that ran in it is left; on Windows
 * it is the time of the last boot.
 * @throws when the operating system gives no boot id.
 */
export async function createHost(sources: HostSources = {}): Promise<Host> {
  const windows = (sources.platform ?? process.platform) === 'win32';
  const bootId = windows ? await windowsBootId(sources.run ?? runCommand) : linuxBootId();
  return {
    hostname: hostname(),
    bootId,
    addresses: () =>
      Object.values(networkInterfaces())
        .flatMap((addresses) => addresses ?? [])
        .map((address) => address.address),
  };
}

function linuxBootId(): string {
  const kernel = readFileSync('/proc/sys/kernel/random/boot_id', 'ascii').trim();
  const first = readProcStat(1);
  return first.kind === 'found' ? `${kernel}.${first.stat.startTime}` : kernel;
}

async function windowsBootId(run: CommandRunner): Promise<string> {
  const text = await powershell(
    run,
    "(Get-CimInstance Win32_OperatingSystem).LastBootUpTime.ToUniversalTime().ToString('yyyyMMddTHHmmss')",
    {},
  );
  const id = text.trim();
  if (!/^\d{8}T\d{6}$/.test(id)) throw new Error(`Windows gave no boot time but ${JSON.stringify(id.slice(0, 80))}`);
  return `windows-${id}`;
}
