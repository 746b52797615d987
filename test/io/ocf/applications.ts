/** Real applications for agents of Debian's package `resource-agents`, in directories and on ports of their own. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readProcStat } from '../../../src/io/linux/proc-table.js';
import { until } from '../real-processes.js';

interface Teardown {
  teardown(work: () => unknown): unknown;
}
export interface Application {
  readonly agent: string;
  readonly parameters: Readonly<Record<string, string>>;
  serves(): Promise<boolean>;
  /** Ends it without asking, as a crash would; resolves when all of it is gone. */
  kill(): Promise<void>;
}
export interface ApplicationKind {
  readonly agent: string;
  /** Why it cannot be tried here, or false. */
  readonly skip: string | false;
  prepare(t: Teardown): Promise<Application>;
}

const agentsDir = '/usr/lib/ocf/resource.d/heartbeat';
/** Why agents cannot be tried here: what is missing of the given files, by what they come with. */
export function missing(files: readonly (readonly [path: string, comesWith: string])[]): string | false {
  if (process.platform !== 'linux') return 'needs Linux';
  const lacking = files.find(([path]) => !existsSync(path));
  return lacking === undefined ? false : `needs ${lacking[1]}`;
}
const agentFile = (name: string): readonly [string, string] => [join(agentsDir, name), 'the package resource-agents'];
const unlessRoot = (reason: string | false): string | false =>
  reason === false && process.getuid?.() !== 0 ? 'needs root: the agents change user and write below /run' : reason;

function directory(t: Teardown): string {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-ocf-'));
  chmodSync(dir, 0o755);
  t.teardown(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
  return dir;
}
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('not listening');
  return address.port;
}
const numberIn = (path: string): number => {
  try {
    return Number(readFileSync(path, 'utf8').split('\n')[0]?.trim());
  } catch {
    return Number.NaN;
  }
};
const isRunning = (pid: number): boolean => {
  const found = Number.isInteger(pid) ? readProcStat(pid) : null;
  return found?.kind === 'found' && !found.stat.zombie;
};
/** Kills a process and its children; resolves when they are gone and waited for: agents take a zombie for a process that runs. */
async function killTree(pid: number): Promise<void> {
  const children = readdirSync('/proc').filter((name) => {
    const found = /^\d+$/.test(name) ? readProcStat(Number(name)) : null;
    return found?.kind === 'found' && found.stat.ppid === pid;
  });
  const all = [pid, ...children.map(Number)].filter(isRunning);
  for (const one of all) process.kill(one, 'SIGKILL');
  await until('all of it is gone', () => all.every((one) => readProcStat(one).kind === 'gone'), 30_000);
}

const dummy: ApplicationKind = {
  agent: 'heartbeat:Dummy',
  skip: unlessRoot(missing([agentFile('Dummy')])),
  prepare: async (t) => {
    const state = join(directory(t), 'dummy.state');
    return {
      agent: 'heartbeat:Dummy',
      parameters: { state },
      serves: async () => existsSync(state),
      kill: async () => rmSync(state),
    };
  },
};

const nginx: ApplicationKind = {
  agent: 'heartbeat:nginx',
  skip: unlessRoot(missing([agentFile('nginx'), ['/usr/sbin/nginx', 'nginx']])),
  prepare: async (t) => {
    const dir = directory(t);
    const port = await freePort();
    const configfile = join(dir, 'nginx.conf');
    writeFileSync(
      configfile,
      `pid ${dir}/nginx.pid;
error_log ${dir}/error.log;
events { worker_connections 64; }
http {
  access_log off;
  client_body_temp_path ${dir}/body;
  proxy_temp_path ${dir}/proxy;
  fastcgi_temp_path ${dir}/fastcgi;
  uwsgi_temp_path ${dir}/uwsgi;
  scgi_temp_path ${dir}/scgi;
  # The agent reads this file line by line: \`listen\` must stand at the beginning of one.
  server {
    listen 127.0.0.1:${port};
    location / { return 200 "well\\n"; }
  }
}
`,
    );
    return {
      agent: 'heartbeat:nginx',
      // Without a stub_status location the agent takes an address without a path for its status page, and refuses it.
      parameters: { configfile, httpd: '/usr/sbin/nginx', status10url: `http://127.0.0.1:${port}/` },
      serves: () =>
        new Promise((resolve) => {
          const request = get({ host: '127.0.0.1', port, agent: false, timeout: 5_000 }, (response) => {
            response.resume();
            resolve(response.statusCode === 200);
          });
          request.on('error', () => resolve(false));
          request.on('timeout', () => request.destroy());
        }),
      kill: () => killTree(numberIn(join(dir, 'nginx.pid'))),
    };
  },
};

const postgresBin = (): string => {
  const base = '/usr/lib/postgresql';
  const versions = existsSync(base) ? readdirSync(base).toSorted((a, b) => Number(b) - Number(a)) : [];
  return join(base, versions[0] ?? 'none', 'bin');
};
const pgsql: ApplicationKind = {
  agent: 'heartbeat:pgsql',
  skip: unlessRoot(missing([agentFile('pgsql'), [join(postgresBin(), 'initdb'), 'the package postgresql']])),
  prepare: async (t) => {
    const dir = directory(t);
    const bin = postgresBin();
    const port = await freePort();
    const user = Number(execFileSync('id', ['-u', 'postgres'], { encoding: 'utf8' }));
    const group = Number(execFileSync('id', ['-g', 'postgres'], { encoding: 'utf8' }));
    const data = join(dir, 'data');
    const sockets = join(dir, 'sockets');
    for (const one of [data, sockets]) {
      mkdirSync(one, { mode: 0o700 });
      chownSync(one, user, group);
    }
    execFileSync(join(bin, 'initdb'), ['-D', data, '-A', 'trust', '--no-sync', '-E', 'UTF8', '--locale=C'], {
      uid: user,
      gid: group,
      cwd: data,
      stdio: 'ignore',
    });
    writeFileSync(
      join(data, 'postgresql.conf'),
      `listen_addresses = '127.0.0.1'\nport = ${port}\nunix_socket_directories = '${sockets}'\nmax_connections = 10\nshared_buffers = 1MB\nfsync = off\n`,
    );
    const logfile = join(dir, 'postgres.log');
    writeFileSync(logfile, '');
    chownSync(logfile, user, group);
    return {
      agent: 'heartbeat:pgsql',
      parameters: {
        pgctl: join(bin, 'pg_ctl'),
        psql: join(bin, 'psql'),
        pgdata: data,
        pgport: String(port),
        socketdir: sockets,
        logfile,
      },
      serves: async () => {
        try {
          const args = ['-h', sockets, '-p', String(port), '-d', 'template1', '-Atc', 'select 6*7'];
          return (
            execFileSync(join(bin, 'psql'), args, { uid: user, gid: group, cwd: dir, stdio: ['ignore', 'pipe', 'ignore'] })
              .toString()
              .trim() === '42'
          );
        } catch {
          return false;
        }
      },
      kill: () => killTree(numberIn(join(data, 'postmaster.pid'))),
    };
  },
};

export const applications: readonly ApplicationKind[] = [dummy, nginx, pgsql];
