/** Whether there is a user is not told by how long a refusal takes: the same key is derived, once, whatever the name. */
import { createHook } from 'node:async_hooks';
import t from 'tap';
import { createAuth } from '../../../src/io/auth/auth.js';

const root = { who: 'root', identity: null } as const;

/** Processor time, of all threads: wall time would tell how busy the machine is. */
const spentMs = (begun: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1_000;
};

t.test('a name that nobody has costs what a wrong password costs', async (t) => {
  const auth = createAuth({
    ...{ safevar: t.testdir(), node: () => 'n1', wallMs: () => Date.now(), note: () => undefined },
    onProblem: (why) => t.fail(why),
    cost: { ln: 12, r: 8, p: 1 },
  });
  await auth.load();
  await auth.addUser('ada', { role: 'admin', password: 'a long walk home' }, root);
  await auth.addUser('eve', { role: 'admin', invite: true }, root);
  let derived = 0;
  const hook = createHook({
    init: (_, type) => {
      if (type === 'SCRYPTREQUEST') derived += 1;
    },
  }).enable();
  t.teardown(() => hook.disable());
  const times = new Map<string, number[]>();
  const names = ['ada', 'nobody', 'eve', 'x'.repeat(300), 'ada\u0000', ''];
  for (let round = 0; round < 8; round += 1) {
    for (const name of names) {
      const [before, begun] = [derived, process.cpuUsage()];
      const outcome = await auth.login(name, 'wrong');
      times.set(name, [...(times.get(name) ?? []), spentMs(begun)]);
      t.match(outcome, { ok: false, failure: { code: 'AUTH_FAILED' } });
      t.equal(derived - before, 1, `one key is derived for ${JSON.stringify(name.slice(0, 20))}`);
    }
  }
  const shortest = names.map((name) => Math.min(...(times.get(name) ?? [])));
  t.comment(`the shortest processor time of 8, in ms: ${shortest.map((one) => one.toFixed(1)).join(' ')}`);
  t.ok(Math.max(...shortest) < 2 * Math.min(...shortest), 'and costs the same');
});
