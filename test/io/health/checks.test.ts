/** Each finding by what triggers it, and by what does not; the page that is made from the table. */
import { readFileSync } from 'node:fs';
import t from 'tap';
import type { HealthLevel } from '../../../src/actors/face-support.js';
import { evaluate, healthChecks, healthReference, reportText, worse } from '../../../src/io/health/checks.js';
import type { HealthFacts } from '../../../src/io/health/facts.js';
import { peerOf, wellFacts } from './facts.js';

type Case = readonly [check: string, level: HealthLevel, changes: Partial<HealthFacts>, seen: RegExp];
const gib = 1024 ** 3;
const [disk] = wellFacts.disks;
const [port] = wellFacts.ports;
const [reach] = wellFacts.reach;
if (disk === undefined || port === undefined || reach === undefined) throw new Error('the facts are incomplete');
const days = (count: number) => [{ path: '/c.crt', notAfterMs: wellFacts.nowMs + count * 86_400_000 + 1000 }];

const finding = { severity: 'warning', code: 'EXPIRES', message: 'It expires in 9 days.', remedy: 'Renew it.' } as const;
const expiring = { names: [], validTo: '', findings: [finding] };

const cases: readonly Case[] = [
  ['https', 'note', { https: null }, /HTTPS is off/],
  ['https', 'warning', { https: expiring }, /9 days/],
  ['https', 'error', { https: { ...expiring, findings: [{ ...finding, severity: 'error' }] } }, /9 days/],
  ['https', 'ok', {}, /valid for n1, 10.0.0.1 until 2026/],
  ['daemon', 'error', { daemonError: 'no socket' }, /no socket/],
  ['daemon.loop', 'note', { loopDelayMs: null }, /not measured/],
  ['daemon.loop', 'ok', { loopDelayMs: 200 }, /200 ms/],
  ['daemon.loop', 'warning', { loopDelayMs: 201 }, /201 ms/],
  ['daemon.loop', 'error', { loopDelayMs: 2_001 }, /2001 ms/],
  ['clock.synchronised', 'note', { clock: { synchronised: null, setByMs: 0 } }, /cannot be found out/],
  ['clock.synchronised', 'warning', { clock: { synchronised: false, setByMs: 0 } }, /not synchronised/],
  ['clock.set', 'note', { clock: { synchronised: true, setByMs: null } }, /not known/],
  ['clock.set', 'ok', { clock: { synchronised: true, setByMs: 1_000 } }, /1\.0 s/],
  ['clock.set', 'warning', { clock: { synchronised: true, setByMs: -3_600_000 } }, /-3600\.0 s/],
  ['disk.space', 'warning', { disks: [{ ...disk, freeBytes: 4.9 * gib }] }, /4\.9 GiB of 100\.0 GiB/],
  ['disk.space', 'warning', { disks: [{ ...disk, totalBytes: 4 * gib, freeBytes: gib / 4 }] }, /256 MiB/],
  ['disk.space', 'error', { disks: [{ ...disk, freeBytes: 0.9 * gib }] }, /922 MiB/],
  ['disk.inodes', 'warning', { disks: [{ ...disk, freeInodes: 49 }] }, /49 of 1000/],
  ['disk.inodes', 'error', { disks: [{ ...disk, freeInodes: 9 }] }, /9 of 1000/],
  ['disk.inodes', 'ok', { disks: [{ ...disk, inodes: 0, freeInodes: 0 }] }, /count no inodes/],
  ['disk.writable', 'error', { disks: [{ ...disk, writeError: 'EROFS' }] }, /EROFS/],
  ['disk.fsync', 'warning', { disks: [{ ...disk, fsyncMs: 101 }] }, /101 ms/],
  ['disk.fsync', 'error', { disks: [{ ...disk, fsyncMs: 1_001 }] }, /1001 ms/],
  ['disk.fsync', 'ok', { disks: [{ ...disk, fsyncMs: null }] }, /not measured/],
  ['logs.lost', 'note', { logLinesLost: null }, /not known/],
  ['logs.lost', 'warning', { logLinesLost: 1 }, /1 log lines/],
  ['machine', 'warning', { machine: { ...wellFacts.machine, availableBytes: 0.7 * gib } }, /717 MiB of 8\.0 GiB/],
  ['machine', 'warning', { machine: { ...wellFacts.machine, swapFreeBytes: gib / 10 } }, /102 MiB of it free/],
  [
    'machine',
    'note',
    { machine: { cores: 1, memoryBytes: gib, availableBytes: gib / 2, swapBytes: 0, swapFreeBytes: 0 } },
    /0 MiB swap/,
  ],
  ['machine', 'ok', { machine: { ...wellFacts.machine, swapBytes: 0, swapFreeBytes: 0 } }, /0 MiB swap/],
  ['limits.files', 'note', { openFiles: null }, /cannot be read/],
  ['limits.files', 'warning', { openFiles: { soft: 1024, inUse: 40 } }, /40 of 1024/],
  ['limits.files', 'warning', { openFiles: { soft: 65_536, inUse: 60_000 } }, /60000/],
  ['files.modes', 'error', { modes: [{ path: '/k', problem: 'can be read', remedy: 'chmod', secret: true }] }, /\/k can be read/],
  [
    'files.modes',
    'warning',
    { modes: [{ path: '/s', problem: 'can be changed', remedy: 'chmod', secret: false }] },
    /\/s can be changed/,
  ],
  ['scripts.executable', 'error', { notExecutable: [{ module: 'web', path: '/b/start_both' }] }, /start_both of module web/],
  ['tools', 'error', { missingTools: [{ tool: 'nft', neededBy: 'checker x' }] }, /nft is missing; checker x/],
  ['certificates', 'ok', { certificates: days(30) }, /30 more days/],
  ['certificates', 'warning', { certificates: days(29) }, /29 more days/],
  ['certificates', 'error', { certificates: days(-2) }, /ended 2 days ago/],
  ['cluster.members', 'warning', { peers: [{ ...peerOf(), facts: null, error: 'silent' }] }, /n2: silent/],
  ['cluster.members', 'ok', { peers: [] }, /no other node/],
  ['clock.skew', 'ok', { peers: [{ ...peerOf(), skewMs: 1_400, tookMs: 1_000 }] }, /1\.40 s ahead/],
  ['clock.skew', 'warning', { peers: [{ ...peerOf(), skewMs: -1_400 }] }, /1\.40 s behind/],
  ['clock.skew', 'error', { peers: [{ ...peerOf(), skewMs: 61_000 }] }, /61\.00 s/],
  ['clock.skew', 'ok', { peers: [{ ...peerOf(), facts: null, skewMs: null }] }, /no other node that answers/],
  ['versions', 'warning', { peers: [peerOf({ version: '0.9.0' })] }, /n2 has 0\.9\.0/],
  ['cluster.signature', 'note', { signature: null }, /no cluster configuration/],
  ['cluster.signature', 'error', { peers: [peerOf({ signature: 'bb' })] }, /n2 has another/],
  ['modules.signature', 'warning', { peers: [peerOf({ modules: [{ name: 'web', signature: 'm2' }] })] }, /web has another/],
  ['modules.signature', 'ok', { peers: [peerOf({ modules: [{ name: 'db', signature: 'm2' }] })] }, /the same/],
  ['ports', 'error', { ports: [{ ...port, ours: false }] }, /taken by node \(pid 7\)/],
  ['ports', 'error', { ports: [{ ...port, ours: false, holder: '?' }] }, /cannot be seen/],
  ['ports', 'error', { ports: [{ ...port, ours: false, holder: null }] }, /not listened on/],
  ['ports', 'note', { ports: [{ ...port, ours: false, wanted: false }] }, /is used by/],
  ['ports', 'ok', { ports: [{ ...port, ours: false, holder: null, wanted: false }] }, /is free/],
  ['reach', 'warning', { reach: [{ ...reach, udpHeard: false }] }, /no datagram comes from n2/],
  ['reach', 'warning', { reach: [{ ...reach, tcpError: 'ECONNREFUSED' }] }, /ECONNREFUSED/],
  ['reach', 'ok', { reach: [] }, /no other node/],
  ['firewall', 'note', { firewall: null }, /cannot be read/],
  ['firewall', 'error', { firewall: [{ what: 'udp', rule: 'drop', named: true }] }, /datagrams of the cluster/],
  ['firewall', 'warning', { firewall: [{ what: 'icmp', rule: 'policy', named: false }] }, /pings/],
  ['names', 'warning', { unresolved: [{ name: 'db.corp', usedBy: 'checker', error: 'ENOTFOUND' }] }, /db\.corp/],
];

