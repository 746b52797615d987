/**
 * A real daemon with directories of its own, started from the built program as anybody would, and its command line.
 * With `wrap` both run elsewhere (in a network namespace, see test/net); without it on this machine, without root.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ClusterSummary, List, LogLine, ModuleNodeStatus, ModuleSummary, NodeSummary } from '../../src/http/api-types.js';
import { type Answer, ask } from './http.js';
import { until } from './until.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** The built daemon and command line. */
export const daemonFile = join(root, 'dist', 'main.js');

/** How long a daemon may take to answer after its start, on a loaded machine. */
const startBoundMs = 90_000;

export interface DaemonSpec {
  /** SAFE and SAFEVAR are made below it. */
  readonly directory: string;
  readonly node: string;
  readonly httpPort: number;
  /** Addresses of the web service; none: the daemon's own choice. */
  readonly listen?: readonly string[];
  /** SAFEVAR, where it is not `directory`/var. */
  readonly safevar?: string;
  /** A command that runs the command after it somewhere else; it must fork exactly once. */
  readonly wrap?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}
export interface DaemonEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}
/** The files of a module: `conf/userconfig.xml` and the scripts of `bin`, which are made executable. */
export interface ModuleFiles {
  readonly userconfig: string;
  readonly scripts: Readonly<Record<string, string>>;
}

/** The environment of everything that the tests start: nothing of the test runner's own gets into it. */
const plainEnvironment = (extra: Readonly<Record<string, string>>): Record<string, string> => ({
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: process.env['HOME'] ?? '/',
  LANG: 'C.UTF-8',
  ...extra,
});

/** Runs a command to its end, its output kept. `timeoutMs`, default 60,000, ends it. */
export async function run(
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
  timeoutMs = 60_000,
): Promise<Run> {
  const [file = '', ...args] = command;
  const child = spawn(file, args, { env: plainEnvironment(env), stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    stderr += String(chunk);
  });
  const [code] = await once(child, 'close');
  return { code: typeof code === 'number' ? code : null, stdout, stderr };
}

export class RealDaemon {
  readonly spec: DaemonSpec;
  readonly safe: string;
  readonly safevar: string;
  readonly socket: string;
  #child: ChildProcess | null = null;
  #ended: Promise<DaemonEnd> | null = null;
  #output = '';

  constructor(spec: DaemonSpec) {
    this.spec = spec;
    this.safe = join(spec.directory, 'safe');
    this.safevar = spec.safevar ?? join(spec.directory, 'var');
    this.socket = join(this.safevar, 'holdfast.sock');
    mkdirSync(this.safe, { recursive: true });
    mkdirSync(this.safevar, { recursive: true });
  }

  /** What all runs of the daemon have printed. */
  get output(): string {
    return this.#output;
  }

