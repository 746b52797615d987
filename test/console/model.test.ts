/** The pure parts of the console: what events change, what actions will do, what is shown of logs and histories. */
import t from 'tap';
import { createEventCutter } from '../../src/console/api/sse.js';
import { type Change, commandLine, consequencesOf } from '../../src/console/model/consequences.js';
import { appendSegment, stripMs, stripOf, withPast } from '../../src/console/model/history.js';
import { afterEvent, tallyOf, verdictOf } from '../../src/console/model/status.js';
import { chartOf } from '../../src/console/pages/details/chart.js';
import { cutAt, filtered, lineOf, merged, nearest, userlogOf } from '../../src/console/pages/details/log-lines.js';
import { countTiles, isModuleName } from '../../src/console/pages/mosaic/tiles.js';
import type { LogLine, ModuleNodeStatus, NodeEvent } from '../../src/http/api-types.js';

const status = (node: string, more: Partial<ModuleNodeStatus> = {}): ModuleNodeStatus => ({
  ...{ module: 'farm', node, state: 'UP', quality: 'Ready', path: 'UP.ready', tags: [], reason: null },
  ...{ since: '2026-01-31T14:00:00.000Z', sinceMs: 1000, share: 50, activeRule: null, wish: 'start', ready: true },
  budget: { max: 3, used: 0, expires: null, causes: [] },
  switches: { errd: true, checker: true, failover: true, boot: 'on' },
  ...{ signature: 'abc', error: null },
  ...more,
});
const stopped: Partial<ModuleNodeStatus> = { state: 'STOP', quality: 'NotReady', ready: false, wish: 'stop', share: 0 };
const event = (type: string, data: Readonly<Record<string, unknown>>, at = '2026-01-31T14:05:00.000Z'): NodeEvent => ({
  ...{ id: '1.1', node: 'n1', module: 'farm', type, at, atMs: 5000, cause: null },
  data,
});

t.test('an event changes what it is about', async (t) => {
  const before = status('n1');
  const after = afterEvent(
    before,
    event('module.state', { state: 'UP', quality: 'Transient', path: 'UP.restarting', reason: 'restart', ready: false }),
  );
  t.match(after, {
    state: 'UP',
    quality: 'Transient',
    reason: 'restart',
    ready: false,
    since: '2026-01-31T14:05:00.000Z',
    sinceMs: 5000,
    share: 50,
  });
  const inside = afterEvent(
    before,
    event('module.state', { state: 'UP', quality: 'Ready', path: 'UP.other', reason: null, ready: true }),
  );
  t.match(inside, { path: 'UP.other', since: before.since }, 'the same state goes on: it is as old as it was');
  t.match(afterEvent(before, event('module.status', { share: 100, activeRule: 'r1' })), {
    share: 100,
    activeRule: 'r1',
    state: 'UP',
  });
  t.equal(afterEvent(before, event('log', { level: 'E' })), before);
  t.equal(
    afterEvent(status('n1', { error: 'gone' }), event('module.state', { state: 'UP', quality: 'Ready', ready: true })).error,
    null,
    'who tells is there',
  );
  t.match(
    afterEvent(before, event('module.state', { state: 'NEW', quality: 'Odd' })),
    { state: 'UP', quality: 'Ready' },
    'words of a later version',
  );
});

t.test('what needs a look', async (t) => {
  t.equal(verdictOf(status('n1')), 'well');
  t.equal(verdictOf(status('n1', { quality: 'Transient' })), 'moving');
  t.equal(verdictOf(status('n1', { state: 'WAIT', quality: 'NotReady' })), 'bad');
  t.equal(verdictOf(status('n1', { error: 'no answer' })), 'bad');
  t.equal(verdictOf(status('n1', { state: 'NOTCONFIGURED', quality: 'Unknown' })), 'none');
  t.strictSame(tallyOf([status('n1'), status('n2')]), { serving: 2, nodes: 2, verdict: 'well' });
  t.strictSame(tallyOf([status('n1'), status('n2', stopped)]), { serving: 1, nodes: 2, verdict: 'well' }, 'stopped as wished');
  t.strictSame(tallyOf([status('n1'), status('n2', { ...stopped, wish: 'start' })]), { serving: 1, nodes: 2, verdict: 'moving' });
  t.strictSame(tallyOf([status('n1', { ...stopped, wish: 'start' })]), { serving: 0, nodes: 1, verdict: 'bad' });
  t.strictSame(tallyOf([status('n1', stopped)]), { serving: 0, nodes: 1, verdict: 'none' });
  t.strictSame(tallyOf([]), { serving: 0, nodes: 0, verdict: 'none' });
});

