/** What the kinds of checks have in common. */
import { dirname, resolve } from 'node:path';
import type { CheckPlace, CheckResult, Closable } from '../../actors/ports.js';

/**
 * Begins one check and calls back at most once. It may call back at once and must not call after `close`: `createProber` puts the rest
 * of the port's promise around it. A check that finds nothing, neither good nor bad, says nothing: the chart's timeout ends it.
 */
export type Probe<C> = (checker: C, place: CheckPlace, onResult: (result: CheckResult) => void) => Closable;

export const up = (detail: string, stamp: string | null = null): CheckResult => ({ up: true, detail, stamp });
export const down = (detail: string): CheckResult => ({ up: false, detail, stamp: null });

/** What need not be closed. */
export const nothing: Closable = { close: () => undefined };

/** A file that a checker names: absolute, or in its module's folder; null: none. */
export const fileOf = ({ binDir }: CheckPlace, path: string): string | null =>
  path === '' ? null : resolve(dirname(binDir), path);

/** An address and a port as people write them: `10.0.0.1:80`, `[::1]:80`. */
export const placeText = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

/** The code of a system's or library's error, or the empty text. */
export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const sentences: Readonly<Record<string, (place: string) => string>> = {
  ECONNREFUSED: (place) => `connection refused by ${place}`,
  ECONNRESET: (place) => `connection reset by ${place}`,
  EPIPE: (place) => `connection closed by ${place}`,
  ETIMEDOUT: (place) => `no answer from ${place}`,
  EHOSTUNREACH: (place) => `no route to ${place}`,
  ENETUNREACH: (place) => `network of ${place} cannot be reached`,
  EHOSTDOWN: (place) => `${place} is switched off or unplugged`,
  EADDRNOTAVAIL: (place) => `no local address or port left for a connection to ${place}`,
  EACCES: (place) => `this machine does not allow traffic to ${place}`,
  EPERM: (place) => `this machine does not allow traffic to ${place}`,
  EINVAL: (place) => `${place} cannot be reached from this machine`,
  EMFILE: (place) => `${place} was not asked: the daemon has too many files open`,
  ENFILE: (place) => `${place} was not asked: this machine has too many files open`,
  ENOBUFS: (place) => `${place} was not asked: this machine has no memory left for the network`,
};

/** One sentence about why something could not be reached. */
export function explain(error: unknown, place: string): string {
  const code = codeOf(error);
  return sentences[code]?.(place) ?? `${place}: ${messageOf(error)}`;
}
