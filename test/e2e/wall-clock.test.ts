/** The wall clock is set back, and forward, by days: nothing but what is shown follows it. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { RealDaemon } from './daemon.js';
import { application, calls, journal, journalModule } from './modules.js';
import { freeTcpPort, freeUdpPort, place } from './place.js';
import { until } from './until.js';

t.setTimeout(120_000);
const root = fileURLToPath(new URL('../../', import.meta.url));
const skip = process.platform === 'linux' ? false : 'the scripts of this test are for Linux';
const day = 86_400_000;

const sources = (folder: string): readonly string[] =>
  readdirSync(join(root, 'src', folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
/** Lines of code, comments left out, that match. */
const matching = (file: string, pattern: RegExp): readonly string[] =>
  readFileSync(join(root, 'src', file), 'utf8')
    .split('\n')
    .filter((line) => !/^\s*(\*|\/\/|\/\*)/.test(line) && pattern.test(line))
    .map((line) => `${file}: ${line.trim()}`);

t.test('machines know no clock', async (t) => {
  const files = sources('machines');
  t.ok(files.length > 20, 'they were found');
  t.same(
    files.flatMap((file) => matching(file, /\bDate\b|\bperformance\b|hrtime|wallMs\(|monotonicMs\(|setTimeout\(/)),
    [],
  );
});

t.test(
  'actors ask for wall time where it is shown or stored for showing, and for the boot epoch, which never goes back',
  async (t) => {
    /** What may be done with it: a time of a log line, an ISO text, the start of a state, a monotonic time as wall time, the epoch. */
    const shown = [
      /new Date\((this\.)?(ports\.)?clock\.wallMs\(\)( - clock\.monotonicMs\(\) \+ \w+)?\)\.toISOString\(\)/,
      /\bwallMs: clock\.wallMs\(\)/,
      /iso\(clock\.wallMs\(\)\)/,
      /^\S+: (let )?sinceWallMs = (record\?\.sinceWallMs \?\? )?clock\.wallMs\(\);$/,
      // heart.stopstartloop, and the time of a resource's value: both are shown only.
      /^actors\/module-host\.ts: const openedWallMs = clock\.wallMs\(\) - clock\.monotonicMs\(\) \+ \(openedMs \?\? 0\);$/,
      /^actors\/module-host\.ts: const wallMs = clock\.wallMs\(\);$/,
      /const wallSeconds = Math\.floor\(ports\.clock\.wallMs\(\) \/ 1_000\);/,
      /wallMs\(\): number;/,
      // When a module or a user was changed, and when a command ended: told, and in the command log.
      /^actors\/administration\.ts: at: new Date\(options\.wallMs\(\)\)\.toISOString\(\),$/,
      /^actors\/node-runtime\.ts: const wallMs = clock\.wallMs\(\);$/,
      // Steps of a chart, shown to those who watch it.
      /^actors\/inspection\.ts: const \[atMs, wallMs\] = \[clock\.monotonicMs\(\), clock\.wallMs\(\)\];$/,
      // How long a replaced key is still taken has to outlive boots, so it is on disk as wall time: it becomes a monotonic time when the keys are
      // loaded, and the end of it is shown.
      /^actors\/cluster-administration\.ts: acceptedForMs: Math\.max\(0, key\.acceptedUntilWallMs - options\.wallMs\(\)\),$/,
      /^actors\/cluster-administration\.ts: oldKeyUntil: oldUntil > options\.wallMs\(\) \? iso\(oldUntil\) : null,$/,
      // The journal notes what time it was; nothing reads it but a person.
      /^actors\/recorder\.ts: /,
    ];
    const uses = sources('actors').flatMap((file) => matching(file, /wallMs\(/));
    t.ok(uses.length > 5, 'they were found');
    t.same(
      uses.filter((use) => !shown.some((pattern) => pattern.test(use))),
      [],
      'a new use: it must not decide anything',
    );
    t.same(
      sources('actors').flatMap((file) => matching(file, /Date\.now\(|new Date\(\)/)),
      [],
      'and only by the port',
    );
  },
);

t.test('two daemons whose clocks jump: no loss, no restart, the counter keeps its window', { skip }, async (t) => {
  const directory = place(t);
  const shift = join(directory, 'shift');
  const httpPort = await freeTcpPort();
  const preload = fileURLToPath(new URL('shifting-date.mjs', import.meta.url));
  const env = { NODE_OPTIONS: `--import=${preload}`, HF_SHIFT_FILE: shift };
  const node = (name: string): RealDaemon => new RealDaemon({ directory: join(directory, name), node: name, httpPort, env });
  const [n1, n2] = [node('n1'), node('n2')];
  await Promise.all([n1.start(), n2.start()]);
  const clusterFile = join(directory, 'cluster.xml');
  const port = await freeUdpPort('0.0.0.0');
  writeFileSync(
    clusterFile,
    `<cluster><lans port="${port}"><lan name="default" command="on"><node name="n1" addr="127.0.0.1"/><node name="n2" addr="127.0.0.2"/></lan></lans></cluster>`,
  );
  const bundle = join(directory, 'cluster.zip');
  await n1.must('cluster', 'config', clusterFile);
  await n1.must('cluster', 'package', bundle);
  await n2.must('cluster', 'config', bundle);
  const bothSeeBoth = async (): Promise<boolean> =>
    (await Promise.all([n1.cluster(), n2.cluster()])).every(({ view }) => view?.members.join(' ') === 'n1 n2');
  await until('both see both', bothSeeBoth);
  await n1.install('web', journalModule(n1, 'web', { mode: 'farm' }));
  await n1.must('start', '-m', 'web', '--wait', '--timeout', '30s');
  const killed = async (used: number): Promise<void> => {
    const before = application(n1, 'web');
    if (before === null) throw new Error('the application does not run');
    process.kill(before.pid, 'SIGKILL');
    await until('it is restarted', async () => (await n1.status('web')).budget.used === used);
    await n1.reaches('web', 'UP Ready');
  };
  await killed(1);
  const { view } = await n1.cluster();

  for (const [used, shiftMs] of [
    [2, -3 * day],
    [3, 2 * day],
  ] as const) {
    const runs = calls(journal(n1, 'web')).length;
    writeFileSync(shift, String(shiftMs));
    await until('the daemon shows the other time', async () => {
      await n1.must('printi', '-m', 'web', `shift ${shiftMs}`);
      const line = (await n1.logs('web')).find(({ message }) => message === `shift ${shiftMs}`);
      return line !== undefined && Math.abs(line.wallMs - Date.now() - shiftMs) < day / 2;
    });
    await wait(1_500);
    t.same((await n1.cluster()).view, view, 'the same view');
    t.ok(await bothSeeBoth());
    t.equal(calls(journal(n1, 'web')).length, runs, 'no script was run');
    await killed(used);
  }
  // With the clock three days back again the daemon is killed, and resumes.
  writeFileSync(shift, String(-3 * day));
  const before = application(n1, 'web');
  await n1.kill();
  await n1.start();
  await n1.reaches('web', 'UP Ready');
  t.same(application(n1, 'web'), before, 'the application is left alone');
  t.equal((await n1.status('web')).budget.used, 3, 'nothing of the budget is forgotten');
  await until('n2 takes it for the same node, not for an old packet', bothSeeBoth);
  const running = application(n1, 'web');
  if (running === null) throw new Error('the application does not run');
  process.kill(running.pid, 'SIGKILL');
  await n1.reaches('web', 'STOP NotReady');
  t.equal(await n1.logged('web', 'Action stop called by maxloop'), 1);
});
