import t from 'tap';
import { createLinuxServices, parseShow, unitState } from '../../../src/io/linux/services.js';
import { createProber } from '../../../src/io/probers/index.js';
import { type CommandResult, type CommandRunner, runCommand } from '../../../src/io/run-command.js';
import { noSystemd, realSystemd } from '../../helpers/real-systemd.js';
import { look, systemd } from '../probers/harness.js';
import { identityOf, start, until } from '../real-processes.js';

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

t.test('a real systemd in namespaces of its own', { skip: noSystemd, timeout: 60_000 }, async (t) => {
  const { run, systemctl } = await realSystemd(t, {
    'hf-running': 'ExecStart=/bin/sleep 600',
    'hf-oneshot': 'Type=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true',
    'hf-failing': 'ExecStart=/bin/false',
    'hf-slow': 'Type=oneshot\nTimeoutStartSec=600\nExecStart=/bin/sleep 600',
    'hf-stopped': 'ExecStart=/bin/true',
    'hf-again': 'ExecStart=/bin/false\nRestart=always\nRestartSec=600',
  });
  const services = createLinuxServices({ run });
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
  // The checker of one unit, by the same services.
  const prober = createProber({ services });
  t.match(await look(prober, systemd('hf-running')), { up: true, detail: /^hf-running is active/ });
  t.match(await look(prober, systemd('hf-failing')), { up: false, detail: 'hf-failing has failed' });
  t.match(await look(prober, systemd('hf-absent')), { up: false, detail: 'hf-absent is not active' });
  t.equal(await look(prober, systemd('hf-slow'), 700), 'silent', 'it is being started');
  await systemctl('kill', '--signal=KILL', 'hf-running');
  await until('the killed one has failed', async () => (await services.states(['hf-running']))[0]?.state === 'failed');
  t.match(await look(prober, systemd('hf-running')), { up: false, detail: 'hf-running has failed' });
});
