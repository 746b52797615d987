import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { Outcome } from '../../src/actors/face.js';
import { clusterIdOf } from '../../src/io/cluster-files.js';
import { createClusterStore } from '../../src/io/cluster-store.js';
import { rawZip } from './modules/zip-builder.js';

const xml = (second = '127.0.0.2'): string => `<cluster><lans port="4800"><lan name="default" command="on">
  <node name="n1" addr="127.0.0.1"/><node name="n2" addr="${second}"/></lan></lans></cluster>`;

const unwrap = <T>(outcome: Outcome<T>): T => {
  if (!outcome.ok)
    throw new Error(`${outcome.failure.code}: ${outcome.failure.message} ${JSON.stringify(outcome.failure.problems ?? [])}`);
  return outcome.value;
};
const codeOf = (outcome: Outcome<unknown>): string => (outcome.ok ? 'ok' : outcome.failure.code);

const open = (t: { teardown(work: () => unknown): unknown }) => {
  const safevar = mkdtempSync(join(tmpdir(), 'holdfast-cluster-'));
  t.teardown(() => rmSync(safevar, { recursive: true, force: true }));
  const problems: string[] = [];
  let wall = 1000;
  const options = { safevar, wallMs: () => (wall += 1000), onProblem: (reason: string) => void problems.push(reason) };
  return { store: createClusterStore(options), options, problems, dir: join(safevar, 'cluster') };
};

t.test('configure, keys and what is kept', async (t) => {
  const { store, options, dir, problems } = open(t);
  t.equal(await store.load(), null);
  t.equal(codeOf(await store.xml()), 'CONF_NONE');
  for (const outcome of [
    await store.configure(null, null),
    await store.generateKey(),
    await store.deleteKey(),
    await store.exportBundle(),
  ])
    t.equal(codeOf(outcome), 'CONF_NONE');

  const first = unwrap(await store.configure(xml(), null));
  t.match(first, { config: { nodes: ['n1', 'n2'], port: 4800 }, encrypted: true, locked: false, appliedWallMs: 2000 });
  t.match(first.keyHex, /^[0-9a-f]{64}$/);
  t.match(first.clusterId, /^[0-9a-f]{32}$/);
  t.match(first.signature, /^[0-9a-f]{64}$/);
  if (process.platform !== 'win32') {
    t.equal(statSync(join(dir, 'cluster.key')).mode & 0o777, 0o600);
    t.equal(statSync(dir).mode & 0o777, 0o700);
  }
  t.same(await createClusterStore(options).load(), first, 'the next daemon finds the same');
  t.equal(unwrap(await store.xml()), xml());

  const again = unwrap(await store.configure(null, null));
  t.equal(again.signature, first.signature, 'the same configuration');
  t.not(again.keyHex, first.keyHex, 'and a new key');
  t.not(again.clusterId, first.clusterId, 'so that nodes with the old one are strangers');
  unwrap(await store.generateKey());
  const generated = await store.load();
  t.not(generated?.keyHex, again.keyHex);
  t.equal(generated?.appliedWallMs, again.appliedWallMs);
  unwrap(await store.deleteKey());
  t.match(await store.load(), { encrypted: false, keyHex: null, signature: first.signature });
  t.notOk(existsSync(join(dir, 'cluster.key')));
  unwrap(await store.deconfigure());
  t.equal(await store.load(), null);
  t.notOk(existsSync(dir));
  unwrap(await store.deconfigure());
  t.same(problems, []);
});

t.test('an old key is never taken for longer than the key that came after it', async (t) => {
  const { store, options } = open(t);
  const hourMs = 3_600_000;
  const [first] = [unwrap(await store.configure(xml(), null))];
  unwrap(await store.generateKey(hourMs));
  const ends = async (): Promise<readonly number[]> =>
    ((await store.load())?.older ?? []).map(({ acceptedUntilWallMs }) => acceptedUntilWallMs - options.wallMs());
  t.equal((await store.load())?.older[0]?.keyHex, first.keyHex);
  const [long = 0] = await ends();
  t.ok(long > hourMs - 60_000);
  // The first was stolen, and that is found out within the hour.
  unwrap(await store.generateKey(15_000));
  t.equal((await ends()).length, 2);
  t.ok(
    (await ends()).every((one) => one < 15_000),
    'both end within 15 s',
  );
  unwrap(await store.generateKey(hourMs));
  const [newest = 0, ...before] = await ends();
  t.ok(newest > hourMs - 60_000);
  t.ok(
    before.every((one) => one < 15_000),
    'and no later key gives them more time',
  );
});

t.test('a configuration with errors changes nothing', async (t) => {
  const { store } = open(t);
  const first = unwrap(await store.configure(xml(), null));
  const bad =
    '<cluster><lans><lan name="default"><node name="n1" addr="127.0.0.1"/><node name="n1" addr="127.0.0.2"/></lan></lans></cluster>';
  const refused = await store.configure(bad, null);
  t.match(refused, {
    ok: false,
    failure: { code: 'CONF_INVALID', message: /^cluster.xml has \d+ errors?\.$/, problems: [{ file: 'cluster.xml', line: 1 }] },
  });
  t.equal(codeOf(store.check(bad)), 'CONF_INVALID');
  t.equal(codeOf(store.parse(bad)), 'CONF_INVALID');
  t.same(unwrap(store.parse(xml())), first.config);
  t.same(unwrap(store.check(xml())).config, first.config);
  t.same(await store.load(), first);
});

