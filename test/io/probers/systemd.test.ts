import t from 'tap';
import type { CheckResult, ServiceState } from '../../../src/actors/ports.js';
import { createProber } from '../../../src/io/probers/index.js';
import { createSystemdProbe } from '../../../src/io/probers/systemd.js';
import { look, place, systemd } from './harness.js';

/** Services that are as told, and how often they were asked for what. */
function services(states: Readonly<Record<string, ServiceState['state']>>) {
  const asked: (readonly string[])[] = [];
  const now = new Map(Object.entries(states));
  return {
    asked,
    set: (name: string, state: ServiceState['state']) => now.set(name, state),
    states: (names: readonly string[]): Promise<readonly ServiceState[]> => {
      asked.push(names);
      return Promise.resolve(names.map((name) => ({ name, state: now.get(name) ?? 'unknown', mainProcess: null })));
    },
  };
}

t.test('what a state means', async (t) => {
  const fake = services({ run: 'running', stop: 'stopped', fail: 'failed' });
  const prober = createProber({ services: fake });
  const all = await Promise.all(['run', 'stop', 'fail', 'other', 'run'].map((unit) => look(prober, systemd(unit))));
  t.same(all, [
    { up: true, detail: 'run is active', stamp: null },
    { up: false, detail: 'stop is not active', stamp: null },
    { up: false, detail: 'fail has failed', stamp: null },
    { up: false, detail: 'systemd does not say how other is', stamp: null },
    { up: true, detail: 'run is active', stamp: null },
  ]);
  t.same(fake.asked, [['run', 'stop', 'fail', 'other']], 'in one question, each unit once');
});

t.test('a unit that is being started is waited for, until the timeout', async (t) => {
  const fake = services({ slow: 'starting', never: 'starting' });
  const prober = createProber({ services: fake });
  const slow = look(prober, systemd('slow'));
  const never = look(prober, systemd('never'), 700);
  while (fake.asked.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
  fake.set('slow', 'running');
  t.match(await slow, { up: true });
  t.equal(await never, 'silent');
  const count = fake.asked.length;
  await new Promise((resolve) => setTimeout(resolve, 600));
  t.equal(fake.asked.length, count, 'nobody asks after the end');
});

t.test('questions keep their distance, one at a time; who has closed is not told', async (t) => {
  const pending: ((states: readonly ServiceState[]) => void)[] = [];
  const probe = createSystemdProbe({ states: () => new Promise((resolve) => pending.push(resolve)) }, 20);
  const results: CheckResult[] = [];
  const closed = probe(systemd('a'), place, (result) => results.push(result));
  probe(systemd('b'), place, (result) => results.push(result));
  while (pending.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  probe(systemd('c'), place, (result) => results.push(result));
  await new Promise((resolve) => setTimeout(resolve, 60));
  t.equal(pending.length, 1, 'the first has not been answered');
  closed.close();
  pending[0]?.(['a', 'b'].map((name) => ({ name, state: 'running', mainProcess: { pid: 7, startTime: 1 } })));
  while (pending.length === 1) await new Promise((resolve) => setTimeout(resolve, 5));
  t.match(results, [{ up: true, detail: 'b is active, process 7' }]);
  pending[1]?.([]);
  while (results.length === 1) await new Promise((resolve) => setTimeout(resolve, 5));
  t.match(results[1], { up: false, detail: 'systemd does not say how c is' });
});

t.test('services that fail are no exception', async (t) => {
  const prober = createProber({ services: { states: () => Promise.reject(new Error('broken')) } });
  t.match(await look(prober, systemd('a')), { up: false, detail: 'systemd does not say how a is' });
  t.match(await look(createProber(), systemd('a')), { up: false }, 'without services');
});
