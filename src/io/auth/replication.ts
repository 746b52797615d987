/**
 * The users are the same on all nodes. A change goes to every node at once; every half minute, and when a node comes, digests are compared,
 * and where they differ both take in what they do not have, entry by entry, the newest change winning. It goes by the sealed requests of the
 * cluster, so a node without its key gets nothing.
 */
import type { DirectoryExchange } from '../../actors/face-auth.js';
import { entriesIn, entriesOf, latestMoment } from './directory-file.js';
import type { DirectoryStore } from './store.js';

export interface ReplicationOptions {
  readonly store: DirectoryStore;
  /** The other nodes that are heard. */
  readonly peers: () => readonly string[];
  /** Asks a node; null: it did not answer. */
  readonly ask: (node: string, ours: DirectoryExchange) => Promise<DirectoryExchange | null>;
  /** Default half a minute. */
  readonly everyMs?: number;
}
export interface Replication {
  /** Something was changed here. */
  changed(): void;
  /** Compares with all nodes that are heard, now. */
  sync(): Promise<void>;
  /** Nodes that did not answer last time, though they are heard. */
  readonly behind: readonly string[];
  start(): void;
  close(): void;
}

/** What a node answers to another's exchange. @returns null where the other's entries are not what they have to be. */
export async function answerExchange(store: DirectoryStore, theirs: DirectoryExchange): Promise<DirectoryExchange | null> {
  if (theirs.entries !== null) {
    const entries = entriesOf(theirs.entries, latestMoment(store.directory));
    if (entries === null) return null;
    await store.merge(entries);
  }
  return { digest: store.digest, entries: theirs.digest === store.digest ? null : entriesIn(store.directory) };
}

export function createReplication({ store, peers, ask, everyMs = 30_000 }: ReplicationOptions): Replication {
  const behind = new Set<string>();
  let timer: NodeJS.Timeout | null = null;
  let running: Promise<void> | null = null;
  let again = false;
  let closed = false;

  async function syncWith(node: string, push: boolean): Promise<void> {
    let answer = await ask(node, { digest: store.digest, entries: push ? entriesIn(store.directory) : null });
    // A second round where both had something that the other had not.
    for (let round = 0; answer !== null && answer.digest !== store.digest && round < 2; round += 1) {
      const entries = answer.entries === null ? null : entriesOf(answer.entries, latestMoment(store.directory));
      if (entries !== null) await store.merge(entries);
      if (answer.digest === store.digest) break;
      answer = await ask(node, { digest: store.digest, entries: entriesIn(store.directory) });
    }
    if (answer === null || answer.digest !== store.digest) behind.add(node);
    else behind.delete(node);
  }
  async function all(push: boolean): Promise<void> {
    const present = peers();
    for (const node of behind) if (!present.includes(node)) behind.delete(node);
    await Promise.all(present.map((node) => syncWith(node, push).catch(() => behind.add(node))));
  }
  async function run(push: boolean): Promise<void> {
    if (running !== null) {
      again = true;
      return running;
    }
    running = (async () => {
      await all(push);
      while (again && !closed) {
        again = false;
        await all(true);
      }
    })();
    try {
      await running;
    } finally {
      running = null;
    }
  }
  return {
    changed: () => void run(true),
    sync: () => run(false),
    get behind() {
      return [...behind].sort();
    },
    start() {
      timer = setInterval(() => void run(false), everyMs);
      timer.unref();
      void run(false);
    },
    close() {
      closed = true;
      if (timer !== null) clearInterval(timer);
    },
  };
}
