/**
 * From the kill of an application to the first act of whoever looks after it: Holdfast's stop_both and start_both, Monit at its fastest
 * cycle, systemd's Restart=. Everything notes the wall time in ns with the same program, `date`; the time of the kill is noted right
 * before it, so that the start of `date` counts against all of them alike.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readProcStat } from '../src/io/linux/proc-table.js';
import { loopback, startDaemon } from './real-daemon.js';
import { type BenchRow, judge } from './row.js';
import { median, until, wait } from './statistics.js';
import type { TargetName } from './targets.js';
import { keep, makeDirectory, marked, removeDirectory } from './workplace.js';

const area = 'failover';
const rounds = 21;
/** Monit takes up to a second a round, and the kills must hit different moments of its cycle. */
const monitRounds = 15;
const systemdRounds = 21;

/** Times in ms from the kill to the first act of stopping and of starting. */
interface Reaction {
  readonly stop: readonly number[];
  readonly start: readonly number[];
}
/** A peer's figures, or why there are none. */
type Peer = { readonly reaction: Reaction } | { readonly absent: string };

/** Processes are watched by their descriptors on Linux only. */
export async function run(): Promise<readonly BenchRow[]> {
  if (process.platform !== 'linux') return [];
  const ours = await holdfast();
  const monit = await inDirectory(measureMonit);
  const systemd = await inDirectory(measureSystemd);
  const stop = (against: string, peer: Peer): BenchRow =>
    compare('application killed → stop_both begins', ours.stop, against, peer, firstActs, 'reactionMs');
  const start = (against: string, peer: Peer): BenchRow =>
    compare('application killed → start_both begins', ours.start, against, peer, (reaction) => reaction.start);
  return [
    stop('Monit, set daemon 1, start program', monit),
    stop('systemd, ExecStopPost=', systemd),
    start('Monit, set daemon 1, start program', monit),
    start('systemd, Restart=always, RestartSec=100ms', systemd),
  ];
}

/** Monit stops nothing that has ended by itself: its first act is the start. */
const firstActs = ({ stop, start }: Reaction): readonly number[] => (stop.length > 0 ? stop : start);

function compare(
  name: string,
  ours: readonly number[],
  against: string,
  peer: Peer,
  pick: (reaction: Reaction) => readonly number[],
  target: TargetName | null = null,
): BenchRow {
  const theirs = 'reaction' in peer ? pick(peer.reaction) : [];
  return judge({
    area,
    name: `${name} (median of ${ours.length}, worst ${Math.max(...ours).toFixed(0)} ms)`,
    value: median(ours),
    unit: 'ms',
    against: 'absent' in peer ? `${against}: ${peer.absent}` : against,
    againstValue: theirs.length === 0 ? null : median(theirs),
    target,
  });
}

async function inDirectory(measure: (directory: string) => Promise<Peer>): Promise<Peer> {
  const directory = makeDirectory();
  try {
    return await measure(directory);
  } finally {
    await removeDirectory(directory);
  }
}

/** Name of a process that nothing else on the machine has. */
const processName = (part: string): string => `hfb${part}${process.pid % 1_000_000}`;

/** A file in which scripts note wall times in ns, one a line. */
const noteInto = (file: string): string => `date +%s%N >>'${file}'`;

function notes(file: string): readonly bigint[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => /^\d+$/.test(line))
    .map(BigInt);
}

/** Kills -9, and returns the wall time in ns right before it. */
function kill(pid: number): bigint {
  return BigInt(execFileSync('/bin/sh', ['-c', 'date +%s%N; kill -KILL "$1"', 'sh', String(pid)], { encoding: 'utf8' }).trim());
}

/** The first note after that time, in ms after it. */
function firstAfter(file: string, atNs: bigint): number | null {
  const found = notes(file).find((one) => one > atNs);
  return found === undefined ? null : Number(found - atNs) / 1e6;
}

interface Files {
  readonly stop: string;
  readonly start: string;
}
const filesIn = (directory: string): Files => ({ stop: join(directory, 'stopped'), start: join(directory, 'started') });

/** One round after the other; `alive` resolves with the pid of the application that runs. */
async function measure(
  count: number,
  files: Files,
  alive: () => Promise<number>,
  options: { readonly stops: boolean; readonly pauseMs: (round: number) => number; readonly after?: () => Promise<void> },
): Promise<Reaction> {
  const stop: number[] = [];
  const start: number[] = [];
  for (let round = 0; round < count; round += 1) {
    const pid = await alive();
    await wait(options.pauseMs(round));
    const atNs = kill(pid);
    await until('the application is started again', () => firstAfter(files.start, atNs) !== null);
    const stopped = firstAfter(files.stop, atNs);
    if (stopped === null && options.stops) throw new Error('the application was started, but not stopped before');
    if (stopped !== null) stop.push(stopped);
    start.push(firstAfter(files.start, atNs) ?? Number.NaN);
    await options.after?.();
  }
  return { stop, start };
}

// ---------------------------------------------------------------- Holdfast

