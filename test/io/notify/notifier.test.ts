/** What is told, and when: windows, groups, reasons, bounds; in virtual time, with senders that are functions. */
import t from 'tap';
import type { Send } from '../../../src/io/notify/attempt.js';
import { type NotificationConfig, readNotificationConfig } from '../../../src/io/notify/config.js';
import type { Message } from '../../../src/io/notify/message.js';
import { createNotifier, type Notifier } from '../../../src/io/notify/notifier.js';
import { createVirtualClock, drained, type VirtualClock } from '../../helpers/virtual-clock.js';
import { explanation, type Node, node } from './support.js';

interface Scene {
  readonly clock: VirtualClock;
  readonly node: Node;
  readonly notifier: Notifier;
  readonly sent: Message[];
  /** Replaces what the channel does. */
  answer: Send;
}

async function scene(
  settings: Readonly<Record<string, unknown>> = {},
  explain?: Parameters<typeof node>[1],
  begin: (node: Node) => void = () => undefined,
): Promise<Scene> {
  const text = JSON.stringify({ executable: [{ name: 'pager', path: '/bin/pager' }], ...settings });
  const read = await readNotificationConfig('n.json', text);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const config: NotificationConfig = read.value;
  const clock = createVirtualClock();
  const own = node(clock, explain);
  begin(own);
  const sent: Message[] = [];
  const made: { answer: Send } = {
    answer: async (message) => {
      sent.push(message);
      return { ok: true, note: null };
    },
  };
  const notifier = createNotifier({
    ...{ config, face: own.face, clock, log: own.log, epoch: 9 },
    senderOf: () => (message, signal) => made.answer(message, signal),
  });
  return Object.assign(made, { clock, node: own, notifier, sent });
}
const failing: Send = async () => ({ ok: false, reason: 'nobody listens', remedy: 'start it', retryAfterMs: null });

t.test('the first event opens a window of 60 s, and what comes in it is told together, by module', async (t) => {
  const { clock, node, notifier, sent } = await scene();
  node.state('farm', 'UP', 'Transient', 'restart called by errd');
  await clock.advance(59_000);
  node.state('farm', 'UP', 'Ready');
  node.state('db', 'STOP', 'NotReady', 'stop called by root');
  t.equal(notifier.collected(), 3);
  await clock.advance(999);
  t.equal(sent.length, 0);
  await clock.advance(2);
  t.equal(sent.length, 1);
  t.matchSnapshot(`${sent[0]?.subject}\n\n${sent[0]?.text}`);
  t.match(sent[0], { id: /^9\.\d+\.n1$/, node: 'n1', severity: 'state', test: false, lost: 0 });
  t.same(
    sent[0]?.modules.map(({ module, before, after }) => [module, before, after]),
    [
      ['farm', 'UP (Ready)', 'UP (Ready)'],
      ['db', 'UP (Ready)', 'STOP (NotReady)'],
    ],
  );
  await clock.advance(600_000);
  t.equal(sent.length, 1, 'nothing is told twice');
  t.equal(clock.pending(), 0);
});

t.test('a critical line shortens the window to 10 s, another does not make it longer', async (t) => {
  const { clock, node, sent } = await scene();
  node.state('farm', 'UP', 'Transient');
  await clock.advance(5_000);
  node.critical('farm', 'Process web not running');
  await clock.advance(6_000);
  node.critical(null, 'Web service: EADDRINUSE');
  await clock.advance(3_990);
  t.equal(sent.length, 0);
  await clock.advance(20);
  t.equal(sent.length, 1);
  t.equal(sent[0]?.severity, 'critical');
  t.matchSnapshot(`${sent[0]?.subject}\n\n${sent[0]?.text}`);
});

t.test('a critical line near the end of a window does not lengthen it', async (t) => {
  const { clock, node, sent } = await scene();
  node.state('farm', 'UP', 'Transient');
  await clock.advance(58_000);
  node.critical('farm', 'x');
  await clock.advance(2_001);
  t.equal(sent.length, 1);
});

t.test('a window of 0 s: each burst at once, but never in the call of whoever tells the event', async (t) => {
  const { clock, node, sent } = await scene({ windowSeconds: 0 });
  node.state('farm', 'UP', 'Transient');
  node.state('farm', 'STOP', 'NotReady');
  t.equal(sent.length, 0);
  await clock.advance(0);
  await drained();
  t.equal(sent.length, 1);
  t.equal(sent[0]?.modules[0]?.events.length, 2);
});

t.test('what is not asked for is not told', async (t) => {
  const { clock, node, sent } = await scene({ critical: false, states: false, nodes: false });
  node.state('farm', 'STOP', 'NotReady');
  node.critical('farm', 'x');
  node.view('n1', ['n1'], ['n2'], []);
  await clock.advance(100_000);
  t.equal(sent.length, 0);
  const one = await scene({ modules: ['db'] });
  one.node.state('farm', 'STOP', 'NotReady');
  one.node.critical('farm', 'x');
  one.node.critical('farm', 'an error', 'E');
  one.node.state('db', 'UP', 'Ready');
  await one.clock.advance(100_000);
  t.equal(one.sent.length, 0, 'db was UP (Ready) before: that is no change');
  one.node.state('db', 'STOP', 'NotReady');
  await one.clock.advance(100_000);
  t.equal(one.sent.length, 1);
});