t.test('what an action will do', async (t) => {
  const both = [status('n1'), status('n2')];
  const said = (change: Change, all: readonly ModuleNodeStatus[], nodes: readonly string[]) =>
    consequencesOf(change, all, nodes).map((one) => `${one.key} ${one.nodes.join(',')}${one.serious ? ' !' : ''}`);
  const command = (name: 'start' | 'stop' | 'restart' | 'stopstart' | 'forcestop'): Change => ({
    kind: 'command',
    command: name,
  });
  t.strictSame(said(command('stop'), both, ['n1']), ['willStop n1', 'othersTake n2']);
  t.strictSame(said(command('stop'), both, ['n1', 'n2']), ['willStop n1,n2', 'noneServes n1,n2 !']);
  t.strictSame(said(command('stop'), [status('n1', stopped), status('n2')], ['n2']), ['willStop n2', 'lastServing n2 !']);
  t.strictSame(said(command('stop'), [status('n1', stopped), status('n2')], ['n1']), ['alreadyStopped n1']);
  t.strictSame(said(command('start'), [status('n1', stopped), status('n2')], ['n1', 'n2']), [
    'willStart n1',
    'alreadyStarted n2',
  ]);
  t.strictSame(said(command('restart'), [status('n1'), status('n2', stopped)], ['n1']), ['willRestart n1', 'meanwhileNone n1 !']);
  t.strictSame(said(command('restart'), [status('n1'), status('n2', stopped)], ['n2']), ['restartStopped n2']);
  t.strictSame(said(command('stopstart'), both, ['n2']), ['willStopStart n2', 'meanwhileOthers n1']);
  t.strictSame(said(command('forcestop'), both, ['n2']), ['willForce n2 !', 'othersTake n1']);
  t.strictSame(said(command('stop'), [status('n1'), status('n2', { error: 'silent' })], ['n1', 'n2']), [
    'willStop n1',
    'lastServing n1 !',
    'notReached n2',
  ]);
  t.strictSame(said({ kind: 'switch', what: 'errd', on: false }, both, ['n1']), ['errdOff n1 !']);
  t.strictSame(said({ kind: 'switch', what: 'boot', on: false }, both, ['n1']), ['bootOff n1']);
  t.strictSame(said({ kind: 'rolling', command: 'restart' }, both, ['n1', 'n2']), ['rolls n1,n2']);
  t.strictSame(said({ kind: 'support', what: 'snapshot' }, [status('n1'), status('n2', { error: 'silent' })], ['n1', 'n2']), [
    'snapshot n1',
    'notReached n2',
  ]);
});

t.test('the same on the command line', async (t) => {
  const stop: Change = { kind: 'command', command: 'stop' };
  t.equal(commandLine(stop, 'farm', ['n1'], ['n1', 'n2'], 'n1'), 'holdfast stop -m farm');
  t.equal(commandLine(stop, 'farm', ['n2'], ['n1', 'n2'], 'n1'), 'holdfast -H n2 stop -m farm');
  t.equal(commandLine(stop, 'farm', ['n1', 'n2'], ['n1', 'n2'], 'n1'), "holdfast -H '*' stop -m farm");
  t.equal(
    commandLine({ kind: 'switch', what: 'checker', on: true }, 'farm', ['n1'], ['n1', 'n2'], 'n1'),
    'holdfast checker on -m farm',
  );
  t.equal(
    commandLine({ kind: 'rolling', command: 'restart' }, 'farm', ['n1', 'n2'], ['n1', 'n2'], 'n1'),
    'holdfast -H n1 restart -m farm && holdfast -H n2 restart -m farm',
  );
  t.equal(
    commandLine({ kind: 'support', what: 'dump' }, 'farm', ['n1', 'n2'], ['n1', 'n2'], 'n1'),
    'holdfast dump -m farm && holdfast -H n2 dump -m farm',
  );
  t.equal(
    commandLine({ kind: 'support', what: 'anonymised' }, 'farm', ['n2'], ['n1', 'n2'], 'n1'),
    'holdfast -H n2 snapshot -m farm --anonymise snapshot_n2_farm.zip',
  );
});

