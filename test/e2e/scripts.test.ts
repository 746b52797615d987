/** Scripts that misbehave: the module comes through, and the log says what was wrong. */
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { processesOf } from './leftovers.js';
import { application, calls, doubleStart, journal, journalModule } from './modules.js';
import { daemonIn, place } from './place.js';
import { nowMs, until } from './until.js';

t.setTimeout(150_000);
const skip = process.platform === 'linux' ? false : 'the scripts of this test are for Linux';
const module = 'odd';

t.test('a script without the executable bit is an error of the configuration', { skip }, async (t) => {
  const daemon = await daemonIn(place(t));
  await daemon.start();
  await daemon.must('module', 'install', '-m', module, '--template', 'light');
  daemon.writeModule(module, journalModule(daemon, module));
  chmodSync(join(daemon.safe, 'modules', module, 'bin', 'start_both'), 0o644);
  const refused = await daemon.cli('config', '-m', module);
  t.equal(refused.code, 2);
  t.match(refused.stderr, /start_both/);
  t.match(refused.stderr, /execut/);
  t.not((await daemon.cli('start', '-m', module)).code, 0, 'it is not configured');
  chmodSync(join(daemon.safe, 'modules', module, 'bin', 'start_both'), 0o755);
  await daemon.must('config', '-m', module);
  await daemon.must('start', '-m', module, '--wait', '--timeout', '30s');
  t.equal(await daemon.state(module), 'UP Ready');
});

t.test(
  'stop scripts that hang and heed no SIGTERM: terminated, killed with what they forked, and the stop goes on',
  { skip },
  async (t) => {
    const daemon = await daemonIn(place(t));
    await daemon.start();
    const hang = `#!/bin/sh
echo "$(date +%s%N) stop_both $*" >> "$SAFEUSERVAR/journal"
if [ "$1" = force ]; then
  kill -KILL "$(cat "$SAFEUSERVAR/app.pid")" 2>/dev/null
  rm -f "$SAFEUSERVAR/app.pid"
  exit 0
fi
trap '' TERM
(trap '' TERM; while :; do sleep 1; done) &
while :; do sleep 1; done
`;
    const user = 'nicestoptimeout="1s" forcestoptimeout="2s"';
    await daemon.install(module, journalModule(daemon, module, { user, scripts: { stop_both: hang } }));
    await daemon.must('start', '-m', module, '--wait', '--timeout', '30s');
    const began = nowMs();
    await daemon.must('stop', '-m', module, '--wait', '--timeout', '60s');
    const tookMs = nowMs() - began;
    t.comment(`the stop took ${tookMs.toFixed(0)} ms`);
    t.equal(await daemon.state(module), 'STOP NotReady');
    t.ok(tookMs >= 10_000 && tookMs < 25_000, 'the timeout, then SIGKILL ten seconds later');
    t.equal(await daemon.logged(module, 'Script stop_both not ended after 1 s: terminated'), 1);
    t.equal(await daemon.logged(module, 'Script stop_both ended by signal SIGKILL'), 1);
    t.same(calls(journal(daemon, module)), ['prestart', 'start_both', 'stop_both', 'stop_both!', 'poststop']);
    const script = join(daemon.safe, 'private', 'modules', module, 'bin', 'stop_both');
    await until('what it forked is gone', () => processesOf(script).length === 0);
    t.equal(application(daemon, module), null);
  },
);

t.test('a start script that hangs is interrupted by a stop', { skip }, async (t) => {
  const daemon = await daemonIn(place(t));
  await daemon.start();
  const start = `#!/bin/sh
echo "$(date +%s%N) start_both $*" >> "$SAFEUSERVAR/journal"
sleep 1000
`;
  await daemon.install(module, journalModule(daemon, module, { scripts: { start_both: start } }));
  await daemon.must('start', '-m', module);
  await until('it hangs in start_both', () => calls(journal(daemon, module)).includes('start_both'));
  await daemon.reaches(module, 'UP Transient');
  await daemon.must('stop', '-m', module, '--wait', '--timeout', '30s');
  t.equal(await daemon.state(module), 'STOP NotReady');
  t.same(calls(journal(daemon, module)).slice(1), ['start_both', 'stop_both', 'stop_both!', 'poststop']);
});