t.test('disabled: nothing is told, tests are sent', async (t) => {
  const { clock, node, notifier, sent } = await scene({ enabled: false });
  node.state('farm', 'STOP', 'NotReady');
  await clock.advance(100_000);
  t.equal(sent.length, 0);
  t.same(await notifier.test(null, 'root'), [{ channel: 'pager', ok: true, message: 'handed over', remedy: null }]);
  t.match(sent[0], { test: true, severity: 'test', subject: '[holdfast n1] test notification', text: /asked for by root at/ });
  t.equal(await notifier.test('nobody', 'root'), null);
});

t.test('nodes that are lost and come back are told by the leader alone', async (t) => {
  const { clock, node, sent } = await scene();
  node.view('n2', ['n1', 'n2'], ['n3'], []);
  node.view('n1', ['n1', 'n2'], [], []);
  await clock.advance(100_000);
  t.equal(sent.length, 0);
  node.view('n1', ['n1'], ['n2', 'n3'], []);
  node.view('n1', ['n1', 'n2'], [], ['n2']);
  await clock.advance(100_000);
  t.matchSnapshot(`${sent[0]?.subject}\n\n${sent[0]?.text}`);
});

t.test('why: the chain of the last transition, of three modules at most, and not for longer than 15 s', async (t) => {
  const asked: string[] = [];
  const { clock, node, sent } = await scene({}, async (module) => {
    asked.push(module);
    return { ok: true, value: { ...explanation, module, doubt: module === 'db' ? 'the journal is damaged' : null } };
  });
  for (const module of ['farm', 'db', 'a', 'b']) {
    node.state(module, 'UP', 'Transient');
    node.state(module, 'STOP', 'NotReady', 'stop called by maxloop');
  }
  await clock.advance(61_000);
  t.same(asked, ['farm', 'db', 'a']);
  t.matchSnapshot(`${sent[0]?.subject}\n\n${sent[0]?.text}`);
  t.match(sent[0]?.modules[0]?.explanation, { module: 'farm', reason: 'stop called by maxloop' });
  t.notOk(JSON.stringify(sent[0]?.modules[0]?.events).includes('SIGKILL'), 'not in each event again');

  const slow = await scene({}, () => new Promise(() => undefined));
  slow.node.state('farm', 'STOP', 'NotReady');
  await slow.clock.advance(60_000 + 14_000);
  t.equal(slow.sent.length, 0);
  await slow.clock.advance(2_000);
  t.equal(slow.sent.length, 1);
  const broken = await scene({}, () => Promise.reject(new Error('no')));
  broken.node.state('farm', 'STOP', 'NotReady');
  await broken.clock.advance(61_000);
  t.equal(broken.sent.length, 1);
  const not = await scene({ explain: false }, async () => {
    t.fail('it was asked');
    return { ok: false, failure: { code: 'EXPLAIN_NONE', message: '' } };
  });
  not.node.state('farm', 'STOP', 'NotReady');
  await not.clock.advance(61_000);
  t.equal(not.sent.length, 1);
});

t.test('a channel that does not work: said once, tried again ever later, newer events wait together', async (t) => {
  const made = await scene();
  const { clock, node, notifier, sent } = made;
  const works = made.answer;
  const attempts: number[] = [];
  made.answer = (message, signal) => {
    attempts.push(Math.round(clock.nowMs() / 1000));
    return failing(message, signal);
  };
  node.state('farm', 'UP', 'Transient');
  await clock.advance(61_000);
  node.state('farm', 'UP', 'Ready');
  await clock.advance(70_000);
  node.critical('db', 'x');
  await clock.advance(900_000);
  t.same(attempts, [60, 65, 75, 95, 135, 215, 375, 675, 975]);
  t.same(node.lines, ['E Notification by pager failed: nobody listens; start it']);
  t.match(notifier.channels[0]?.status(), {
    ...{ state: 'failing', queued: 3, sent: 0, failed: 9, lost: 0 },
    ...{ lastFailure: { reason: 'nobody listens' }, nextAttempt: /^2026/ },
  });
  made.answer = works;
  await clock.advance(300_000);
  t.equal(sent.length, 2, 'the old message, and one of all that came meanwhile');
  t.equal(sent[0]?.modules[0]?.events.length, 1);
  t.same(
    sent[1]?.modules.map(({ module }) => module),
    ['farm', 'db'],
  );
  t.same(node.lines.slice(1), ['E Notification by pager works again']);
  t.equal(clock.pending(), 0);
});

