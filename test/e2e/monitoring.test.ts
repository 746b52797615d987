/** A real daemon, watched from outside: a webhook that is told why, a program, metrics, SNMP; and what it weighs. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { inbox, soon } from '../io/notify/support.js';
import type { RealDaemon } from './daemon.js';
import { ask } from './http.js';
import { application, journalModule } from './modules.js';
import { daemonIn, freeUdpPort, place } from './place.js';
import { until } from './until.js';

t.setTimeout(180_000);
const skip = process.platform === 'linux' ? false : 'the scripts of this test are for Linux';
const noSnmp = spawnSync('snmpget', ['-V']).status === 0 ? false : "snmpget (Debian's snmp package) is not installed here";

interface Told {
  readonly severity: string;
  readonly subject: string;
  readonly text: string;
  readonly modules: readonly { readonly module: string | null; readonly after: string | null }[];
}
const metrics = async (daemon: RealDaemon): Promise<string> => (await ask({ socketPath: daemon.socket, path: '/metrics' })).body;

t.test('a process dies: people are told, with the reason; metrics and SNMP know it', { skip }, async (t) => {
  const directory = place(t);
  const told = inbox<Told>();
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      told.push(JSON.parse(body));
      response.end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const daemon = await daemonIn(directory);
  await daemon.start();
  await daemon.install('app', journalModule(daemon, 'app'));

  t.match(await daemon.must('notification', 'status'), /not configured/);
  const program = join(directory, 'page');
  writeFileSync(program, `#!/bin/sh\ncat > '${directory}/paged'\n`);
  chmodSync(program, 0o755);
  const file = join(directory, 'n.json');
  const settings = {
    ...{ windowSeconds: 2, criticalSeconds: 1 },
    webhook: [{ name: 'hook', url: `http://127.0.0.1:${port}/T0KEN` }],
    executable: [{ name: 'pager', path: program }],
  };
  writeFileSync(file, JSON.stringify({ ...settings, windowSeconds: -1 }));
  const refused = await daemon.cli('notification', 'config', file);
  t.equal(refused.code, 2);
  t.match(refused.stderr, /notification\.json:1:\d+: error CONF_ATTRIBUTE_VALUE: windowSeconds is -1/);
  writeFileSync(file, JSON.stringify(settings));
  await daemon.must('notification', 'config', file);
  t.match(await daemon.must('notification', 'test'), /hook: ok, handed over\npager: ok, handed over\n/);
  t.match(await soon(t, 'the test', told.next()), { severity: 'test' });
  t.match(readFileSync(join(directory, 'paged'), 'utf8'), /This is a test/);

  await daemon.must('start', '-m', 'app', '--wait', '--timeout', '30s');
  t.match((await soon(t, 'the start', told.next(), 30_000)).subject, /\[holdfast n1\] app: .*UP \(Ready\)/);
  const process_ = application(daemon, 'app');
  t.ok(process_ !== null);
  if (process_ !== null) process.kill(process_.pid, 'SIGKILL');
  const died = await soon(
    t,
    'the death',
    told.next((one) => one.severity === 'critical'),
    60_000,
  );
  t.match(died.subject, /^\[holdfast n1\] CRITICAL app: /);
  t.match(died.text, /CRITICAL {2}errd: Process \S+ not running/);
  await daemon.reaches('app', 'UP Ready');
  const why = told.all.find((one) => one.text.includes('Why:'));
  t.match(why?.text, /Why:\n {4}\d\d:\d\d:\d\d\.\d{3} {2}\S/, 'the flight recorder was asked');
  t.notMatch(JSON.stringify(told.all), /T0KEN/);
  t.notMatch(`${daemon.nodeLog()}${await daemon.must('notification', 'status')}`, /T0KEN/);
  t.ok(existsSync(join(directory, 'paged')));

  const text = await metrics(daemon);
  t.match(text, /^holdfast_module_state\{module="app",state="UP",quality="Ready"\} 1$/m);
  t.match(text, /^holdfast_module_restarts_total\{module="app",action="restart",origin="errd"\} 1$/m);
  t.match(text, /^holdfast_critical_lines_total\{module="app"\} [1-9]/m);
  t.match(text, /^holdfast_script_duration_seconds_count\{module="app",script="start_both"\} [1-9]/m);
  t.match(text, /^holdfast_notifications_sent_total\{channel="hook",kind="webhook"\} [1-9]/m);
  const outside = await ask({ host: '127.0.0.1', port: daemon.spec.httpPort, path: '/metrics' });
  t.equal(outside.status, 200, 'over loopback as well');
  await daemon.must('notification', 'disable');
  t.match(readFileSync(join(daemon.safevar, 'notification.json'), 'utf8'), /"enabled": false/);
});

t.test('SNMP of a real daemon, from SIGHUP on', { skip: skip || noSnmp }, async (t) => {
  const directory = place(t);
  const daemon = await daemonIn(directory);
  await daemon.start();
  await daemon.install('app', journalModule(daemon, 'app'));
  const port = await freeUdpPort();
  const communityFile = join(directory, 'community');
  writeFileSync(communityFile, 'c0mmunity\n', { mode: 0o600 });
  writeFileSync(join(daemon.safevar, 'snmp.json'), JSON.stringify({ port, communityFile }));
  daemon.signal('SIGHUP');
  await until('the agent listens', () => daemon.nodeLog().includes('SNMP agent listens'));
  const mib = fileURLToPath(new URL('../../conf/snmp', import.meta.url));
  const standard = fileURLToPath(new URL('../../node_modules/net-snmp/lib/mibs', import.meta.url));
  const get = (name: string): string =>
    spawnSync(
      'snmpget',
      ['-v2c', '-c', 'c0mmunity', '-M', `${mib}:${standard}`, '-m', 'HOLDFAST-MIB', '-Oqv', `127.0.0.1:${port}`, name],
      {
        encoding: 'utf8',
        env: { PATH: process.env['PATH'] ?? '', MIBS: '' },
      },
    ).stdout.trim();
  t.equal(get('hfNodeName.0'), 'n1');
  t.equal(get('hfModuleState.1'), 'stop');
  await daemon.must('start', '-m', 'app', '--wait', '--timeout', '30s');
  t.equal(get('hfModuleState.1'), 'up');
  t.equal(get('hfModuleReady.1'), 'true');
});
