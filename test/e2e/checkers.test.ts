/** Checkers in a real daemon: real ports, programs and modules that go away and come back, and what the module does then. */
import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import type { RealDaemon } from './daemon.js';
import { processesOf } from './leftovers.js';
import { application, calls, doubleStart, journal, journalModule } from './modules.js';
import { daemonIn, freeTcpPort, place } from './place.js';
import { until } from './until.js';

t.setTimeout(150_000);
const skip = process.platform === 'linux' ? false : 'the scripts of this test are for Linux';

async function listening(port: number): Promise<Server> {
  const server = createServer((socket) => socket.destroy()).listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
async function closed(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}
/** Value of a resource; null where there is none. */
async function resource(daemon: RealDaemon, module: string, name: string): Promise<string | null> {
  const { code, stdout } = await daemon.cli('get', '-r', name, '-m', module);
  return code === 0 ? stdout.trim() : null;
}
const holds = (daemon: RealDaemon, module: string, name: string, value: string) =>
  until(
    `${name} is ${value}`,
    async () => (await resource(daemon, module, name)) === value,
    20_000,
    () => resource(daemon, module, name),
  );

t.test('tcp: a port that nobody listens on any more restarts the application', { skip }, async (t) => {
  const port = await freeTcpPort();
  const server = await listening(port);
  const daemon = await daemonIn(place(t));
  await daemon.start();
  const more = `<check><tcp ident="web" when="both"><to addr="127.0.0.1" port="${port}" interval="1s" timeout="1s"/></tcp></check>`;
  await daemon.install('web', journalModule(daemon, 'web', { more }));
  await daemon.must('start', '-m', 'web', '--wait', '--timeout', '30s');
  await holds(daemon, 'web', 'tcp.web', 'up');
  const before = application(daemon, 'web');

  await closed(server);
  await until('it is restarted', () => calls(journal(daemon, 'web')).filter((one) => one === 'start_both').length === 2);
  t.same(calls(journal(daemon, 'web')), ['prestart', 'start_both', 'stop_both', 'stop_both!', 'start_both']);
  const again = await listening(port);
  t.teardown(() => again.close());
  await holds(daemon, 'web', 'tcp.web', 'up');
  await daemon.reaches('web', 'UP Ready');
  t.not(application(daemon, 'web')?.pid, before?.pid, 'it is another process');
  t.equal((await daemon.status('web')).budget.used, 1, 'one restart is enough');
  const messages = (await daemon.logs('web')).map(({ message }) => message);
  t.ok(messages.includes('Resource tcp.web set to down by tcpcheck'));
  t.ok(messages.includes('Action restart from failover rule t_web'));
  t.ok(
    messages.some((message) => /^tcp\.web: .*127\.0\.0\.1.*/.test(message)),
    'and why',
  );

  await daemon.kill();
  await daemon.start();
  await daemon.reaches('web', 'UP Ready');
  await holds(daemon, 'web', 'tcp.web', 'up');
  t.equal((await daemon.status('web')).budget.used, 1, 'a daemon that comes back finds all well');
  t.equal(doubleStart(journal(daemon, 'web')), -1);
});

t.test('tcp and a program before the start: the module waits for them, and goes back to waiting', { skip }, async (t) => {
  const port = await freeTcpPort();
  const daemon = await daemonIn(place(t));
  await daemon.start();
  const more = `<check>
    <tcp ident="db" when="pre" action="wait"><to addr="127.0.0.1" port="${port}" interval="1s" timeout="1s"/></tcp>
    <custom ident="ready" when="pre" action="wait" mode="oneshot" exec="is_ready" interval="1s" timeout="2s"/>
  </check>`;
  const isReady = '#!/bin/sh\n[ -f "$SAFEUSERVAR/ready" ] || { echo "$SAFEUSERVAR/ready is missing"; exit 1; }\n';
  await daemon.install('app', journalModule(daemon, 'app', { more, scripts: { is_ready: isReady } }));
  const file = join(daemon.safevar, 'modules', 'app', 'ready');
  await daemon.must('start', '-m', 'app');
  await daemon.reaches('app', 'WAIT NotReady');
  t.match(
    (await daemon.status('app')).reason,
    /^wait from failover rule t_db: tcp\.db is down: /,
    'the reason is there to be seen',
  );
  t.same(calls(journal(daemon, 'app')), ['prestart']);

  const server = await listening(port);
  t.teardown(() => server.close());
  await holds(daemon, 'app', 'tcp.db', 'up');
  t.equal(await daemon.state('app'), 'WAIT NotReady', 'one of two is there');
  writeFileSync(file, '');
  await daemon.reaches('app', 'UP Ready');
  t.equal(await daemon.logged('app', 'Action wakeup from failover rule Implicit_wakeup'), 1);

  rmSync(file);
  await daemon.reaches('app', 'WAIT NotReady');
  t.same(calls(journal(daemon, 'app')), ['prestart', 'start_both', 'stop_both', 'stop_both!']);
  t.equal(application(daemon, 'app'), null);
  t.equal(await daemon.logged('app', 'Action wait from failover rule c_ready'), 1);
  t.ok(
    (await daemon.logs('app')).some(({ message }) => message.includes('ready is missing')),
    'what the program said is in the log',
  );
  writeFileSync(file, '');
  await daemon.reaches('app', 'UP Ready');
  await daemon.must('stop', '-m', 'app', '--wait', '--timeout', '30s');
  t.equal(await resource(daemon, 'app', 'tcp.db'), 'unknown', 'nobody looks at it in STOP');
});

t.test('a program that goes on for ever sets its resource itself, and ends with the module', { skip }, async (t) => {
  const daemon = await daemonIn(place(t));
  await daemon.start();
  const more = '<check><custom ident="loop" when="both" action="stopstart" exec="watch_it" arg="one two"/></check>';
  const watchIt = `#!/bin/sh
echo "$*" > "$SAFEUSERVAR/arguments"
while :; do
  value=up; [ -f "$SAFEUSERVAR/broken" ] && value=down
  [ "$value" = "$last" ] || "$SAFE/safekit" set -r "$2" -v "$value" -i watch_it -m "$1"
  last=$value
  sleep 0.2
done
`;
  await daemon.install('app', journalModule(daemon, 'app', { more, scripts: { watch_it: watchIt } }));
  await daemon.must('start', '-m', 'app', '--wait', '--timeout', '30s');
  await holds(daemon, 'app', 'custom.loop', 'up');
  t.ok(processesOf('bin/watch_it').length > 0);
  const variable = join(daemon.safevar, 'modules', 'app');
  t.ok(existsSync(join(variable, 'arguments')));
  writeFileSync(join(variable, 'broken'), '');
  await until('it is stopped', async () => (await daemon.logged('app', 'Action stopstart from failover rule c_loop')) === 1);
  rmSync(join(variable, 'broken'));
  await daemon.reaches('app', 'UP Ready');
  await holds(daemon, 'app', 'custom.loop', 'up');
  await daemon.must('stop', '-m', 'app', '--wait', '--timeout', '30s');
  await until('the program is gone', () => processesOf('bin/watch_it').length === 0);
});

t.test('module: an application waits for another, and starts anew with it', { skip }, async (t) => {
  const daemon = await daemonIn(place(t));
  await daemon.start();
  const more = `<check><module name="db"><to addr="127.0.0.1" port="${daemon.spec.httpPort}" interval="1s" timeout="2s"/></module></check>`;
  await daemon.install('db', journalModule(daemon, 'db'));
  await daemon.install('app', journalModule(daemon, 'app', { more }));
  await daemon.must('start', '-m', 'app');
  await daemon.reaches('app', 'WAIT NotReady');
  t.match((await daemon.status('app')).reason, /^wait from failover rule module_failure: module\.db_127\.0\.0\.1 is down: /);
  await daemon.must('start', '-m', 'db', '--wait', '--timeout', '30s');
  await daemon.reaches('app', 'UP Ready');
  await daemon.must('restart', '-m', 'db', '--wait', '--timeout', '30s');
  await until(
    'the application starts anew',
    () => calls(journal(daemon, 'app')).filter((one) => one === 'start_both').length === 2,
    20_000,
    () => calls(journal(daemon, 'app')),
  );
  await daemon.reaches('app', 'UP Ready');
  t.equal(doubleStart(journal(daemon, 'app')), -1);
  await daemon.must('stop', '-m', 'db', '--wait', '--timeout', '30s');
  await daemon.reaches('app', 'WAIT NotReady');
});
