/** Facts of the machine for a dump: versions, kernel, distribution, memory, addresses, ports, processes. Nothing secret. */
import { readFile } from 'node:fs/promises';
import { arch, cpus, hostname, loadavg, networkInterfaces, release, totalmem, uptime, version } from 'node:os';
import type { Processes } from '../../actors/ports.js';
import { memInfo } from '../health/machine.js';
import { socketTable } from '../health/network.js';
import { type CommandRunner, runCommand } from '../run-command.js';
import { commandLine, type Redactor } from './redact.js';

/** A program's output for a dump; why there is none where it cannot be run. */
export async function outputOf(run: CommandRunner, file: string, args: readonly string[]): Promise<string> {
  const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };
  const result = await run(file, args, { timeoutMs: 10_000, env });
  if (result.kind === 'failed') return `${file}: ${result.message}\n`;
  return result.code === 0 ? result.stdout : `${file} ended with ${result.code}: ${result.stderr}\n`;
}

const read = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');

/** `system.json`. */
export async function systemFacts(holdfast: string): Promise<Readonly<Record<string, unknown>>> {
  const [distribution, memory, tcp, tcp6, udp, udp6, mounts] = await Promise.all([
    read('/etc/os-release'),
    read('/proc/meminfo'),
    read('/proc/net/tcp'),
    read('/proc/net/tcp6'),
    read('/proc/net/udp'),
    read('/proc/net/udp6'),
    read('/proc/mounts'),
  ]);
  const ports = (text: string, protocol: 'tcp' | 'udp'): readonly number[] => socketTable(text, protocol).map(({ port }) => port);
  const unique = (all: readonly number[]): readonly number[] => [...new Set(all)].sort((left, right) => left - right);
  return {
    holdfast,
    node: process.version,
    platform: process.platform,
    architecture: arch(),
    hostname: hostname(),
    kernel: { release: release(), version: version() },
    distribution: /^PRETTY_NAME="?([^"\n]*)/m.exec(distribution)?.[1] ?? null,
    uptimeSeconds: Math.round(uptime()),
    cores: cpus().length,
    processor: cpus()[0]?.model ?? null,
    load: loadavg(),
    memory: {
      totalBytes: totalmem(),
      availableBytes: memInfo(memory, 'MemAvailable'),
      swapBytes: memInfo(memory, 'SwapTotal'),
      swapFreeBytes: memInfo(memory, 'SwapFree'),
    },
    addresses: networkInterfaces(),
    listening: {
      tcp: unique([...ports(tcp, 'tcp'), ...ports(tcp6, 'tcp')]),
      udp: unique([...ports(udp, 'udp'), ...ports(udp6, 'udp')]),
    },
    mounts: mounts
      .split('\n')
      .map((line) => line.split(' '))
      .filter(([device, , type]) => device?.startsWith('/') === true || type === 'tmpfs' || type === 'nfs' || type === 'nfs4')
      .map(([device, at, type]) => ({ device, at, type })),
  };
}

/** `processes.txt`: pid, parent, program and arguments, without what may be secret in them. */
export async function processLines(processes: Processes, redactor: Redactor): Promise<string> {
  const all = await processes.list().catch(() => []);
  const lines = all
    .toSorted((left, right) => left.pid - right.pid)
    .map(({ pid, ppid, name, args }) => `${pid}\t${ppid}\t${name}\t${commandLine(args, redactor)}\n`);
  return `PID\tPPID\tNAME\tARGUMENTS\n${lines.join('')}`;
}

/** The machine's own log, as far as it is about Holdfast. */
export const systemLog = (run: CommandRunner = runCommand): Promise<string> =>
  outputOf(run, 'journalctl', ['--no-pager', '--lines=5000', '--unit=holdfastd', '--output=short-iso-precise']);
