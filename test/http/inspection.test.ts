/** Looking at the machines over HTTP: steps as a stream and in pages, and what is told of modules and uploads that are not there. */
import t from 'tap';
import { apiBase } from '../../src/http/api-types.js';
import { fakeFace } from './fake-face.js';
import { fakeInspection } from './fake-inspection.js';
import { type Answer, readEvents, start, until } from './harness.js';

async function looking(t: Parameters<typeof start>[0]) {
  const inspection = fakeInspection('n1');
  t.teardown(() => inspection.stop());
  const listeners = { open: 0 };
  const counted: typeof inspection = {
    ...inspection,
    subscribe(onSteps) {
      const subscription = inspection.subscribe(onSteps);
      listeners.open += 1;
      return {
        close() {
          listeners.open -= 1;
          subscription.close();
        },
      };
    },
  };
  const running = await start(t, { face: { ...fakeFace({ modules: ['farm', 'bare'] }), inspection: counted } });
  return { listeners, running, step: (by: string) => inspection.send({ type: 'loop.increment', by, atMs: 1 }) };
}
const pageOf = ({ json }: Answer): { readonly items: readonly unknown[]; readonly next: string } => Object(json);

t.test('a stream begins with where all machines stand, and goes on with their steps', async (t) => {
  const { listeners, running, step } = await looking(t);
  const path = `${apiBase}/actors`;
  const [all, node] = await Promise.all([
    readEvents(t, { socketPath: running.cliSocket }, path),
    readEvents(t, { socketPath: running.cliSocket }, `${path}?of=node`),
  ]);
  await Promise.all([all.has(1), node.has(1)]);
  t.match(all.events[0], { event: 'states', data: { kind: 'states' } });
  t.equal(listeners.open, 2);
  step('errd');
  step('checker');
  await all.has(3);
  t.match(
    all.events.slice(1).map(({ event, data }) => ({ event, text: JSON.stringify(data) })),
    [
      { event: 'step', text: /module:farm.*loop\.increment/ },
      { event: 'step', text: /module:farm.*loop\.increment/ },
    ],
  );
  t.not(all.events[1]?.id, all.events[2]?.id);
  t.notMatch(JSON.stringify(node.events), /loop\.increment/, 'the steps of the module are not those of the node');
  all.close();
  node.close();
  await until(() => listeners.open === 0);
  t.same(running.defects, []);
});

t.test('pages: an empty one is held back until there is a step, or until its time is over', async (t) => {
  const { running, step } = await looking(t);
  const ask = (query: string) => running.local(`${apiBase}/actors/steps${query}`);
  const first = pageOf(await ask('?of=module:farm'));
  t.match(first.items, [{ kind: 'states' }]);
  const none = pageOf(await ask(`?of=module:farm&since=${first.next}&waitMs=1`));
  t.same(none.items, []);
  const held = ask(`?of=module:farm&since=${none.next}&waitMs=10000`);
  let answered = false;
  void held.then(() => {
    answered = true;
  });
  // Asked on another connection: by its answer the first one has been read.
  await running.local(`${apiBase}/clock`);
  t.notOk(answered);
  step('errd');
  const page = pageOf(await held);
  t.match(page.items, [{ kind: 'step' }]);
  t.not(page.next, none.next);
});

t.test('what is not there, and what excludes each other', async (t) => {
  const { running } = await looking(t);
  const cases: readonly (readonly [string, string, string])[] = [
    ['GET', '/modules/bare/chart', 'MODULE_NOT_CONFIGURED'],
    ['GET', '/modules/bare/snapshot', 'MODULE_NOT_CONFIGURED'],
    ['GET', '/modules/none/chart', 'MODULE_UNKNOWN'],
    ['GET', '/history?before=1.2&at=03:12', 'HTTP_QUERY'],
    ['GET', '/inspections/short', 'INSPECT_UNKNOWN'],
    ['GET', `/inspections/${'b'.repeat(24)}`, 'INSPECT_UNKNOWN'],
    ['GET', `/inspections/${'b'.repeat(24)}/timeline`, 'INSPECT_UNKNOWN'],
    ['DELETE', `/inspections/${'b'.repeat(24)}`, 'INSPECT_UNKNOWN'],
  ];
  for (const [method, path, code] of cases)
    t.match((await running.local(`${apiBase}${path}`, { method })).json, { code }, `${method} ${path}`);
});
