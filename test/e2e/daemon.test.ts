/** The daemon itself: signals, a port that somebody has, a second daemon, a disk that is full. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { RealDaemon } from './daemon.js';
import { ask } from './http.js';
import { application, calls, journal, journalModule } from './modules.js';
import { daemonIn, freeTcpPort, place } from './place.js';
import { until } from './until.js';

t.setTimeout(150_000);
const skip = process.platform === 'linux' ? false : 'the scripts of this test are for Linux';

async function running(daemon: RealDaemon, module: string, pause = '0'): Promise<void> {
  await daemon.install(module, journalModule(daemon, module, { pause }));
  await daemon.must('start', '-m', module, '--wait', '--timeout', '30s');
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  t.test(`${signal}: the modules are stopped, exit 0`, { skip }, async (t) => {
    const daemon = await daemonIn(place(t));
    await daemon.start();
    await running(daemon, 'one');
    await running(daemon, 'two');
    daemon.signal(signal);
    t.same(await daemon.ended(), { code: 0, signal: null });
    for (const module of ['one', 'two']) {
      t.same(calls(journal(daemon, module)).slice(2), ['stop_both', 'stop_both!', 'poststop'], module);
      t.equal(application(daemon, module), null);
    }
    t.match(daemon.nodeLog(), new RegExp(`holdfastd stopping: ${signal}`));
    await daemon.start();
    t.equal(await daemon.state('one'), 'STOP NotReady', 'boot="off": not started again');
  });
}

t.test('a second SIGTERM: the daemon leaves at once, the application goes on', { skip }, async (t) => {
  const daemon = await daemonIn(place(t));
  await daemon.start();
  const slow = '#!/bin/sh\necho "$(date +%s%N) stop_both $*" >> "$SAFEUSERVAR/journal"\nsleep 600\n';
  await daemon.install('slow', journalModule(daemon, 'slow', { user: 'nicestoptimeout="300s"', scripts: { stop_both: slow } }));
  await daemon.must('start', '-m', 'slow', '--wait', '--timeout', '30s');
  const before = application(daemon, 'slow');
  daemon.signal('SIGTERM');
  await until('the stop hangs in stop_both', () => calls(journal(daemon, 'slow')).includes('stop_both'));
  daemon.signal('SIGTERM');
  t.same(await daemon.ended(), { code: 0, signal: null });
  t.same(application(daemon, 'slow'), before);
});

t.test('SIGHUP: the configuration on disk is read again, nothing is restarted', { skip }, async (t) => {
  const daemon = await daemonIn(place(t));
  await daemon.start();
  await running(daemon, 'one');
  mkdirSync(join(daemon.safe, 'modules', 'copied', 'conf'), { recursive: true });
  mkdirSync(join(daemon.safe, 'modules', 'copied', 'bin'), { recursive: true });
  writeFileSync(join(daemon.safe, 'modules', 'copied', 'conf', 'userconfig.xml'), '<safe><service mode="light"/></safe>');
  const before = application(daemon, 'one');
  daemon.signal('SIGHUP');
  await until(
    'the module that was copied there is known',
    async () => (await daemon.api('GET', '/modules/copied')).status === 200,
  );
  t.same(application(daemon, 'one'), before);
  t.equal(await daemon.state('one'), 'UP Ready');
  t.same(calls(journal(daemon, 'one')), ['prestart', 'start_both']);
});

t.test(
  'port 9010 is in use: a clear line in the log, the module runs, the probe comes when the port is free',
  { skip },
  async (t) => {
    const httpPort = await freeTcpPort();
    const squatter = createServer((socket) => socket.destroy()).listen(httpPort, '127.0.0.1');
    await once(squatter, 'listening');
    t.teardown(() => squatter.close());
    const daemon = await daemonIn(place(t), { httpPort });
    await daemon.start();
    await running(daemon, 'one');
    await until(
      'the log says it',
      () => new RegExp(`Web service: .*127\\.0\\.0\\.1.*${httpPort}.*in use`, 'i').test(daemon.nodeLog()),
      10_000,
      () => daemon.nodeLog(),
    );
    t.equal(await daemon.state('one'), 'UP Ready');
    squatter.close();
    await once(squatter, 'close');
    const path = '/var/modules/one/ready.txt';
    const answer = await until(
      'the probe is answered',
      () => ask({ host: '127.0.0.1', port: httpPort, path }).catch(() => null),
      60_000,
    );
    t.match(answer, { status: 200, body: 'OK' });
  },
);

t.test('a second daemon on the same directory is refused, the first goes on', { skip }, async (t) => {
  const directory = place(t);
  const daemon = await daemonIn(directory);
  await daemon.start();
  await running(daemon, 'one');
  const second = new RealDaemon({ directory, node: 'n1', httpPort: await freeTcpPort(), listen: ['127.0.0.1'] });
  second.launch();
  t.same(await second.ended(), { code: 2, signal: null });
  t.match(second.output, new RegExp(`another holdfastd \\(process ${daemon.pid()}\\) already runs with this directory`));
  t.equal(await daemon.state('one'), 'UP Ready');
  t.equal(JSON.parse(readFileSync(join(daemon.safevar, 'holdfastd.pid'), 'utf8')).pid, daemon.pid());
  // A pid file of a daemon that is dead, or half a file, is in nobody's way.
  await daemon.kill();
  writeFileSync(join(daemon.safevar, 'holdfastd.pid'), '{"pid": 1');
  await daemon.start();
  await daemon.reaches('one', 'UP Ready');
});

t.test('bad command lines are refused with a sentence', async (t) => {
  const directory = place(t);
  for (const [args, text] of [
    [['--http-port', '99999'], /--http-port must be a port/],
    [['--nonsense'], /nonsense/],
    [['--log', 'paper'], /--log is none.*not paper/],
    [['--config', join(directory, 'absent.json')], /there is no/],
  ] as const) {
    const { status, stderr } = spawnSync(
      process.execPath,
      [join('dist', 'main.js'), '--safe', directory, '--var', directory, ...args],
      { encoding: 'utf8' },
    );
    t.equal(status, 2, args.join(' '));
    t.match(stderr, text);
    t.equal(stderr.trim().split('\n').length, 1, 'one line');
  }
});

const noTmpfs = process.getuid?.() === 0 ? skip : 'needs root, to mount a small tmpfs';
t.test(
  'the disk of SAFEVAR is full: the daemon lives, the application is restarted, the log reports it later',
  { skip: noTmpfs },
  async (t) => {
    const directory = place(t);
    const safevar = join(directory, 'small');
    mkdirSync(safevar);
    const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m,mode=0750', 'tmpfs', safevar], { encoding: 'utf8' });
    if (mount.status !== 0) {
      t.pass(`a tmpfs cannot be mounted here: ${mount.stderr}`, { skip: 'no tmpfs' });
      return;
    }
    const daemon = await daemonIn(directory, { safevar });
    t.teardown(async () => {
      await daemon.kill();
      const running = application(daemon, 'one');
      if (running !== null) process.kill(running.pid, 'SIGKILL');
      await until('the tmpfs is unmounted', () => spawnSync('umount', [safevar]).status === 0);
    });
    await daemon.start();
    // Its journal and pid file are elsewhere: this test is about the daemon's own files.
    const elsewhere = join(directory, 'elsewhere');
    mkdirSync(elsewhere);
    const files = journalModule(daemon, 'one');
    const moved = (text: string): string => text.replaceAll('$SAFEUSERVAR', elsewhere);
    await daemon.install('one', {
      userconfig: files.userconfig.replace(/argregex="[^"]*"/, `argregex="${elsewhere.replaceAll('.', '\\.')}/app"`),
      scripts: Object.fromEntries(Object.entries(files.scripts).map(([name, text]) => [name, moved(text)])),
    });
    await daemon.must('start', '-m', 'one', '--wait', '--timeout', '30s');
    const filler = join(safevar, 'filler');
    spawnSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=4k', 'count=1024'], { stdio: 'ignore' });

    const pidFile = join(elsewhere, 'app.pid');
    const pid = (): number => Number(readFileSync(pidFile, 'utf8'));
    for (const round of [1, 2]) {
      const before = pid();
      process.kill(before, 'SIGKILL');
      await until(`restart ${round} with a full disk`, () => pid() !== before);
      await daemon.reaches('one', 'UP Ready');
      t.equal((await daemon.status('one')).budget.used, round);
    }
    t.match(await daemon.must('state'), /UP \(Ready\)/, 'the command line works');
    t.ok(daemon.isRunning());
    rmSync(filler);
    await daemon.must('printe', '-m', 'one', 'there is room again');
    await until(
      'the log reports what was lost',
      () => daemon.logged('one', 'lost'),
      20_000,
      () => daemon.logs('one'),
    );
    await until('and goes on', () => daemon.logged('one', 'there is room again'));
    process.kill(pid(), 'SIGKILL');
    await until('the third restart', async () => (await daemon.status('one')).budget.used === 3);
    await daemon.reaches('one', 'UP Ready');
    await daemon.kill();
    await daemon.start();
    await daemon.reaches('one', 'UP Ready');
    t.equal((await daemon.status('one')).budget.used, 3, 'the record is whole');
    await daemon.must('stop', '-m', 'one', '--wait', '--timeout', '30s');
  },
);
