/**
 * The daemon with exactly the rights of its units (conf/systemd), as setpriv gives them and the kernel tells: it does its work with them, what
 * docs/security-hardening.md says of each capability holds, and what cannot be done without one is refused in words.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { HealthReport } from '../../src/actors/face-support.js';
import { RealDaemon } from './daemon.js';
import { chownTree } from './owner.js';
import { freeTcpPort, place } from './place.js';
import { until } from './until.js';

t.setTimeout(400_000);

const needed = ['setpriv', 'unshare', 'nsenter', 'ip', 'ping', 'nft'];
const missing = needed.filter((name) => spawnSync('sh', ['-c', 'command -v "$0"', name]).status !== 0);
const skip =
  process.platform !== 'linux' || process.getuid?.() !== 0
    ? 'giving and taking capabilities needs Linux and root'
    : missing.length > 0
      ? `needs ${missing.join(', ')}`
      : spawnSync('unshare', ['-n', 'true']).status === 0
        ? false
        : 'namespaces cannot be made here';

const text = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
/** A setting of a unit: its words. */
function setting(unit: string, name: string): readonly string[] {
  const line = new RegExp(`^${name}=(.*)$`, 'm').exec(text(`conf/systemd/${unit}.service`))?.[1] ?? '';
  return line.split(/\s+/).filter((word) => word !== '');
}
/** `CAP_NET_RAW` as setpriv has it. */
const short = (capability: string): string => capability.replace(/^~?CAP_/, '').toLowerCase();
const docs = text('docs/security-hardening.md');
const page = (from: string, to: string): string => docs.slice(docs.indexOf(from), docs.indexOf(to, docs.indexOf(from)));

const rootTakenAway = setting('holdfastd', 'CapabilityBoundingSet').map(short);
const unprivileged = setting('holdfastd-unprivileged', 'CapabilityBoundingSet').map(short);
/** The rows of the table: each capability with what it is for. */
const documented = [...page('| capability |', '**Files.**').matchAll(/CAP_(\w+)/g)].map(([, name]) => (name ?? '').toLowerCase());

t.test('the page says what the units say', async (t) => {
  const inText = [...page('**`holdfastd.service`.**', 'An application that needs').matchAll(/`([A-Z_]+)`/g)].map(([, name]) =>
    (name ?? '').toLowerCase(),
  );
  t.same([...inText].sort(), [...rootTakenAway].sort());
  t.same(setting('holdfastd-unprivileged', 'AmbientCapabilities').map(short), unprivileged, 'what it may have it has');
  t.same(unprivileged, ['net_raw']);
  t.same([...new Set(documented)].sort(), ['dac_read_search', 'kill', 'net_admin', 'net_raw', 'sys_ptrace']);
});

const nobody = 65_534;
/** Root without some capabilities, as the unit for root. */
const without = (taken: readonly string[]): readonly string[] => [
  'setpriv',
  `--bounding-set=${taken.map((one) => `-${one}`).join(',')}`,
];
/** An ordinary user with some, as the unit for one. */
function only(given: readonly string[]): readonly string[] {
  const set = ['-all', ...given.map((one) => `+${one}`)].join(',');
  const rights = [`--inh-caps=${set}`, `--ambient-caps=${set}`, `--bounding-set=${set}`, '--no-new-privs'];
  return ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', ...rights];
}
/** What the kernel says of a process: the words behind `CapEff:` and the like. */
function rights(status: string): Readonly<Record<string, string>> {
  return Object.fromEntries([...status.matchAll(/^(Cap\w+|NoNewPrivs|Uid):\s*(\S+)/gm)].map(([, name, value]) => [name, value]));
}
/** The bit mask of capabilities: their numbers as the kernel's headers have them. */
const numbers: Readonly<Record<string, number>> = {
  dac_read_search: 2,
  kill: 5,
  net_admin: 12,
  net_raw: 13,
  sys_module: 16,
  sys_rawio: 17,
};
const maskOf = (names: readonly string[]): string =>
  names
    .reduce((mask, name) => mask | (1n << BigInt(numbers[name] ?? (name === 'sys_ptrace' ? 19 : 63))), 0n)
    .toString(16)
    .padStart(16, '0');

