/** A real daemon in a directory of its own, commanded over its local socket, with modules whose application is one sleeping process. */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CliError } from '../src/cli/cli-error.js';
import { type Client, createClient } from '../src/cli/client.js';
import type { ActionProgress, ModuleNodeStatus } from '../src/http/api-types.js';
import { packArchive } from '../src/io/modules/archive.js';
import { freePort } from '../test/io/udp/cluster.js';
import { until } from './statistics.js';
import { keep, marked, markVariable } from './workplace.js';

export interface DaemonSpec {
  /** Everything of the daemon is below this directory, made by `makeDirectory`. */
  readonly directory: string;
  /** Addresses of the nodes; the daemon is the first, n1. They are n1, n2, … in the configuration. */
  readonly addresses: readonly string[];
  readonly pulseMs?: number;
  /** A command that runs the command after it somewhere else, in its own place. */
  readonly wrap?: readonly string[];
}

export interface RealDaemon {
  readonly pid: number;
  readonly safe: string;
  readonly safevar: string;
  readonly socket: string;
  readonly httpPort: number;
  readonly clusterPort: number;
  /** The configuration that was applied. */
  readonly clusterXml: string;
  readonly client: Client;
  /** Installs and applies a module. */
  install(module: string, id: number, application: Application): Promise<void>;
  /** Installs and applies a module of these files: path below the module → content; those below bin are executable. */
  installFiles(module: string, id: number, files: Readonly<Record<string, string>>): Promise<void>;
  /** Starts it and waits until it is UP and Ready. */
  start(module: string): Promise<void>;
  status(module: string): Promise<ModuleNodeStatus>;
}

/** What a module supervises, and what its scripts do besides. */
export interface Application {
  /** Name of the process, 1 to 15 characters, the only one of that name on the machine. */
  readonly process: string;
  /** Lines of shell that come first in the script. */
  readonly first?: { readonly start?: string; readonly stop?: string };
}

/** The build that is measured: BENCH_DIST names another one, to compare with. */
const build = process.env['BENCH_DIST'] ?? fileURLToPath(new URL('../dist', import.meta.url));
const main = join(build, 'main.js');
/** The command `holdfast` as it was built. */
export const command = join(build, 'cli', 'main.js');

/** A loopback address that no other run uses: each has a range of its own, by its process id. */
export function loopback(node: number): string {
  return `127.${64 + (process.pid % 64)}.${1 + (Math.floor(process.pid / 64) % 250)}.${node}`;
}

/** Starts a daemon, and forms the cluster of which it is the first node. */
export async function startDaemon(spec: DaemonSpec): Promise<RealDaemon> {
  const { directory, addresses } = spec;
  const safe = join(directory, 'safe');
  const safevar = join(directory, 'var');
  const socket = join(safevar, 'holdfast.sock');
  mkdirSync(safe, { recursive: true });
  const httpPort = await freeTcpPort();
  const clusterPort = await freePort();
  const output = openSync(join(directory, 'holdfastd.out'), 'a');
  const own = [process.execPath, main, '--safe', safe, '--var', safevar, '--node', 'n1', '--http-port', String(httpPort)];
  const [file = '', ...args] = [...(spec.wrap ?? []), ...own];
  const child = keep(spawn(file, args, { stdio: ['ignore', output, output], env: marked(directory) }));
  closeSync(output);
  const client = createClient(socket, new AbortController().signal);
  await until('the daemon answers', async () => {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the daemon ended: ${said(directory)}`);
    return answers(client);
  });
  const lans = addresses.map((addr, index) => `<node name="n${index + 1}" addr="${addr}"/>`).join('');
  const pulse = spec.pulseMs === undefined ? '' : ` pulse="${spec.pulseMs}ms"`;
  const clusterXml = `<cluster><lans port="${clusterPort}"${pulse}><lan name="default" command="on">${lans}</lan></lans></cluster>`;
  await client.json('PUT', '/cluster/config', { json: { xml: clusterXml } });

  const status = (module: string): Promise<ModuleNodeStatus> => client.json('GET', `/modules/${module}/nodes/n1`);
  const put = async (module: string, id: number, files: Parameters<typeof packArchive>[0]): Promise<void> => {
    const bytes = await packArchive(files);
    const headers = { 'content-type': 'application/zip' };
    await client.json('PUT', `/modules/${module}?id=${id}`, { bytes, headers });
    await client.json('POST', `/modules/${module}/config/apply`);
  };
  return {
    pid: child.pid ?? 0,
    safe,
    safevar,
    socket,
    httpPort,
    clusterPort,
    clusterXml,
    client,
    install: (module, id, application) => put(module, id, moduleFiles(directory, application)),
    installFiles: (module, id, files) =>
      put(
        module,
        id,
        Object.entries(files).map(([path, content]) => ({
          path,
          executable: path.startsWith('bin/'),
          bytes: Buffer.from(content),
        })),
      ),
    start: async (module) => {
      await client.json<ActionProgress>('POST', `/modules/${module}/actions`, { json: { action: 'start' } });
      await until(`${module} is UP`, async () => {
        const { state, quality } = await status(module);
        return state === 'UP' && quality === 'Ready';
      });
    },
    status,
  };
}

function said(directory: string): string {
  return readFileSync(join(directory, 'holdfastd.out'), 'utf8').slice(-2_000);
}

async function answers(client: Client): Promise<boolean> {
  try {
    await client.json('GET', '/cluster', { timeoutMs: 1_000 });
    return true;
  } catch (error) {
    if (error instanceof CliError) return false;
    throw error;
  }
}

/** A TCP port that nothing uses at this moment. */
async function freeTcpPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return address !== null && typeof address === 'object' ? address.port : 0;
}

/** The process is told apart by its name, which is that of the file it runs: a link to sleep. */
function moduleFiles(directory: string, { process: name, first }: Application) {
  const text = (path: string, executable: boolean, content: string) => ({ path, executable, bytes: Buffer.from(content) });
  return [
    text(
      'conf/userconfig.xml',
      false,
      `<safe><service mode="farm" boot="ignore" maxloop="3" loop_interval="24">
  <farm><lan name="default"/></farm>
  <user nicestoptimeout="300" forcestoptimeout="300" logging="userlog"><var name="${markVariable}" value="${directory}"/></user>
  <errd polltimer="10"><proc name="${name}" class="both" action="restart"/></errd>
</service></safe>
`,
    ),
    text(
      'bin/start_both',
      true,
      `#!/bin/sh
${first?.start ?? ''}
ln -sf "$(command -v sleep)" "$SAFEUSERVAR/${name}"
setsid "$SAFEUSERVAR/${name}" 86400 </dev/null >/dev/null 2>&1 &
echo $! >"$SAFEUSERVAR/pid"
`,
    ),
    text(
      'bin/stop_both',
      true,
      `#!/bin/sh
${first?.stop ?? ''}
[ -r "$SAFEUSERVAR/pid" ] || exit 0
kill "$(cat "$SAFEUSERVAR/pid")" 2>/dev/null
rm -f "$SAFEUSERVAR/pid"
exit 0
`,
    ),
  ];
}
