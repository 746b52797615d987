/** ICMP echo by the system's ping program: for a daemon that may have no ICMP socket, and on Windows. */
import { ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Closable } from '../../actors/ports.js';

export type ProgramEnd = { readonly kind: 'answered' } | { readonly kind: 'failed'; readonly detail: string };
export interface PingProgram {
  /** Runs it once for an address; calls back at most once, never at once, and not after `close`, which kills it. */
  ping(address: string, patienceMs: number, onEnd: (end: ProgramEnd) => void): Closable;
}
export interface PingProgramOptions {
  /** Absolute path. Default: the first in the usual directories. */
  readonly path?: string | null;
  readonly platform?: NodeJS.Platform;
}

/** Programs at once; more wait for their turn. */
const mostPrograms = 32;
const outputBytes = 4_096;
const directories = [
  '/usr/bin',
  '/bin',
  '/usr/sbin',
  '/sbin',
  '/usr/local/bin',
  '/run/wrappers/bin',
  '/run/current-system/sw/bin',
];

function find(platform: NodeJS.Platform): string | null {
  const paths =
    platform === 'win32'
      ? [`${process.env['SystemRoot'] ?? 'C:\\Windows'}\\System32\\PING.EXE`]
      : directories.map((directory) => `${directory}/ping`);
  return paths.find((path) => existsSync(path)) ?? null;
}

/**
 * Arguments for one answer within a time. With both -c and -w (iputils, busybox) requests go on each second until one is answered
 * or the time is over.
 */
export function pingArguments(address: string, patienceMs: number, platform: NodeJS.Platform): readonly string[] {
  if (platform === 'win32') return ['-n', '1', '-w', String(patienceMs), address];
  return ['-n', '-c', '1', '-w', String(Math.max(1, Math.ceil(patienceMs / 1000))), address];
}

/**
 * Whether the program was answered. That of Windows ends with 0 also when a router said that the address cannot be reached: with IPv4
 * only a line with a TTL is an answer, in every language. With IPv6 there is no such line, and its code must do.
 */
export function wasAnswered(code: number | null, output: string, address: string, platform: NodeJS.Platform): boolean {
  if (code !== 0) return false;
  return platform !== 'win32' || address.includes(':') || /\bTTL=\d/i.test(output);
}

/**
 * Starts it; the error where the system refuses that at once: a program with capabilities of its own, such as Debian's ping, may not be run
 * (EPERM) by who may not have them.
 */
function spawned(
  path: string,
  args: readonly string[],
  platform: NodeJS.Platform,
): ChildProcessByStdio<null, Readable, Readable> | Error {
  try {
    return spawn(path, [...args], {
      env: platform === 'win32' ? { ...process.env } : { LC_ALL: 'C', PATH: directories.join(':') },
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Null where there is no such program. */
export function createPingProgram(options: PingProgramOptions = {}): PingProgram | null {
  const platform = options.platform ?? process.platform;
  const path = options.path === undefined ? find(platform) : options.path;
  if (path === null) return null;
  const queue = new Set<() => void>();
  let running = 0;
  const next = (): void => {
    for (const begin of running < mostPrograms ? queue : []) {
      queue.delete(begin);
      begin();
      break;
    }
  };
  return {
    ping: (address, patienceMs, onEnd) => {
      let child: ChildProcess | null = null;
      let open = true;
      const begin = (): void => {
        running += 1;
        let over = false;
        let output = '';
        const finish = (end: ProgramEnd): void => {
          if (over) return;
          over = true;
          running -= 1;
          if (open) {
            open = false;
            onEnd(end);
          }
          next();
        };
        const started = spawned(path, pingArguments(address, patienceMs, platform), platform);
        if (!(started instanceof ChildProcess)) {
          // Not before `ping` has returned.
          setImmediate(() => finish({ kind: 'failed', detail: `${path} cannot be run: ${started.message}` }));
          return;
        }
        child = started;
        for (const stream of [started.stdout, started.stderr])
          stream.setEncoding('latin1').on('data', (text: string) => {
            if (output.length < outputBytes) output += text;
          });
        started.once('error', (error) => finish({ kind: 'failed', detail: `${path} cannot be run: ${error.message}` }));
        started.once('close', (code) => {
          if (wasAnswered(code, output, address, platform)) finish({ kind: 'answered' });
          else {
            // Its statistics say nothing that the sentence does not; what it complains of begins with its name.
            const complaint = /^(?:\S*\/)?ping6?: (.*)$/m.exec(output)?.[1];
            finish({
              kind: 'failed',
              detail: complaint === undefined ? `no answer from ${address}` : `${address}: ${complaint}`,
            });
          }
        });
      };
      if (running < mostPrograms) begin();
      else queue.add(begin);
      return {
        close: () => {
          open = false;
          queue.delete(begin);
          child?.kill('SIGKILL');
        },
      };
    },
  };
}
