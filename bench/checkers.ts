/**
 * How long a failure takes to become an action, for each checker as it comes and with its shortest times, in a real daemon with real
 * servers, programs and network interfaces; and what 200 checkers at 1 s cost.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { noSystemd, type RealSystemd, realSystemd } from '../test/helpers/real-systemd.js';
import { makeCertificate } from './certificate.js';
import {
  inNamespace,
  loopbackSubjects,
  moduleXml,
  networkSubjects,
  type Subject,
  type Subjects,
  systemdSubjects,
  unit,
} from './checker-subjects.js';
import { costs, slowAnswers } from './checkers-cost.js';
import { loopback, type RealDaemon, startDaemon } from './real-daemon.js';
import { type BenchRow, judge } from './row.js';
import { median, until, wait } from './statistics.js';
import { makeDirectory, removeDirectory } from './workplace.js';

const area = 'checkers';

interface Pace {
  readonly name: string;
  readonly times: string;
  readonly failover: string;
  readonly rounds: number;
  readonly intervalMs: number;
  readonly target: 'checkDefaultMs' | 'checkFastestMs';
}
const paces: readonly Pace[] = [
  { name: 'as it comes', times: '', failover: '', rounds: 3, intervalMs: 10_000, target: 'checkDefaultMs' },
  {
    name: 'fastest',
    times: 'interval="1s" timeout="1s"',
    failover: '<failover period="100ms" handle_time="0"/>',
    rounds: 5,
    intervalMs: 1_000,
    target: 'checkFastestMs',
  },
];

/** Only on Linux, whose scripts these are. Interfaces, addresses and systemd need root: namespaces of our own. */
export async function run(): Promise<readonly BenchRow[]> {
  if (process.platform !== 'linux') return [];
  const directory = makeDirectory();
  try {
    const certificate = await makeCertificate(directory);
    const rows: BenchRow[] = [];
    for (const pace of paces) {
      rows.push(...(await reactions(pace, [], loopbackSubjects(certificate))));
      if (process.getuid?.() === 0)
        rows.push(...(await inNamespace((wrap, ip) => reactions(pace, wrap, () => networkSubjects(ip)))));
      if (noSystemd === false)
        rows.push(...(await withSystemd(({ wrap, systemctl }) => reactions(pace, wrap, () => systemdSubjects(systemctl)))));
    }
    return [...rows, ...(await costs(certificate)), ...(await slowAnswers(certificate))];
  } finally {
    await removeDirectory(directory);
  }
}

/** Beside a systemd of its own, which ends with it. */
async function withSystemd<T>(use: (systemd: RealSystemd) => Promise<T>): Promise<T> {
  const ends: (() => unknown)[] = [];
  try {
    return await use(await realSystemd({ teardown: (end) => void ends.push(end) }, { [unit.name]: unit.text }));
  } finally {
    for (const end of ends.reverse()) end();
  }
}

// ---------------------------------------------------------------- from failure to action

async function reactions(pace: Pace, wrap: readonly string[], makeSubjects: Subjects): Promise<readonly BenchRow[]> {
  const directory = makeDirectory();
  try {
    const daemon = await startDaemon({ directory, addresses: [wrap.length === 0 ? loopback(1) : '127.0.0.1'], wrap });
    const subjects = await makeSubjects(daemon);
    for (const [index, subject] of subjects.entries()) {
      await daemon.installFiles(subject.module, index + 10, moduleFiles(directory, subject, pace));
    }
    for (const { module } of subjects) await daemon.start(module);
    const found = await Promise.all(subjects.map((subject, index) => rounds(daemon, subject, pace, index / subjects.length)));
    return subjects.flatMap(({ name }, index) => {
      const times = found[index] ?? [];
      const what = `${name}, ${pace.name}: failure → stop_both`;
      return [
        judge({ area, name: `${what} (worst of ${times.length})`, value: Math.max(...times), unit: 'ms', target: pace.target }),
        judge({ area, name: `${what} (median of ${times.length})`, value: median(times), unit: 'ms' }),
      ];
    });
  } finally {
    await removeDirectory(directory);
  }
}

/** Failures at moments that are spread over the interval. */
async function rounds(daemon: RealDaemon, subject: Subject, pace: Pace, offset: number): Promise<readonly number[]> {
  const times: number[] = [];
  for (let round = 0; round < pace.rounds; round += 1) {
    await until(`${subject.resource} of ${subject.module} is up`, () => isUp(daemon, subject), 60_000);
    await wait(pace.intervalMs * ((round / pace.rounds + offset) % 1));
    const file = join(daemon.safevar, 'modules', subject.module, 'stopped');
    rmSync(file, { force: true });
    const failedMs = performance.timeOrigin + performance.now();
    await subject.fail();
    await until(`${subject.name}: stop_both`, () => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'), 60_000);
    times.push(Number(BigInt(readFileSync(file, 'utf8').trim()) / 1_000n) / 1_000 - failedMs);
    await subject.restore();
  }
  return times;
}

async function isUp(daemon: RealDaemon, { module, resource }: Subject): Promise<boolean> {
  const { state, quality } = await daemon.status(module);
  if (state !== 'UP' || quality !== 'Ready') return false;
  const { items }: { readonly items: readonly { readonly name: string; readonly value: string }[] } = await daemon.client.json(
    'GET',
    `/modules/${module}/nodes/n1/resources`,
  );
  return items.some((one) => one.name === resource && one.value === 'up');
}

const stopScript = '#!/bin/sh\n[ -f "$SAFEUSERVAR/stopped" ] || date +%s%N > "$SAFEUSERVAR/stopped"\n';
const moduleFiles = (directory: string, subject: Subject, pace: Pace): Readonly<Record<string, string>> => ({
  'conf/userconfig.xml': moduleXml(directory, subject.element(pace.times), pace.failover),
  'bin/start_both': '#!/bin/sh\n',
  'bin/stop_both': stopScript,
  ...Object.fromEntries(Object.entries(subject.scripts ?? {}).map(([name, text]) => [`bin/${name}`, text])),
});
