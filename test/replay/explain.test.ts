/** Why a module went into its state, and what the recorder does when it is in trouble itself. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { JournalRecord } from '../../src/actors/recorder.types.js';
import { createExplainer } from '../../src/io/explainer.js';
import { Chronicle, explain, linksOf } from '../../src/replay/explain.js';
import { parseMoment } from '../../src/replay/moment.js';
import { resultText, stepText } from '../../src/replay/text.js';
import { createVirtualClock } from '../helpers/virtual-clock.js';
import { createWorld, linesOf, memoryJournal, replayed } from './world.js';

async function explained(records: readonly JournalRecord[], until: number | null = null) {
  const chronicle = new Chronicle();
  const result = await replayed(linesOf(records), (step) => chronicle.add(step));
  return { explanation: explain(chronicle.steps, 'n1', until, null), chronicle, result };
}

const ipRule = {
  label: 'ip_failure',
  when: { kind: 'compare', scope: 'local', class: 'ip', id: '?', equals: true, value: 'down' },
  action: 'stopstart',
} as const;

t.test('a crash, a rule that must hold, a command: each is explained from its first fact', async (t) => {
  const journal = memoryJournal();
  const world = createWorld({ journal, plan: { rules: [ipRule], handleTimeMs: 2_000 } });
  t.equal((await explained(journal.records)).explanation, null, 'a module that was only loaded has made no transition');
  world.command('start');
  await world.run(1_000);
  t.match((await explained(journal.records)).explanation, { from: { state: 'STOP' }, to: { state: 'UP', quality: 'Ready' } });

  world.crash();
  await world.run(1_000);
  const crash = (await explained(journal.records)).explanation;
  t.match(crash, { reason: 'restart called by errd', budget: { used: 1, max: 3 } });
  t.same(
    crash?.chain.slice(0, 6).map(({ kind }) => kind),
    ['fact', 'fact', 'verdict', 'verdict', 'command', 'counter'],
  );
  t.match(crash?.chain[0]?.text, /^process \d+ of app was ended by SIGKILL$/);
  const beforeRule = world.clock.wallMs();

  world.send({ type: 'resource.assign', name: 'ip.vip', value: 'down', by: 'check', atMs: world.clock.monotonicMs() });
  await world.run(3_500);
  const rule = (await explained(journal.records)).explanation;
  t.match(rule, { reason: 'stopstart from failover rule ip_failure', resources: [{}, {}] });
  const texts = rule?.chain.map(({ text }) => text) ?? [];
  t.match(texts[0], 'resource ip.vip was set to down by check');
  t.ok(texts.some((text) => text === 'failover rule ip_failure asks for stopstart'));
  t.ok(rule?.resources.some(({ name, value }) => name === 'ip.vip' && value === 'down'));
  t.match((await explained(journal.records, beforeRule)).explanation, { reason: 'restart called by errd' }, 'as of then');
  const began = explain(
    (await explained(journal.records)).chronicle.steps.map((step) => ({ ...step, wallMs: Math.floor(step.wallMs) + 0.4 })),
    'n1',
    Date.parse(rule?.at ?? ''),
    null,
  );
  t.match(began, { reason: 'stopstart from failover rule ip_failure' }, 'its own time, in whole milliseconds, means it');

  world.code = null;
  world.command('stop');
  await world.run(1_000);
  t.match((await explained(journal.records)).explanation, { until: null, reason: 'stop called by root' }, 'it is under way');
  const { result, chronicle } = await explained(journal.records);
  t.match(resultText(result), /^no divergence: /);
  t.match(chronicle.steps.map((step) => stepText(step, linksOf(step))).join(''), /→ restart counter: 1 of 3/);
  await world.close();
});

t.test('a wall clock that is set, and a gap, do not mislead', async (t) => {
  const journal = memoryJournal();
  const world = createWorld({ journal });
  world.command('start');
  await world.run(1_000);
  const at = journal.records.length;
  world.command('stop');
  await world.run(1_000);
  await world.close();
  const set: JournalRecord = { k: 'wall', at: journal.records[at - 1]?.at ?? 0, wallMs: Date.UTC(2030, 0, 1) };
  const shifted = journal.records.toSpliced(at, 0, set);
  t.match((await explained(shifted)).explanation?.at, /^2030-01-01T/);
  for (const trouble of [
    { k: 'gap', at: 0, lost: 5, why: 'ENOSPC' },
    { k: 'defect', at: 0, detail: 'Error' },
  ] as const) {
    const { result } = await explained(journal.records.toSpliced(at, 0, trouble));
    t.match(result, { divergence: null, gaps: 1 });
    t.ok(result.unverified > 0, 'what follows is not verified until the next head');
    t.match(resultText(result), /events could not be verified; 1 gaps/);
  }
});

t.test('a recorder that fails says so, and begins anew', async (t) => {
  const journal = memoryJournal();
  const clock = createVirtualClock();
  let broken = false;
  const flaky = {
    monotonicMs: () => clock.monotonicMs(),
    wallMs: () => {
      if (broken) throw new Error('no clock');
      return clock.wallMs();
    },
  };
  const world = createWorld({ journal, recorderClock: flaky });
  world.command('start');
  await world.run(300);
  broken = true;
  world.crash();
  await world.run(100);
  broken = false;
  await world.run(1_000);
  world.command('stop');
  await world.run(1_000);
  await world.close();
  t.equal(world.root.getSnapshot().status, 'stopped', 'what it records is not disturbed');
  t.ok(journal.records.some((record) => record.k === 'defect'));
  t.ok(journal.records.some((record) => record.k === 'head' && record.why === 'gap'));
  const { result } = await explained(journal.records);
  t.equal(result.divergence, null);
});

t.test('moments as people write them', (t) => {
  const noon = new Date(2026, 0, 31, 12, 0, 0).getTime();
  const local = (day: number, hours: number, minutes: number, seconds = 59): number =>
    new Date(2026, 0, day, hours, minutes, seconds, 999).getTime();
  t.equal(parseMoment('03:12', noon), local(31, 3, 12));
  t.equal(parseMoment('03:12:40', noon), local(31, 3, 12, 40));
  t.equal(parseMoment('23:00', noon), local(30, 23, 0), 'yesterday');
  t.equal(parseMoment('12:00', noon), local(31, 12, 0), 'this very minute');
  t.equal(parseMoment('2026-01-31T03:12:40Z', noon), Date.UTC(2026, 0, 31, 3, 12, 40));
  t.equal(parseMoment('1767225600000', noon), 1_767_225_600_000);
  for (const wrong of ['25:00', '12:61', 'soon', '']) t.throws(() => parseMoment(wrong, noon), /is no time/);
  t.end();
});

t.test('the explainer turns what its process says into answers', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'hf-explain-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const program = join(dir, 'program.mjs');
  const made = (text: string, timeoutMs = 10_000) => {
    writeFileSync(program, text);
    return createExplainer({ journal: { flush: async () => undefined }, dir, program, timeoutMs });
  };
  const says = (value: unknown): string => `console.log(${JSON.stringify(JSON.stringify(value))})`;
  t.match(await made(says({ explanation: { module: 'web', chain: [] } }))('web', null), { ok: true, value: { module: 'web' } });
  t.match(await made(says({ explanation: null }))('web', '03:12'), {
    failure: { code: 'EXPLAIN_NONE', message: /web up to 03:12/ },
  });
  t.match(await made(says({ explanation: 5 }))('web', null), { failure: { code: 'EXPLAIN_FAILED' } });
  t.match(await made(says(5))('web', null), { failure: { code: 'EXPLAIN_FAILED' } });
  t.match(await made('console.log("{")')('web', null), { failure: { code: 'EXPLAIN_FAILED', message: /code 0/ } });
  t.match(await made('console.error("USAGE: no time"); process.exit(2)')('web', 'x'), {
    failure: { code: 'HTTP_QUERY', message: 'no time' },
  });
  t.match(await made('setInterval(() => 0, 1000)', 300)('web', null), {
    failure: { code: 'EXPLAIN_FAILED', message: /did not end/ },
  });
});
