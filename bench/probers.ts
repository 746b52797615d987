import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CheckPlace, Prober } from '../src/actors/ports.js';
import type { CheckerConfig, HttpCheck } from '../src/config/types.js';
import { createLinuxServices } from '../src/io/linux/services.js';
import { createAuthorities } from '../src/io/probers/authorities.js';
import { createProber } from '../src/io/probers/index.js';
import { makeCertificate } from './certificate.js';
import { type BenchRow, judge } from './row.js';
import { wait } from './statistics.js';
import { keep, makeDirectory, marked } from './workplace.js';

/** As many checkers as one node is asked to carry, each with an interval of 1 s. */
const perSecond = 200;
const warmSeconds = 1;
const warmChecks = 2_000;
const seconds = 4;
const place: CheckPlace = { module: 'bench', binDir: '/', env: {} };

/**
 * What 200 checks a second cost this process, kind by kind, evenly spread as checkers of many modules are, less what the same process
 * costs with timers alone; and the processor time of the programs that a kind runs. What they look at is in another process.
 */
export async function run(): Promise<readonly BenchRow[]> {
  if (process.platform !== 'linux') return [];
  const directory = makeDirectory();
  const certificate = await makeCertificate(directory);
  const file = fileURLToPath(new URL('./probers-peer.ts', import.meta.url));
  const peer = keep(
    fork(file, [certificate.keyFile, certificate.certFile], {
      env: marked(directory),
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    }),
  );
  const ports = portsOf(String(await firstLine(peer.stdout)));
  const prober = createProber({
    version: 'bench',
    services: createLinuxServices(),
    authorities: createAuthorities({ files: [certificate.authorityFile] }),
  });
  const byProgram = createProber({ echoes: null });
  const base = { ident: 'it', when: 'both', action: 'noaction', grace: 1, intervalMs: 1_000, timeoutMs: 5_000 } as const;
  const web: HttpCheck = {
    ...{ ...base, kind: 'http', method: 'GET', status: [{ from: 200, to: 399 }], body: null, verify: true, ca: '', headers: [] },
    url: `http://127.0.0.1:${ports.web}/`,
  };
  const splitbrain = { ...base, when: 'pre', kind: 'splitbrain', exec: 'ping' } as const;
  const kinds: readonly {
    readonly name: string;
    readonly prober: Prober;
    readonly checker: CheckerConfig;
    readonly skip?: boolean;
  }[] = [
    { name: 'tcp', prober, checker: { ...base, kind: 'tcp', addr: '127.0.0.1', port: ports.plain } },
    { name: 'tcp by name', prober, checker: { ...base, kind: 'tcp', addr: 'localhost', port: ports.plain } },
    { name: 'ping', prober, checker: { ...base, kind: 'ping', addr: '127.0.0.1' } },
    { name: 'ping, IPv6', prober, checker: { ...base, kind: 'ping', addr: '::1' } },
    { name: 'intf', prober, checker: { ...base, kind: 'intf', localAddr: '127.0.0.1' } },
    { name: 'ip', prober, checker: { ...base, kind: 'ip', addr: '127.0.0.1' } },
    { name: 'http', prober, checker: web },
    { name: 'http, 1 KB matched', prober, checker: { ...web, url: `${web.url}page`, body: '"status": *"ok". *$|nothing' } },
    { name: 'https', prober, checker: { ...web, url: `https://127.0.0.1:${ports.secure}/` } },
    {
      name: 'module',
      prober,
      checker: { ...base, kind: 'module', name: 'db', addr: '127.0.0.1', port: ports.web, secure: false, ca: '' },
    },
    { name: 'splitbrain', prober, checker: { ...splitbrain, arg: '127.0.0.1 127.0.0.2' } },
    {
      name: 'systemd, with systemctl',
      prober,
      checker: { ...base, kind: 'systemd', unit: 'systemd-journald.service' },
      skip: !existsSync('/run/systemd/system'),
    },
    {
      name: 'ping by program, with it',
      prober: byProgram,
      checker: { ...base, kind: 'ping', addr: '127.0.0.1' },
      skip: !hasPing(),
    },
  ];
  const rows: BenchRow[] = [];
  const idle = await costOf(() => undefined);
  for (const { name, prober: one, checker, skip } of kinds) {
    if (skip === true) continue;
    let down = 0;
    let results = 0;
    // A program for each check, and a whole TLS handshake with its signatures, cost what they cost.
    const limited = one === prober && name !== 'https';
    // Programs are as fast the first time as the last.
    if (one === prober && checker.kind !== 'systemd') await warm(one, checker);
    const cost = await costOf(() => {
      one.check(checker, place, (result) => {
        results += 1;
        if (result.up) return;
        down += 1;
        if (down === 1) process.stderr.write(`${name}: ${result.detail}\n`);
      });
    });
    const cpuMs = cost.cpuMs - idle.cpuMs;
    rows.push(
      judge({
        area: 'probers',
        name: `${perSecond} checks/s, ${name}: CPU (${Math.round((cpuMs * 1_000) / cost.checks)} µs each)`,
        value: (cpuMs / cost.wallMs) * 100,
        unit: '% of a core',
        ...(limited ? { target: 'checksCpuPercent' } : {}),
        // Programs and handshakes may fall behind on a busy machine; what was asked of the others must have been answered.
        sound: down === 0 && results >= (limited ? cost.checks : 1),
      }),
    );
  }
  peer.kill('SIGKILL');
  return rows;
}

