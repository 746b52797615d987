/** The agent and its traps as Net-SNMP's own tools see them, by the names of conf/snmp/HOLDFAST-MIB.txt. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { createEventRing, type EventRing } from '../../../src/actors/event-ring.js';
import type { ModuleNodeStatus, ModuleSummary, NodeFace, Resource } from '../../../src/actors/face.js';
import { engineIdOf } from '../../../src/io/snmp/agent.js';
import { readSnmpConfig } from '../../../src/io/snmp/config.js';
import { createResourceNumbers, display, moduleRow, mostRows, rowsOf } from '../../../src/io/snmp/rows.js';
import { createSnmp } from '../../../src/io/snmp/snmp.js';
import { fakeFace, status } from '../../http/fake-face.js';
import { secretFile } from '../notify/certificates.js';
import { inbox, soon } from '../notify/support.js';

t.setTimeout(90_000);
const root = fileURLToPath(new URL('../../../', import.meta.url));
const baseMibs = join(root, 'node_modules/net-snmp/lib/mibs');
const mibs = ['-M', `${join(root, 'conf/snmp')}:${baseMibs}`, '-m', 'HOLDFAST-MIB'];
const has = (tool: string): boolean => spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0;
const noSnmp = has('snmpwalk') ? false : "snmpwalk (Debian's snmp package) is not installed here";
const noTrapd = has('snmptrapd') ? false : "snmptrapd (Debian's snmptrapd package) is not installed here";
const noLint = has('smilint') ? false : "smilint (Debian's smitools package) is not installed here";
const [community, authKey, privKey] = ['c0mmunity', 'auth-passphrase-1', 'priv-passphrase-2'];

async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}
interface Ran {
  readonly code: number | null;
  readonly out: string;
}
function run(tool: string, args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(tool, [...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 20_000,
      env: { PATH: process.env['PATH'] ?? '', MIBS: '' },
    });
    let out = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        out += String(chunk);
      });
    child.once('close', (code) => resolve({ code, out }));
  });
}

interface Scene {
  readonly ring: EventRing;
  readonly lines: string[];
  readonly port: number;
  readonly dir: string;
  readonly resources: Resource[];
  readonly states: Map<string, ModuleNodeStatus>;
  emit(module: string | null, type: string, data?: Readonly<Record<string, unknown>>): void;
  /** Writes snmp.json and reads it. */
  load(settings: Readonly<Record<string, unknown>>): Promise<void>;
  walk(...args: readonly string[]): Promise<Ran>;
}
async function scene(t: Test): Promise<Scene> {
  const dir = t.testdir({});
  const safevar = join(dir, 'var');
  mkdirSync(safevar);
  const ring = createEventRing(7);
  const lines: string[] = [];
  const resources: Resource[] = [
    { name: 'tcp.db', value: 'up', at: '2026-01-01T00:00:00.000Z', atMs: 0, by: 'x' },
    { name: 'custom.load', value: '17 %', at: '2026-01-01T00:00:00.000Z', atMs: 0, by: 'x' },
  ];
  const states = new Map([
    ['farm', status('farm', 'n1')],
    [
      'db',
      {
        ...status('db', 'n1'),
        state: 'STOP',
        quality: 'NotReady',
        ready: false,
        reason: 'stop called by root – done',
        share: 0,
      } as const,
    ],
  ] satisfies readonly (readonly [string, ModuleNodeStatus])[]);
  const modules = (): readonly ModuleSummary[] =>
    [...states].map(([name, one], index) => ({
      ...{ name, id: index * 4 + 3, mode: 'farm', configured: true, signature: null, appliedAt: null },
      nodes: [one],
    }));
  const face: NodeFace = {
    ...fakeFace({ nodes: ['n1', 'n2'] }),
    subscribe: (onEvent) => ring.subscribe(onEvent),
    modules,
    module: (name) => modules().find((one) => one.name === name) ?? null,
    resources: (module) => (module === 'farm' ? resources : null),
  };
  const snmp = createSnmp({
    ...{ safevar, version: '0.1.0', epoch: 1_790_000_000, monotonicMs: () => performance.now() },
    log: (line) => void lines.push(`${line.level} ${line.message}`),
  });
  t.teardown(() => snmp.close());
  const port = await freePort();
  return {
    ...{ ring, lines, port, dir, resources, states },
    emit: (module, type, data = {}) => void ring.append({ node: 'n1', module, type, at: '', atMs: 0, cause: null, data }),
    load: async (settings) => {
      writeFileSync(join(safevar, 'snmp.json'), JSON.stringify({ port, ...settings }));
      await snmp.load(face);
    },
    walk: (...args) => run('snmpbulkwalk', [...mibs, '-r', '1', '-t', '2', ...args, `127.0.0.1:${port}`, 'hfObjects']),
  };
}
const users = (dir: string) => [
  { name: 'monitor', authFile: secretFile(dir, 'auth', authKey), privFile: secretFile(dir, 'priv', privKey) },
];
/** Without the end of the tree, which walkers show in their own ways. */
const rows = ({ out }: Ran): string =>
  out
    .split('\n')
    .filter((line) => !line.includes('No more variables'))
    .join('\n');