t.test('signatures: of what it means, not of how it is written', async (t) => {
  const { store } = open(t);
  const first = unwrap(await store.configure(xml(), null));
  const rewritten = unwrap(
    await store.configure(
      `<!-- comment -->\n${xml().replace('name="n1" addr="127.0.0.1"', 'addr="127.0.0.1"   name="n1"')}`,
      null,
    ),
  );
  t.equal(rewritten.signature, first.signature);
  t.not(unwrap(await store.configure(xml('127.0.0.3'), null)).signature, first.signature);
  t.equal(clusterIdOf(null, 'a').length, 32);
  t.not(clusterIdOf(null, 'a'), clusterIdOf(null, 'b'));
  t.equal(clusterIdOf('00'.repeat(32), 'a'), clusterIdOf('00'.repeat(32), 'b'), 'with a key the key decides');
});

t.test('the lock', async (t) => {
  const { store } = open(t);
  t.equal(unwrap(await store.configure(xml(), 'lock')).locked, true);
  const bundle = unwrap(await store.exportBundle());
  for (const outcome of [
    await store.configure(xml(), null),
    await store.configure(null, 'lock'),
    await store.generateKey(),
    await store.deleteKey(),
    await store.importBundle(bundle),
    await store.deconfigure(),
  ])
    t.equal(codeOf(outcome), 'CONF_LOCKED');
  t.equal(unwrap(await store.configure(null, 'unlock')).locked, false);
  t.equal(codeOf(await store.generateKey()), 'ok');
});

t.test('a bundle takes configuration and key to another node', async (t) => {
  const { store } = open(t);
  const first = unwrap(await store.configure(xml(), null));
  const bundle = unwrap(await store.exportBundle());
  const other = open(t).store;
  const there = unwrap(await other.importBundle(bundle));
  t.same([there.signature, there.keyHex, there.clusterId], [first.signature, first.keyHex, first.clusterId]);
  unwrap(await store.deleteKey());
  t.equal(unwrap(await other.importBundle(unwrap(await store.exportBundle()))).encrypted, false, 'also the absence of a key');

  const key = { name: 'cluster.key', data: 'a'.repeat(64) };
  for (const [what, archive] of [
    ['no zip', Buffer.from('x')],
    ['no XML', rawZip([key])],
    [
      'another file',
      rawZip([
        { name: 'cluster.xml', data: xml() },
        { name: '../evil', data: 'x' },
      ]),
    ],
    [
      'a damaged key',
      rawZip([
        { name: 'cluster.xml', data: xml() },
        { ...key, data: 'short' },
      ]),
    ],
    ['a link', rawZip([{ name: 'cluster.xml', data: '/etc/passwd', mode: 0o120777 }])],
    ['a bomb', rawZip([{ name: 'cluster.xml', data: Buffer.alloc(3 * 1024 * 1024), deflate: true }])],
  ] as const)
    t.equal(codeOf(await other.importBundle(archive)), 'MODULE_ARCHIVE', what);
  t.equal(codeOf(await other.importBundle(rawZip([{ name: 'cluster.xml', data: '<cluster' }]))), 'CONF_INVALID');
  t.equal(
    codeOf(await other.importBundle(rawZip([{ name: 'cluster.xml', data: xml() }, { name: 'cluster_ip.xml', data: '' }, key]))),
    'ok',
  );
});

t.test('damage on disk', async (t) => {
  const { store, options, dir, problems } = open(t);
  const first = unwrap(await store.configure(xml(), 'lock'));
  writeFileSync(join(dir, 'cluster.key'), 'garbage');
  t.equal(await store.load(), null, 'a damaged key is not taken for none: that would speak in the clear');
  t.match(problems.at(-1), /cluster.key is damaged/);
  writeFileSync(join(dir, 'cluster.key'), `${first.keyHex}\n`);
  for (const meta of ['', '{', 'null', '{"version":2}', '{"version":1,"locked":1}', '{"version":1,"locked":true}']) {
    writeFileSync(join(dir, 'cluster.json'), meta);
    t.match(await store.load(), { locked: false, keyHex: first.keyHex });
  }
  unlinkSync(join(dir, 'cluster.json'));
  t.match(await store.load(), { signature: first.signature });
  writeFileSync(join(dir, 'cluster.xml'), '<clus');
  t.equal(await store.load(), null);
  t.match(problems.at(-1), /cannot be read/);
  t.equal(codeOf(await store.configure(xml(), null)), 'ok', 'a new one can be applied over it');
  writeFileSync(join(dir, 'cluster.key'), 'garbage');
  t.equal(codeOf(await store.configure(xml(), null)), 'ok');

  const good = await store.load();
  renameSync(dir, join(options.safevar, '.cluster.old'));
  mkdirSync(join(options.safevar, '.cluster.new'));
  mkdirSync(join(options.safevar, '.other.new'));
  t.same(await createClusterStore(options).load(), good, 'a crash between the two renames');
  t.same(readdirSync(options.safevar).sort(), ['.other.new', 'cluster'], 'and only what is ours is tidied up');
  t.match(readFileSync(join(dir, 'cluster.key'), 'utf8'), /^[0-9a-f]{64}\n$/);
});

t.test('changes at the same time run one after the other', async (t) => {
  const { store } = open(t);
  unwrap(await store.configure(xml(), null));
  const all = await Promise.all([
    store.generateKey(),
    store.configure(xml('127.0.0.3'), null),
    store.deleteKey(),
    store.configure(null, null),
    store.exportBundle(),
  ]);
  t.same(all.map(codeOf), ['ok', 'ok', 'ok', 'ok', 'ok']);
  t.match(await store.load(), { encrypted: true, config: { lans: [{ nodes: [{}, { addr: '127.0.0.3' }] }] } });
});
