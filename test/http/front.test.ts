import t from 'tap';
import { createConnections, type TrackedSocket } from '../../src/http/front/connections.js';
import type { RawProbeObservation } from '../../src/http/front/messages.js';
import { createProbeLog, probeLogCapacity, toldAnswers } from '../../src/http/front/probe-log.js';

interface FakeSocket extends TrackedSocket {
  readonly name: string;
  destroyed: boolean;
}
function socket(name: string): FakeSocket {
  const made: FakeSocket = {
    name,
    destroyed: false,
    destroy: () => {
      made.destroyed = true;
    },
  };
  return made;
}
const limits = { connections: 4, connectionsPerSource: 3, requests: 2, requestsPerSource: 1 };

t.test('the newest gets in, the longest silent goes', (t) => {
  const connections = createConnections(limits);
  const [a, b, c, d, e, f] = ['a', 'b', 'c', 'd', 'e', 'f'].map(socket);
  if (!a || !b || !c || !d || !e || !f) throw new Error('sockets');
  for (const one of [a, b, c]) t.ok(connections.add(one, 'x'));
  connections.answered(a, 0);
  t.ok(connections.add(d, 'x'), 'the source has three already');
  t.ok(b.destroyed, 'the oldest that has said nothing, before one that has asked');
  t.ok(connections.add(e, 'y'));
  t.ok(connections.add(f, 'y'), 'all have four already');
  t.ok(c.destroyed);
  t.notOk(a.destroyed);
  t.same(connections.counts(), { total: 4, requests: 0, evicted: 2, sources: 2 });
  for (const one of [a, d, e, f]) connections.remove(one);
  connections.remove(a);
  t.same(connections.counts(), { total: 0, requests: 0, evicted: 2, sources: 0 });
  t.end();
});

t.test('idle ones go in the order of their last answer; what is being answered never', (t) => {
  const connections = createConnections({ ...limits, connectionsPerSource: 2 });
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(socket);
  if (!a || !b || !c || !d) throw new Error('sockets');
  connections.add(a, 'x');
  connections.add(b, 'x');
  connections.answered(a, 0);
  connections.answered(b, 500);
  connections.answered(a, 900);
  connections.answered(a, 1000);
  t.ok(connections.add(c, 'x'));
  t.ok(b.destroyed, 'a has been answered since');
  connections.busy(a);
  connections.busy(c);
  t.notOk(connections.add(d, 'x'), 'refused: both are being answered');
  t.notOk(a.destroyed || c.destroyed);
  connections.busy(d);
  connections.answered(d, 0);
  t.end();
});

t.test('requests have places, per source and in all, given back once', (t) => {
  const connections = createConnections(limits);
  const [a, b, c, stranger] = ['a', 'b', 'c', 'stranger'].map(socket);
  if (!a || !b || !c || !stranger) throw new Error('sockets');
  connections.add(a, 'x');
  connections.add(b, 'y');
  connections.add(c, 'z');
  t.equal(connections.beginRequest(stranger), null);
  const first = connections.beginRequest(a);
  t.ok(first);
  t.equal(connections.beginRequest(a), null, 'one per source');
  const second = connections.beginRequest(b);
  t.ok(second);
  t.equal(connections.beginRequest(c), null, 'two in all');
  connections.remove(a);
  t.equal(connections.counts().sources, 3, 'a source is known until its requests are over');
  first?.();
  first?.();
  t.equal(connections.counts().requests, 1);
  t.equal(connections.counts().sources, 2);
  const third = connections.beginRequest(c);
  t.ok(third);
  third?.();
  second?.();
  t.equal(connections.counts().requests, 0);
  t.end();
});

t.test('probers: count, mean interval, and answers since the change', (t) => {
  const told: RawProbeObservation[] = [];
  const log = createProbeLog((probe) => told.push(probe));
  const connection = {};
  let reads = 0;
  const headers = () => {
    reads += 1;
    return { source: '10.0.0.1', host: 'h'.repeat(500), agent: 'curl' };
  };
  const probe = { module: 'farm', status: 200, changes: 1 } as const;
  log.observe(connection, { ...probe, atMs: 1000 }, headers);
  t.equal(log.list()[0]?.intervalMs, null);
  log.observe(connection, { ...probe, atMs: 3000 }, headers);
  log.observe(connection, { ...probe, atMs: 6000 }, headers);
  t.equal(reads, 1, 'the headers of a connection are read once');
  t.match(log.list(), [
    { count: 3, intervalMs: 2200, lastAtMs: 6000, answersSinceChange: 3, agent: 'curl', host: 'h'.repeat(120) },
  ]);
  t.same(told, []);
  for (let index = 0; index < toldAnswers + 5; index += 1)
    log.observe({}, { ...probe, status: 404, changes: 2, atMs: 7000 }, headers);
  t.equal(told.length, toldAnswers, 'told only as often as any threshold needs');
  t.match(told[0], { answersSinceChange: 1, lastStatus: 404 });
  log.observe(connection, { ...probe, module: 'other', atMs: 8000 }, headers);
  t.same(
    log.list().map((one) => one.module),
    ['farm', 'other'],
  );
  t.end();
});

t.test('a flood of unknown probers does not push out the known', (t) => {
  const log = createProbeLog(() => t.fail('nobody new is told of'));
  const probe = { module: 'farm', status: 200, changes: 1 } as const;
  for (const atMs of [1, 2]) log.observe({}, { ...probe, atMs }, () => ({ source: 's', host: '', agent: 'balancer' }));
  for (let index = 0; index < probeLogCapacity * 2; index += 1) {
    log.observe({}, { ...probe, changes: index, atMs: 10 + index }, () => ({ source: 's', host: '', agent: `a${index}` }));
  }
  t.equal(log.list().length, probeLogCapacity);
  t.ok(log.list().some((one) => one.agent === 'balancer'));
  t.ok(log.list().some((one) => one.agent === `a${probeLogCapacity * 2 - 1}`));
  t.end();
});