const secure = ['-v3', '-l', 'authPriv', '-u', 'monitor', '-a', 'SHA-256', '-A', authKey, '-x', 'AES', '-X', privKey];

t.test('smilint finds nothing wrong with the MIB', { skip: noLint }, async (t) => {
  const preload = ['SNMPv2-SMI', 'SNMPv2-TC', 'SNMPv2-CONF'].flatMap((name) => ['-p', join(baseMibs, `${name}.mib`)]);
  const { code, out } = await run('smilint', ['-l', '6', '-s', ...preload, join(root, 'conf/snmp/HOLDFAST-MIB.txt')]);
  // The library's copies of the standard modules are not quite clean; ours must be.
  t.same([code, out.split('\n').filter((line) => line.includes('HOLDFAST-MIB'))], [0, []]);
  const broken = join(t.testdir({}), 'BROKEN-MIB.txt');
  writeFileSync(broken, readFileSync(join(root, 'conf/snmp/HOLDFAST-MIB.txt'), 'utf8').replace('INDEX       { hfModuleId }', ''));
  t.match((await run('smilint', ['-l', '6', '-s', ...preload, broken])).out, /BROKEN-MIB/, 'it would have said so');
});

t.test('the tables, by SNMPv2c, follow what happens', { skip: noSnmp }, async (t) => {
  const { load, walk, dir, emit, resources, states, lines, port } = await scene(t);
  await load({ communityFile: secretFile(dir, 'community', community) });
  t.match(lines, [new RegExp(`^I SNMP agent listens on 127\\.0\\.0\\.1:${port}, engine 0x80007ed905[0-9a-f]{16}$`)]);
  const first = await walk('-v2c', '-c', community);
  t.equal(first.code, 0, first.out);
  t.matchSnapshot(rows(first));

  states.set('farm', { ...status('farm', 'n1'), state: 'WAIT', quality: 'NotReady', ready: false, reason: 'tcp.db is down' });
  states.delete('db');
  resources.shift();
  resources.push({ name: 'ip.vip', value: 'down', at: '2026-01-01T00:00:00.000Z', atMs: 0, by: 'x' });
  emit('farm', 'module.state', { state: 'WAIT', quality: 'NotReady' });
  emit('farm', 'resource.changed', { name: 'ip.vip', value: 'down' });
  await new Promise((resolve) => setImmediate(resolve));
  t.matchSnapshot(rows(await walk('-v2c', '-c', community)));

  states.clear();
  emit('farm', 'module.state');
  await new Promise((resolve) => setImmediate(resolve));
  const empty = await walk('-v2c', '-c', community);
  t.match(empty.out, /hfNodeModules\.0 = Gauge32: 0/);
  t.notMatch(empty.out, /hfModuleName|hfResourceName/);
  states.set('new', status('new', 'n1'));
  emit('new', 'module.state', { state: 'UP', quality: 'Ready' });
  await new Promise((resolve) => setImmediate(resolve));
  t.match((await walk('-v2c', '-c', community)).out, /hfModuleName\.3 = STRING: new/);
});

t.test('SNMPv3 with authentication and encryption; nobody else is answered', { skip: noSnmp }, async (t) => {
  const { load, walk, dir, lines } = await scene(t);
  await load({ users: users(dir) });
  const good = await walk(...secure);
  t.equal(good.code, 0, good.out);
  t.match(good.out, /hfModuleName\.3 = STRING: farm/);
  for (const args of [
    ['-v2c', '-c', community],
    ['-v2c', '-c', 'public'],
    ['-v3', '-l', 'authPriv', '-u', 'monitor', '-a', 'SHA-256', '-A', 'a-wrong-passphrase', '-x', 'AES', '-X', privKey],
    ['-v3', '-l', 'authNoPriv', '-u', 'monitor', '-a', 'SHA-256', '-A', authKey],
    ['-v3', '-l', 'noAuthNoPriv', '-u', 'monitor'],
    ['-v3', '-l', 'noAuthNoPriv', '-u', 'stranger'],
    ['-v3', '-l', 'noAuthNoPriv', '-u', ''],
  ]) {
    const { out } = await run('snmpbulkwalk', [
      ...mibs,
      '-r',
      '0',
      '-t',
      '1',
      ...args,
      `127.0.0.1:${await scenePort(lines)}`,
      'hfObjects',
    ]);
    t.notMatch(out, /hfModuleName|hfNodeName/, args.join(' '));
  }
  t.equal(lines.length, 1, 'and nobody fills the log');
});
async function scenePort(lines: readonly string[]): Promise<string> {
  return /:(\d+),/.exec(lines[0] ?? '')?.[1] ?? '';
}

