/** What was recorded in virtual time is replayed: the same states, line by line; anything else is found where it first differs. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import type { JournalRecord } from '../../src/actors/recorder.types.js';
import { decodeLine } from '../../src/actors/recorder-lines.js';
import { createJournal } from '../../src/io/journal.js';
import { journalFiles, journalLines } from '../../src/io/journal-files.js';
import { readRecords } from '../../src/replay/records.js';
import { replay } from '../../src/replay/replay.js';
import type { Step } from '../../src/replay/story.js';
import { createWorld, linesOf, memoryJournal, replayed, settled, type World } from './world.js';

/** Start, two crashes, stop. */
async function aLife(world: World): Promise<void> {
  world.command('start');
  await world.run(1_000);
  for (let crash = 0; crash < 2; crash += 1) {
    world.crash();
    await world.run(1_000);
  }
  world.command('stop');
  await world.run(1_000);
}

t.test('a life is replayed step by step', async (t) => {
  const journal = memoryJournal();
  const world = createWorld({ journal });
  await aLife(world);
  await world.close();
  const steps: Step[] = [];
  const result = await replayed(linesOf(journal.records), (step) => steps.push(step));
  t.equal(result.divergence, null);
  t.equal(result.unverified, 0);
  t.equal(result.begun, 1);
  t.ok(result.events > 20, `${result.events} events`);
  t.equal(steps.at(-1)?.after?.path, 'STOP');
  t.equal(steps.filter((step) => step.ev.type === 'process.exited').length, 2);
  t.same(
    [...new Set(steps.map((step) => step.after?.count ?? 0))],
    [0, 1, 2, 0].filter((count, index, all) => all.indexOf(count) === index),
    'the counter is seen',
  );
  t.ok(
    steps.some((step) => step.log.some((line) => line.message.includes('restart'))),
    'the log lines are told again',
  );
  t.notMatch(JSON.stringify(journal.records), /hunter2/, 'an expression that a macro may have filled is not written');
});