t.test('a script that floods its output: the userlog stays small, the script ends', { skip }, async (t) => {
  const daemon = await daemonIn(place(t));
  await daemon.start();
  const flood = `#!/bin/sh
echo begin
yes 'a line that nobody will ever read, and another one, and another one' | head -c 50000000
echo end >&2
exit 0
`;
  await daemon.install(module, journalModule(daemon, module, { user: 'userlogsize="256"', scripts: { prestart: flood } }));
  await daemon.must('start', '-m', module, '--wait', '--timeout', '60s');
  t.equal(await daemon.state(module), 'UP Ready');
  const directory = join(daemon.safevar, 'modules', module);
  const [userlog = ''] = readdirSync(directory).filter((name) => name.includes('prestart'));
  const text = readFileSync(join(directory, userlog), 'utf8');
  t.ok(text.length > 1_000 && text.length <= 256 * 1024, `${text.length} bytes of 50 MB`);
  t.match(text, /^begin\n/, 'how it began');
  t.match(text, /end\n$/, 'how it ended');
  t.match(text, /\d+ bytes/, 'what was removed between');
});

t.test('a script that forks a child which keeps its output open: nobody waits for the child', { skip }, async (t) => {
  const daemon = await daemonIn(place(t));
  await daemon.start();
  const fork = `${journalModule(daemon, module).scripts['start_both']}
sleep 1000 &
`;
  await daemon.install(module, journalModule(daemon, module, { scripts: { start_both: fork } }));
  const began = nowMs();
  await daemon.must('start', '-m', module, '--wait', '--timeout', '30s');
  t.ok(nowMs() - began < 20_000);
  t.equal(await daemon.state(module), 'UP Ready');
});

t.test('a script that is killed, and one that kills its parent, the daemon', { skip }, async (t) => {
  const daemon = await daemonIn(place(t));
  await daemon.start();
  const suicide = `${journalModule(daemon, module).scripts['prestart']}
kill -KILL $$
`;
  const patricide = `${journalModule(daemon, module).scripts['start_both']}
if [ -f "$SAFEUSERVAR/kill-once" ]; then
  rm "$SAFEUSERVAR/kill-once"
  kill -KILL "$PPID"
fi
exit 0
`;
  await daemon.install(module, journalModule(daemon, module, { scripts: { prestart: suicide, start_both: patricide } }));
  writeFileSync(join(daemon.safevar, 'modules', module, 'kill-once'), '');
  const died = daemon.ended();
  await daemon.must('start', '-m', module);
  t.equal((await died).signal, 'SIGKILL', 'the daemon is dead');
  await until('the script has ended without it', () => application(daemon, module) !== null);
  const running = application(daemon, module);
  await daemon.start();
  await daemon.reaches(module, 'UP Ready');
  t.equal(await daemon.logged(module, 'Script prestart ended by signal SIGKILL'), 1);
  t.same(application(daemon, module), running, 'the application that the script had started goes on');
  t.equal(doubleStart(journal(daemon, module)), -1);
});

t.test('an application that dies at each start is given up after maxloop', { skip }, async (t) => {
  const daemon = await daemonIn(place(t));
  await daemon.start();
  const shortLived = `${journalModule(daemon, module).scripts['start_both']}
[ -f "$SAFEUSERVAR/fragile" ] && kill -KILL "$(cat "$SAFEUSERVAR/app.pid")"
exit 0
`;
  const files = journalModule(daemon, module, { scripts: { start_both: shortLived } });
  await daemon.install(module, { ...files, userconfig: files.userconfig.replace('polltimer="10"', 'polltimer="1s"') });
  writeFileSync(join(daemon.safevar, 'modules', module, 'fragile'), '');
  await daemon.must('start', '-m', module);
  await until('it is given up', () => daemon.logged(module, 'Action stop called by maxloop'), 60_000);
  await daemon.reaches(module, 'STOP NotReady');
  t.equal(await daemon.logged(module, 'Action restart called by errd'), 3, 'three tries');
  t.equal(doubleStart(journal(daemon, module)), -1);
  t.same(readFileSync(join(daemon.safevar, 'modules', module, 'journal'), 'utf8').match(/start_both/g)?.length, 4);
  t.equal(application(daemon, module), null);
});
