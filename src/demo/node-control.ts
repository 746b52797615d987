/** One node of the demo: its real daemon, commanded over its local socket as `holdfast` does it. */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { get } from 'node:http';
import { fileURLToPath } from 'node:url';
import { CliError } from '../cli/cli-error.js';
import { type Client, createClient } from '../cli/client.js';
import type {
  ActionProgress,
  ClusterSummary,
  ErrdEntry,
  ErrdList,
  List,
  LogLine,
  ModuleNodeStatus,
  ModuleSummary,
  Userlog,
} from '../http/api-types.js';
import { DemoError } from './demo-error.js';
import type { Layout, NodeLayout } from './layout.js';
import { identify, killMarked, markVariable, type ProcessMark } from './processes.js';

/** What the demo's application says of itself. */
export interface ApplicationAnswer {
  readonly node: string;
  readonly pid: number;
  readonly requests: number;
}

/** One node. Everything that asks the daemon rejects with a CliError where it does not answer. */
export interface DemoNode {
  readonly layout: NodeLayout;
  /** Starts the daemon and waits until it answers. @throws DemoError when it ends, or does not answer in 20 s. */
  startDaemon(): Promise<void>;
  /** The daemon that this demo started last, while it is alive. */
  daemon(): ProcessMark | null;
  configureCluster(xml: string): Promise<void>;
  exportCluster(): Promise<Uint8Array>;
  importCluster(bundle: Uint8Array): Promise<void>;
  /** Installs the module from a `.safe` archive and applies its configuration. */
  installModule(archive: Uint8Array): Promise<void>;
  command(action: 'start' | 'stop' | 'restart' | 'forcestop'): Promise<ActionProgress>;
  status(): Promise<ModuleNodeStatus>;
  cluster(): Promise<ClusterSummary>;
  /** Lines of the module's log from that wall time (ms since 1970) on, oldest first. */
  logs(sinceWallMs: number): Promise<readonly LogLine[]>;
  userlogs(): Promise<readonly Userlog[]>;
  /** The processes that errd watches, by `<proc>`. */
  errd(): Promise<readonly ErrdEntry[]>;
  /** Asks the application, without the balancer. Null when it does not answer in half a second. */
  application(): Promise<ApplicationAnswer | null>;
  /** The end of the power: kills everything that the node runs, at once. Returns how many processes. */
  powerOff(): Promise<number>;
}

const daemonFile = fileURLToPath(new URL('../main.js', import.meta.url));
const startTimeoutMs = 20_000;
const requestTimeoutMs = 10_000;

