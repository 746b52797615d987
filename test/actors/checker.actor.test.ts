import t from 'tap';
import type { AnyEventObject } from 'xstate';
import { createActor, setup } from 'xstate';
import { createCheckerProgram, createLooker } from '../../src/actors/checker.actor.js';
import type { CheckerConfig } from '../../src/config/types.js';
import type { CheckerEvent } from '../../src/machines/checker.types.js';
import { activeModule, createFakePorts } from '../helpers/fake-ports.js';
import { aCheck } from '../helpers/module-harness.js';

const loop: CheckerConfig = {
  kind: 'custom',
  ident: 'disk',
  when: 'both',
  action: 'restart',
  grace: 1,
  exec: 'check',
  arg: '',
  mode: 'loop',
  intervalMs: 10_000,
  timeoutMs: 5_000,
  ocf: null,
  parameters: [],
};

function stage(checker: CheckerConfig) {
  const ports = createFakePorts();
  const told: CheckerEvent[] = [];
  const active = activeModule('m');
  const options = { ...ports, activeModule: () => active };
  const take = ({ event }: { event: CheckerEvent }): void => {
    told.push(event);
  };
  const input = { module: 'm', checker, firstPauseMs: 1 };
  const parent = setup({
    types: {} as { events: CheckerEvent },
    actors: { looker: createLooker(options), program: createCheckerProgram(options) },
  }).createMachine({
    invoke: checker.kind === 'custom' ? { src: 'program', id: 'it', input } : { src: 'looker', id: 'it', input },
    on: { 'check.ended': { actions: take }, 'program.ended': { actions: take } },
  });
  const actor = createActor(parent).start();
  return {
    ports,
    told,
    send: (event: AnyEventObject) => actor.getSnapshot().children['it']?.send(event),
    stop: () => actor.stop(),
  };
}

t.test('a look is one check, and its end is told once with the time', async (t) => {
  const s = stage(aCheck);
  t.equal(s.ports.checks.length, 0);
  s.send({ type: 'look' });
  s.ports.clock.run(30);
  s.ports.checks[0]?.answer(true, 'it answers', 'stamp');
  s.ports.checks[0]?.answer(false);
  t.same(s.told, [{ type: 'check.ended', up: true, detail: 'it answers', stamp: 'stamp', atMs: 1_030 }]);
  s.stop();
});

t.test('what has taken too long is closed and down; what it says later is not heard', async (t) => {
  const s = stage(aCheck);
  s.send({ type: 'expire' });
  t.same(s.told, [], 'nothing runs');
  s.send({ type: 'look' });
  s.send({ type: 'expire' });
  t.match(s.told, [{ up: false, detail: 'no answer within 5 s', stamp: null }]);
  t.equal(s.ports.checks[0]?.closed, true);
  s.ports.checks[0]?.answer(true);
  t.equal(s.told.length, 1);
  s.stop();
});

t.test('a second look closes the first; a prober that speaks after it was closed is not heard', async (t) => {
  const s = stage(aCheck);
  s.send({ type: 'look' });
  s.send({ type: 'look' });
  const [first, second] = s.ports.checks;
  t.equal(first?.closed, true);
  if (first !== undefined) first.closed = false;
  first?.answer(false);
  t.same(s.told, []);
  second?.answer(true, 'x'.repeat(1_000));
  t.equal(s.told.length, 1);
  t.match(s.told, [{ up: true, detail: /^x{299}…$/ }], 'and a long sentence is cut');
  s.stop();
});

t.test('the end of the actor closes what runs', async (t) => {
  const s = stage(aCheck);
  s.send({ type: 'look' });
  s.stop();
  t.equal(s.ports.checks[0]?.closed, true);
  s.ports.checks[0]?.answer(true);
  t.same(s.told, []);

  const program = stage(loop);
  t.match(program.ports.checks, [{ kind: 'run', closed: false }]);
  program.ports.checks[0]?.end('it ended with code 1');
  t.same(program.told, [{ type: 'program.ended', detail: 'it ended with code 1' }]);
  program.stop();
  t.equal(program.ports.checks[0]?.closed, true);
});
