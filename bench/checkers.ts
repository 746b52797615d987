/**
 * How long a failure takes to become an action, for each checker as it comes and with its shortest times, in a real daemon with real
 * servers, programs and network interfaces; and what 200 checkers at 1 s cost.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { loopback, type RealDaemon, startDaemon } from './real-daemon.js';
import { type BenchRow, judge } from './row.js';
import { median, until, wait } from './statistics.js';
import { makeDirectory, markVariable, removeDirectory } from './workplace.js';

const area = 'checkers';
const settleMs = 5_000;
const costMs = Number(process.env['BENCH_CHECKERS_SECONDS'] ?? '30') * 1_000;

/** One checker, what it looks at, and how that fails and comes back. */
interface Subject {
  readonly module: string;
  readonly name: string;
  readonly resource: string;
  /** The element inside `<check>`; `times` are attributes. */
  readonly element: (times: string) => string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly fail: () => Promise<void> | void;
  readonly restore: () => Promise<void> | void;
}
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

/** Only on Linux, whose scripts these are. Interfaces and addresses need root: they are looked at in a network namespace of our own. */
export async function run(): Promise<readonly BenchRow[]> {
  if (process.platform !== 'linux') return [];
  const rows: BenchRow[] = [];
  for (const pace of paces) {
    rows.push(...(await reactions(pace, [], loopbackSubjects)));
    if (process.getuid?.() === 0)
      rows.push(...(await inNamespace((wrap, ip) => reactions(pace, wrap, () => networkSubjects(ip)))));
  }
  return [...rows, ...(await cost()), ...(await slowAnswers())];
}

// ---------------------------------------------------------------- from failure to action

type Subjects = (daemon: RealDaemon) => Promise<readonly Subject[]>;

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

const moduleXml = (directory: string, check: string, failover: string): string => `<safe>
<service mode="light" boot="ignore" loop_interval="0">
  <user logging="none"><var name="${markVariable}" value="${directory}"/></user>
  <check>${check}</check>${failover}
</service></safe>
`;
const stopScript = '#!/bin/sh\n[ -f "$SAFEUSERVAR/stopped" ] || date +%s%N > "$SAFEUSERVAR/stopped"\n';
const moduleFiles = (directory: string, subject: Subject, pace: Pace): Readonly<Record<string, string>> => ({
  'conf/userconfig.xml': moduleXml(directory, subject.element(pace.times), pace.failover),
  'bin/start_both': '#!/bin/sh\n',
  'bin/stop_both': stopScript,
  ...Object.fromEntries(Object.entries(subject.scripts ?? {}).map(([name, text]) => [`bin/${name}`, text])),
});

/** What can be had on loopback without root. */
async function loopbackSubjects(daemon: RealDaemon): Promise<readonly Subject[]> {
  const tcp = await switched(() => createServer((socket) => socket.destroy()));
  const http = await switched(() => createHttpServer((_request, response) => response.end('ok')));
  let hangs = false;
  const slow = await switched(() => createHttpServer((_request, response) => void (hangs || response.end('ok'))));
  await daemon.installFiles('other', 1, { 'conf/userconfig.xml': moduleXml('', '', ''), 'bin/start_both': '#!/bin/sh\n' });
  await daemon.start('other');
  const command = async (action: string): Promise<void> => {
    await daemon.client.json('POST', '/modules/other/actions', { json: { action } });
  };
  const flag = (): string => join(daemon.safevar, 'modules', 'oneshot', 'fails');
  return [
    {
      module: 'tcp',
      name: 'tcp, port closed',
      resource: 'tcp.a',
      element: (times) => `<tcp ident="a" when="both"><to addr="127.0.0.1" port="${tcp.port}" ${times}/></tcp>`,
      fail: tcp.close,
      restore: tcp.open,
    },
    {
      module: 'http',
      name: 'http, port closed',
      resource: 'http.a',
      element: (times) => `<http ident="a" when="both"><to url="http://127.0.0.1:${http.port}/" ${times}/></http>`,
      fail: http.close,
      restore: http.open,
    },
    {
      module: 'hang',
      name: 'http, no answer',
      resource: 'http.b',
      element: (times) => `<http ident="b" when="both"><to url="http://127.0.0.1:${slow.port}/" ${times}/></http>`,
      fail: () => {
        hangs = true;
      },
      restore: () => {
        hangs = false;
      },
    },
    {
      module: 'oneshot',
      name: 'custom, oneshot',
      resource: 'custom.a',
      element: (times) => `<custom ident="a" when="both" action="restart" mode="oneshot" exec="look" ${times}/>`,
      scripts: { look: '#!/bin/sh\n[ ! -f "$SAFEUSERVAR/fails" ]\n' },
      fail: () => writeFileSync(flag(), ''),
      restore: () => rmSync(flag()),
    },
    {
      module: 'follower',
      name: 'module, stopped',
      resource: 'module.other',
      element: (times) =>
        `<module name="other" ident="other"><to addr="${loopback(1)}" port="${daemon.httpPort}" ${times}/></module>`,
      fail: () => command('stop'),
      restore: () => command('start'),
    },
  ];
}

