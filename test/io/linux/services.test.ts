import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { createLinuxServices, parseShow, unitState } from '../../../src/io/linux/services.js';
import { type CommandResult, type CommandRunner, runCommand } from '../../../src/io/run-command.js';
import { identityOf, start, temporaryDirectory, until } from '../real-processes.js';

const answer =
  (result: CommandResult, calls: { file: string; args: readonly string[] }[] = []): CommandRunner =>
  async (file, args) => {
    calls.push({ file, args });
    return result;
  };
const done = (stdout: string): CommandResult => ({ kind: 'done', code: 0, stdout, stderr: '' });

t.test('blocks of systemctl show are read in their order', async (t) => {
  const units = parseShow(
    'MainPID=37\nResult=success\nId=a.service\nActiveState=active\n\nMainPID=0\nId=b.service\nDescription=x=y\n',
  );
  t.same(
    units.map((unit) => Object.fromEntries(unit)),
    [
      { MainPID: '37', Result: 'success', Id: 'a.service', ActiveState: 'active' },
      { MainPID: '0', Id: 'b.service', Description: 'x=y' },
    ],
  );
  t.same(parseShow(''), []);
});

t.test('states of units are mapped', async (t) => {
  const expected = {
    active: 'running',
    reloading: 'running',
    refreshing: 'running',
    activating: 'starting',
    inactive: 'stopped',
    deactivating: 'stopped',
    failed: 'failed',
    maintenance: 'failed',
    '': 'unknown',
    later: 'unknown',
  };
  for (const [active, state] of Object.entries(expected)) t.equal(unitState(active), state, active);
});

t.test('several names are asked for in one call, without a shell', async (t) => {
  const calls: { file: string; args: readonly string[] }[] = [];
  const { pid } = start(t, '/bin/sleep', ['60']);
  const stdout = `MainPID=${pid}\nId=nginx.service\nActiveState=active\n\nMainPID=0\nId=db.service\nActiveState=failed\n\nMainPID=4194305\nId=gone.service\nActiveState=active\n`;
  const services = createLinuxServices({ run: answer(done(stdout), calls), systemctl: '/bin/systemctl' });
  t.same(await services.states(['nginx', 'bad name; rm', 'db.service', 'gone', '*']), [
    { name: 'nginx', state: 'running', mainProcess: identityOf(pid) },
    { name: 'bad name; rm', state: 'unknown', mainProcess: null },
    { name: 'db.service', state: 'failed', mainProcess: null },
    { name: 'gone', state: 'running', mainProcess: null },
    { name: '*', state: 'unknown', mainProcess: null },
  ]);
  t.match(calls, [
    { file: '/bin/systemctl', args: ['show', '--no-pager', /^--property=Id,/, '--', 'nginx', 'db.service', 'gone'] },
  ]);
  await services.states([]);
  await services.states(['--version']);
  t.equal(calls.length, 1, 'nothing to ask, nothing asked');
});

t.test('no answer, no systemd, or an answer that does not fit: unknown', async (t) => {
  const unknown = [{ name: 'a', state: 'unknown', mainProcess: null }];
  const ask = (result: CommandResult) => createLinuxServices({ run: answer(result), systemctl: '/bin/systemctl' }).states(['a']);
  t.same(await ask({ kind: 'failed', code: 'ETIMEDOUT', message: 'late' }), unknown);
  t.same(
    await ask({ kind: 'done', code: 1, stdout: '', stderr: 'System has not been booted with systemd as init system' }),
    unknown,
  );
  t.same(await ask(done('')), unknown);
  t.same(await ask(done('Id=a.service\nActiveState=active\n\nId=b.service\nActiveState=active\n')), unknown);
  t.same(await createLinuxServices({ systemctl: null }).states(['a']), unknown);
});

t.test('a command that hangs is killed, one that is missing is told, one that fails tells its code', async (t) => {
  const options = { timeoutMs: 200, env: { PATH: '/usr/bin:/bin' } };
  t.match(await runCommand('/bin/sleep', ['30'], options), { kind: 'failed', code: 'ETIMEDOUT' });
  t.match(await runCommand('/nonexistent/program', [], options), { kind: 'failed', code: 'ENOENT' });
  t.match(await runCommand('/bin/sh', ['-c', 'echo out; echo err >&2; exit 4'], { ...options, timeoutMs: 5_000 }), {
    kind: 'done',
    code: 4,
    stdout: 'out\n',
    stderr: 'err\n',
  });
  t.match(await runCommand('/usr/bin/env', [], { timeoutMs: 5_000, env: { ONLY: 'this' } }), {
    kind: 'done',
    stdout: 'ONLY=this\n',
  });
});