t.test('the id is the same at each attempt', async (t) => {
  const made = await scene();
  const ids: string[] = [];
  made.answer = async (message, signal) => {
    ids.push(message.id);
    return ids.length < 3 ? failing(message, signal) : { ok: true, note: 'not for x@y.org' };
  };
  made.node.critical('farm', 'x');
  await made.clock.advance(100_000);
  t.equal(ids.length, 3);
  t.equal(new Set(ids).size, 1);
  t.same(made.node.lines.slice(1), ['E Notification by pager works again', 'E Notification by pager: not for x@y.org']);
});

t.test('a receiver that asks for a pause gets it', async (t) => {
  const made = await scene();
  const attempts: number[] = [];
  made.answer = async () => {
    attempts.push(Math.round(made.clock.nowMs() / 1000));
    return { ok: false, reason: '429', remedy: 'wait', retryAfterMs: 100_000 };
  };
  made.node.critical('farm', 'x');
  await made.clock.advance(250_000);
  t.same(attempts, [10, 110, 210]);
});

t.test('what has no room is lost, counted, and told', async (t) => {
  const made = await scene({ windowSeconds: 0 });
  const works = made.answer;
  made.answer = failing;
  for (let index = 0; index < 620; index += 1) {
    made.node.critical('farm', `line ${index}`);
    await made.clock.advance(0);
  }
  t.match(made.notifier.channels[0]?.counts(), { sent: 0, lost: 119, queued: 501 });
  made.answer = works;
  await made.clock.advance(20_000);
  t.equal(made.sent.length, 2);
  t.equal(made.sent[1]?.lost, 119);
  t.match(made.sent[1]?.text, /119 earlier events could not be told/);
  t.match(made.sent[1]?.modules[0]?.events[0]?.text, 'line 120');
  made.node.critical('farm', 'later');
  await made.clock.advance(20_000);
  t.equal(made.sent[2]?.lost, 0, 'told once');
});

t.test('after a day a message is given up', async (t) => {
  const made = await scene();
  made.answer = failing;
  made.node.critical('farm', 'x');
  await made.clock.advance(25 * 3_600_000);
  t.match(made.notifier.channels[0]?.counts(), { lost: 1, queued: 0 });
  t.same(made.node.lines, [
    'E Notification by pager failed: nobody listens; start it',
    'E 1 event not told by pager: no room, or too late',
  ]);
  t.equal(made.clock.pending(), 0);
});

t.test('one window keeps 500 events and says how many more there were', async (t) => {
  const { clock, node, sent } = await scene();
  for (let index = 0; index < 503; index += 1) node.critical('farm', `line ${index}`);
  await clock.advance(11_000);
  t.match(sent[0]?.text, /3 more events came in this window; the log has them/);
});

t.test('a sender that hangs is broken off; one that throws is a failure', async (t) => {
  const made = await scene();
  let aborted = 0;
  made.answer = (message, signal) =>
    new Promise((resolve, reject) =>
      signal.addEventListener('abort', () => {
        aborted += 1;
        if (aborted === 1) failing(message, signal).then(resolve, reject);
        else reject(new Error('a defect'));
      }),
    );
  made.node.critical('farm', 'x');
  await made.clock.advance(39_000);
  t.equal(aborted, 0);
  await made.clock.advance(2_000);
  t.equal(aborted, 1);
  await made.clock.advance(36_000);
  t.equal(aborted, 2);
  t.match(made.notifier.channels[0]?.status().lastFailure, { reason: 'a defect' });
});

t.test('the end: the window is told at once; a channel that does not work is not waited for', async (t) => {
  const made = await scene();
  made.node.state('farm', 'STOP', 'NotReady', 'shutdown');
  const ended = made.notifier.finish(3_000);
  await made.clock.advance(0);
  await made.clock.advance(3_000);
  await ended;
  t.equal(made.sent.length, 1);
  made.node.state('farm', 'UP', 'Ready');
  await made.clock.advance(100_000);
  t.equal(made.sent.length, 1, 'nothing is heard any more');
  t.equal(made.clock.pending(), 0);

  const hung = await scene();
  hung.answer = (message, signal) =>
    new Promise((resolve) => signal.addEventListener('abort', () => void failing(message, signal).then(resolve)));
  hung.node.critical('farm', 'x');
  await hung.clock.advance(11_000);
  hung.node.critical('farm', 'y');
  const over = hung.notifier.finish(3_000);
  await hung.clock.advance(7_000);
  await over;
  t.same(hung.node.lines, [
    'E Notification by pager failed: nobody listens; start it',
    'E 1 event not told by pager: no room, or too late',
    'E 1 event not told by pager: no room, or too late',
  ]);
  t.equal(hung.clock.pending(), 0);
});

t.test('an event that cannot be read does not hurt the actor that told it', async (t) => {
  const { node, clock } = await scene();
  const data = new Proxy(
    {},
    {
      get: () => {
        throw new Error('no such thing');
      },
    },
  );
  t.doesNotThrow(() =>
    node.ring.append({ node: 'n1', module: 'farm', type: 'module.state', at: '', atMs: 0, cause: null, data }),
  );
  await clock.advance(0);
  t.match(node.lines, [/collector: no such thing/]);
});
