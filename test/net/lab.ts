/**
 * Machines made of namespaces: three nodes, a load balancer and a client, joined by a bridge that is in a namespace of its own. A node
 * also has its own processes, so that its errd sees nothing else, and switching it off ends everything that it runs.
 * Nothing of it touches this machine's own network.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  accessSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cleanUpOnSignal, killProcessesOf, killProcessesOfNow, processesOf } from '../e2e/leftovers.js';
import { until } from '../e2e/until.js';

export type NodeName = 'n1' | 'n2' | 'n3';
export type HostName = NodeName | 'lb' | 'client';
export const nodeNames: readonly NodeName[] = ['n1', 'n2', 'n3'];
export const addressOf: Readonly<Record<HostName, string>> = {
  n1: '10.77.1.1',
  n2: '10.77.1.2',
  n3: '10.77.1.3',
  lb: '10.77.1.10',
  client: '10.77.1.20',
};

const tools = ['ip', 'nsenter', 'unshare', 'nginx', 'haproxy', 'nft'];

function isThere(tool: string): boolean {
  return ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'].some((directory) => {
    try {
      accessSync(join(directory, tool), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Why such a lab cannot be made on this machine; false where it can. */
export function whyNot(needed: readonly string[] = tools): string | false {
  if (process.platform !== 'linux') return 'network namespaces are Linux only';
  if (process.getuid?.() !== 0) return 'needs root, for network namespaces';
  const missing = needed.filter((tool) => !isThere(tool));
  if (missing.length > 0) return `needs ${missing.join(', ')}`;
  const name = `hf-${randomBytes(3).toString('hex')}-probe`;
  const made = spawnSync('ip', ['netns', 'add', name], { encoding: 'utf8' });
  if (made.status !== 0) return `network namespaces cannot be made here: ${made.stderr.trim()}`;
  spawnSync('ip', ['netns', 'delete', name]);
  return false;
}

