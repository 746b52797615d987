/** Facts of a node with which all is well. */
import type { HealthFacts } from '../../../src/io/health/facts.js';

const gib = 1024 ** 3;
const peer = { node: 'n2', version: '1.0.0', wallMs: 0, signature: 'aa', modules: [{ name: 'web', signature: 'm1' }] };
export const peerOf = (changes: Partial<typeof peer> = {}) => ({
  ...{ node: 'n2', facts: { ...peer, ...changes }, error: null, skewMs: 5, tookMs: 4 },
});

export const wellFacts: HealthFacts = {
  ...{ nowMs: Date.parse('2026-01-31T12:00:00Z'), node: 'n1', version: '1.0.0', daemonError: null },
  clock: { synchronised: true, setByMs: 2 },
  disks: [
    {
      ...{ path: '/var/holdfast', totalBytes: 100 * gib, freeBytes: 50 * gib, inodes: 1000, freeInodes: 900 },
      ...{ writeError: null, fsyncMs: 3 },
    },
  ],
  ports: [{ port: 4800, protocol: 'udp', use: 'cluster', holder: 'node (pid 7)', ours: true, wanted: true }],
  reach: [{ node: 'n2', lan: 'default', address: '10.0.0.2', tcpError: null, udpHeard: true }],
  firewall: [],
  peers: [peerOf()],
  signature: 'aa',
  modules: [{ name: 'web', signature: 'm1' }],
  ...{ missingTools: [], modes: [], notExecutable: [], unresolved: [], certificates: [] },
  https: { names: ['n1', '10.0.0.1'], validTo: '2026-12-31T00:00:00.000Z', findings: [] },
  machine: { cores: 4, memoryBytes: 8 * gib, availableBytes: 4 * gib, swapBytes: gib, swapFreeBytes: gib },
  openFiles: { soft: 65_536, inUse: 40 },
  loopDelayMs: 3,
  logLinesLost: 0,
};