/** @param onProcess told of each daemon that is started, for the ledger. */
export function createNode(layout: Layout, node: NodeLayout, onProcess: (what: string, pid: number) => void): DemoNode {
  const client: Client = createClient(node.socket, new AbortController().signal);
  const modulePath = `/modules/${layout.module}`;
  let daemon: ProcessMark | null = null;
  const ask = <T>(method: string, path: string, json?: unknown): Promise<T> =>
    client.json<T>(method, path, json === undefined ? { timeoutMs: requestTimeoutMs } : { timeoutMs: requestTimeoutMs, json });

  const spawnDaemon = async (): Promise<{ readonly ended: () => string | null }> => {
    mkdirSync(node.safe, { recursive: true });
    mkdirSync(node.safeVar, { recursive: true });
    const output = openSync(node.output, 'a');
    let ended: string | null = null;
    try {
      const args = ['--safe', node.safe, '--var', node.safeVar, '--node', node.name, '--listen', node.address];
      args.push('--http-port', String(layout.ports.http));
      const child = spawn(process.execPath, [daemonFile, ...args], {
        // A session of its own: Ctrl-C in the terminal is for the demo, which then ends its nodes in order.
        detached: true,
        stdio: ['ignore', output, output],
        env: {
          ...process.env,
          SAFE: node.safe,
          SAFEVAR: node.safeVar,
          DEMO_NODE: node.name,
          DEMO_ADDR: node.address,
          DEMO_PORT: String(layout.ports.application),
          DEMO_RUNTIME: process.execPath,
          [markVariable]: node.dir,
        },
      });
      child.on('exit', (code, signal) => {
        ended = signal ?? `exit code ${code}`;
      });
      await new Promise<void>((resolve, reject) => {
        child.once('spawn', resolve);
        child.once('error', reject);
      });
      child.unref();
      const pid = child.pid ?? 0;
      daemon = identify(pid);
      onProcess('daemon', pid);
    } finally {
      closeSync(output);
    }
    return { ended: () => ended };
  };

  return {
    layout: node,
    startDaemon: async () => {
      const { ended } = await spawnDaemon();
      const deadline = Date.now() + startTimeoutMs;
      for (;;) {
        const end = ended();
        if (end !== null)
          throw new DemoError(`the daemon of ${node.name} ended at once (${end}); what it said is in ${node.output}`);
        if (await answers(client)) return;
        if (Date.now() > deadline)
          throw new DemoError(`the daemon of ${node.name} does not answer; what it said is in ${node.output}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    daemon: () => (daemon !== null && identify(daemon.pid)?.startTime === daemon.startTime ? daemon : null),
    configureCluster: async (xml) => {
      await ask<ClusterSummary>('PUT', '/cluster/config', { xml });
    },
    exportCluster: () => client.bytes('GET', '/cluster/bundle', { timeoutMs: requestTimeoutMs }),
    importCluster: async (bundle) => {
      await client.json<ClusterSummary>('PUT', '/cluster/bundle', { bytes: bundle, timeoutMs: requestTimeoutMs });
    },
    installModule: async (archive) => {
      const headers = { 'content-type': 'application/zip' };
      await client.json<ModuleSummary>('PUT', `${modulePath}?id=1`, { bytes: archive, headers, timeoutMs: requestTimeoutMs });
      await ask<ModuleSummary>('POST', `${modulePath}/config/apply`);
    },
    command: (action) => ask<ActionProgress>('POST', `${modulePath}/actions`, { action }),
    status: () => ask<ModuleNodeStatus>('GET', `${modulePath}/nodes/${node.name}`),
    cluster: () => ask<ClusterSummary>('GET', '/cluster'),
    logs: async (sinceWallMs) => (await ask<List<LogLine>>('GET', `${modulePath}/logs?since=${sinceWallMs}&limit=1000`)).items,
    userlogs: async () => (await ask<List<Userlog>>('GET', `${modulePath}/userlogs`)).items,
    errd: async () => (await ask<ErrdList>('GET', `${modulePath}/errd`)).items,
    application: () => askApplication(node.address, layout.ports.application),
    powerOff: () => killMarked(node.dir),
  };
}

async function answers(client: Client): Promise<boolean> {
  try {
    await client.json<ClusterSummary>('GET', '/cluster', { timeoutMs: 1_000 });
    return true;
  } catch (error) {
    if (error instanceof CliError) return false;
    throw error;
  }
}

async function askApplication(address: string, port: number): Promise<ApplicationAnswer | null> {
  const answer = await httpGet(address, port, '/');
  if (answer === null) return null;
  const parsed: unknown = JSON.parse(answer.body);
  return isApplicationAnswer(parsed) ? parsed : null;
}
function isApplicationAnswer(value: unknown): value is ApplicationAnswer {
  return (
    typeof value === 'object' &&
    value !== null &&
    'node' in value &&
    'pid' in value &&
    typeof value.pid === 'number' &&
    'requests' in value
  );
}

/** A request on a connection of its own; null when it is refused or not answered in 500 ms. */
function httpGet(
  address: string,
  port: number,
  path: string,
): Promise<{ readonly status: number; readonly body: string } | null> {
  return new Promise((resolve) => {
    const outgoing = get({ host: address, port, path, agent: false, headers: { connection: 'close' } }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('error', () => resolve(null));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    outgoing.setTimeout(500, () => outgoing.destroy());
    outgoing.on('error', () => resolve(null));
    outgoing.on('close', () => resolve(null));
  });
}
