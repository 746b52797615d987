/** `holdfast kill`: which processes, which signals, what is told. */
import t from 'tap';
import type { KillRequest } from '../../src/actors/face-kill.js';
import type { ProcessInfo } from '../../src/actors/ports.js';
import { createProcessKill, graceMs } from '../../src/actors/process-kill.js';
import { compilePosixRegex } from '../../src/config/posix-regex.js';
import { compileMatcher } from '../../src/machines/process-match.js';
import { createFakePorts } from '../helpers/fake-ports.js';

const at = (pid: number, ppid: number, name: string, ...args: string[]): ProcessInfo => ({
  pid,
  startTime: pid,
  ppid,
  name,
  args,
});

/** init → daemon (node) → script (bash) → holdfast (node), and an application of three. */
const world: readonly ProcessInfo[] = [
  at(1, 0, 'bash', 'bash'),
  at(2, 0, 'kthreadd'),
  at(3, 2, 'node'),
  at(10, 1, 'node', 'node', 'main.js'),
  at(20, 10, 'bash', 'bash', 'stop_both'),
  at(21, 20, 'node', 'node', 'cli/main.js'),
  at(30, 1, 'node', 'node', 'shop.js', '--port 80'),
  at(31, 30, 'node', 'node', 'shop.js', '--worker'),
  at(32, 30, 'node', 'node', 'other.js'),
  at(40, 1, 'bash', 'bash', 'run'),
];

function bench(all: readonly ProcessInfo[] = world) {
  const ports = createFakePorts();
  ports.running.push(...all);
  const kill = createProcessKill({
    ports,
    self: 10,
    compile: (name, argRegex) => compileMatcher({ name, nameRegex: null, argRegex, service: false }, 'linux', compilePosixRegex),
  });
  const run = (change: Partial<KillRequest>) => kill({ name: 'node', argRegex: null, level: 'test', asker: 21, ...change });
  return { ports, run, signals: () => ports.order.filter((line) => line.startsWith('SIG')) };
}
const pids = (outcome: Awaited<ReturnType<ReturnType<typeof bench>['run']>>): unknown =>
  outcome.ok ? outcome.value.map(({ pid, outcome }) => `${pid} ${outcome}`) : outcome.failure;

t.test('test lists what fits and signals nothing; the daemon, who asks and their ancestors are spared', async (t) => {
  const { run, signals } = bench();
  t.same(pids(await run({})), ['30 found', '31 found', '32 found']);
  t.same(pids(await run({ asker: null })), ['21 found', '30 found', '31 found', '32 found'], 'of another machine');
  t.same(pids(await run({ name: 'bash' })), ['40 found'], 'neither the script that calls nor the first process');
  t.same(pids(await run({ name: 'kthreadd' })), []);
  t.same(pids(await run({ name: 'nginx' })), []);
  t.same(signals(), []);
  const cycle = bench([at(10, 11, 'node'), at(11, 10, 'sh'), at(12, 1, 'sh')]);
  t.same(pids(await cycle.run({ name: 'sh' })), ['12 found'], 'a table read while numbers change may lead in circles');
});

t.test('arguments decide where they are asked for', async (t) => {
  const { run } = bench();
  t.same(pids(await run({ argRegex: 'shop[.]js' })), ['30 found', '31 found']);
  t.same(pids(await run({ argRegex: '^node shop[.]js --w' })), ['31 found']);
  t.match(await run({ argRegex: '(' }), { ok: false, failure: { code: 'PROCESS_PATTERN', message: /^argregex: / } });
});

t.test('9 and 15 send that signal, and tell who refused', async (t) => {
  const { ports, run, signals } = bench();
  ports.onSignal = ({ pid }) => (pid === 30 ? 'sent' : pid === 31 ? 'gone' : 'refused');
  t.same(pids(await run({ level: '15' })), ['30 signalled', '31 ended', '32 refused']);
  t.same(pids(await run({ level: '9', argRegex: 'shop' })), ['30 signalled', '31 ended']);
  t.same(signals(), ['SIGTERM 30', 'SIGTERM 31', 'SIGTERM 32', 'SIGKILL 30', 'SIGKILL 31']);
});

t.test('terminate answers at the end: SIGKILL for what is there after its grace', async (t) => {
  const { ports, run, signals } = bench();
  const obeys = ports.onSignal;
  ports.onSignal = (process, signal) => {
    const ends = process.pid === 30 || (process.pid === 31 && signal === 'SIGKILL');
    return ends ? obeys(process, signal) : 'sent';
  };
  let told: unknown = null;
  const begunAtMs = ports.clock.monotonicMs();
  const answer = run({ level: 'terminate' }).then((outcome) => {
    told = ports.clock.monotonicMs() - begunAtMs;
    return outcome;
  });
  await ports.clock.advance(graceMs.terminate - 100);
  t.same(signals(), ['SIGTERM 30', 'SIGTERM 31', 'SIGTERM 32'], 'they have time');
  t.equal(told, null);
  await ports.clock.advance(graceMs.kill + 200);
  t.same(pids(await answer), ['30 ended', '31 ended', '32 remains']);
  t.same(signals().slice(3), ['SIGKILL 31', 'SIGKILL 32'], 'what obeyed is left alone');

  const quick = bench();
  t.same(pids(await quick.run({ level: 'terminate' })), ['30 ended', '31 ended', '32 ended']);
  t.equal(quick.ports.clock.monotonicMs(), begunAtMs, 'nothing is waited for');
});

t.test('a table that cannot be read is told, and nothing is signalled', async (t) => {
  const { ports, run, signals } = bench();
  ports.list = async () => {
    throw new Error('EMFILE');
  };
  t.match(await run({ level: '9' }), { ok: false, failure: { code: 'PROCESS_TABLE', message: /EMFILE/ } });
  t.same(signals(), []);
});