/** A server on a port of its own that can be closed with all its connections, and opened again. */
async function switched(make: () => Server): Promise<{ readonly port: number; close(): Promise<void>; open(): Promise<void> }> {
  let port = 0;
  let sockets = new Set<Socket>();
  let server = make();
  const open = async (): Promise<void> => {
    sockets = new Set();
    server = make();
    server.on('connection', (socket) => sockets.add(socket));
    server.listen(port, '127.0.0.1').unref();
    await once(server, 'listening');
    const address = server.address();
    if (address !== null && typeof address === 'object') ({ port } = address);
  };
  await open();
  return {
    get port() {
      return port;
    },
    open,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

// ---------------------------------------------------------------- a network of our own

const address = '192.0.2.10';
const addressOfInterface = '192.0.2.129';

async function inNamespace<T>(
  use: (wrap: readonly string[], ip: (...args: readonly string[]) => void) => Promise<T>,
): Promise<T> {
  const name = `hf-bench-${process.pid}`;
  const host = (...args: readonly string[]): void => void execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const ip = (...args: readonly string[]): void => host('-n', name, ...args);
  host('netns', 'add', name);
  try {
    ip('link', 'set', 'lo', 'up');
    return await use(['ip', 'netns', 'exec', name], ip);
  } finally {
    host('netns', 'delete', name);
  }
}

async function networkSubjects(ip: (...args: readonly string[]) => void): Promise<readonly Subject[]> {
  const addresses = { ping: '192.0.2.20/32', ip: `${address}/32` };
  ip('link', 'add', 'hfd0', 'type', 'veth', 'peer', 'name', 'hfd1');
  ip('link', 'set', 'hfd1', 'up');
  ip('addr', 'add', `${addressOfInterface}/25`, 'dev', 'hfd0');
  ip('link', 'set', 'hfd0', 'up');
  for (const one of Object.values(addresses)) ip('addr', 'add', one, 'dev', 'lo');
  return [
    {
      module: 'ping',
      name: 'ping, no route',
      resource: 'ping.a',
      element: (times) => `<ping ident="a" when="both" action="restart"><to addr="192.0.2.20" ${times}/></ping>`,
      fail: () => ip('addr', 'del', addresses.ping, 'dev', 'lo'),
      restore: () => ip('addr', 'add', addresses.ping, 'dev', 'lo'),
    },
    {
      module: 'ip',
      name: 'ip, address taken off',
      resource: 'ip.a',
      element: (times) => `<ip ident="a"><to addr="${address}" ${times.replace(/ timeout=.*/, '')}/></ip>`,
      fail: () => ip('addr', 'del', addresses.ip, 'dev', 'lo'),
      restore: () => ip('addr', 'add', addresses.ip, 'dev', 'lo'),
    },
    {
      module: 'intf',
      name: 'intf, interface down',
      resource: 'intf.a',
      element: (times) => `<intf ident="a"><to local_addr="${addressOfInterface}" ${times.replace(/ timeout=.*/, '')}/></intf>`,
      fail: () => ip('link', 'set', 'hfd0', 'down'),
      restore: () => ip('link', 'set', 'hfd0', 'up'),
    },
  ];
}

// ---------------------------------------------------------------- 200 checkers at 1 s

/** Servers on ports of their own. */
async function serversOf(count: number, make: () => Server): Promise<{ readonly ports: readonly number[]; close(): void }> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = make().listen(0, '127.0.0.1').unref();
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.flatMap((server) => {
    const at = server.address();
    return at !== null && typeof at === 'object' ? [at.port] : [];
  });
  return {
    ports,
    close: () => {
      for (const server of servers) server.close();
    },
  };
}

async function withCheckers<T>(check: string, use: (daemon: RealDaemon) => Promise<T>): Promise<T> {
  const directory = makeDirectory();
  try {
    const daemon = await startDaemon({ directory, addresses: [loopback(1)] });
    await daemon.installFiles('many', 1, {
      'conf/userconfig.xml': moduleXml(directory, check, ''),
      'bin/start_both': '#!/bin/sh\n',
    });
    await daemon.start('many');
    await wait(settleMs);
    return await use(daemon);
  } finally {
    await removeDirectory(directory);
  }
}

async function cost(): Promise<readonly BenchRow[]> {
  const checkers = 200;
  let connections = 0;
  const servers = await serversOf(checkers, () =>
    createServer((socket) => {
      connections += 1;
      socket.on('error', () => undefined).resume();
    }),
  );
  const tcp = (port: number, index: number): string =>
    `<tcp ident="c${index}" when="both"><to addr="127.0.0.1" port="${port}" interval="1s" timeout="1s"/></tcp>`;
  const alone = await withCheckers('', ({ pid }) => processorPercent(pid));
  const found = await withCheckers(servers.ports.map(tcp).join(''), async (daemon) => {
    const before = connections;
    const percent = await processorPercent(daemon.pid);
    const { state, quality } = await daemon.status('many');
    return { percent, rate: (connections - before) / (costMs / 1_000), isUp: state === 'UP' && quality === 'Ready' };
  });
  servers.close();
  const { percent, rate, isUp: sound } = found;
  return [
    judge({
      area,
      name: `processor, ${checkers} tcp checkers at 1 s`,
      value: percent,
      unit: '% of a core',
      target: 'checkersCpuPercent',
      sound,
    }),
    judge({ area, name: 'processor, the same daemon without checkers', value: alone, unit: '% of a core' }),
    judge({
      area,
      name: 'checks that came to the servers',
      value: rate,
      unit: '/s',
      against: 'asked for',
      againstValue: checkers,
    }),
  ];
}

/** Answers that take longer than the interval: a checker that did not wait for them would ask again. */
async function slowAnswers(): Promise<readonly BenchRow[]> {
  const checkers = 20;
  let requests = 0;
  let most = 0;
  const servers = await serversOf(checkers, () => {
    let asking = 0;
    return createHttpServer((_request, response) => {
      asking += 1;
      requests += 1;
      most = Math.max(most, asking);
      // The answer goes out with the end: whoever asks again has it.
      setTimeout(() => {
        asking -= 1;
        response.end('ok');
      }, 1_500);
    });
  });
  const http = (port: number, index: number): string =>
    `<http ident="c${index}" when="both"><to url="http://127.0.0.1:${port}/" interval="1s" timeout="5s"/></http>`;
  await withCheckers(servers.ports.map(http).join(''), () => wait(10_000));
  servers.close();
  return [
    judge({
      area,
      name: 'answers of 1.5 s at an interval of 1 s: requests of one checker at one time, the most',
      value: most,
      unit: '',
      target: 'checksAtOnce',
      sound: requests >= checkers * 5,
    }),
  ];
}

/** The whole process's time over `costMs`. */
async function processorPercent(pid: number): Promise<number> {
  const began = performance.now();
  const before = cpuMs(pid);
  await wait(costMs);
  return ((cpuMs(pid) - before) / (performance.now() - began)) * 100;
}
/** utime and stime, whose unit is 10 ms on every Linux that Node runs on. */
function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
