/** A small bound of the model check on every run (`scripts/model-check.mjs` has the larger ones), and the proof that it finds faults. */
import t from 'tap';
import type { MembershipContext, MembershipEvent } from '../../src/machines/membership.types.js';
import { type Step, step } from '../../src/machines/membership-step.js';
import { checkMembership } from '../../src/sim/model-check.js';

t.setTimeout(120_000);

t.test('two nodes: every order of events', (t) => {
  const result = checkMembership({ nodes: 2, depth: 5, convergeEvery: 4 });
  t.match(result, { violation: null, depth: 5 });
  t.ok(result.states > 3_000, `${result.states} states, ${result.transitions} transitions`);
  t.ok(result.rounds <= 6, `settled within ${result.rounds} rounds`);
  t.end();
});

t.test('three nodes: every order of events', (t) => {
  const result = checkMembership({ nodes: 3, depth: 3, convergeEvery: 8 });
  t.match(result, { violation: null, depth: 3 });
  t.ok(result.states > 1_500, `${result.states} states, ${result.transitions} transitions`);
  t.end();
});

/** Faults that it must find: what the step makes of a packet is changed. */
const faulty =
  (change: (before: MembershipContext, event: MembershipEvent, after: MembershipContext) => MembershipContext) =>
  (before: MembershipContext, event: MembershipEvent): Step => {
    const { context, effects } = step(before, event);
    return { context: change(before, event, context), effects };
  };
const faults = {
  'an epoch that goes back when a view is taken over': faulty((before, _event, after) =>
    before.view !== after.view && before.view.epoch > 0 && after.view.leader !== after.input.self
      ? { ...after, view: { ...after.view, epoch: 0 } }
      : after,
  ),
  'a node that hears nothing': faulty((before, event, after) =>
    event.type === 'PACKET' && before.input.self === 'n2' ? before : after,
  ),
  'a bucket that is forgotten': faulty((_before, _event, after) => ({
    ...after,
    maps: after.maps.map((map) =>
      map.owners[7] === 255 ? map : { ...map, owners: map.owners.map((one, at) => (at === 7 ? 255 : one)) },
    ),
  })),
  'a node that restarts with the view epoch 0 and takes it for new': faulty((before, event, after) =>
    event.type === 'PULSE_DUE' && before.input.bootEpoch > 1 && before.view.epoch > 0
      ? { ...after, view: { ...after.view, epoch: 0 } }
      : after,
  ),
};
for (const [name, broken] of Object.entries(faults)) {
  t.test(`finds ${name}`, (t) => {
    const { violation } = checkMembership({ nodes: 2, depth: 4, step: broken });
    t.ok(violation, 'it is found');
    t.ok(violation?.path.length, violation?.condition ?? '');
    t.end();
  });
}
