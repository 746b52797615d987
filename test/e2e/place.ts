/** Directories and ports of end-to-end tests, and the end of everything that was started in them. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { RealDaemon } from './daemon.js';
import { cleanUpOnSignal, killProcessesOf, killProcessesOfNow, processesOf } from './leftovers.js';

/** A port of an address that nobody has at the moment. */
export async function freeTcpPort(host = '127.0.0.1'): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** The same for UDP. */
export async function freeUdpPort(host = '127.0.0.1'): Promise<number> {
  const socket = createSocket('udp4').bind(0, host);
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}

/** A new directory; at the end of the test every process that knows it is killed, and the test fails if one cannot be. */
export function place(t: Test): string {
  const directory = mkdtempSync(join(tmpdir(), 'hf-e2e-'));
  const forget = cleanUpOnSignal(() => {
    killProcessesOfNow(directory);
    rmSync(directory, { recursive: true, force: true });
  });
  t.teardown(async () => {
    forget();
    await killProcessesOf(directory);
    if (processesOf(directory).length > 0) throw new Error(`processes are left of ${directory}`);
    rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  });
  return directory;
}

/** A daemon n1 on 127.0.0.1 with a web port of its own, not started yet. */
export async function daemonIn(
  directory: string,
  more: { readonly safevar?: string; readonly httpPort?: number } = {},
): Promise<RealDaemon> {
  const httpPort = more.httpPort ?? (await freeTcpPort());
  return new RealDaemon({ directory, node: 'n1', listen: ['127.0.0.1'], ...more, httpPort });
}