const systemd = ['/lib/systemd/systemd', '/usr/lib/systemd/systemd'].find((path) => existsSync(path));
const cannot =
  process.getuid?.() !== 0
    ? 'running a systemd of its own needs root'
    : systemd === undefined
      ? 'systemd is not installed'
      : spawnSync('unshare', ['--pid', '--fork', '--mount', '--cgroup', '--ipc', '--uts', 'true']).status === 0
        ? false
        : 'namespaces cannot be made here';

t.test('a real systemd in namespaces of its own', { skip: cannot, timeout: 60_000 }, async (t) => {
  const dir = temporaryDirectory(t);
  const units = join(dir, 'units');
  mkdirSync(units);
  const unit = (name: string, service: string): void =>
    writeFileSync(join(units, name), `[Unit]\nDefaultDependencies=no\n[Service]\n${service}\n`);
  unit('hf-running.service', 'ExecStart=/bin/sleep 600');
  unit('hf-oneshot.service', 'Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true');
  unit('hf-failing.service', 'ExecStart=/bin/false');
  unit('hf-slow.service', 'Type=oneshot\nTimeoutStartSec=600\nExecStart=/bin/sleep 600');
  unit('hf-stopped.service', 'ExecStart=/bin/true');
  unit('hf-again.service', 'ExecStart=/bin/false\nRestart=always\nRestartSec=600');
  writeFileSync(join(units, 'hf.target'), '[Unit]\nDefaultDependencies=no\n');
  const boot = join(dir, 'boot.sh');
  writeFileSync(
    boot,
    `set -e
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
umount -R /sys/fs/cgroup 2>/dev/null || true
mount -t cgroup2 none /sys/fs/cgroup
mkdir -p /run/systemd/system
cp ${units}/* /run/systemd/system/
export container=other
exec ${systemd} --system --unit=hf.target --log-target=null
`,
  );
  const init = spawn('unshare', ['--pid', '--fork', '--mount', '--cgroup', '--ipc', '--uts', '--kill-child', 'sh', boot], {
    stdio: 'ignore',
  });
  let manager: string | null = null;
  t.teardown(() => {
    // The first process of a namespace takes all others with it.
    if (manager !== null) process.kill(Number(manager), 'SIGKILL');
    init.kill('SIGKILL');
  });
  await until('systemd runs', () => {
    const children = spawnSync('cat', [`/proc/${init.pid}/task/${init.pid}/children`], { encoding: 'utf8' }).stdout.trim();
    if (children !== '') manager = children;
    return children !== '';
  });
  // From outside: systemctl must be run inside, and the pids it tells are those of the inner namespace.
  const inside: CommandRunner = (file, args, options) =>
    runCommand(
      '/usr/bin/nsenter',
      ['--target', String(manager), '--mount', '--pid', '--cgroup', '--ipc', '--uts', file, ...args],
      options,
    );
  const services = createLinuxServices({ run: inside });
  const systemctl = (...args: readonly string[]) =>
    inside('/usr/bin/systemctl', [...args], { timeoutMs: 10_000, env: { PATH: '/usr/bin:/bin' } });
  await until(
    'systemd answers',
    async () => {
      const result = await systemctl('is-active', 'hf.target');
      return result.kind === 'done' && result.stdout.trim() === 'active';
    },
    20_000,
  );
  for (const name of ['running', 'oneshot', 'failing', 'slow', 'again']) await systemctl('start', '--no-block', `hf-${name}`);
  const names = ['hf-running', 'hf-oneshot.service', 'hf-failing', 'hf-slow', 'hf-stopped', 'hf-again', 'hf-absent'];
  let last: unknown = null;
  const expected = ['running', 'running', 'failed', 'starting', 'stopped', 'starting', 'stopped'];
  await until('all have settled', async () => {
    const states = await services.states(names);
    last = states.map(({ state }) => state);
    return JSON.stringify(last) === JSON.stringify(expected);
  }).catch(() => t.comment(last));
  t.same(last, expected);
  await systemctl('kill', '--signal=KILL', 'hf-running');
  await until('the killed one has failed', async () => (await services.states(['hf-running']))[0]?.state === 'failed');
});
