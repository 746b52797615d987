import { hkdfSync } from 'node:crypto';
import t from 'tap';
import { deriveKey } from '../../src/io/keys.js';

const key = '0b'.repeat(32);

t.test('keys of different uses and contexts have nothing in common', async (t) => {
  const keys = [
    deriveKey(key, 'udp', 'a'),
    deriveKey(key, 'udp', 'b'),
    deriveKey(key, 'http', 'a'),
    deriveKey('0c'.repeat(32), 'udp', 'a'),
  ];
  t.equal(new Set(keys.map((one) => one.toString('hex'))).size, 4);
  t.same(deriveKey(key, 'udp', 'a'), deriveKey(key.toUpperCase(), 'udp', 'a'));
  t.equal(deriveKey(key, 'udp-key-id', '', 4).length, 4);
});

t.test('they are HKDF-SHA256 of the cluster key', async (t) => {
  const expected = Buffer.from(hkdfSync('sha256', Buffer.from(key, 'hex'), 'holdfast cluster key v1', 'http\0n1', 32));
  t.same(deriveKey(key, 'http', 'n1'), expected);
  t.equal(deriveKey(key, 'http', 'n1').toString('hex'), expected.toString('hex'));
});

t.test('what is no key is refused', async (t) => {
  for (const bad of ['', '0b', 'zz'.repeat(32), '0b'.repeat(15), '0b'.repeat(65), `${key}0`])
    t.throws(() => deriveKey(bad, 'udp', ''), TypeError);
});
