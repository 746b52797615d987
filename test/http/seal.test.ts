import fc from 'fast-check';
import t from 'tap';
import { createSealer, replayWindow, type SealedMessage, type Sealer, type SealKeys } from '../../src/http/seal.js';
import { createMessageSeal } from '../../src/io/seal-keys.js';

const box = createMessageSeal('00112233445566778899aabbccddeeff');
const keys = (self: string, bootEpoch = 1): SealKeys => ({
  ...{ self, bootEpoch, peers: ['n1', 'n2', 'n3'].filter((node) => node !== self).map((node) => ({ node, addresses: [] })) },
  ...box,
});
const request = {
  ...{ method: 'GET', path: '/api/v1/cluster', headers: { accept: 'x' }, body: Buffer.from('body') },
  ...{ caller: { who: 'root', identity: 'errd' }, role: 'admin' as const },
};
/** A pair that knows each other's run already. */
function pair(): { readonly sender: Sealer; readonly receiver: Sealer; send(epoch?: number): SealedMessage } {
  const sender = createSealer('run1');
  const receiver = createSealer('run2');
  const hello = sender.request(keys('n1'), 'n2', request);
  const opened = receiver.open(keys('n2'), hello.bytes);
  if (opened.kind !== 'otherRun') throw new Error(opened.kind);
  t.equal(hello.read(opened.reply).kind, 'otherRun');
  return { sender, receiver, send: (epoch = 1) => sender.request(keys('n1', epoch), 'n2', request) };
}
const kindOf = (receiver: Sealer, bytes: Uint8Array): string => receiver.open(keys('n2'), bytes).kind;

t.test('what is sealed comes out as it went in, and so does the answer', (t) => {
  const { receiver, send } = pair();
  const message = send();
  const opened = receiver.open(keys('n2'), message.bytes);
  if (opened.kind !== 'request') throw new Error(opened.kind);
  t.equal(opened.from, 'n1');
  t.match(opened.request, { ...request, body: Buffer.from('body') });
  const sealed = opened.answer({ status: 201, headers: { etag: '"x"' }, body: Buffer.from('made') });
  const answer = message.read(sealed);
  if (answer.kind !== 'answer') throw new Error(answer.kind);
  t.match(answer.answer, { status: 201, headers: { etag: '"x"' } });
  t.equal(Buffer.from(answer.answer.body).toString(), 'made');
  t.equal(send().read(sealed).kind, 'refused', 'an answer to another question');
  t.equal(message.read(message.bytes).kind, 'refused', 'a question is no answer');
  t.equal(receiver.open(keys('n2'), sealed).kind, 'refused', 'an answer is no question');
  t.end();
});

t.test('after a restart of the receiver nothing recorded before is of use', (t) => {
  const { sender, send } = pair();
  const recorded = send();
  const restarted = createSealer('run3');
  const opened = restarted.open(keys('n2', 2), recorded.bytes);
  if (opened.kind !== 'otherRun') throw new Error(opened.kind);
  t.equal(recorded.read(opened.reply).kind, 'otherRun');
  t.equal(restarted.open(keys('n2', 2), recorded.bytes).kind, 'otherRun', 'again and again');
  t.equal(restarted.open(keys('n2', 2), sender.request(keys('n1'), 'n2', request).bytes).kind, 'request');
  t.end();
});

t.test('each counter once, in any order within the window; older epochs never again', (t) => {
  const { receiver, send } = pair();
  const messages = Array.from({ length: replayWindow + 10 }, () => send().bytes);
  const [oldest, second] = messages;
  const newest = messages.at(-1);
  const inside = messages.at(-5);
  if (!oldest || !second || !newest || !inside) throw new Error('messages');
  t.equal(kindOf(receiver, second), 'request');
  t.equal(kindOf(receiver, newest), 'request');
  t.equal(kindOf(receiver, inside), 'request', 'late, but within the window');
  t.equal(kindOf(receiver, inside), 'refused', 'twice');
  t.equal(kindOf(receiver, oldest), 'refused', 'too late');
  t.equal(kindOf(receiver, send(2).bytes), 'request', 'the sender was restarted');
  t.equal(kindOf(receiver, send(1).bytes), 'refused', 'its earlier run is over');
  t.equal(kindOf(receiver, send(2).bytes), 'request');
  t.end();
});

t.test('a key that was taken until a moment ago is refused, and nobody is named for it', (t) => {
  const { receiver, send } = pair();
  let [accepted, lately] = [true, true];
  const next = createMessageSeal('ffeeddccbbaa99887766554433221100');
  const old = { ...box, id: 'old', accepted: () => accepted, lately: () => lately };
  const open = () => receiver.open({ ...keys('n2'), ...next, id: 'new', older: [old] }, send().bytes);
  t.match(open(), { kind: 'request', from: 'n1' });
  accepted = false;
  const shortly = open();
  t.equal(shortly.kind, 'refused');
  t.match(shortly, { why: 'lateKey' });
  t.notOk('from' in shortly, 'its sender may have the present key as well');
  lately = false;
  t.match(open(), { kind: 'refused', why: 'oldKey', from: 'n1' });
  t.end();
});

t.test('no change of a single bit is accepted', (t) => {
  const { receiver, send } = pair();
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 0, max: 7 }), (at, bit) => {
      const changed = Buffer.from(send().bytes);
      const index = at % changed.length;
      changed.writeUInt8(changed.readUInt8(index) ^ (1 << bit), index);
      return kindOf(receiver, changed) === 'refused';
    }),
    { numRuns: 500 },
  );
  t.end();
});

t.test('what holds the key but not the form is refused', (t) => {
  const receiver = createSealer('run2');
  const aad = Buffer.from('holdfast/http/request/1');
  const pack = (head: string, claimed = Buffer.byteLength(head)): Uint8Array => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(claimed);
    return box.seal(Buffer.concat([length, Buffer.from(head)]), aad);
  };
  const head = {
    from: 'n1',
    to: 'n2',
    toRun: 'run2',
    epoch: 1,
    counter: 1,
    method: 'GET',
    path: '/',
    headers: {},
    caller: { who: 'x' },
    role: 'admin',
  };
  const cases: readonly (readonly [string, Uint8Array])[] = [
    ['empty', box.seal(new Uint8Array(), aad)],
    ['no JSON', pack('{')],
    ['a list', pack('[]')],
    ['a length beyond the end', pack('{}', 50)],
    ['a head too long', pack(JSON.stringify({ ...head, path: 'x'.repeat(70_000) }))],
    ...(['from', 'to', 'epoch', 'counter', 'method', 'path', 'headers', 'caller', 'role'] as const).map(
      (name, index) => [name, pack(JSON.stringify({ ...head, counter: index + 10, [name]: null }))] as const,
    ),
    ['a counter that is no integer', pack(JSON.stringify({ ...head, counter: 1.5 }))],
    ['headers that are no texts', pack(JSON.stringify({ ...head, counter: 40, headers: { a: 1 } }))],
    ['a way that there is not', pack(JSON.stringify({ ...head, counter: 41, role: 'root' }))],
  ];
  for (const [what, bytes] of cases) t.equal(kindOf(receiver, bytes), 'refused', what);
  t.equal(kindOf(receiver, pack(JSON.stringify({ ...head, counter: 50 }))), 'request', 'the same, whole');
  t.end();
});
