/** Membership is recorded around changes of the view only: with what led to them, and replayed without divergence. */
import t from 'tap';
import { createActor, type InspectionEvent } from 'xstate';
import { createRecorder } from '../../src/actors/recorder.js';
import type { EventRecord, JournalRecord } from '../../src/actors/recorder.types.js';
import { aftermathMs, createMembershipLog, spanEvents, spanMs } from '../../src/actors/recorder-membership.js';
import { membershipMachine } from '../../src/machines/membership.machine.js';
import type { MembershipContext } from '../../src/machines/membership.types.js';
import { createVirtualClock } from '../helpers/virtual-clock.js';
import { linesOf, memoryJournal, replayed, settled } from './world.js';

/** n1 of a cluster, whose one peer the test plays. */
function member(nodes: readonly string[], inspect: (event: InspectionEvent) => void, clock = createVirtualClock()) {
  const actor = createActor(membershipMachine, {
    clock: { setTimeout: () => 0, clearTimeout: () => undefined },
    inspect,
    input: {
      ...{ self: 'n1', nodes, lans: [{ name: 'default', nodes }], pulseMs: 1_000, slostCount: 3, mlostCount: 5 },
      ...{ signature: 'aa', bootEpoch: 7, viewEpoch: 0, atMs: clock.monotonicMs() },
    },
  });
  actor.start();
  let sequence = 0;
  return {
    clock,
    context: (): MembershipContext => actor.getSnapshot().context,
    /** So many pulses of both, or of n1 alone. */
    async pulses(count: number, withPeer: boolean) {
      for (let pulse = 0; pulse < count; pulse += 1) {
        clock.run(1_000);
        const atMs = clock.monotonicMs();
        actor.send({ type: 'PULSE_DUE', atMs, lateMs: 0 });
        sequence += 1;
        const { body } = actor.getSnapshot().context;
        const report = {
          ...{ from: 'n2', lan: 'default', bootEpoch: 3, sequence, signature: 'aa', goodbye: false, rttMs: null, body },
          heard: [{ node: 'n1', lan: 'default', bootEpoch: 7, sequence: pulse }],
        };
        if (withPeer) actor.send({ type: 'PACKET', atMs, report });
        await settled();
      }
    },
  };
}

for (const nodes of [['n1', 'n2'], Array.from({ length: 20 }, (_, index) => `n${index + 1}`)]) {
  t.test(`${nodes.length} nodes: a peer that comes, stays for an hour, and is lost`, async (t) => {
    const journal = memoryJournal();
    const clock = createVirtualClock();
    const recorder = createRecorder({ journal, clock, node: 'n1', version: '1', bootId: 'b' });
    const { pulses, context } = member(nodes, recorder.inspect, clock);
    await pulses(20, true);
    t.same(context().view.members, ['n1', 'n2']);
    const before = journal.records.length;
    await pulses(3_600, true);
    t.equal(journal.records.length, before, 'an hour without news writes nothing');
    await pulses(6, false);
    t.same(context().view.members, ['n1']);
    const after = journal.records.slice(before);
    t.match(after[0], { k: 'tree', path: 'membership', continues: false });
    t.ok(after.length > (spanMs / 1_000) * 2, 'what led to it is there');
    t.ok(after.length < (3 * spanMs) / 500, 'and not much more');
    journal.full = true;
    await pulses(1, false);
    const rotated = journal.records.findIndex((record) => record.k === 'head' && record.why === 'rotation');
    t.match(journal.records[rotated + 1], { k: 'tree', path: 'membership', continues: true });
    await pulses(5, true);
    recorder.close();
    for (const from of [0, rotated]) {
      const result = await replayed(linesOf(journal.records.slice(from)));
      t.equal(result.divergence, null);
      t.equal(result.unverified, 0);
    }
    const forged = journal.records.map(
      (record): JournalRecord =>
        record.k === 'event' && record.ev.type === 'PULSE_DUE' && 'lateMs' in record.ev
          ? { ...record, ev: Object.assign({ ...record.ev }, { lateMs: 900 }) }
          : record,
    );
    t.match((await replayed(linesOf(forged))).divergence, { kind: 'state', path: 'membership' });
  });
}

t.test('many packets: spans and the aftermath are bounded', (t) => {
  const written: JournalRecord[] = [];
  const log = createMembershipLog((record) => written.push(record));
  const event = (at: number): EventRecord => ({ k: 'event', at, to: 'membership', ev: { type: 'PACKET' } });
  const [one, other] = [{}, {}];
  log.begin(0);
  log.note(event(1), one, () => 'a');
  t.ok(log.isWriting());
  for (let at = 0; at < 20_000; at += 1) log.note(event(2), one, () => 'b');
  t.notOk(log.isWriting(), 'after so many events nothing more is written');
  const before = written.length;
  t.ok(before <= 5_001, `${before} records`);
  for (let at = 0; at < 20_000; at += 1) log.note(event(3), one, () => 'c');
  t.equal(written.length, before);
  log.note(event(4), other, () => 'd');
  const flushed = written.length - before;
  t.ok(flushed > spanEvents && flushed <= 2 * spanEvents + 2, `${flushed} records`);
  log.note(event(4 + aftermathMs + 1), other, () => 'e');
  t.notOk(log.isWriting());
  t.end();
});