/** Runs a command to its end. @throws Error with what it said unless it ends with 0. */
export function must(file: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(file, [...args], { encoding: 'utf8', timeout: 20_000 });
  if (status !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${status}: ${stdout}${stderr}`);
  return stdout;
}

/** One machine of the lab. */
class Host {
  readonly name: HostName;
  readonly namespace: string;
  readonly directory: string;

  constructor(lab: string, name: HostName, directory: string) {
    this.name = name;
    this.namespace = `${lab}-${name}`;
    this.directory = directory;
    mkdirSync(directory, { recursive: true });
  }

  get address(): string {
    return addressOf[this.name];
  }
  /** The command that runs the command after it in this machine's network, without forking. */
  get inNetwork(): readonly string[] {
    return ['nsenter', `--net=/run/netns/${this.namespace}`, '--'];
  }
  /** Sets this machine's packet filter: rules of the chain `in` (what comes to it) and `out` (what it sends); none removes it. */
  filter(rules: readonly { readonly chain: 'in' | 'out'; readonly rule: string }[]): void {
    const chain = (name: 'in' | 'out', hook: string): string =>
      `chain ${name} { type filter hook ${hook} priority 0; ${rules
        .filter((one) => one.chain === name)
        .map(({ rule }) => `${rule};`)
        .join(' ')} }`;
    const [file = '', ...args] = [...this.inNetwork, 'nft', 'add table ip lab; delete table ip lab'];
    must(file, ...args);
    if (rules.length > 0)
      must(file, ...args.slice(0, -1), `table ip lab {\n${chain('in', 'input')}\n${chain('out', 'output')}\n}`);
  }
}

/** A node: a machine that can be switched off and on again. */
class Node extends Host {
  readonly #switchNamespace: string;
  #holder: ChildProcess | null = null;
  #init = 0;

  constructor(lab: string, name: NodeName, directory: string) {
    super(lab, name, directory);
    this.#switchNamespace = `${lab}-sw`;
  }

  /** Gives the node its first process, which collects what loses its parent, and plugs its cable in. */
  async powerOn(): Promise<void> {
    if (this.#holder !== null) throw new Error(`${this.name} is on`);
    const reaper = 'while :; do sleep 3600 & wait; done';
    const [file = '', ...args] = [
      ...this.inNetwork,
      'unshare',
      '--pid',
      '--fork',
      '--kill-child',
      '--mount-proc',
      'sh',
      '-c',
      reaper,
    ];
    const holder = spawn(file, [...args, this.directory], { stdio: 'ignore' });
    this.#holder = holder;
    this.#init = await until(`${this.name} has a first process`, () => {
      const children = readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, 'utf8').trim();
      return children !== '' && readFileSync(`/proc/${Number(children)}/comm`, 'utf8').trim() === 'sh' ? Number(children) : null;
    });
    // A machine that was off comes back with another boot: that is how the daemon tells it from its own restart.
    const boot = join(this.directory, 'boot_id');
    writeFileSync(boot, `${randomUUID()}\n`);
    const [enter = '', ...to] = this.inside;
    must(enter, ...to, 'mount', '--bind', boot, '/proc/sys/kernel/random/boot_id');
    this.cable('up');
  }

  /** The command that runs the command after it on this node; it forks once. */
  get inside(): readonly string[] {
    if (this.#holder === null) throw new Error(`${this.name} is off`);
    return ['nsenter', `--target=${this.#init}`, '--net', '--pid', '--mount', '--'];
  }

  /** The end of the power: nothing goes over the cable any more, everything that ran is gone. */
  async powerOff(): Promise<void> {
    const holder = this.#holder;
    if (holder === null) return;
    this.#holder = null;
    this.cable('down');
    const ended = once(holder, 'exit');
    process.kill(this.#init, 'SIGKILL');
    await ended;
  }

  cable(state: 'up' | 'down'): void {
    must('ip', '-n', this.#switchNamespace, 'link', 'set', this.name, state);
  }

  /** This node's processes of that name, as this machine numbers them. */
  processes(name: string): readonly number[] {
    const own = readlinkSync(`/proc/${this.#init}/ns/pid`);
    return readdirSync('/proc')
      .map(Number)
      .filter((pid) => {
        if (!Number.isInteger(pid)) return false;
        try {
          return readlinkSync(`/proc/${pid}/ns/pid`) === own && readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === name;
        } catch {
          // Gone since the listing.
          return false;
        }
      });
  }
}

/** The lab. `remove` must be called, also after a failure. */
export class Lab {
  readonly id: string;
  readonly directory: string;
  readonly nodes: Readonly<Record<NodeName, Node>>;
  readonly balancer: Host;
  readonly client: Host;
  readonly #forget: () => void;

  private constructor(id: string, directory: string) {
    this.id = id;
    this.directory = directory;
    const node = (name: NodeName): Node => new Node(id, name, join(directory, name));
    this.nodes = { n1: node('n1'), n2: node('n2'), n3: node('n3') };
    this.balancer = new Host(id, 'lb', join(directory, 'lb'));
    this.client = new Host(id, 'client', join(directory, 'client'));
    this.#forget = cleanUpOnSignal(() => this.#removeNow());
  }

  static async create(): Promise<Lab> {
    const id = `hf-${randomBytes(3).toString('hex')}`;
    const lab = new Lab(id, mkdtempSync(join(tmpdir(), `${id}-`)));
    try {
      const bridge = `${id}-sw`;
      must('ip', 'netns', 'add', bridge);
      must('ip', '-n', bridge, 'link', 'add', 'br0', 'type', 'bridge', 'stp_state', '0', 'forward_delay', '0');
      must('ip', '-n', bridge, 'link', 'set', 'br0', 'up');
      for (const host of lab.#hosts()) {
        must('ip', 'netns', 'add', host.namespace);
        must('ip', 'link', 'add', 'eth0', 'netns', host.namespace, 'type', 'veth', 'peer', 'name', host.name, 'netns', bridge);
        must('ip', '-n', bridge, 'link', 'set', host.name, 'master', 'br0', 'up');
        must('ip', '-n', host.namespace, 'addr', 'add', `${host.address}/24`, 'dev', 'eth0');
        must('ip', '-n', host.namespace, 'link', 'set', 'lo', 'up');
        must('ip', '-n', host.namespace, 'link', 'set', 'eth0', 'up');
      }
      for (const name of nodeNames) await lab.nodes[name].powerOn();
      return lab;
    } catch (error) {
      await lab.remove();
      throw error;
    }
  }

  #hosts(): readonly Host[] {
    return [...Object.values(this.nodes), this.balancer, this.client];
  }

  /** Cuts the switch in two: those nodes on one side, all others and the other hosts on the other side. Nobody: it is whole. */
  split(alone: readonly NodeName[]): void {
    for (const name of nodeNames) {
      const others = nodeNames.filter((other) => alone.includes(other) !== alone.includes(name)).map((other) => addressOf[other]);
      this.nodes[name].filter(
        others.length === 0
          ? []
          : [
              { chain: 'in', rule: `ip saddr { ${others.join(', ')} } drop` },
              { chain: 'out', rule: `ip daddr { ${others.join(', ')} } drop` },
            ],
      );
    }
  }

  /** Ends everything and takes it away. @throws Error when something is left. */
  async remove(): Promise<void> {
    this.#forget();
    for (const name of nodeNames) await this.nodes[name].powerOff().catch(() => undefined);
    await killProcessesOf(this.directory);
    this.#removeNow();
    const left = [...this.#namespaces(), ...processesOf(this.directory).map(({ pid }) => `process ${pid}`)];
    if (left.length > 0) throw new Error(`left of the lab: ${left.join(', ')}`);
  }

  #removeNow(): void {
    killProcessesOfNow(this.directory);
    for (const namespace of this.#namespaces()) spawnSync('ip', ['netns', 'delete', namespace]);
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }

  #namespaces(): readonly string[] {
    return must('ip', 'netns', 'list')
      .split('\n')
      .map((line) => line.split(' ')[0] ?? '')
      .filter((name) => name.startsWith(`${this.id}-`));
  }
}
