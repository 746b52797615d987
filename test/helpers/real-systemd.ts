/**
 * A real systemd as the first process of namespaces of its own: pids, mounts, control groups. It knows the units that a test gives it and no
 * others, and ends with the test. Needs root and Linux; where it cannot be had, `noSystemd` says why.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { type CommandResult, type CommandRunner, runCommand } from '../../src/io/run-command.js';

const program = ['/lib/systemd/systemd', '/usr/lib/systemd/systemd'].find((path) => existsSync(path));
const namespaces = ['--pid', '--mount', '--cgroup', '--ipc', '--uts'];

/** Why there can be no systemd here; false where there can. For the option `skip` of a test. */
export const noSystemd: string | false =
  process.getuid?.() !== 0
    ? 'running a systemd of its own needs root'
    : program === undefined
      ? 'systemd is not installed'
      : spawnSync('unshare', ['--fork', ...namespaces, 'true']).status === 0
        ? false
        : 'namespaces cannot be made here';

export interface RealSystemd {
  /** Put before a command, it runs beside systemd. It forks exactly once. */
  readonly wrap: readonly string[];
  /** Runs commands there, for `createLinuxServices`. The pids that they tell are those of the inner namespace. */
  readonly run: CommandRunner;
  /** Its standard output, whatever its exit code. @throws when it cannot be run. */
  systemctl(...args: readonly string[]): Promise<string>;
}

/** Mounts what systemd wants to find, then becomes it. /tmp and everything else is as it is outside. */
const boot = (units: string, systemd: string): string => `set -e
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
umount -R /sys/fs/cgroup 2>/dev/null || umount -lR /sys/fs/cgroup 2>/dev/null || true
mount -t cgroup2 none /sys/fs/cgroup
mkdir -p /run/systemd/system
cp ${units}/* /run/systemd/system/
export container=other
exec ${systemd} --system --unit=hf.target --log-target=null
`;

/** Starts systemd with services of these names; each text is what stands under `[Service]`. Resolves when it answers. */
export async function realSystemd(t: Pick<Test, 'teardown'>, services: Readonly<Record<string, string>>): Promise<RealSystemd> {
  const dir = mkdtempSync(join(tmpdir(), 'hf-systemd-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true, maxRetries: 3 }));
  const units = join(dir, 'units');
  mkdirSync(units);
  for (const [name, text] of Object.entries(services))
    writeFileSync(
      join(units, `${name}.service`),
      `[Unit]\nDefaultDependencies=no\nStartLimitIntervalSec=0\n[Service]\n${text}\n`,
    );
  writeFileSync(join(units, 'hf.target'), '[Unit]\nDefaultDependencies=no\n');
  writeFileSync(join(dir, 'boot.sh'), boot(units, program ?? ''));
  const outer = spawn('unshare', ['--fork', ...namespaces, '--kill-child', 'sh', join(dir, 'boot.sh')], { stdio: 'ignore' });
  const children = `/proc/${outer.pid}/task/${outer.pid}/children`;
  /** Systemd, as this namespace numbers it. */
  const first = (): string => (existsSync(children) ? readFileSync(children, 'utf8').trim() : '');
  t.teardown(() => {
    // The first process of a namespace takes all others with it.
    const pid = Number(first());
    if (pid > 0) process.kill(pid, 'SIGKILL');
    outer.kill('SIGKILL');
  });
  const deadlineMs = performance.now() + 30_000;
  const wrap = (): readonly string[] => ['nsenter', '--target', first(), ...namespaces];
  const run: CommandRunner = (file, args, options) =>
    runCommand('/usr/bin/nsenter', [...wrap().slice(1), file, ...args], options);
  const ask = (...args: readonly string[]): Promise<CommandResult> =>
    run('/usr/bin/systemctl', args, { timeoutMs: 10_000, env: { PATH: '/usr/bin:/bin' } });
  for (;;) {
    const result = first() === '' ? null : await ask('is-active', 'hf.target');
    if (result?.kind === 'done' && result.stdout.trim() === 'active') break;
    if (performance.now() > deadlineMs) throw new Error(`systemd does not answer: ${JSON.stringify(result)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    wrap: wrap(),
    run,
    systemctl: async (...args) => {
      const result = await ask(...args);
      if (result.kind !== 'done') throw new Error(`systemctl ${args.join(' ')}: ${result.message}`);
      return result.stdout.trim();
    },
  };
}
