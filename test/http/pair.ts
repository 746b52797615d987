/** Two nodes that ask each other with sealed requests, over loopback. */
import type { Test } from 'tap';
import { createPeerClient, type PeerClient } from '../../src/http/peer-client.js';
import { createSealer, type SealKeys } from '../../src/http/seal.js';
import { createMessageSeal } from '../../src/io/seal-keys.js';
import { fakeFace } from './fake-face.js';
import { type Running, start } from './harness.js';

export const key = '00112233445566778899aabbccddeeff';
export const names = ['n1', 'n2'] as const;
export type Ports = Map<string, number>;

export function keysOf(self: string, ports: Ports, keyHex = key, bootEpoch = 1): SealKeys {
  const peers = [...ports]
    .filter(([node]) => node !== self)
    .map(([node, port]) => ({ node, addresses: [{ host: '127.0.0.1', port }] }));
  return { self, bootEpoch, peers, ...createMessageSeal(keyHex) };
}
/** Asks the others as that node. */
export const peersOf = (self: string, ports: Ports, bootEpoch = 1): PeerClient =>
  createPeerClient(() => keysOf(self, ports, key, bootEpoch), createSealer());

/** n1 has the module farm, n2 also the module only2. */
export async function startPair(t: Test): Promise<{ readonly n1: Running; readonly n2: Running; readonly ports: Ports }> {
  const ports: Ports = new Map();
  const [n1, n2] = await Promise.all(
    names.map((node) =>
      start(t, {
        face: fakeFace({ node, nodes: names, modules: node === 'n1' ? ['farm'] : ['farm', 'only2'] }),
        seal: () => keysOf(node, ports),
      }),
    ),
  );
  if (n1 === undefined || n2 === undefined) throw new Error('not started');
  ports.set('n1', n1.port).set('n2', n2.port);
  return { n1, n2, ports };
}