async function holdfast(): Promise<Reaction> {
  const directory = makeDirectory();
  try {
    const files = filesIn(directory);
    const daemon = await startDaemon({ directory, addresses: [loopback(1), loopback(2)] });
    await daemon.install('farm', 1, {
      process: processName('h'),
      first: { start: noteInto(files.start), stop: noteInto(files.stop) },
    });
    await daemon.start('farm');
    const ready = async (): Promise<number> => {
      let pid: number | null = null;
      await until('the module is Ready again', async () => {
        const { state, quality } = await daemon.status('farm');
        pid = pidNamed(processName('h'));
        return state === 'UP' && quality === 'Ready' && pid !== null;
      });
      return pid ?? 0;
    };
    return await measure(rounds, files, ready, {
      stops: true,
      // At other moments between two of the scans, which come every 10 s.
      pauseMs: (round) => 1_000 + ((round * 370) % 1_000),
      after: async () => {
        await daemon.client.json('POST', '/modules/farm/loop', { json: { operation: 'reset' } });
      },
    });
  } finally {
    await removeDirectory(directory);
  }
}

/** The pid of the living process of that name, null when there is none. */
function pidNamed(name: string): number | null {
  for (const entry of readdirSync('/proc')) {
    const read = /^\d+$/.test(entry) ? readProcStat(Number(entry)) : null;
    if (read?.kind === 'found' && read.stat.name === name && !read.stat.zombie) return read.stat.pid;
  }
  return null;
}

async function untilNamed(name: string): Promise<number> {
  let pid: number | null = null;
  await until(`${name} runs`, () => {
    pid = pidNamed(name);
    return pid !== null;
  });
  return pid ?? 0;
}

// ---------------------------------------------------------------- Monit

async function measureMonit(directory: string): Promise<Peer> {
  const monit = ['/usr/bin/monit', '/usr/local/bin/monit', '/bin/monit'].find((path) => existsSync(path));
  if (monit === undefined) return { absent: 'not installed' };
  const files = filesIn(directory);
  const name = processName('m');
  const application = join(directory, name);
  symlinkSync('/bin/sleep', application);
  const script = (path: string, lines: string): string => {
    writeFileSync(join(directory, path), `#!/bin/sh\n${lines}\n`);
    chmodSync(join(directory, path), 0o755);
    return join(directory, path);
  };
  const start = script('start', `${noteInto(files.start)}\nsetsid '${application}' 86400 </dev/null >/dev/null 2>&1 &`);
  const stop = script('stop', `${noteInto(files.stop)}\npkill -x '${name}'\nexit 0`);
  const control = join(directory, 'monitrc');
  writeFileSync(
    control,
    `set daemon 1
set log ${directory}/log
set pidfile ${directory}/pid
set idfile ${directory}/id
set statefile ${directory}/state
check process app matching "${application}"
  start program = "${start}"
  stop program = "${stop}"
`,
    { mode: 0o600 },
  );
  keep(spawn(monit, ['-I', '-c', control], { stdio: 'ignore', env: marked(directory) }));
  const reaction = await measure(monitRounds, files, () => untilNamed(name), {
    stops: false,
    // Monit must have seen the new process, and the kills come at moments spread over its cycle of a second.
    pauseMs: (round) => 2_500 + (round * 1_000) / monitRounds,
  });
  return { reaction };
}

// ---------------------------------------------------------------- systemd

const namespaces = ['--pid', '--fork', '--mount', '--cgroup', '--ipc', '--uts'];

/** A systemd of its own in namespaces, which works also where the machine runs another init. */
async function measureSystemd(directory: string): Promise<Peer> {
  const systemd = ['/lib/systemd/systemd', '/usr/lib/systemd/systemd'].find((path) => existsSync(path));
  if (systemd === undefined) return { absent: 'not installed' };
  if (process.getuid?.() !== 0) return { absent: 'needs root' };
  if (spawnSync('unshare', [...namespaces, 'true']).status !== 0) return { absent: 'needs namespaces' };
  const files = filesIn(directory);
  const name = processName('s');
  const application = join(directory, name);
  symlinkSync('/bin/sleep', application);
  const units = join(directory, 'units');
  mkdirSync(units);
  // `$$` and `%%` are systemd's ways to write $ and %; the notes have to go through a shell in any case.
  const shell = (line: string): string => `/bin/sh -c "${line.replaceAll('%', '%%')}"`;
  writeFileSync(
    join(units, 'bench.service'),
    `[Unit]
DefaultDependencies=no
StartLimitIntervalSec=0
[Service]
ExecStart=${shell(`${noteInto(files.start)}; exec '${application}' 86400`)}
ExecStopPost=${shell(noteInto(files.stop))}
Restart=always
RestartSec=100ms
`,
  );
  writeFileSync(join(units, 'bench.target'), '[Unit]\nDefaultDependencies=no\nRequires=bench.service\nAfter=bench.service\n');
  writeFileSync(
    join(directory, 'boot'),
    `set -e
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
umount -R /sys/fs/cgroup 2>/dev/null || true
mount -t cgroup2 none /sys/fs/cgroup
mkdir -p /run/systemd/system
cp '${units}'/* /run/systemd/system/
export container=other
exec ${systemd} --system --unit=bench.target --log-target=null
`,
  );
  // The first process of a namespace takes all others with it, and dies with this one.
  keep(
    spawn('unshare', [...namespaces, '--kill-child', 'sh', join(directory, 'boot')], { stdio: 'ignore', env: marked(directory) }),
  );
  const reaction = await measure(systemdRounds, files, () => untilNamed(name), {
    stops: true,
    pauseMs: (round) => 500 + ((round * 370) % 1_000),
  });
  return { reaction };
}