t.test('the first line that was changed is found', async (t) => {
  const journal = memoryJournal();
  const world = createWorld({ journal });
  await aLife(world);
  await world.close();
  const lines = linesOf(journal.records);
  const index = journal.records.findIndex((record) => record.k === 'event' && record.ev.type === 'process.exited');

  const tampered = journal.records.map(
    (record, at): JournalRecord =>
      at === index && record.k === 'event' && 'exit' in record.ev
        ? { ...record, ev: Object.assign({ ...record.ev }, { exit: { kind: 'signal', code: null, signal: 'SIGTERM' } }) }
        : record,
  );
  const state = await replayed(linesOf(tampered));
  t.match(state.divergence, { kind: 'state', place: { line: index + 1 }, path: 'module:web/errd', event: 'process.exited' });
  t.not(state.divergence?.recorded, state.divergence?.replayed);

  const broken = lines.map((line, at) => (at === index ? { ...line, text: line.text.replace('SIGKILL', 'SIGTERM') } : line));
  t.match((await replayed(broken)).divergence, { kind: 'damage', place: { line: index + 1 }, recorded: /checksum/ });
  const cut = lines.filter((_, at) => at !== index);
  t.match((await replayed(cut)).divergence, { kind: 'damage', place: { line: index + 2 }, recorded: /should be here/ });
  const marked = journal.records.map(
    (record, at): JournalRecord =>
      at === index && record.k === 'event' ? { ...record, marks: { ...record.marks, 'module:web': 'STOP#00000000' } } : record,
  );
  t.match((await replayed(linesOf(marked))).divergence, { recorded: 'STOP#00000000', replayed: /^UP\.ready#/ });
});

t.test('a new file in the middle of anything replays by itself', async (t) => {
  const journal = memoryJournal();
  const world = createWorld({ journal });
  world.command('start');
  // In the middle of start_both, with the script running.
  await world.run(150);
  journal.full = true;
  await world.run(900);
  world.crash();
  await world.run(120);
  journal.full = true;
  await world.run(2_000);
  await world.close();
  const heads = journal.records.flatMap((record, index) => (record.k === 'head' && record.why === 'rotation' ? [index] : []));
  t.equal(heads.length, 2);
  const whole = await replayed(linesOf(journal.records));
  t.equal(whole.divergence, null);
  for (const head of heads) {
    const result = await replayed(linesOf(journal.records.slice(head)));
    t.equal(result.divergence, null);
    t.equal(result.unverified, 0);
    t.ok(result.events >= 2, `${result.events} events`);
  }
  const second = heads[1] ?? 0;
  const text = JSON.stringify(journal.records[second + 1]).replace('"count":1', '"count":2');
  const forged: JournalRecord = JSON.parse(text);
  const records = journal.records.map((record, index) => (index === second + 1 ? forged : record));
  t.match((await replayed(linesOf(records))).divergence, { event: 'node as it stands', path: 'module:web' });
});

t.test('what comes while the machines are at work is sent at the same point again', async (t) => {
  const journal = memoryJournal();
  const world = createWorld({ journal, plan: { handleTimeMs: 0 } });
  world.command('start');
  await world.run(1_000);
  // As the node does: told of a change, it sets a resource in the same breath.
  world.onChange = () =>
    world.send({ type: 'resource.assign', name: 'intf.eth0', value: 'down', by: 'test', atMs: world.clock.monotonicMs() });
  world.command('restart');
  await world.run(2_000);
  await world.close();
  t.ok(journal.records.some((record) => record.k === 'event' && record.within !== undefined));
  t.equal((await replayed(linesOf(journal.records))).divergence, null);
});

t.test('events that change nothing are counted in runs', async (t) => {
  const journal = memoryJournal();
  const world = createWorld({ journal });
  world.command('start');
  await world.run(100_000);
  const before = journal.records.length;
  await world.run(600_000);
  t.equal(journal.records.length, before, 'ten minutes of scans write nothing');
  world.command('stop');
  await world.run(1_000);
  await world.close();
  const runs = journal.records.flatMap((record) => (record.k === 'quiet' ? record.runs : []));
  t.ok(runs.some((run) => run.ev.type === 'processes.seen' && run.count >= 60));
  t.equal((await replayed(linesOf(journal.records))).divergence, null);
});

t.test('whatever happens, a replay goes the same way', async (t) => {
  const action = fc.oneof(
    fc.constantFrom('start', 'stop', 'restart', 'stopstart', 'wait', 'wakeup', 'forcestop', 'shutdown').map((name) => ({ name })),
    fc.constantFrom('crash', 'hang', 'fail', 'work', 'rotate', 'nested', 'resource', 'loop').map((trick) => ({ trick })),
    fc.integer({ min: 1, max: 20_000 }).map((ms) => ({ ms })),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 40 }), async (actions) => {
      const journal = memoryJournal();
      const world = createWorld({
        journal,
        plan: { nicestopTimeoutMs: 3_000, forcestopTimeoutMs: 3_000, startTimeoutMs: 5_000 },
      });
      const atMs = (): number => world.clock.monotonicMs();
      for (const one of actions) {
        if ('ms' in one) await world.run(one.ms);
        else if ('name' in one) world.command(one.name);
        else if (one.trick === 'crash') world.crash();
        else if (one.trick === 'hang') world.code = null;
        else if (one.trick === 'fail') world.code = 3;
        else if (one.trick === 'work') world.code = 0;
        else if (one.trick === 'rotate') journal.full = true;
        else if (one.trick === 'nested') world.onChange = () => world.send({ type: 'loop.increment', by: 'test', atMs: atMs() });
        else if (one.trick === 'loop') world.send({ type: 'loop.reset', by: 'test', atMs: atMs() });
        else world.send({ type: 'resource.assign', name: 'ip.vip', value: 'down', by: 'test', atMs: atMs() });
      }
      await world.run(30_000);
      await world.close();
      const { divergence, unverified } = await replayed(linesOf(journal.records));
      if (divergence !== null) throw new Error(JSON.stringify(divergence));
      return unverified === 0;
    }),
    { numRuns: 60 },
  );
  t.pass();
});

t.test('on disk: rotated, bounded, readable from any file on', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'hf-journal-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const clockless = { now: () => 0, onProblem: (message: string) => t.fail(message) };
  const journal = createJournal({ dir: join(dir, 'journal'), fileBytes: 9_000, files: 3, ...clockless });
  const world = createWorld({ journal });
  for (let life = 0; life < 8; life += 1) await aLife(world);
  await world.close();
  const names = readdirSync(join(dir, 'journal'));
  t.equal(names.length, 3, 'three files are kept');
  t.notMatch(names, ['journal-00000001.jsonl'], 'the first is gone');
  for (const name of names) t.equal(statSync(join(dir, 'journal', name)).mode & 0o777, 0o600);
  for (const path of ['journal', ...names.map((name) => join('journal', name))]) {
    const result = await replay(readRecords(journalLines(await journalFiles(join(dir, path)))));
    t.match(result, { divergence: null, unverified: 0, gaps: 0, torn: 0 }, path);
    if (path === 'journal') t.ok(result.events > 30, `${result.events} events`);
  }
  t.ok(
    names.every((name) =>
      readFileSync(join(dir, 'journal', name), 'utf8')
        .trim()
        .split('\n')
        .every((line) => decodeLine(line).ok),
    ),
  );
  await settled();
});
