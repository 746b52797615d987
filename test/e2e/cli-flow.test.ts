/** The way of an administrator on two nodes of one machine, all by $SAFE/safekit, and scripts that call it. */
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { RealDaemon } from './daemon.js';
import { ask } from './http.js';
import { application, calls, journal, journalModule } from './modules.js';
import { daemonIn, freeTcpPort, freeUdpPort, place } from './place.js';
import { until } from './until.js';

t.setTimeout(240_000);
const skip = process.platform === 'linux' ? false : 'the scripts of this test are for Linux';
const module = 'web';

t.test('cluster, module, start, state, logs, package, stop on two nodes', { skip }, async (t) => {
  const directory = place(t);
  const httpPort = await freeTcpPort();
  const node = (name: string): RealDaemon => new RealDaemon({ directory: join(directory, name), node: name, httpPort });
  const [n1, n2] = [node('n1'), node('n2')];
  await Promise.all([n1.start(), n2.start()]);
  t.equal(statSync(n1.socket).mode & 0o777, 0o600, 'only its owner can open the socket');

  const clusterFile = join(directory, 'cluster.xml');
  const bundle = join(directory, 'cluster.zip');
  writeFileSync(
    clusterFile,
    `<cluster><lans port="${await freeUdpPort('0.0.0.0')}"><lan name="default" command="on"><node name="n1" addr="127.0.0.1"/><node name="n2" addr="127.0.0.2"/></lan></lans></cluster>`,
  );
  await n1.must('cluster', 'config', clusterFile);
  await n1.must('cluster', 'package', bundle);
  t.equal(statSync(bundle).mode & 0o077, 0, 'the key is for its owner only');
  await n2.must('cluster', 'config', bundle);
  await until('both see both', async () =>
    (await Promise.all([n1.cluster(), n2.cluster()])).every(({ view }) => view?.members.join(' ') === 'n1 n2'),
  );

  // The module is made on n1, and goes to n2 as a .safe file. Its path is part of its configuration: each node has its own.
  await n1.install(module, journalModule(n1, module, { mode: 'farm' }));
  const archive = join(directory, `${module}.safe`);
  await n1.must('module', 'package', '-m', module, archive);
  await n2.must('module', 'install', '-m', module, archive);
  n2.writeModule(module, journalModule(n2, module, { mode: 'farm' }));
  await n2.must('config', '-m', module);
  t.match(await n2.must('module', 'list'), module);

  const unknown = await n1.cli('start', '-m', 'nothing');
  t.match(unknown, { code: 2, stderr: /^MODULE_UNKNOWN: / });
  t.equal((await n1.cli('stat')).code, 2, 'usage');
  t.match(await n1.cli('state', '-m', module, '-lq'), { code: 0, stdout: /STOP/ });

  await n1.must('start', '-m', module, '--nodes', '*', '--wait', '--timeout', '60s');
  await Promise.all([n1, n2].map((each) => each.reaches(module, 'UP Ready')));
  t.match(await n1.cli('state', '-m', module, '-lq'), { code: 2, stdout: /UP/ });
  t.match(await n1.must('start', '-m', module), /already/i);
  const state = await n1.must('state');
  t.match(state, /n1 +UP \(Ready\)/);
  t.match(state, /n2 +UP \(Ready\)/);
  for (const host of ['127.0.0.1', '127.0.0.2']) {
    t.match(await ask({ host, port: httpPort, path: `/var/modules/${module}/ready.txt` }), { status: 200, body: 'OK' });
  }
  t.same(calls(journal(n1, module)), ['prestart', 'start_both']);
  t.same(journal(n1, module)[1]?.args, ['WAIT', 'UP', 'start'], 'current state, next state, action');

  const before = application(n1, module);
  await n1.must('restart', '-m', module, '--wait', '--timeout', '60s');
  t.not(application(n1, module)?.pid, before?.pid, 'another process');
  t.same(calls(journal(n1, module)).slice(2), ['stop_both', 'stop_both!', 'start_both']);
  t.match(await n1.must('log', '-m', module), /Action restart called by root/);
  t.match(await n1.must('log', '-m', module, '-A'), /Script start_both ended with code 0/);
  t.match(await n1.must('userlog', 'list', '-m', module), /start_both/);
  await n1.must('printe', '-m', module, 'seen by everybody');
  t.match(await n1.must('log', '-m', module), /seen by everybody/);
  t.match(await n1.must('cmdlog'), /restart/);
  const saved = join(directory, 'saved.log');
  await n1.must('logsave', '-m', module, '-A', saved);
  t.ok(existsSync(saved));

  const running = application(n1, module);
  const run = calls(journal(n1, module)).length;
  await n1.must('config', '-m', module);
  t.same(application(n1, module), running, 'what is dynamic is applied while it runs, and touches nothing');
  t.same(
    calls(journal(n1, module))
      .slice(run)
      .filter((call) => call !== 'update'),
    [],
  );
  await n2.must('stop', '-m', module, '--wait', '--timeout', '60s');
  t.equal(application(n2, module), null);
  t.match(await ask({ host: '127.0.0.2', port: httpPort, path: `/var/modules/${module}/ready.txt` }), {
    status: 404,
    body: 'NOT FOUND',
  });
  await n1.must('shutdown');
  await n1.reaches(module, 'STOP NotReady');
  await n1.must('deconfig', '-m', module);
  await n1.must('module', 'uninstall', '-m', module);
  t.notMatch(await n1.must('module', 'list'), module);
  t.equal((await n1.cli('state', '-m', module, '-lq')).code, 12, 'this node does not know it any more');
});