const module = 'web';
const userconfig = `<safe><service mode="light" boot="off"><user logging="userlog"/>
<check><ping ident="self" when="both" action="noaction" interval="1s" timeout="2s"><to addr="127.0.0.1"/></ping></check></service></safe>`;
const scripts = {
  start_both: '#!/bin/sh\ngrep -E "^(Cap|NoNewPrivs|Uid)" /proc/self/status > "$SAFEUSERVAR/rights"\nexit 0\n',
  stop_both: '#!/bin/sh\nexit 0\n',
};

interface Run {
  readonly daemon: RealDaemon;
  readonly pid: number;
  /** Starts something of root beside the daemon, in its network. */
  beside(file: string, ...args: readonly string[]): ChildProcess;
  /** What the health check sees under an id. */
  health(id: string): Promise<string>;
}
/** A daemon with such rights, in a network of its own where nobody but they allow a ping, its module UP. */
async function startWith(t: Test, uid: number, wrap: readonly string[]): Promise<Run> {
  const directory = place(t);
  const inside = 'ip link set lo up && exec "$@"';
  const daemon = new RealDaemon({
    ...{ directory, node: 'n1', httpPort: await freeTcpPort(), listen: ['127.0.0.1'] },
    wrap: ['unshare', '--fork', '-n', 'sh', '-c', inside, 'sh', ...wrap],
  });
  chownTree(directory, uid);
  await daemon.start();
  await daemon.must('module', 'install', '-m', module, '--template', 'light');
  daemon.writeModule(module, { userconfig, scripts });
  chownTree(join(daemon.safe, 'modules', module), uid);
  await daemon.must('config', '-m', module);
  await daemon.must('start', '-m', module, '--wait', '--timeout', '60s');
  await daemon.reaches(module, 'UP Ready');
  const pid = daemon.pid();
  return {
    ...{ daemon, pid },
    beside(file, ...args) {
      const child = spawn('nsenter', ['--target', String(pid), '--net', file, ...args], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { PATH: '/usr/bin:/bin', HF_TEST: directory },
      });
      t.teardown(() => child.kill('SIGKILL'));
      return child;
    },
    async health(id) {
      const { body } = await daemon.api('GET', '/healthcheck');
      const { findings }: Pick<HealthReport, 'findings'> = JSON.parse(body);
      return findings
        .filter(({ check }) => check === id)
        .map(({ seen }) => seen)
        .join('\n');
    },
  };
}
const ping = async ({ daemon }: Run): Promise<string> => (await daemon.cli('get', '-m', module, '-r', 'ping.self')).stdout.trim();
const pings = (run: Run, wanted: string): Promise<unknown> =>
  until(
    `the ping is ${wanted}`,
    async () => (await ping(run)) === wanted,
    30_000,
    () => ping(run),
  );
const scriptRights = ({ daemon }: Run): Readonly<Record<string, string>> =>
  rights(readFileSync(join(daemon.safevar, 'modules', module, 'rights'), 'utf8'));
/** A program of root with a name that nothing else has, and what the daemon's `kill` makes of it. */
async function killOfRoot(
  run: Run,
  t: Test,
): Promise<{ readonly code: number | null; readonly stdout: string; readonly alive: boolean }> {
  const file = join(run.daemon.spec.directory, 'hf-victim');
  copyFileSync('/bin/sleep', file);
  spawnSync('chmod', ['755', file]);
  const child = run.beside(file, '600');
  const ended = once(child, 'exit');
  await until('it runs', async () =>
    (await run.daemon.cli('kill', '-m', module, '-name=hf-victim', '-level=test')).stdout.includes('found'),
  );
  const { code, stdout } = await run.daemon.cli('kill', '-m', module, '-name=hf-victim', '-level=terminate');
  if (code === 0) await ended;
  t.comment(stdout.trim());
  return { code, stdout, alive: child.exitCode === null && child.signalCode === null };
}
/** Somebody of root on a port of ours. */
async function portOfRoot(run: Run): Promise<string> {
  const child = run.beside(process.execPath, '-e', "require('net').createServer().listen(9453,'0.0.0.0',()=>console.log('up'))");
  if (child.stdout === null) throw new Error('no output');
  await once(child.stdout, 'data');
  const seen = await run.health('ports');
  child.kill('SIGKILL');
  return seen.split('\n').find((line) => line.includes('9453')) ?? '';
}

