/**
 * Four machines made of network namespaces on one bridge, for what goes to a whole cluster, and a client that is no node. Nothing of it touches
 * this machine's own network.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { RealDaemon, run } from '../e2e/daemon.js';
import { cleanUpOnSignal, killProcessesOf, killProcessesOfNow, processesOf } from '../e2e/leftovers.js';
import { must } from './lab.js';

export const fourNodes = ['n1', 'n2', 'n3', 'n4'] as const;
export type FourNode = (typeof fourNodes)[number];
/** What the lab needs of the machine. */
export const labTools = ['ip', 'nsenter', 'unshare'];

const hosts = [...fourNodes, 'client'] as const;
type Host = (typeof hosts)[number];
export const address = (host: Host): string => `10.78.1.${hosts.indexOf(host) + 1}`;

/** The four machines, each with a daemon that is not started yet. */
export class ClusterLab {
  readonly #id = `hf-${randomBytes(3).toString('hex')}`;
  readonly directory = mkdtempSync(join(tmpdir(), `${this.#id}-`));
  readonly daemons: Readonly<Record<FourNode, RealDaemon>>;

  constructor(t: Test) {
    const forget = cleanUpOnSignal(() => this.#removeNow());
    t.teardown(async () => {
      forget();
      await killProcessesOf(this.directory);
      this.#removeNow();
      const left = [...this.#namespaces(), ...processesOf(this.directory).map(({ pid }) => `process ${pid}`)];
      if (left.length > 0) throw new Error(`left of the lab: ${left.join(', ')}`);
    });
    const bridge = `${this.#id}-sw`;
    must('ip', 'netns', 'add', bridge);
    must('ip', '-n', bridge, 'link', 'add', 'br0', 'type', 'bridge', 'stp_state', '0', 'forward_delay', '0');
    must('ip', '-n', bridge, 'link', 'set', 'br0', 'up');
    for (const host of hosts) {
      const namespace = `${this.#id}-${host}`;
      must('ip', 'netns', 'add', namespace);
      must('ip', 'link', 'add', 'eth0', 'netns', namespace, 'type', 'veth', 'peer', 'name', host, 'netns', bridge);
      must('ip', '-n', bridge, 'link', 'set', host, 'master', 'br0', 'up');
      must('ip', '-n', namespace, 'addr', 'add', `${address(host)}/24`, 'dev', 'eth0');
      must('ip', '-n', namespace, 'link', 'set', 'lo', 'up');
      must('ip', '-n', namespace, 'link', 'set', 'eth0', 'up');
    }
    const daemon = (node: FourNode): RealDaemon =>
      new RealDaemon({
        ...{ directory: join(this.directory, node), node, httpPort: 9010 },
        // It forks once, as the harness asks for, so that the daemon can be killed alone.
        wrap: [...this.in(node), 'unshare', '--fork', '--kill-child', '--'],
      });
    this.daemons = { n1: daemon('n1'), n2: daemon('n2'), n3: daemon('n3'), n4: daemon('n4') };
  }

  /** The command that runs the command after it in that machine's network, without forking. */
  in(host: Host): readonly string[] {
    return ['nsenter', `--net=/run/netns/${this.#id}-${host}`, '--'];
  }
  cable(node: FourNode, state: 'up' | 'down'): void {
    must('ip', '-n', `${this.#id}-sw`, 'link', 'set', node, state);
  }

  /**
   * Sends requests from the client's machine, one after the other.
   * @param caFile authority of HTTPS
   */
  async ask(requests: readonly Wanted[], caFile: string): Promise<readonly Got[]> {
    const program = `
      const answers = [];
      for (const { url, ...options } of JSON.parse(process.argv[1])) {
        const answer = await fetch(url, options);
        answers.push({ status: answer.status, cookie: answer.headers.get('set-cookie'), body: await answer.text() });
      }
      console.log(JSON.stringify(answers));`;
    const node = [process.execPath, '--input-type=module', '-e', program, JSON.stringify(requests)];
    const { code, stdout, stderr } = await run([...this.in('client'), ...node], { NODE_EXTRA_CA_CERTS: caFile });
    if (code !== 0) throw new Error(stderr);
    const answers: unknown = JSON.parse(stdout);
    if (!Array.isArray(answers)) throw new Error(stdout);
    return answers;
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
      .filter((name) => name.startsWith(`${this.#id}-`));
  }
}

export interface Wanted {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}
export interface Got {
  readonly status: number;
  readonly cookie: string | null;
  readonly body: string;
}
