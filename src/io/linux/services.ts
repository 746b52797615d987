import { existsSync } from 'node:fs';
import type { ProcessIdentity, ServiceState, Services } from '../../actors/ports.js';
import { type CommandRunner, runCommand } from '../run-command.js';
import { readProcStat } from './proc-table.js';

/** How systemd is asked; the defaults are the real ones, tests hand in others. */
export interface LinuxServicesOptions {
  readonly run?: CommandRunner;
  /** Absolute path of systemctl; null: there is none. Default: the first in root's usual directories. */
  readonly systemctl?: string | null;
  /** Arguments before the verb, to ask another instance than the system's. */
  readonly prefix?: readonly string[];
  readonly timeoutMs?: number;
}

const rootPath = ['/usr/sbin', '/usr/bin', '/sbin', '/bin', '/usr/local/sbin', '/usr/local/bin', '/run/current-system/sw/bin'];
const properties = ['Id', 'LoadState', 'ActiveState', 'SubState', 'MainPID', 'Result'];

/**
 * States of systemd units, all names in one call of `systemctl show`. Without systemd, or when it does not answer in time
 * (default 5 s), every state is unknown.
 */
export function createLinuxServices(options: LinuxServicesOptions = {}): Services {
  const run = options.run ?? runCommand;
  const timeoutMs = options.timeoutMs ?? 5_000;
  const systemctl = options.systemctl === undefined ? findSystemctl() : options.systemctl;
  return {
    states: async (names) => {
      const asked = names.filter(isUnitName);
      if (systemctl === null || asked.length === 0) return names.map(unknown);
      const args = [...(options.prefix ?? []), 'show', '--no-pager', `--property=${properties.join(',')}`, '--', ...asked];
      const result = await run(systemctl, args, {
        timeoutMs,
        env: { LC_ALL: 'C', PATH: rootPath.join(':'), SYSTEMD_COLORS: '0' },
      });
      if (result.kind === 'failed' || result.code !== 0) return names.map(unknown);
      const units = parseShow(result.stdout);
      // Blocks come in the order of the names; another count than asked for means they cannot be told apart.
      if (units.length !== asked.length) return names.map(unknown);
      const byName = new Map(asked.map((name, index) => [name, units[index]]));
      return names.map((name) => {
        const unit = byName.get(name);
        return unit === undefined ? unknown(name) : toState(name, unit);
      });
    },
  };
}

/** Properties of the units in the output of `systemctl show`, one map a unit, in its order. */
export function parseShow(output: string): readonly ReadonlyMap<string, string>[] {
  return output
    .split(/\r?\n\r?\n+/)
    .map((block) => {
      const unit = new Map<string, string>();
      for (const line of block.split(/\r?\n/)) {
        const equals = line.indexOf('=');
        if (equals > 0) unit.set(line.slice(0, equals), line.slice(equals + 1));
      }
      return unit;
    })
    .filter((unit) => unit.size > 0);
}

/**
 * What a unit's state means for us. A unit that systemd starts again after a failure (`auto-restart`) is starting; one that is
 * not installed is stopped, because it certainly does not run.
 */
export function unitState(activeState: string): ServiceState['state'] {
  switch (activeState) {
    case 'active':
    case 'reloading':
    case 'refreshing':
      return 'running';
    case 'activating':
      return 'starting';
    case 'inactive':
    case 'deactivating':
      return 'stopped';
    case 'failed':
    case 'maintenance':
      return 'failed';
    default:
      return 'unknown';
  }
}

function toState(name: string, unit: ReadonlyMap<string, string>): ServiceState {
  return { name, state: unitState(unit.get('ActiveState') ?? ''), mainProcess: identityOf(Number(unit.get('MainPID') ?? '0')) };
}

function identityOf(pid: number): ProcessIdentity | null {
  if (!Number.isInteger(pid) || pid <= 0) return null;
  const entry = readProcStat(pid);
  return entry.kind === 'found' && !entry.stat.zombie ? { pid, startTime: entry.stat.startTime } : null;
}

/** Characters that systemd allows in a unit's name; in particular no pattern, which would stand for many units. */
function isUnitName(name: string): boolean {
  return /^[A-Za-z0-9:_.@\\][A-Za-z0-9:_.@\\-]*$/.test(name) && name.length <= 255;
}

function unknown(name: string): ServiceState {
  return { name, state: 'unknown', mainProcess: null };
}

function findSystemctl(): string | null {
  return rootPath.map((dir) => `${dir}/systemctl`).find((path) => existsSync(path)) ?? null;
}