t.test('a .safe file holds what was packed, and goes back in', { skip }, async (t) => {
  const directory = place(t);
  const daemon = await daemonIn(directory);
  await daemon.start();
  const files = journalModule(daemon, module);
  await daemon.install(module, files);
  const archive = join(directory, 'packed.safe');
  await daemon.must('module', 'package', '-m', module, archive);
  await daemon.must('deconfig', '-m', module);
  await daemon.must('module', 'uninstall', '-m', module);
  await daemon.must('module', 'install', '-m', module, archive);
  await daemon.must('config', '-m', module);
  await daemon.must('start', '-m', module, '--wait', '--timeout', '60s');
  t.equal(await daemon.state(module), 'UP Ready', 'the scripts are executable again');
  const again = join(directory, 'again.safe');
  await daemon.must('module', 'package', '-m', module, again);
  t.match(await daemon.cli('module', 'install', '-m', module, again), { code: 1, stderr: /^CONF_STATE: / }, 'not while it runs');
  await daemon.must('stop', '-m', module, '--wait', '--timeout', '60s');
  t.match(await daemon.cli('module', 'install', '-m', module, again), { code: 1, stderr: /^MODULE_EXISTS: / });
  await daemon.must('module', 'install', '-m', module, '-r', again);
  const damaged = join(directory, 'damaged.safe');
  writeFileSync(damaged, 'PK\u0003\u0004 this is none');
  t.match(await daemon.cli('module', 'install', '-m', 'other', damaged), { code: 2, stderr: /MODULE_ARCHIVE/ });
});

t.test('scripts call safekit: print, set, stop -i, restart -i against maxloop', { skip }, async (t) => {
  const daemon = await daemonIn(place(t));
  await daemon.start();
  const failing = `#!/bin/sh
$SAFE/safekit printe "start_both: no licence"
$SAFE/safekit stop -i "start_both"
exit 1
`;
  await daemon.install('failing', journalModule(daemon, 'failing', { scripts: { start_both: failing } }));
  await daemon.must('start', '-m', 'failing');
  await until('the script has stopped its module', () => daemon.logged('failing', 'Action stop called by start_both'));
  await daemon.reaches('failing', 'STOP NotReady');
  t.equal(await daemon.logged('failing', 'start_both: no licence'), 1, 'safekit takes the module from SAFEMODULE');
  t.equal(await daemon.logged('failing', 'Script start_both ended'), 1);

  // A watchdog of the application's own, which outlives the script that starts it, and asks for restarts.
  const start = `${journalModule(daemon, module).scripts['start_both']}
$SAFE/safekit set -r custom.web -v up -i watchdog
setsid sh -c 'while [ ! -f "$SAFEUSERVAR/ask" ]; do sleep 0.1; done; rm "$SAFEUSERVAR/ask"; $SAFE/safekit restart -i watchdog' </dev/null >/dev/null 2>&1 &
`;
  await daemon.install(module, journalModule(daemon, module, { scripts: { start_both: start } }));
  await daemon.must('start', '-m', module, '--wait', '--timeout', '60s');
  t.match(await daemon.must('get', '-m', module, '-r', 'custom.web'), /up/);
  const request = join(daemon.safevar, 'modules', module, 'ask');
  for (const round of [1, 2, 3]) {
    writeFileSync(request, '');
    await until(`restart ${round}`, async () => (await daemon.logged(module, 'Action restart called by watchdog')) === round);
    await daemon.reaches(module, 'UP Ready');
    t.equal((await daemon.status(module)).budget.used, round);
  }
  t.equal((await daemon.cli('checkloop', '-m', module)).code, 1, 'the limit is reached');
  writeFileSync(request, '');
  await daemon.reaches(module, 'STOP NotReady');
  t.equal(await daemon.logged(module, 'Action stop called by maxloop'), 1);
  await daemon.must('start', '-m', module, '--wait', '--timeout', '60s');
  t.equal((await daemon.status(module)).budget.used, 0, 'an administrator resets the counter');
});

t.test('the first answer of a daemon that begins knows its modules', { skip }, async (t) => {
  const daemon = await daemonIn(place(t));
  await daemon.start();
  await daemon.install(module, journalModule(daemon, module));
  await daemon.must('start', '-m', module, '--wait', '--timeout', '60s');
  for (let round = 0; round < 3; round += 1) {
    await daemon.kill();
    daemon.launch();
    const first = await until('an answer', () => daemon.api('GET', `/modules/${module}`).catch(() => null));
    t.equal(first.status, 200, first.body);
    await daemon.reaches(module, 'UP Ready');
  }
  t.same(calls(journal(daemon, module)), ['prestart', 'start_both'], 'and nothing was run');
});

t.test('applying a configuration with boot="on" starts nothing; the next boot would', { skip }, async (t) => {
  const daemon = await daemonIn(place(t));
  await daemon.start();
  const files = journalModule(daemon, module);
  await daemon.install(module, { ...files, userconfig: files.userconfig.replace('boot="off"', 'boot="on"') });
  await daemon.kill();
  await daemon.start();
  t.equal(await daemon.state(module), 'STOP NotReady', 'nor does the return of the daemon');
  t.same(journal(daemon, module), []);
});
