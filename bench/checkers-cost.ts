/**
 * What 200 checkers at 1 s cost a real daemon, kind by kind and mixed, beside Node that does the same with nothing around it, and that
 * none of them overlaps itself.
 */
import { type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import type { Certificate } from './certificate.js';
import { moduleXml } from './checker-subjects.js';
import { loopback, type RealDaemon, startDaemon } from './real-daemon.js';
import { type BenchRow, judge } from './row.js';
import { wait } from './statistics.js';
import { transpile } from './transpile.js';
import { keep, makeDirectory, marked, removeDirectory } from './workplace.js';

const area = 'checkers';
const settleMs = 5_000;
const costMs = Number(process.env['BENCH_CHECKERS_SECONDS'] ?? '30') * 1_000;
const checkers = 200;
const times = 'interval="1s" timeout="1s"';

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

/** Servers that count who comes, for checkers of one kind; `makes` writes the checker that looks at a port. */
interface Kind {
  readonly name: string;
  readonly make: (asked: () => void) => Server;
  readonly makes: (port: number, index: number) => string;
}
const kindsOf = ({ key, cert, authorityFile }: Certificate): readonly Kind[] => [
  {
    name: 'tcp',
    make: (asked) =>
      createServer((socket) => {
        asked();
        socket.on('error', () => undefined).resume();
      }),
    makes: (port, index) => `<tcp ident="t${index}" when="both"><to addr="127.0.0.1" port="${port}" ${times}/></tcp>`,
  },
  {
    name: 'http',
    make: (asked) =>
      createHttpServer((_request, response) => {
        asked();
        response.end('ok');
      }),
    makes: (port, index) => `<http ident="h${index}" when="both"><to url="http://127.0.0.1:${port}/" ${times}/></http>`,
  },
  {
    name: 'https',
    make: (asked) =>
      createSecureServer({ key, cert }, (_request, response) => {
        asked();
        response.end('ok');
      }),
    makes: (port, index) =>
      `<http ident="s${index}" when="both"><to url="https://127.0.0.1:${port}/" ca="${authorityFile}" ${times}/></http>`,
  },
];
const ping = (_port: number, index: number): string => `<ping ident="p${index}"><to addr="127.0.0.1" ${times}/></ping>`;

/** The daemon alone, then with 200 of each kind, then with 50 each of three kinds and pings. */
export async function costs(certificate: Certificate): Promise<readonly BenchRow[]> {
  const alone = await withCheckers('', ({ pid }) => processorPercent(pid));
  const rows: BenchRow[] = [
    judge({ area, name: 'processor, the same daemon without checkers', value: alone, unit: '% of a core' }),
  ];
  const kinds = kindsOf(certificate);
  const bare = await barePeer(certificate);
  for (const kind of kinds) rows.push(...(await cost(kind.name, [{ kind, count: checkers }], { bare, alone })));
  const share = checkers / (kinds.length + 1);
  rows.push(
    ...(await cost(
      'mixed (tcp, http, https, ping)',
      kinds.map((kind) => ({ kind, count: share })),
      { pings: share },
    )),
  );
  return rows;
}

/** Measures Node alone with these ports, in % of a core. */
type Bare = (kind: string, ports: readonly number[]) => Promise<number>;
async function barePeer({ authorityFile }: Certificate): Promise<Bare> {
  const script = join(transpile(['bench/bare-checks.ts']), 'bench', 'bare-checks.js');
  return async (kind, ports) => {
    const stdio: StdioOptions = ['ignore', 'pipe', 'inherit', 'ipc'];
    const child = keep(
      spawn(process.execPath, [script, kind, authorityFile, ...ports.map(String)], { env: marked(makeDirectory()), stdio }),
    );
    const ended = once(child, 'exit');
    if (child.stdout === null || child.pid === undefined) throw new Error('the bare checks did not start');
    await once(createInterface({ input: child.stdout }), 'line');
    const percent = await processorPercent(child.pid);
    child.disconnect();
    await ended;
    return percent;
  };
}

interface Beside {
  readonly pings?: number;
  /** What a daemon without checkers takes, and how Node alone is measured. */
  readonly alone?: number;
  readonly bare?: Bare;
}
async function cost(
  name: string,
  parts: readonly { readonly kind: Kind; readonly count: number }[],
  { pings = 0, alone, bare }: Beside,
): Promise<readonly BenchRow[]> {
  let asked = 0;
  const servers = await Promise.all(
    parts.map(async ({ kind, count }) => ({
      kind,
      ...(await serversOf(count, () =>
        kind.make(() => {
          asked += 1;
        }),
      )),
    })),
  );
  const check = [
    ...servers.flatMap(({ kind, ports }) => ports.map(kind.makes)),
    ...Array.from({ length: pings }, (_, index) => ping(0, index)),
  ].join('');
  try {
    const found = await withCheckers(check, async (daemon) => {
      const before = asked;
      const percent = await processorPercent(daemon.pid);
      const { state, quality } = await daemon.status('many');
      return { percent, rate: (asked - before) / (costMs / 1_000), isUp: state === 'UP' && quality === 'Ready' };
    });
    return [
      judge({
        area,
        name: `processor, ${checkers} ${name} checkers at 1 s`,
        value: found.percent,
        unit: '% of a core',
        target: 'checkersCpuPercent',
        sound: found.isUp,
      }),
      judge({
        area,
        name: `checks that came to the servers, ${name}`,
        value: found.rate,
        unit: '/s',
        against: 'asked for',
        againstValue: checkers - pings,
      }),
      ...(bare === undefined || alone === undefined
        ? []
        : [
            judge({
              area,
              name: `what ${checkers} ${name} checkers at 1 s add to a daemon`,
              value: found.percent - alone,
              unit: '% of a core',
              against: `the same by bare node:${name === 'tcp' ? 'net' : name}`,
              againstValue: await bare(
                name,
                servers.flatMap(({ ports }) => ports),
              ),
              target: 'checkersOverhead',
              sound: found.isUp,
            }),
          ]),
    ];
  } finally {
    for (const { close } of servers) close();
  }
}

/** Answers that take longer than the interval: a checker that did not wait for them would ask again. */
export async function slowAnswers({ key, cert, authorityFile }: Certificate): Promise<readonly BenchRow[]> {
  const each = 10;
  let requests = 0;
  let most = 0;
  const listener = () => {
    let asking = 0;
    return (_request: unknown, response: { end(text: string): unknown }): void => {
      asking += 1;
      requests += 1;
      most = Math.max(most, asking);
      // The answer goes out with the end: whoever asks again has it.
      setTimeout(() => {
        asking -= 1;
        response.end('ok');
      }, 1_500);
    };
  };
  const plain = await serversOf(each, () => createHttpServer(listener()));
  const secure = await serversOf(each, () => createSecureServer({ key, cert }, listener()));
  const pace = 'interval="1s" timeout="5s"';
  const http = (port: number, index: number): string =>
    `<http ident="h${index}" when="both"><to url="http://127.0.0.1:${port}/" ${pace}/></http>`;
  const https = (port: number, index: number): string =>
    `<http ident="s${index}" when="both"><to url="https://127.0.0.1:${port}/" ca="${authorityFile}" ${pace}/></http>`;
  await withCheckers(`${plain.ports.map(http).join('')}${secure.ports.map(https).join('')}`, () => wait(10_000));
  plain.close();
  secure.close();
  return [
    judge({
      area,
      name: 'answers of 1.5 s at an interval of 1 s, http and https: requests of one checker at one time, the most',
      value: most,
      unit: '',
      target: 'checksAtOnce',
      sound: requests >= 2 * each * 5,
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