t.test('nothing can be set', { skip: noSnmp }, async (t) => {
  const { load, dir, port, walk } = await scene(t);
  await load({ communityFile: secretFile(dir, 'community', community), users: users(dir) });
  for (const args of [['-v2c', '-c', community], secure]) {
    const { code, out } = await run('snmpset', [
      ...mibs,
      '-r',
      '0',
      '-t',
      '2',
      ...args,
      `127.0.0.1:${port}`,
      'hfModuleState.3',
      'i',
      '1',
    ]);
    t.not(code, 0, out);
    t.match(out, /not ?Writable|noAccess|Timeout|authorizationError|readOnly/i);
  }
  t.match((await walk('-v2c', '-c', community)).out, /hfModuleState\.3 = INTEGER: up\(3\)/);
});

/** A real receiver of traps; each becomes a line. */
async function trapd(
  t: Test,
  dir: string,
  config: string,
): Promise<{ readonly port: number; readonly lines: ReturnType<typeof inbox<string>>; readonly child: ChildProcess }> {
  const port = await freePort();
  const file = join(dir, 'snmptrapd.conf');
  writeFileSync(file, `${config}\ndoNotLogTraps no\nformat2 %N %v\\n\n`);
  const persistent = join(dir, 'persistent');
  mkdirSync(persistent, { recursive: true });
  const child = spawn(
    'snmptrapd',
    ['-f', '-Lo', '-C', '-c', file, '-n', ...mibs, '-O', 'q', '-F', '%N|%v\\n', `udp:127.0.0.1:${port}`],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'] ?? '', SNMP_PERSISTENT_DIR: persistent, MIBS: '' },
    },
  );
  t.teardown(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
  });
  const lines = inbox<string>();
  for (const stream of [child.stdout, child.stderr]) createInterface(stream).on('line', (line) => lines.push(line));
  await soon(
    t,
    'snmptrapd',
    lines.next((line) => line.includes('NET-SNMP version')),
  );
  return { port, lines, child };
}

t.test('traps by SNMPv2c and SNMPv3 to real receivers', { skip: noSnmp || noTrapd }, async (t) => {
  const { load, dir, emit, lines } = await scene(t);
  const identity = `n1\0${join(dir, 'var')}`;
  const [plainDir, secureDir] = [join(dir, 'plain'), join(dir, 'secure')];
  for (const one of [plainDir, secureDir]) mkdirSync(one);
  const plain = await trapd(t, plainDir, `authCommunity log ${community}`);
  const sealed = await trapd(
    t,
    secureDir,
    `createUser -e 0x${engineIdOf(identity)} monitor SHA-256 ${authKey} AES ${privKey}\nauthUser log monitor priv`,
  );
  const communityFile = secretFile(dir, 'community', community);
  await load({
    ...{ communityFile, users: users(dir) },
    traps: [
      { host: '127.0.0.1', port: plain.port, communityFile },
      { host: '127.0.0.1', port: sealed.port, user: 'monitor' },
    ],
  });
  emit('farm', 'module.state', { state: 'UP', quality: 'Ready', reason: null });
  emit('farm', 'module.state', { state: 'STOP', quality: 'NotReady', reason: 'stop called by root' });
  emit('farm', 'resource.changed', { name: 'tcp.db', value: 'init' });
  emit('farm', 'resource.changed', { name: 'tcp.db', value: 'down' });
  emit('nobody', 'module.state', { state: 'UP', quality: 'Ready' });
  for (const [what, receiver] of Object.entries({ plain, sealed })) {
    const state = await soon(
      t,
      `${what}: the state`,
      receiver.lines.next((line) => line.includes('hfModuleStateChange')),
    );
    t.match(state, /hfNodeName\.0 n1/, what);
    t.match(
      state,
      /hfModuleName\.3 farm.*hfModuleState\.3 stop.*hfModuleQuality\.3 notReady.*hfModuleReason\.3 stop called by root/,
      what,
    );
    const resource = await soon(
      t,
      `${what}: the resource`,
      receiver.lines.next((line) => line.includes('hfResourceChange')),
    );
    t.match(resource, /hfResourceName\.3\.1 tcp\.db.*hfResourceStatus\.3\.1 down/, what);
    const traps = receiver.lines.all.filter((line) => /hf(?:ModuleState|Resource)Change/.test(line));
    t.equal(traps.length, 2, `${what}: what is no change is no trap`);
  }
  t.equal(lines.length, 1);
});

