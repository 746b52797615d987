import t from 'tap';
import { createRefusedBook, refusalText } from '../../src/actors/refused-book.js';

const sender = { node: 'n2', address: '10.0.0.2', reason: 'otherCluster', by: 'datagram' } as const;
const book = () => {
  let nowMs = 0;
  const made = createRefusedBook({ monotonicMs: () => nowMs, wallMs: () => 1_700_000_000_000 + nowMs });
  return { ...made, pass: (ms: number) => (nowMs += ms) };
};

t.test('the same sender is told once a minute, and counted each time', async (t) => {
  const { note, list, pass } = book();
  t.equal(note(sender, 3), true, 'it is new');
  pass(59_999);
  t.equal(note(sender, 2), false);
  pass(1);
  t.equal(note(sender, 1), true, 'a minute after it was last told, not after it was last seen');
  t.same(list(), [{ ...sender, count: 6, at: '2023-11-14T22:14:20.000Z' }]);
  t.equal(note({ ...sender, reason: 'oldKey' }, 1), true, 'another reason is another matter');
  t.equal(note({ ...sender, by: 'request' }, 1), true, 'and so is another way');
});

t.test('what has not been seen for ten minutes is over', async (t) => {
  const { note, list, pass } = book();
  note(sender, 1);
  pass(599_999);
  t.equal(list().length, 1);
  pass(1);
  t.same(list(), []);
});

t.test('strangers cannot fill the memory: 64 are kept, those that were seen last', async (t) => {
  const { note, list } = book();
  const of = (index: number) => ({ ...sender, node: null, address: `192.0.2.${index}` });
  for (let index = 0; index < 64; index += 1) note(of(index), 1);
  note(of(0), 1);
  note(of(64), 1);
  const shown = list().map(({ address }) => address);
  t.equal(shown.length, 64);
  t.ok(shown.includes('192.0.2.0'), 'it was seen again');
  t.notOk(shown.includes('192.0.2.1'), 'it was seen the longest ago');
});

t.test('why it is refused says what to do', async (t) => {
  t.match(
    refusalText({ reason: 'oldKey', by: 'request' }),
    /^its request is sealed with a key that was replaced.*cluster config/,
  );
  t.match(refusalText({ reason: 'noKey', by: 'datagram' }), /^its datagrams are not sealed/);
  t.match(refusalText({ reason: 'otherCluster', by: 'datagram' }), /another cluster/);
});