  /** Starts the process without waiting for anything. */
  launch(): void {
    const { node, httpPort, listen = [], wrap = [], env = {} } = this.spec;
    const args = ['--safe', this.safe, '--var', this.safevar, '--node', node, '--http-port', String(httpPort)];
    const command = [...wrap, process.execPath, daemonFile, ...args, ...listen.flatMap((address) => ['--listen', address])];
    const [file = '', ...rest] = command;
    const child = spawn(file, rest, { env: plainEnvironment(env), stdio: ['ignore', 'pipe', 'pipe'] });
    const keep = (chunk: unknown): void => {
      this.#output += String(chunk);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    this.#child = child;
    this.#ended = once(child, 'close').then(([code, signal]) => ({ code, signal }));
  }

  /** Starts the daemon and waits until it answers. @throws Error with its output when it ends instead, or is too slow. */
  async start(): Promise<void> {
    this.launch();
    await until(
      `the daemon of ${this.spec.node} answers`,
      async () => {
        if (this.#child?.exitCode !== null) throw new Error(`it ended with ${this.#child?.exitCode}: ${this.#output}`);
        return (await ask({ socketPath: this.socket, path: '/api/v1/cluster', timeoutMs: 2_000 })).status === 200;
      },
      startBoundMs,
      () => this.#output,
    );
  }

  /** The daemon's process, as this machine numbers it. */
  pid(): number {
    const own = this.#child?.pid;
    if (own === undefined) throw new Error('the daemon was not started');
    if (this.spec.wrap === undefined) return own;
    const children = readFileSync(`/proc/${own}/task/${own}/children`, 'utf8').trim().split(' ');
    const [child = ''] = children;
    if (children.length !== 1 || child === '')
      throw new Error(`${this.spec.node}: ${children.length} processes instead of the daemon`);
    return Number(child);
  }

  signal(name: NodeJS.Signals): void {
    process.kill(this.pid(), name);
  }

  /** Resolves when the process has ended. */
  ended(): Promise<DaemonEnd> {
    if (this.#ended === null) throw new Error('the daemon was not started');
    return this.#ended;
  }

  isRunning(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** kill -9 of the daemon alone; what it started goes on. */
  async kill(): Promise<void> {
    if (!this.isRunning()) return;
    this.signal('SIGKILL');
    await this.ended();
  }

  /** Sends a request to the API over the local socket. */
  api(method: string, path: string, json?: unknown): Promise<Answer> {
    const content = json === undefined ? {} : { body: JSON.stringify(json), headers: { 'content-type': 'application/json' } };
    return ask({ socketPath: this.socket, method, path: `/api/v1${path}`, ...content });
  }

  async #read<T>(path: string, isIt: (value: unknown) => value is T): Promise<T> {
    const { status, body } = await this.api('GET', path);
    const value: unknown = JSON.parse(body);
    if (status !== 200 || !isIt(value)) throw new Error(`${this.spec.node} ${path}: ${status} ${body}`);
    return value;
  }

  status(module: string): Promise<ModuleNodeStatus> {
    return this.#read(`/modules/${module}/nodes/${this.spec.node}`, has<ModuleNodeStatus>('state', 'quality', 'budget'));
  }
  module(module: string): Promise<ModuleSummary> {
    return this.#read(`/modules/${module}`, has<ModuleSummary>('name', 'nodes'));
  }
  cluster(): Promise<ClusterSummary> {
    return this.#read('/cluster', has<ClusterSummary>('self', 'view', 'dropped'));
  }
  async nodes(): Promise<readonly NodeSummary[]> {
    return (await this.#read('/nodes', has<List<NodeSummary>>('items'))).items;
  }
  async logs(module: string): Promise<readonly LogLine[]> {
    return (await this.#read(`/modules/${module}/logs?verbose=true&limit=5000`, has<List<LogLine>>('items'))).items;
  }
  /** Lines of the module's log that hold that text. */
  async logged(module: string, text: string): Promise<number> {
    return (await this.logs(module)).filter((line) => line.message.includes(text)).length;
  }
  /** The node's own log, as it is on disk. */
  nodeLog(): string {
    const file = join(this.safevar, 'log', 'node.jsonl');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  /** `UP Ready`, `STOP NotReady` and so on. */
  async state(module: string): Promise<string> {
    const { state, quality } = await this.status(module);
    return `${state} ${quality}`;
  }
  /** Waits for a state such as `UP Ready`. */
  async reaches(module: string, wanted: string, boundMs = 30_000): Promise<void> {
    let last = '';
    await until(
      `${this.spec.node}: ${module} is ${wanted}`,
      async () => {
        last = await this.state(module);
        return last === wanted;
      },
      boundMs,
      () => last,
    );
  }

  /** Runs the command line through SAFE/safekit, as scripts do. */
  cli(...args: readonly string[]): Promise<Run> {
    return run([...(this.spec.wrap ?? []), join(this.safe, 'safekit'), ...args], { SAFE: this.safe, SAFEVAR: this.safevar });
  }
  /** The same; @throws Error with its output unless it ends with 0. */
  async must(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.cli(...args);
    if (code !== 0) throw new Error(`${this.spec.node}: safekit ${args.join(' ')} ended with ${code}: ${stdout}${stderr}`);
    return stdout;
  }

  /** Writes the files of an installed module, its template's gone. */
  writeModule(module: string, { userconfig, scripts }: ModuleFiles): void {
    const base = join(this.safe, 'modules', module);
    rmSync(join(base, 'bin'), { recursive: true, force: true });
    mkdirSync(join(base, 'bin'), { recursive: true });
    mkdirSync(join(base, 'conf'), { recursive: true });
    writeFileSync(join(base, 'conf', 'userconfig.xml'), userconfig);
    for (const [name, text] of Object.entries(scripts)) {
      writeFileSync(join(base, 'bin', name), text);
      chmodSync(join(base, 'bin', name), 0o755);
    }
  }
  /** Installs a module with exactly these files and applies its configuration, by the command line. */
  async install(module: string, files: ModuleFiles): Promise<void> {
    await this.must('module', 'install', '-m', module, '--template', 'light');
    this.writeModule(module, files);
    await this.must('config', '-m', module);
  }
}

/** Says whether a value is an object with these members: enough to tell an answer from a problem document. */
function has<T>(...members: readonly string[]): (value: unknown) => value is T {
  return (value): value is T => typeof value === 'object' && value !== null && members.every((member) => member in value);
}