t.test('all is well with a node on which all is well', async (t) => {
  const report = evaluate(wellFacts);
  t.equal(report.worst, 'ok');
  t.same(
    report.findings.filter(({ level }) => level !== 'ok'),
    [],
  );
  t.same(
    new Set(report.findings.map(({ check }) => check)),
    new Set(healthChecks.map(({ id }) => id)),
    'each check says something',
  );
});

t.test('each finding by its trigger', async (t) => {
  for (const [check, level, changes, seen] of cases) {
    const report = evaluate({ ...wellFacts, ...changes });
    const found = report.findings.find((one) => one.check === check && one.level === level && seen.test(one.seen));
    t.ok(
      found,
      `${check} ${level} ${seen}: ${report.findings.filter((one) => one.check === check).map((one) => `${one.level} ${one.seen}`)}`,
    );
    t.equal(found?.remedy === null, level === 'ok', `${check} says what to do`);
  }
  const tested = new Set(cases.filter(([, level]) => level !== 'ok').map(([check]) => check));
  t.same(
    healthChecks.filter(({ id }) => !tested.has(id)).map(({ id }) => id),
    [],
    'no check without a test of its trigger',
  );
});

t.test('the worst comes first, and is the verdict', async (t) => {
  const report = evaluate({ ...wellFacts, logLinesLost: 3, daemonError: 'gone' });
  t.equal(report.worst, 'error');
  t.same(
    report.findings.slice(0, 2).map(({ level }) => level),
    ['error', 'warning'],
  );
  t.equal(worse('note', 'warning'), 'warning');
  t.equal(worse('error', 'warning'), 'error');
  t.match(reportText(report), /error {4}daemon: .*gone\n.*\n {9}What to do: start it/);
});

t.test('the page is made from the table', async (t) => {
  t.equal(readFileSync('docs/healthcheck.md', 'utf8'), healthReference(), 'node scripts/generate-health-docs.mjs after a build');
});
