/**
 * kill -9 of the daemon at random moments: afterwards the module reaches what was wished, no start follows a start, and an application
 * that runs is left alone.
 */
import { setTimeout as wait } from 'node:timers/promises';
import t from 'tap';
import { createSeededRandom } from '../../src/sim/random.js';
import type { RealDaemon } from './daemon.js';
import { application, calls, doubleStart, journal, journalModule } from './modules.js';
import { daemonIn, place } from './place.js';
import { until } from './until.js';

t.setTimeout(180_000);
const skip = process.platform === 'linux' ? false : 'the scripts of this test are for Linux';
const module = 'crashy';
const rounds = 24;
const seed = process.env['HF_SEED'] ?? 'holdfast';
type Action = 'start' | 'stop' | 'restart' | 'stopstart';

/** Where the module comes to rest after the daemon's return. */
async function rests(daemon: RealDaemon): Promise<string> {
  let last = '';
  return until(
    'the module rests',
    async () => {
      const { state, quality, wish } = await daemon.status(module);
      last = `${state} ${quality}, wish ${wish}`;
      const settled = (state === 'UP' && quality === 'Ready' && wish === 'start') || (state === 'STOP' && wish === 'stop');
      return settled ? state : null;
    },
    30_000,
    () => ({ last, journal: calls(journal(daemon, module)).slice(-12) }),
  );
}

t.test(`${rounds} times kill -9 at random moments (seed ${seed})`, { skip }, async (t) => {
  const random = createSeededRandom(seed);
  const daemon = await daemonIn(place(t));
  await daemon.start();
  await daemon.install(module, journalModule(daemon, module, { pause: '0.08' }));
  await daemon.must('start', '-m', module);
  let state = await rests(daemon);
  const seen = new Map<string, number>();

  for (let round = 1; round <= rounds; round += 1) {
    const choices: readonly [Action | null, ...(Action | null)[]] =
      state === 'UP' ? ['stop', 'restart', 'stopstart', 'stop', null] : ['start', 'start', 'start', null];
    const action = random.pick(choices);
    const before = application(daemon, module);
    const entries = journal(daemon, module).length;
    let accepted = false;
    if (action !== null) {
      const answer = await daemon.api('POST', `/modules/${module}/actions`, { action });
      accepted = answer.status === 202;
      t.ok(accepted, `round ${round}: ${action} is accepted (${answer.status})`);
    }
    // At once every third time: right after the answer; else somewhere in the scripts, which take about 0.5 s together.
    await wait(random.between(0, 2) === 0 ? 0 : random.between(0, 600));
    const path = await daemon.status(module).then((status) => status.path);
    seen.set(path, (seen.get(path) ?? 0) + 1);
    await daemon.kill();
    if (random.between(0, 3) === 0) await wait(random.between(0, 500));
    await daemon.start();
    const wished = action === null ? state : action === 'stop' ? 'STOP' : 'UP';
    state = await rests(daemon);
    t.equal(state, wished, `round ${round}: ${action ?? 'nothing'}, killed in ${path}: the wish is fulfilled`);
    t.equal(application(daemon, module) !== null, state === 'UP', `round ${round}: the application runs where it should`);
    t.equal(doubleStart(journal(daemon, module)), -1, `round ${round}: no start without a stop before it`);
    if (action === null) {
      t.same(application(daemon, module), before, `round ${round}: the application is left alone`);
      t.equal(journal(daemon, module).length, entries, `round ${round}: no script is run`);
    }
  }
  t.comment(`killed in: ${[...seen].map(([path, count]) => `${path} ${count}`).join(', ')}`);
  t.equal((await daemon.status(module)).budget.used, 0, 'none of it was taken for a failure of the application');
});

t.test('kill -9 right after the command was answered, without a look in between', { skip }, async (t) => {
  const daemon = await daemonIn(place(t));
  await daemon.start();
  await daemon.install(module, journalModule(daemon, module));
  for (const [action, wished] of [
    ['start', 'UP'],
    ['restart', 'UP'],
    ['stop', 'STOP'],
    ['start', 'UP'],
    ['stopstart', 'UP'],
  ] as const) {
    const { status } = await daemon.api('POST', `/modules/${module}/actions`, { action });
    await daemon.kill();
    t.equal(status, 202);
    await daemon.start();
    t.equal(await rests(daemon), wished, `${action} is not forgotten`);
    t.equal(doubleStart(journal(daemon, module)), -1);
  }
});

t.test('the application dies while the daemon is away: a software failure, restarted and counted', { skip }, async (t) => {
  const daemon = await daemonIn(place(t));
  await daemon.start();
  await daemon.install(module, journalModule(daemon, module));
  await daemon.must('start', '-m', module, '--wait', '--timeout', '30s');
  const before = application(daemon, module);
  if (before === null) throw new Error('the application does not run');
  await daemon.kill();
  process.kill(before.pid, 'SIGKILL');
  await daemon.start();
  await until('the application runs again', () => application(daemon, module) !== null);
  await daemon.reaches(module, 'UP Ready');
  t.equal((await daemon.status(module)).budget.used, 1);
  t.equal(doubleStart(journal(daemon, module)), -1);
});