t.test('holdfastd.service: root without what no service needs', { skip }, async (t) => {
  const run = await startWith(t, 0, without(rootTakenAway));
  const own = rights(readFileSync(`/proc/${run.pid}/status`, 'utf8'));
  const all = BigInt(`0x${rights(readFileSync('/proc/self/status', 'utf8'))['CapBnd'] ?? '0'}`);
  for (const name of ['sys_module', 'sys_rawio'])
    t.equal((BigInt(`0x${own['CapBnd'] ?? '0'}`) >> BigInt(numbers[name] ?? 0)) & 1n, 0n, name);
  t.equal(own['CapEff'], own['CapBnd']);
  t.equal(scriptRights(run)['CapBnd'], own['CapBnd'], 'and scripts have the same');
  t.ok(
    (all & ~BigInt(`0x${own['CapBnd'] ?? '0'}`)).toString(2).replaceAll('0', '').length <= rootTakenAway.length,
    'no more is taken away than is said',
  );
  await pings(run, 'up');
  t.match(await killOfRoot(run, t), { code: 0, alive: false });
  t.match(await run.health('firewall'), /no rule of the packet filter stops/);
  t.match(await portOfRoot(run), /used by .*node/i);
  await run.daemon.must('stop', '-m', module, '--wait', '--timeout', '30s');
});

t.test('holdfastd-unprivileged.service: an ordinary user with what it is given', { skip }, async (t) => {
  const run = await startWith(t, nobody, only(unprivileged));
  const mask = maskOf(unprivileged);
  const wanted = { CapInh: mask, CapPrm: mask, CapEff: mask, CapBnd: mask, CapAmb: mask, NoNewPrivs: '1', Uid: String(nobody) };
  t.match(rights(readFileSync(`/proc/${run.pid}/status`, 'utf8')), wanted);
  t.match(scriptRights(run), wanted, 'scripts get it too, as the unit says');
  await pings(run, 'up');
  // What the page says is reduced.
  const { code, stdout, alive } = await killOfRoot(run, t);
  t.equal(code, 1);
  t.match(stdout, /refused/, 'without CAP_KILL processes of others are left, and it is said');
  t.ok(alive);
  t.match(await run.health('firewall'), /cannot be read here/, 'without CAP_NET_ADMIN');
  t.match(await portOfRoot(run), /used by another program/, 'without CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH');
  await run.daemon.must('stop', '-m', module, '--wait', '--timeout', '30s');
});

t.test('each capability of the page does what the page says', { skip }, async (t) => {
  const run = await startWith(t, nobody, only([...new Set(documented)]));
  t.equal(rights(readFileSync(`/proc/${run.pid}/status`, 'utf8'))['CapEff'], maskOf([...new Set(documented)]));
  await pings(run, 'up');
  t.match(await killOfRoot(run, t), { code: 0, alive: false });
  t.match(await run.health('firewall'), /no rule of the packet filter stops/);
  t.match(await portOfRoot(run), /used by .*node/i);
});

t.test('with none of them all but that works, and says so', { skip }, async (t) => {
  const run = await startWith(t, nobody, only([]));
  t.match(rights(readFileSync(`/proc/${run.pid}/status`, 'utf8')), { CapEff: maskOf([]), CapBnd: maskOf([]) });
  await pings(run, 'down');
  const lines = (await run.daemon.logs(module)).map(({ message }) => message);
  t.match(
    lines.filter((line) => line.includes('ping')).join('\n'),
    /may not|not permitted|not allow|cannot be run/i,
    'the log says why',
  );
});
