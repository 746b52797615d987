import t from 'tap';
import { createSeededRandom } from '../../src/sim/random.js';
import { createSimHost } from '../../src/sim/sim-host.js';
import { createVirtualTime } from '../../src/sim/virtual-time.js';

const machine = () => {
  const time = createVirtualTime();
  const host = createSimHost('n1', time, createSeededRandom('host'));
  return { time, host, pass: (ms: number) => time.runUntil(time.nowMs() + ms) };
};
const yes = (): boolean => true;

t.test('what is not synced when the power goes is lost, and nobody hears of it', async (t) => {
  const { host, pass } = machine();
  let kept = false;
  void host.write('a', 'first', yes);
  await pass(20);
  void host.write('a', 'second', yes).then(() => {
    kept = true;
  });
  host.powerOff();
  await pass(1_000);
  host.powerOn();
  await pass(1_000);
  t.equal(host.read('a'), 'first');
  t.notOk(kept);
  t.equal(host.bootId(), 'n1-boot-2');
  t.ok(host.monotonicMs() <= 1_000, 'its clock began anew');
});

t.test('a full disk refuses, and lets be removed; a hung one holds back until it is mended', async (t) => {
  const { host, pass } = machine();
  host.disk.full = true;
  const refused = host.write('a', 'x', yes).then(
    () => 'kept',
    (error: Error) => error.message,
  );
  await pass(20);
  t.match(await refused, /^ENOSPC/);
  const removed = host.write('a', null, yes);
  await pass(20);
  await removed;
  host.recover();
  host.disk.hung = true;
  let kept = false;
  void host.write('b', 'x', yes).then(() => {
    kept = true;
  });
  await pass(5_000);
  t.notOk(kept);
  host.recover();
  await pass(1_000);
  t.ok(kept);
});

t.test('a suspended machine does nothing; when it goes on, what was due happens in its order', async (t) => {
  const { host, pass } = machine();
  const ran: string[] = [];
  host.schedule(10, () => ran.push('a'));
  host.schedule(20, () => ran.push('b'));
  host.suspend();
  await pass(100);
  t.strictSame(ran, []);
  host.resume();
  await pass(1);
  t.strictSame(ran, ['a', 'b']);
});

t.test('processes: signals, watches, and what withstands them', async (t) => {
  const { host, pass } = machine();
  const exits: string[] = [];
  const web = host.spawn({ name: 'a-name-of-more-than-fifteen', args: ['/opt/web'], module: 'm', application: true });
  t.equal(host.processes()[0]?.name, 'a-name-of-more-', 'names are cut as the kernel cuts them');
  host.watch(web, (exit) => exits.push(JSON.stringify(exit)));
  host.signal(web, 'SIGTERM');
  await pass(5);
  t.strictSame(exits, ['{"kind":"code","code":0}']);
  t.notOk(host.isAlive(web));
  host.watch(web, (exit) => exits.push(exit.kind));
  await pass(5);
  t.equal(exits[1], 'unknown', 'one that is gone already is told at once');
  const stuck = host.spawn({ name: 'stuck', args: [], module: 'm', application: false, stubbornness: 'unkillable' });
  const deaf = host.spawn({ name: 'deaf', args: [], module: 'm', application: false, stubbornness: 'ignoresTerm' });
  host.signal(stuck, 'SIGKILL');
  host.signal(deaf, 'SIGTERM');
  t.ok(host.isAlive(stuck) && host.isAlive(deaf));
  host.signal(deaf, 'SIGKILL');
  t.notOk(host.isAlive(deaf));
  host.recover();
  t.notOk(host.isAlive(stuck), 'what was sent before takes effect');
});

t.test('a wall clock drifts and jumps; monotonic time does not', async (t) => {
  const { host, pass } = machine();
  const [wallMs, monotonicMs] = [host.wallMs(), host.monotonicMs()];
  await pass(10_000);
  t.ok(Math.abs(host.wallMs() - wallMs - 10_000) <= 2, 'a little, always');
  host.drift(2);
  t.ok(Math.abs(host.wallMs() - wallMs - 10_000) <= 2, 'it does not jump when it begins to');
  await pass(10_000);
  t.ok(Math.abs(host.wallMs() - wallMs - 30_000) <= 4);
  host.drift(null);
  host.jumpWall(-60_000);
  await pass(10_000);
  t.ok(Math.abs(host.wallMs() - wallMs + 20_000) <= 6);
  t.equal(host.monotonicMs() - monotonicMs, 30_000);
});
