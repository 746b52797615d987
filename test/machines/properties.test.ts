import fc from 'fast-check';
import t from 'tap';
import type { Behaviour, Harness } from '../helpers/module-harness.js';
import { admin, aProc, byRule, component, crash, createHarness, requested, succeeds } from '../helpers/module-harness.js';

/** What may happen to a module, in any order. */
type Happening =
  | { readonly kind: 'command'; readonly name: Parameters<Harness['command']>[0]; readonly by: 'admin' | 'component' | 'rule' }
  | { readonly kind: 'process'; readonly gone: 'crash' | 'requested' | 'unseen' }
  | { readonly kind: 'resource'; readonly name: string; readonly value: string }
  | { readonly kind: 'script'; readonly behaviour: Behaviour }
  | { readonly kind: 'defect'; readonly child: 'errd' | 'failover' }
  | { readonly kind: 'blind'; readonly blind: boolean }
  | { readonly kind: 'time'; readonly ms: number };
const origins = { admin, component, rule: byRule };

const behaviour: fc.Arbitrary<Behaviour> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('ends' as const),
      afterMs: fc.integer({ min: 1, max: 5_000 }),
      code: fc.constantFrom(0, 0, 1),
    }),
  },
  { weight: 1, arbitrary: fc.constantFrom<Behaviour>({ kind: 'hangs', termMs: 3_000 }, { kind: 'hangs', termMs: 1 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Behaviour>(
      { kind: 'stubborn' },
      { kind: 'unkillable' },
      { kind: 'absent' },
      { kind: 'failed', detail: 'x' },
      { kind: 'throws' },
    ),
  },
);
const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('command' as const),
      name: fc.constantFrom('start', 'start', 'stop', 'restart', 'stopstart', 'wait', 'wakeup', 'forcestop', 'shutdown'),
      by: fc.constantFrom('admin', 'component', 'rule'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('process' as const), gone: fc.constantFrom('crash', 'requested', 'unseen') }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('resource' as const),
      name: fc.constantFrom('custom.wait', 'custom.restart', 'custom.stopstart'),
      value: fc.constantFrom('up', 'down', 'init'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('script' as const), behaviour }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('defect' as const), child: fc.constantFrom('errd', 'failover') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('blind' as const), blind: fc.boolean() }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('time' as const),
      ms: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 40_000 })),
    }),
  },
);

const rules = (['wait', 'restart', 'stopstart'] as const).map((action) => ({
  label: action,
  action,
  when: { kind: 'compare', scope: 'local', class: 'custom', id: action, equals: true, value: 'down' } as const,
}));
const boundMs = 20_000 + 10_000 + 5_000 + 30_000;

function play(happenings: readonly Happening[]): Harness {
  let next: Behaviour | null = null;
  const h = createHarness({
    plan: {
      nicestopTimeoutMs: 20_000,
      forcestopTimeoutMs: 10_000,
      startTimeoutMs: 60_000,
      drain: { kind: 'time', ms: 5_000 },
      rules,
      errd: { pollTimerMs: 10_000, procs: [aProc] },
    },
    application: 'app',
    behave: () => {
      const behaviour = next ?? succeeds();
      next = null;
      return behaviour;
    },
  });
  for (const one of happenings) {
    switch (one.kind) {
      case 'command':
        // Only an administrator starts a module again that maxloop has stopped.
        h.command(one.name, one.name === 'start' ? admin : origins[one.by]);
        break;
      case 'process':
        h.world.end('app', one.gone === 'requested' ? requested : crash, one.gone !== 'unseen');
        break;
      case 'resource':
        h.resource(one.name, one.value);
        break;
      case 'script':
        next = one.behaviour;
        break;
      case 'defect':
        h.breakChild(one.child);
        break;
      case 'blind':
        h.world.answers = !one.blind;
        break;
      case 'time':
        h.run(one.ms);
    }
  }
  next = null;
  return h;
}
const runs = { numRuns: 300 };

t.test(
  'whatever happens: never two scripts, a stop between two starts, serving only when ready, within the budget',
  async (t) => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 40 }), (happenings) => {
        const h = play(happenings);
        h.run(600_000);
        h.stop();
        if (h.violations.length > 0) throw new Error(h.violations.join('; '));
        if (h.clock.pending() > 0) throw new Error('timers are left after the end');
      }),
      runs,
    );
    t.pass();
  },
);

t.test('no dead end: once all is well again the module is where it is meant to be', async (t) => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 40 }), (happenings) => {
      const h = play([{ kind: 'command', name: 'start', by: 'admin' }, ...happenings]);
      h.world.answers = true;
      for (const { label } of rules) h.resource(`custom.${label}`, 'up');
      h.run(3_600_000);
      const { wish, lastIntent, held, intent } = h.actor.getSnapshot().context;
      const at = h.at();
      const right =
        wish === 'stop' || lastIntent === 'shutdown' ? at === 'STOP' : held ? at === 'WAIT.blocked' : at === 'UP.ready';
      h.stop();
      if (!right || intent !== 'none') throw new Error(`${at} with wish ${wish}, last intent ${lastIntent}, held ${held}`);
      if (at === 'UP.ready' && (h.world.processes.get('app') ?? []).length === 0) throw new Error('UP without the application');
    }),
    runs,
  );
  t.pass();
});

t.test('a stop ends in time, whatever happened before and whatever scripts do', async (t) => {
  fc.assert(
    fc.property(
      fc.array(happening, { maxLength: 30 }),
      fc.constantFrom('stop' as const, 'shutdown' as const, 'forcestop' as const),
      fc.array(behaviour, { minLength: 1, maxLength: 6 }),
      (happenings, command, behaviours) => {
        let stopping = false;
        let turn = 0;
        const evil = createHarness({
          plan: { nicestopTimeoutMs: 20_000, forcestopTimeoutMs: 10_000, drain: { kind: 'time', ms: 5_000 }, rules },
          behave: () => {
            turn += 1;
            return stopping ? (behaviours[turn % behaviours.length] ?? succeeds()) : succeeds(2_000);
          },
        });
        for (const one of happenings) {
          if (one.kind === 'command') evil.command(one.name, origins[one.by]);
          if (one.kind === 'resource') evil.resource(one.name, one.value);
          if (one.kind === 'time') evil.run(one.ms);
        }
        stopping = true;
        evil.command(command);
        evil.run(boundMs);
        const at = evil.at();
        evil.stop();
        if (at !== 'STOP') throw new Error(`${command} is in ${at} after ${boundMs} ms`);
        if (evil.violations.length > 0) throw new Error(evil.violations.join('; '));
      },
    ),
    runs,
  );
  t.pass();
});
