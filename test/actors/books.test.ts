import t from 'tap';
import { actionsKept, createActionBook } from '../../src/actors/action-book.js';
import { within } from '../../src/actors/bounded.js';
import { createEventRing } from '../../src/actors/event-ring.js';
import { createResourceBook, historyLength, resourceLimit } from '../../src/actors/resource-book.js';
import { createVirtualClock } from '../helpers/virtual-clock.js';

const event = (type: string) => ({ node: 'n1', module: 'm', type, at: '', atMs: 0, cause: null, data: {} });
const types = (page: { readonly items: readonly { readonly type: string }[] }): readonly string[] =>
  page.items.map((one) => one.type);

t.test('the ring hands out what came after an id, and says when that is not all', async (t) => {
  const ring = createEventRing(7, 3);
  t.same(ring.read(null), { items: [], lost: false, next: '7.0' });
  t.equal(ring.append(event('a')), '7.1');
  ring.append(event('b'));
  t.same(types(ring.read('7.1')), ['b']);
  t.same(types(ring.read('7.0')), ['a', 'b']);
  t.same(types(ring.read('7.2')), []);
  t.equal(ring.read('7.2').next, '7.2');
  ring.append(event('c'));
  ring.append(event('d'));
  t.same(types(ring.read(null)), ['b', 'c', 'd']);
  t.equal(ring.read(null).lost, true);
  t.same(
    [types(ring.read('7.1')), ring.read('7.1').lost],
    [['b', 'c', 'd'], false],
    'the first that is kept is the one after it',
  );
  for (const since of ['7.0', '6.2', '7.9', 'nonsense', '', '7']) {
    t.equal(ring.read(since).lost, true, `since ${since}`);
    t.same(types(ring.read(since)), ['b', 'c', 'd']);
  }
});

t.test('the ring keeps what it should over many events', async (t) => {
  const ring = createEventRing(1, 10);
  for (let count = 0; count < 5_000; count += 1) ring.append(event(String(count)));
  t.same(types(ring.read(null)), ['4990', '4991', '4992', '4993', '4994', '4995', '4996', '4997', '4998', '4999']);
  t.same(types(ring.read('1.4998')), ['4998', '4999']);
});

t.test('subscribers hear each event until they close, also while others do', async (t) => {
  const ring = createEventRing(1);
  const heard: string[] = [];
  const first = ring.subscribe(({ id }) => {
    heard.push(`first ${id}`);
    first.close();
  });
  ring.subscribe(({ id }) => heard.push(`second ${id}`));
  ring.append(event('a'));
  ring.append(event('b'));
  t.same(heard, ['first 1.1', 'second 1.1', 'second 1.2']);
});

t.test('actions: opened, ended, and the oldest forgotten', async (t) => {
  const book = createActionBook(3);
  const running = book.open('stop', 'm', 'n1', 'now', 'running', '', null);
  t.match(running, { id: '3-1', done: false });
  const refused = book.open('restart', 'm', 'n1', 'now', 'refused', 'because', 'MODULE_STATE');
  t.match(refused, { done: true, nodes: [{ state: 'refused', code: 'MODULE_STATE' }] });
  book.end('3-1', 'done', 'STOP (NotReady)');
  t.match(book.get('3-1'), { done: true, nodes: [{ node: 'n1', state: 'done', message: 'STOP (NotReady)' }] });
  book.end('3-99', 'done', '');
  t.equal(book.get('3-99'), null);
  for (let count = 0; count < actionsKept; count += 1) book.open('stop', 'm', 'n1', 'now', 'already', '', null);
  t.equal(book.get('3-1'), null);
  t.equal(book.get('3-2'), null);
  t.ok(book.get('3-3'));
});

t.test('resources: the last value, a bounded history, a bounded number', async (t) => {
  const book = createResourceBook();
  const set = (name: string, value: string): boolean => book.set({ name, value, by: 'x', at: '', atMs: 0 });
  set('b.x', 'up');
  set('a.x', 'init');
  set('a.x', 'down');
  t.same(
    book.list().map(({ name, value }) => [name, value]),
    [
      ['a.x', 'down'],
      ['b.x', 'up'],
    ],
  );
  t.equal(book.history('c.x'), null);
  for (let count = 0; count < historyLength + 5; count += 1) set('a.x', String(count));
  t.equal(book.history('a.x')?.length, historyLength);
  t.equal(book.history('a.x')?.[0]?.value, '5');
  for (let count = 2; count < resourceLimit; count += 1) t.ok(set(`n.${count}`, 'up'));
  t.equal(set('one.more', 'up'), false);
  t.equal(set('a.x', 'up'), true, 'those that are there go on');
});

t.test('a promise within its time, too late, and failed', async (t) => {
  const clock = createVirtualClock();
  t.equal(await within(clock, 1_000, Promise.resolve()), true);
  t.equal(await within(clock, 1_000, Promise.reject(new Error('x'))), false);
  t.equal(clock.pending(), 0);
  const late = within(clock, 1_000, new Promise(() => undefined));
  await clock.advance(1_000);
  t.equal(await late, false);
});
