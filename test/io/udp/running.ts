/** Nodes with the real transport, in this process or in one of their own, and waiting for what they say; bounded, on events only. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { transpile } from '../../../bench/transpile.js';
import { type Membership, type MembershipNews, startMembership } from '../../../src/actors/membership.actor.js';
import { createUdpTransport } from '../../../src/io/udp/transport.js';
import { clusterId, clusterOf, keyHex, memoryRecords, realClock, signature, type TestCluster } from './cluster.js';
import type { FromNode, NodeProcessSpec, ToNode } from './node-process.js';

export interface RunningNode {
  readonly name: string;
  readonly membership: Membership;
  readonly news: MembershipNews[];
  until(what: string, holds: () => boolean, withinMs?: number): Promise<void>;
}

export function startNode(
  t: Test,
  name: string,
  spec: TestCluster & { readonly key?: string | null; readonly leaseMs?: number },
): RunningNode {
  const news: MembershipNews[] = [];
  const waiting = new Set<() => void>();
  const membership = startMembership(
    {
      ports: { clock: realClock, records: memoryRecords(), transport: createUdpTransport() },
      cluster: clusterOf(spec),
      self: name,
      keyHex: spec.key === undefined ? keyHex : spec.key,
      clusterId,
      signature,
      ...(spec.leaseMs === undefined ? {} : { leaseMs: spec.leaseMs }),
    },
    (one) => {
      news.push(one);
      for (const look of waiting) look();
    },
  );
  t.teardown(() => membership.stop(false));
  return {
    name,
    membership,
    news,
    until: (what, holds, withinMs = 20_000) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(look);
          reject(new Error(`${name}: not within ${withinMs} ms: ${what}; ${JSON.stringify(membership.snapshot().view)}`));
        }, withinMs);
        const look = (): void => {
          if (!holds()) return;
          clearTimeout(timer);
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
  };
}

/** The script of a node in a process of its own, as plain JavaScript: compiling it in each process would take seconds. */
export function nodeScript(t: Test): string {
  const built = transpile([
    'src/machines',
    'src/actors/membership.actor.ts',
    'src/actors/pulse-count.ts',
    'src/io/udp',
    'src/io/keys.ts',
    'test/io/udp/cluster.ts',
    'test/io/udp/node-process.ts',
  ]);
  t.teardown(() => rmSync(built, { recursive: true, force: true }));
  return join(built, 'test/io/udp/node-process.js');
}

export class Child {
  readonly process: ChildProcess;
  readonly heard: FromNode[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(t: Test, script: string, spec: NodeProcessSpec) {
    this.process = fork(script, { execArgv: [] });
    t.teardown(async () => {
      if (this.process.exitCode !== null || this.process.signalCode !== null) return;
      this.process.kill('SIGKILL');
      await once(this.process, 'exit');
    });
    this.process.on('message', (message: FromNode) => {
      this.heard.push(message);
      for (const look of this.#waiting) look();
    });
    this.say({ type: 'start', spec });
  }

  say(message: ToNode): void {
    this.process.send(message);
  }

  until(what: string, holds: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`child: ${what}: ${JSON.stringify(this.heard)}`)), 20_000);
      const look = (): void => {
        if (!holds()) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  get losses(): readonly FromNode[] {
    return this.heard.filter((message) => message.type === 'lost');
  }
}

export function lossesOf(node: RunningNode): readonly string[] {
  return node.news.flatMap((one) => (one.type === 'view.changed' ? one.lost.map((loss) => loss.evidence) : []));
}

export function agreeOn(node: RunningNode, members: string): Promise<void> {
  return node.until(members, () => node.membership.snapshot().view?.members.join(' ') === members);
}
