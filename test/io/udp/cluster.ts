/** What the tests of the real transport share: a small cluster on loopback addresses, a real clock, records in memory. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Clock, Records } from '../../../src/actors/ports.js';
import type { ClusterConfig } from '../../../src/config/types.js';

export const clusterId = '000102030405060708090a0b0c0d0e0f';
export const keyHex = '202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f';
export const signature = 'a1b2c3d4e5f60718293a4b5c6d7e8f90';

/** A UDP port that nothing uses on 127.0.0.1 at this moment. */
export async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}

export interface TestCluster {
  readonly count: number;
  readonly port: number;
  readonly pulseMs?: number;
  /** Third byte of the loopback addresses: 127.0.N.x. */
  readonly net?: number;
  readonly lans?: number;
  readonly ipv6?: boolean;
}

export function clusterOf({ count, port, pulseMs = 100, net = 0, lans = 1, ipv6 = false }: TestCluster): ClusterConfig {
  const nodes = Array.from({ length: count }, (_, index) => `n${index + 1}`);
  return {
    port,
    pulseMs,
    mlostCount: 8,
    slostCount: 5,
    preset: 'lan',
    nodes,
    lans: Array.from({ length: lans }, (_, lan) => ({
      name: lan === 0 ? 'default' : `lan${lan + 1}`,
      command: lan === 0,
      nodes: nodes.map((node, index) => ({ node, addr: ipv6 ? '[::1]' : `127.0.${net + lan}.${index + 1}`, laddr: null })),
    })),
  };
}

export const realClock: Clock = {
  monotonicMs: () => Number(process.hrtime.bigint() / 1_000n) / 1_000,
  wallMs: () => Date.now(),
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
  clearTimeout: (handle) => {
    if (handle instanceof Object) clearTimeout(Number(handle));
  },
};

export function memoryRecords(): Records {
  const values = new Map<string, unknown>();
  return {
    load: async (key, name) => values.get(`${key}/${name}`) ?? null,
    save: async (key, name, value) => {
      values.set(`${key}/${name}`, structuredClone(value));
    },
    remove: async (key, name) => {
      values.delete(`${key}/${name}`);
    },
  };
}
