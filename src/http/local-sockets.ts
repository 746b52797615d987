/** The sockets that never leave the machine: the private one between front and app, and the one of the CLI. */
import { chmodSync, lstatSync, mkdtempSync, rmSync, unlinkSync } from 'node:fs';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiError } from './problem.js';

/** Longest path of a unix socket on Linux. */
const pathLimit = 107;
const isPipe = (path: string): boolean => path.startsWith('\\\\.\\pipe\\');

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void =>
      reject(new ApiError('HTTP_LISTEN', `The socket ${path} cannot be opened: ${error.message}`));
    server.once('error', fail);
    // Binding happens within the call, so that the socket never exists with more rights than its owner's.
    const umask = isPipe(path) ? null : process.umask(0o177);
    try {
      server.listen(path, () => {
        server.off('error', fail);
        resolve();
      });
    } finally {
      if (umask !== null) process.umask(umask);
    }
  });
}
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/**
 * Listens on a unix socket that only its owner can open (mode 0600), or on a named pipe. A socket that a dead daemon left is replaced.
 * @throws ApiError HTTP_LISTEN when another daemon answers there, or the path is too long, or is something else than a socket
 */
export async function listenOnSocket(server: Server, path: string): Promise<void> {
  if (!isPipe(path)) {
    if (Buffer.byteLength(path) > pathLimit)
      throw new ApiError('HTTP_LISTEN', `The path of the socket is longer than ${pathLimit} bytes: ${path}`);
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found?.isSocket() === false)
      throw new ApiError('HTTP_LISTEN', `${path} exists and is no socket: remove it, or name another path.`);
    if (found !== undefined) {
      if (await answers(path)) throw new ApiError('HTTP_LISTEN', `Another holdfastd answers on ${path}: stop that one first.`);
      unlinkSync(path);
    }
  }
  await listening(server, path);
  if (!isPipe(path)) chmodSync(path, 0o600);
}

/** A path for the front's socket that nobody else can reach: in a new directory with mode 0700, or a pipe with a name that cannot be guessed. */
export function privateSocketPath(parent: string, unguessable: string): { readonly path: string; remove(): void } {
  if (process.platform === 'win32') return { path: `\\\\.\\pipe\\holdfast-${unguessable}`, remove: () => undefined };
  // A deep directory leaves no room for the name of a socket: then the system's own place for such things has to do.
  const place = Buffer.byteLength(parent) < pathLimit - 20 ? parent : tmpdir();
  const dir = mkdtempSync(join(place, 'front-'));
  chmodSync(dir, 0o700);
  return { path: join(dir, 's'), remove: () => rmSync(dir, { recursive: true, force: true }) };
}
