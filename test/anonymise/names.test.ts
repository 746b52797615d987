/** What is found and replaced: the same by the same, and nothing twice. */
import t from 'tap';
import { findIn } from '../../src/anonymise/finding.js';
import { Names } from '../../src/anonymise/names.js';

const kinds = (text: string) => findIn(text).map(({ kind, text: one }) => `${kind} ${one}`);

t.test('what is found', async (t) => {
  t.same(kinds('from 192.168.1.7:9010 to [fe80::1]:80'), ['ipv4 192.168.1.7', 'ipv6 fe80::1']);
  t.same(kinds('at 14:22:33 and 2026-01-31T14:22:33.123Z, version 1.2.3'), []);
  t.same(kinds('127.0.0.1 ::1 255.255.255.0 0.0.0.0'), [], 'says nothing about anybody');
  t.same(kinds('mail ops@corp.example.com'), ['mail ops@corp.example.com']);
  t.same(kinds('db.corp.local https://web.acme.de/x'), ['domain db.corp.local', 'domain web.acme.de']);
  t.same(kinds('userconfig.xml log.txt start.sh main.js proc.web tcp.de run.py'), []);
  t.same(kinds('52:54:00:12:34:56'), ['mac 52:54:00:12:34:56']);
});

t.test('what it becomes', async (t) => {
  const names = new Names();
  names.add('word', ['Acme']);
  names.add('node', ['srv-b', 'srv-a']);
  names.add('host', ['srv-a.corp.local', 'srv-a']);
  names.add('user', ['root', 'jane']);
  t.equal(names.replace('srv-a SRV-B jane root acme'), 'node1 node2 user1 root word1', 'in the order of their names');
  t.equal(names.replace('snapshot_srv-a_web.zip'), 'snapshot_node1_web.zip');
  t.equal(names.replace('srv-ab'), 'srv-ab', 'whole words');
  const [first, second, third] = names.replace('192.168.1.7 192.168.1.9 10.1.1.1').split(' ');
  t.equal(names.replace('192.168.1.7'), first, 'the same by the same');
  t.equal(first?.split('.').slice(0, 3).join('.'), second?.split('.').slice(0, 3).join('.'), 'one network stays one');
  t.not(third?.split('.').slice(0, 3).join('.'), first?.split('.').slice(0, 3).join('.'));
  t.equal(names.replace('fe80::a2 2a01::5'), 'fe80::1 2001:db8::2');
  t.same(names.json({ 'srv-a': ['srv-b'], k: 'srv-a' }, new Set(['k'])), { node1: ['node2'], k: 'srv-a' });
  t.ok(names.size > 5);
});
