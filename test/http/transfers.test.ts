import { mock } from 'node:test';
import t from 'tap';
import { createTransfers } from '../../src/http/transfers.js';

const piece = (text: string): Uint8Array => Buffer.from(text);
const done = { ok: true, value: null };
mock.timers.enable({ apis: ['setTimeout'] });
t.teardown(() => mock.timers.reset());

t.test('pieces in their order make the archive, once', async (t) => {
  const transfers = createTransfers();
  t.same(transfers.add('n2', 'a', 0, piece('one')), done);
  t.match(transfers.add('n2', 'a', 4, piece('x')), { ok: false, failure: { code: 'HTTP_BODY', message: /begins at 3/ } });
  t.match(transfers.add('n2', 'a', 0, piece('x')), { ok: false }, 'the first piece twice');
  t.same(transfers.add('n2', 'a', 3, piece('two')), done);
  t.match(transfers.take('n3', 'a'), { ok: false }, 'another node has no part in it');
  const taken = transfers.take('n2', 'a');
  t.equal(taken.ok ? Buffer.from(taken.value).toString() : '', 'onetwo');
  t.match(transfers.take('n2', 'a'), { ok: false, failure: { code: 'HTTP_BODY' } });
  transfers.close();
});

t.test('four at a time, and a minute after the last piece they are forgotten', async (t) => {
  const transfers = createTransfers();
  for (const id of ['a', 'b', 'c', 'd']) transfers.add('n2', id, 0, piece('x'));
  t.match(transfers.add('n2', 'e', 0, piece('x')), { ok: false, failure: { code: 'HTTP_BUSY' } });
  mock.timers.tick(59_000);
  t.same(transfers.add('n2', 'a', 1, piece('y')), done, 'this one goes on');
  mock.timers.tick(1_000);
  t.match(transfers.add('n2', 'b', 1, piece('y')), { ok: false, failure: { message: /not here/ } });
  t.same(transfers.add('n2', 'e', 0, piece('x')), done, 'there is room again');
  t.match(transfers.take('n2', 'a'), { ok: true });
  transfers.close();
  t.match(transfers.take('n2', 'e'), { ok: false }, 'closed');
});

t.test('64 MB is the most, and what was more is forgotten', async (t) => {
  const transfers = createTransfers();
  const half = new Uint8Array(32 * 1024 * 1024);
  transfers.add('n2', 'a', 0, half);
  t.same(transfers.add('n2', 'a', half.length, half), done);
  t.match(transfers.add('n2', 'a', 2 * half.length, piece('x')), { ok: false, failure: { code: 'HTTP_TOO_LARGE' } });
  t.match(transfers.take('n2', 'a'), { ok: false });
  transfers.close();
});