/** As many checks as make the code of a daemon that has run for some minutes; a new one's is not compiled yet. */
async function warm(prober: Prober, checker: CheckerConfig): Promise<void> {
  let left = warmChecks;
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await new Promise((resolve) => prober.check(checker, place, resolve));
    }
  };
  await Promise.all(Array.from({ length: 10 }, lane));
}

interface Cost {
  readonly cpuMs: number;
  readonly wallMs: number;
  readonly checks: number;
}
/** Begins `perSecond` checks a second for a while; the time of a first second does not count. */
async function costOf(begin: () => void): Promise<Cost> {
  let due = 0;
  let begun = performance.now();
  let count = 0;
  const timer = setInterval(() => {
    for (; due < ((performance.now() - begun) * perSecond) / 1_000; due += 1) {
      count += 1;
      begin();
    }
  }, 1_000 / perSecond);
  await wait(warmSeconds * 1_000);
  const before = { cpuMs: cpuMsNow(), wallMs: performance.now(), count };
  await wait(seconds * 1_000);
  const cost = { cpuMs: cpuMsNow() - before.cpuMs, wallMs: performance.now() - before.wallMs, checks: count - before.count };
  clearInterval(timer);
  begun = Number.POSITIVE_INFINITY;
  // What still runs ends, and is not the next kind's.
  await wait(1_500);
  return cost;
}
/** Processor time of this process and of the programs that it ran and that have ended, in ms; the latter in steps of 10 ms. */
function cpuMsNow(): number {
  const { user, system } = process.cpuUsage();
  const stat = readFileSync('/proc/self/stat', 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (user + system) / 1_000 + (Number(fields[13]) + Number(fields[14])) * 10;
}

const hasPing = (): boolean => ['/usr/bin/ping', '/bin/ping'].some((path) => existsSync(path));

async function firstLine(stream: NodeJS.ReadableStream | null): Promise<unknown> {
  if (stream === null) throw new Error('the peer has no output');
  const [line]: unknown[] = await once(stream, 'data');
  return line;
}
function portsOf(line: string): { readonly plain: number; readonly web: number; readonly secure: number } {
  const value: unknown = JSON.parse(line);
  const port = (name: string): number =>
    typeof value === 'object' && value !== null ? Number(Object.entries(value).find(([key]) => key === name)?.[1]) : 0;
  return { plain: port('plain'), web: port('web'), secure: port('secure') };
}
