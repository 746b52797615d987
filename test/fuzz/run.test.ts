import t from 'tap';
import { fuzz, targets } from './run.js';
import type { Target } from './target.js';

const bounds = { seed: 'test', from: 0, inputs: 40, seconds: 60 };
const fake = (feed: (index: number) => void | Promise<void>, limitMs = 1_000): Target => ({
  ...{ name: 'fake', weight: 1, limitMs },
  begin: () => {
    let index = -1;
    return () => {
      index += 1;
      const mine = index;
      return { feed: () => feed(mine), show: () => `input ${mine}` };
    };
  },
});
const found = async (target: Target) =>
  (await fuzz(target, bounds)).findings.map(({ index, input, error }) => ({ index, input, error }));

t.test('every parser refuses what it does not take', async (t) => {
  for (const target of targets) {
    const { inputs, findings } = await fuzz(target, bounds);
    t.same(findings, [], target.name);
    t.equal(inputs, 40);
  }
});

t.test('what throws, now, later or beside the way, is a finding', async (t) => {
  const crash = (): never => {
    throw new TypeError('torn');
  };
  t.match(await found(fake((index) => (index === 7 ? crash() : undefined))), [{ index: 7, input: 'input 7', error: /torn/ }]);
  t.match(await found(fake(async (index) => (index === 7 ? crash() : undefined))), [{ index: 7, error: /torn/ }]);
  const every = await fuzz(fake(crash), bounds);
  t.equal(every.findings.length, 5, 'it ends after some');
});

t.test('what takes too long each time is a finding, with the state that it met', async (t) => {
  let fed = 0;
  const busy = (index: number): void => {
    fed += 1;
    const before = process.cpuUsage().user;
    while (index === 3 && process.cpuUsage().user - before < 12_000);
  };
  t.match(await found(fake(busy, 5)), [{ index: 3, error: /processor time, of 5/ }]);
  t.equal(fed, 40 + 3 * 4, 'the block again, three times');
});

t.test('the same seed makes the same inputs', async (t) => {
  const inputsOf = async (seed: string): Promise<readonly string[]> => {
    const seen: string[] = [];
    for (const target of targets) {
      const spy: Target = {
        ...target,
        begin: (random) => {
          const next = target.begin(random);
          return (of) => {
            const attempt = next(of);
            seen.push(attempt.show());
            return attempt;
          };
        },
      };
      await fuzz(spy, { ...bounds, seed, inputs: 3 });
    }
    return seen;
  };
  const [one, same, other] = [await inputsOf('a'), await inputsOf('a'), await inputsOf('b')];
  t.same(one, same);
  t.notSame(one, other);
});
