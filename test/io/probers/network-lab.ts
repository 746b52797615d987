/** Two machines with a cable between them, each a network namespace; a process in the first looks at the second. */
import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { CheckResult } from '../../../src/actors/ports.js';
import type { CheckerConfig } from '../../../src/config/types.js';
import { cleanUpOnSignal } from '../../e2e/leftovers.js';

export type Ways = 'all' | 'socketOnly' | 'programOnly';
export interface ChildAsk {
  readonly id: number;
  readonly checker: CheckerConfig;
  readonly patienceMs: number;
  readonly ways: Ways;
}
export interface ChildResult {
  readonly id: number;
  readonly result: CheckResult | 'silent';
  readonly tookMs: number;
}
/** Addresses of the near machine, which looks, and of the far one. */
export const near = { four: '10.78.1.1', six: 'fd78::1' } as const;
export const far = { four: '10.78.1.2', six: 'fd78::2' } as const;

function run(...args: readonly string[]): void {
  const [file = '', ...rest] = args;
  const { status, stderr } = spawnSync(file, rest, { encoding: 'utf8', timeout: 20_000 });
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`);
}

/** Why there can be no such machines here; false where there can. */
export function whyNot(): string | false {
  if (process.platform !== 'linux') return 'network namespaces are Linux only';
  if (process.getuid?.() !== 0) return 'needs root, for network namespaces';
  const missing = ['ip', 'nft', 'nsenter'].filter((tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0);
  if (missing.length > 0) return `needs ${missing.join(', ')}`;
  const name = `hf-${randomBytes(3).toString('hex')}-probe`;
  const made = spawnSync('ip', ['netns', 'add', name], { encoding: 'utf8' });
  if (made.status !== 0) return `network namespaces cannot be made here: ${made.stderr.trim()}`;
  spawnSync('ip', ['netns', 'delete', name]);
  return false;
}

export class NetworkLab {
  readonly #near: string;
  readonly #far: string;
  #eye: ChildProcess | null = null;
  readonly #others = new Set<ChildProcess>();
  readonly #waiting = new Map<number, (result: ChildResult) => void>();
  #asked = 0;
  readonly #forget: () => void;

  private constructor() {
    const id = `hf-${randomBytes(3).toString('hex')}`;
    this.#near = `${id}-near`;
    this.#far = `${id}-far`;
    this.#forget = cleanUpOnSignal(() => this.#removeNow());
  }

  static async create(): Promise<NetworkLab> {
    const lab = new NetworkLab();
    try {
      for (const namespace of [lab.#near, lab.#far]) {
        run('ip', 'netns', 'add', namespace);
        run('ip', '-n', namespace, 'link', 'set', 'lo', 'up');
      }
      run('ip', 'link', 'add', 'eth0', 'netns', lab.#near, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', lab.#far);
      for (const [namespace, address] of [
        [lab.#near, near],
        [lab.#far, far],
      ] as const) {
        run('ip', '-n', namespace, 'addr', 'add', `${address.four}/24`, 'dev', 'eth0');
        run('ip', '-n', namespace, 'addr', 'add', `${address.six}/64`, 'dev', 'eth0', 'nodad');
        run('ip', '-n', namespace, 'link', 'set', 'eth0', 'up');
      }
      await lab.#open();
      return lab;
    } catch (error) {
      await lab.remove();
      throw error;
    }
  }

  async #open(): Promise<void> {
    const file = fileURLToPath(new URL('./probe-child.ts', import.meta.url));
    const eye = fork(file, [], {
      execPath: 'nsenter',
      // The sysfs of that namespace, too, as a daemon that was started there has it.
      execArgv: [
        `--net=/run/netns/${this.#near}`,
        '--',
        'unshare',
        '--mount',
        '--',
        'sh',
        '-c',
        mountAndRun,
        process.execPath,
        ...process.execArgv,
      ],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#eye = eye;
    eye.on('message', (result: ChildResult) => this.#waiting.get(result.id)?.(result));
    const ended = once(eye, 'exit').then(() => {
      throw new Error('the process that looks has ended');
    });
    ended.catch(() => undefined);
    await Promise.race([new Promise((resolve) => this.#waiting.set(0, resolve)), ended]);
  }

  /** One check from the near machine. */
  look(checker: CheckerConfig, patienceMs = 3_000, ways: Ways = 'all'): Promise<ChildResult> {
    this.#asked += 1;
    const id = this.#asked;
    return new Promise((resolve) => {
      this.#waiting.set(id, (result) => {
        this.#waiting.delete(id);
        resolve(result);
      });
      this.#eye?.send({ id, checker, patienceMs, ways } satisfies ChildAsk);
    });
  }
  on(machine: 'near' | 'far', ...command: readonly string[]): void {
    run('ip', 'netns', 'exec', machine === 'near' ? this.#near : this.#far, ...command);
  }
  /** Sets a value below /proc/sys, which each network namespace has for itself. */
  set(machine: 'near' | 'far', path: string, value: string): void {
    this.on(machine, 'sh', '-c', 'echo "$1" > "/proc/sys/$0"', path, value);
  }
  /** Starts a program on the far machine that runs until the end; its first output says that it is ready. */
  async serve(program: string): Promise<void> {
    const child = spawn('nsenter', [`--net=/run/netns/${this.#far}`, '--', process.execPath, '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#others.add(child);
    await once(child.stdout, 'data');
  }
  async remove(): Promise<void> {
    this.#forget();
    const ends = [...this.#others, ...(this.#eye === null ? [] : [this.#eye])]
      .filter((child) => child.exitCode === null && child.signalCode === null)
      .map((child) => {
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        return ended;
      });
    await Promise.all(ends);
    this.#removeNow();
  }
  #removeNow(): void {
    for (const child of this.#others) child.kill('SIGKILL');
    this.#eye?.kill('SIGKILL');
    for (const namespace of [this.#near, this.#far]) spawnSync('ip', ['netns', 'delete', namespace]);
  }
}

/** Mounts the namespace's own /sys and becomes the program that is named behind it. */
const mountAndRun = 'mount -t sysfs sysfs /sys && exec "$0" "$@"';