t.test('the strip of the last minutes', async (t) => {
  const now = Date.parse('2026-01-31T14:15:00.000Z');
  const at = (minutes: number): string => new Date(now - minutes * 60_000).toISOString();
  let segments = appendSegment([], event('module.state', { state: 'UP', quality: 'Ready' }, at(20)), now);
  segments = appendSegment(segments, event('module.state', { state: 'UP', quality: 'Ready' }, at(19)), now);
  t.equal(segments.length, 1, 'the same goes on');
  segments = appendSegment(segments, event('module.state', { state: 'STOP', quality: 'NotReady' }, at(7.5)), now);
  t.match(stripOf(segments, now), [
    { from: 0, to: 0.5, quality: 'Ready' },
    { from: 0.5, to: 1, quality: 'NotReady' },
  ]);
  t.match(stripOf(segments, now + stripMs * 2), [{ from: 0, to: 1, quality: 'NotReady' }], 'what is over goes out of sight');
  t.equal(appendSegment(segments, event('log', {}), now), segments);
  const past = [
    event('module.state', { state: 'UP', quality: 'Ready' }, at(14)),
    event('module.state', { state: 'UP', quality: 'Transient' }, at(3)),
    event('module.state', { state: 'UP', quality: 'Ready' }, at(2)),
  ];
  const seen = appendSegment([], past[2] ?? event('log', {}), now);
  t.strictSame(
    withPast(seen, past, now).map(({ quality }) => quality),
    ['Ready', 'Transient', 'Ready'],
    'what was before the page was opened comes before what it saw',
  );
  t.strictSame(withPast(withPast(seen, past, now), past, now), withPast(seen, past, now), 'reading it twice changes nothing');
  t.strictSame(
    withPast(appendSegment([], event('module.state', { state: 'UP', quality: 'Ready' }, at(1)), now), past, now).length,
    3,
    'and what went on goes on',
  );
});

t.test('lines of a log', async (t) => {
  const line = (wallMs: number, message: string, level: LogLine['level'] = 'E'): LogLine => ({
    ...{ at: new Date(wallMs).toISOString(), atMs: wallMs, wallMs, level, component: 'heart', message },
  });
  const read = [line(1, 'one'), line(2, 'two')];
  t.equal(merged(read, []), read);
  t.strictSame(
    merged(read, [line(2, 'two'), line(3, 'three')]).map((one) => one.message),
    ['one', 'two', 'three'],
    'each once',
  );
  t.equal(merged([line(2.345, 'two')], [line(4, 'two')]).length, 1, 'also where its event bears a later time');
  t.equal(merged([line(2, 'two')], [line(3, 'two'), line(9, 'two')]).length, 2, 'what was said twice stays twice');
  t.equal(merged([line(2, 'two')], [line(2000, 'two')]).length, 2);
  t.strictSame(
    filtered([line(1, 'Alpha'), line(2, 'beta', 'I')], ['E'], 'ALPH').map((one) => one.wallMs),
    [1],
  );
  t.strictSame(cutAt('a (b) A', '(B)'), ['a ', '(b)', ' A']);
  t.strictSame(cutAt('abc', ' '), ['abc']);
  t.equal(nearest([line(100, 'a'), line(200, 'b'), line(200, 'c'), line(900, 'd')], 260)?.message, 'c');
  t.equal(nearest([], 1), null);
  const told = lineOf(
    event('log', {
      level: 'S',
      component: 'userplug',
      message: 'Script start_both > u.ulog',
      script: 'start_both',
      userlog: 'u.ulog',
    }),
    'farm',
    'n1',
  );
  t.equal(told === null ? null : userlogOf(told), 'u.ulog');
  t.equal(lineOf(event('log', { level: 'X', component: 'a', message: 'b' }), 'farm', 'n1'), null);
  t.equal(lineOf(event('log', { level: 'E', component: 'a', message: 'b' }), 'farm', 'n2'), null);
});

t.test('charts of histories', async (t) => {
  const at = (second: number): string => new Date(second * 1000).toISOString();
  const words = chartOf(
    [
      { value: 'init', at: at(0) },
      { value: 'up', at: at(5) },
      { value: 'down', at: at(8) },
    ],
    10_000,
    100,
    50,
  );
  t.strictSame(words, { steps: 'M0 25H50V0H80V50H100', levels: ['up', 'init', 'down'] });
  t.strictSame(
    chartOf(
      [
        { value: '50%', at: at(0) },
        { value: '100%', at: at(5) },
      ],
      10_000,
      100,
      50,
    ),
    { steps: 'M0 50H50V0H100', levels: ['100', '50'] },
  );
  t.strictSame(chartOf([], 1, 100, 50), { steps: '', levels: [] });
  t.equal(chartOf([{ value: 'up', at: at(0) }], 10_000, 100, 50).steps, 'M0 25H100');
});

t.test('a stream in pieces', async (t) => {
  const cut = createEventCutter();
  t.strictSame(cut(':\n\nid: 1.1\nevent: log\nda'), []);
  t.strictSame(cut('ta: {"a":1}\n\ndata: x\ndata: y\n\n:\n\n'), [
    { id: '1.1', type: 'log', data: '{"a":1}' },
    { id: null, type: 'message', data: 'x\ny' },
  ]);
});

t.test('the mosaic counts', async (t) => {
  t.strictSame(
    countTiles([{ kind: 'node', node: 'b' }, { kind: 'node', node: 'a' }, { kind: 'node', node: 'b' }, { kind: 'silent' }]),
    [
      { node: 'a', answers: 1, percent: 33 },
      { node: 'b', answers: 2, percent: 67 },
    ],
  );
  t.strictSame(countTiles([]), []);
  t.ok(isModuleName('farm'));
  t.notOk(isModuleName('../x'));
});
