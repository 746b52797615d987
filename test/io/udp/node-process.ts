/**
 * One node in a process of its own: told what to do over IPC, tells what happens. Started with fork() by tests and benchmarks that
 * block its main loop or kill it.
 */
import { startMembership } from '../../../src/actors/membership.actor.js';
import { createUdpTransport } from '../../../src/io/udp/transport.js';
import { clusterId, clusterOf, keyHex, memoryRecords, realClock, signature, type TestCluster } from './cluster.js';

export interface NodeProcessSpec extends TestCluster {
  readonly name: string;
  readonly leaseMs: number;
  readonly dropRate: number;
}
export type ToNode =
  | { readonly type: 'start'; readonly spec: NodeProcessSpec }
  /** Keeps the main loop busy. */
  | { readonly type: 'block'; readonly lengthMs: number }
  | { readonly type: 'stop' };
export type FromNode =
  | { readonly type: 'view'; readonly members: readonly string[]; readonly atMs: number }
  | { readonly type: 'lost'; readonly node: string; readonly evidence: string; readonly atMs: number }
  | { readonly type: 'blocked'; readonly atMs: number };

const tell = (message: FromNode): void => {
  if (process.connected) process.send?.(message);
};
let stop: () => Promise<void> = async () => {};

process.on('message', (message: ToNode) => {
  switch (message.type) {
    case 'start': {
      const { name, leaseMs, dropRate, ...cluster } = message.spec;
      const membership = startMembership(
        {
          ports: { clock: realClock, records: memoryRecords(), transport: createUdpTransport({ dropRate }) },
          cluster: clusterOf(cluster),
          self: name,
          keyHex,
          clusterId,
          signature,
          leaseMs,
        },
        (news) => {
          if (news.type !== 'view.changed') return;
          for (const loss of news.lost) tell({ type: 'lost', ...loss, atMs: realClock.monotonicMs() });
          tell({ type: 'view', members: news.view.members, atMs: realClock.monotonicMs() });
        },
      );
      membership.setLocal([{ module: 'farm', state: 'UP', quality: 'Ready', generation: 1, signature: 'deadbeef' }]);
      stop = () => membership.stop(true);
      return;
    }
    case 'block': {
      const until = realClock.monotonicMs() + message.lengthMs;
      while (realClock.monotonicMs() < until);
      tell({ type: 'blocked', atMs: realClock.monotonicMs() });
      return;
    }
    case 'stop':
      void stop().then(() => process.disconnect());
      return;
  }
});
// Whoever started this process is gone: nothing may be left behind.
process.on('disconnect', () => process.exit(0));