t.test('a flood of changes is no flood of traps', { skip: noSnmp || noTrapd }, async (t) => {
  const { load, dir, emit, lines } = await scene(t);
  const receiver = await trapd(t, dir, `authCommunity log ${community}`);
  const communityFile = secretFile(dir, 'community', community);
  await load({ communityFile, traps: [{ host: '127.0.0.1', port: receiver.port, communityFile }] });
  for (let index = 0; index < 500; index += 1) emit('farm', 'resource.changed', { name: `tcp.${index}`, value: 'down' });
  await soon(
    t,
    'the last trap',
    receiver.lines.next((line) => /tcp\.199\b/.test(line)),
  );
  t.same(lines.slice(1), ['E SNMP traps: more than 200 in 10 s: the rest is not sent']);
});

t.test('what is wrong is told, and can be put right', { skip: noSnmp }, async (t) => {
  const { load, dir, lines, walk, port } = await scene(t);
  await load({
    listen: 'everywhere',
    users: [{ name: 'a b', authFile: 'x', privFile: '/y', authProtocol: 'md5' }],
    traps: [{ host: 'h' }, { host: 'h', user: 'who' }],
  });
  t.equal(lines.length, 6);
  t.match(lines.join('\n'), /snmp\.json:1:\d+: listen is "everywhere"\. It must be an address/);
  await load({});
  t.match(lines.at(-1), /Nobody could ask the agent\. Add communityFile/);
  await load({ communityFile: `${dir}/none` });
  t.match(lines.at(-1), /^E SNMP agent: The secret file .* is not there: make it, with mode 0600/);
  await load({ users: [{ name: 'u', authFile: secretFile(dir, 'a', 'short'), privFile: secretFile(dir, 'p', privKey) }] });
  t.match(lines.at(-1), /the passphrases of u must have at least 8 characters/);
  const squatter = createSocket('udp4').bind(port, '127.0.0.1');
  await once(squatter, 'listening');
  const communityFile = secretFile(dir, 'community', community);
  await load({ communityFile });
  await soonUntil(() => lines.some((line) => /SNMP agent on 127\.0\.0\.1:\d+: .*EADDRINUSE/.test(line)));
  squatter.close();
  await once(squatter, 'close');
  await load({ communityFile, enabled: false });
  t.not((await walk('-v2c', '-c', community, '-r', '0', '-t', '1')).code, 0);
  await load({ communityFile });
  t.match((await walk('-v2c', '-c', community)).out, /hfNodeName\.0 = STRING: n1/);
});
async function soonUntil(condition: () => boolean): Promise<void> {
  const end = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error('it did not come true');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

t.test('rows: bounds and odd values', async (t) => {
  t.equal(display('ä\u0000b\u{1f600}'), '??b??');
  t.equal(display('x'.repeat(300)).length, 255);
  const numberOf = createResourceNumbers();
  t.same([numberOf(1, 'a'), numberOf(1, 'b'), numberOf(2, 'a'), numberOf(1, 'a')], [1, 2, 1, 1]);
  const bare: ModuleSummary = { name: 'm', id: 9, mode: null, configured: false, signature: null, appliedAt: null, nodes: [] };
  t.same(moduleRow(bare).cells, [9, 'm', 4, 8, 4, 2, 0, 0, 0, '']);
  const many = Array.from({ length: mostRows + 5 }, (_value, index) => ({
    name: `r.${index}`,
    value: 'x',
    at: '',
    atMs: 0,
    by: '',
  }));
  t.equal(rowsOf({ modules: () => [bare], resources: () => many }, numberOf).resources.length, mostRows);
});

t.test('docs/snmp.md names every setting', async (t) => {
  const source = readFileSync(join(root, 'src/io/snmp/config.ts'), 'utf8');
  const docs = readFileSync(join(root, 'docs/snmp.md'), 'utf8');
  const names = [...source.matchAll(/(?:fields|one)\.(?:yesNo|whole|choice|text|optionalText|objects)\('(\w+)'/g)].map(
    (match) => match[1] ?? '',
  );
  t.ok(names.length > 12);
  for (const name of names) t.ok(docs.includes(`\`${name}\``), name);
  const example = /```json\n([^`]*)```/.exec(docs)?.[1] ?? '';
  const read = await readSnmpConfig('snmp.json', example);
  t.ok(read.ok, read.ok ? '' : JSON.stringify(read.problems));
});
