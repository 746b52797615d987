/**
 * Brings nodes up to date that were away when something was given out. Whoever hears a node return asks it what it has, and gives it
 * what it missed: the cluster configuration that an administrator distributed, and modules that were exported to it. It never gives a
 * node anything that does not follow on what the node has (ADR 0028).
 */
import type { ClusterNodeInfo, Failure, NodeFace } from '../actors/face.js';
import { type Asked, type Distribution, relation } from './distribution.js';

/** After something was heard, in ms: a node that has just started may still be opening its web service. */
const settleMs = 500;
/** Nodes take their turn, so that not all of them offer the same to one that returns. */
const turnMs = 400;
const firstRetryMs = 3_000;
const lastRetryMs = 60_000;
/** A node that was refused within that time is still there. */
const heardWithinMs = 15_000;

export interface CatchUpOptions {
  readonly face: NodeFace;
  readonly distribution: Distribution;
  /** A node cannot be brought up to date; each reason is told once. */
  readonly onFailure: (node: string, what: string, reason: string) => void;
}

/** Begins to watch. `close` ends it. */
export function createCatchUp({ face, distribution, onFailure }: CatchUpOptions): { close(): void } {
  /** Nodes that have everything that this node had to give at that moment. */
  const upToDate = new Map<string, string>();
  const told = new Set<string>();
  const refused = new Set<string>();
  let timer: NodeJS.Timeout | null = null;
  let looking = false;
  let retryMs = firstRetryMs;
  let closed = false;

  function lookIn(ms: number): void {
    if (closed || timer !== null) return;
    timer = setTimeout(() => {
      timer = null;
      void look();
    }, ms);
    timer.unref();
  }
  function tellOnce(node: string, what: string, reason: string): void {
    const key = `${node}\0${what}\0${reason}`;
    if (told.has(key)) return;
    if (told.size > 500) told.clear();
    told.add(key);
    onFailure(node, what, reason);
  }
  /**
   * Several nodes may offer the same at the same time, and only one is the first: a refusal is told when the same comes again.
   * @returns whether it was told
   */
  function isRefusedAgain(node: string, what: string, { code, message }: Failure): boolean {
    if (code === 'NODE_UNREACHABLE' || code === 'HTTP_BUSY') return false;
    const key = `${node}\0${what}\0${message}`;
    if (!refused.has(key)) {
      if (refused.size > 500) refused.clear();
      refused.add(key);
      return false;
    }
    tellOnce(node, what, message);
    return true;
  }
  function asked(): Asked {
    return { caller: { who: `holdfastd@${face.node}`, identity: null }, role: 'admin' };
  }
  const stampOf = (mine: ClusterNodeInfo): string =>
    JSON.stringify([mine.revision, mine.distributed, mine.exports.map((one) => [one.module, one.generation])]);

  /** Nodes that can be heard, whether they are members or not. */
  function heard(mine: ClusterNodeInfo): readonly string[] {
    const strangers = mine.refused
      .filter((one) => one.reason === 'oldKey' && Date.now() - Date.parse(one.at) < heardWithinMs)
      .map((one) => one.node);
    return face
      .nodes()
      .filter((node) => !node.self && (node.online || node.sameConfiguration === false || strangers.includes(node.name)))
      .map((node) => node.name);
  }

  async function look(): Promise<void> {
    if (looking) return;
    looking = true;
    try {
      const mine = await face.clusterAdministration.info();
      const present = heard(mine);
      for (const node of upToDate.keys()) if (!present.includes(node)) upToDate.delete(node);
      if (!mine.distributed && mine.exports.length === 0) return;
      const stamp = stampOf(mine);
      const due = present.filter((node) => upToDate.get(node) !== stamp);
      const done = await Promise.all(due.map((node) => serve(node, mine)));
      due.forEach((node, index) => {
        if (done[index] === true) upToDate.set(node, stamp);
      });
      if (done.includes(false)) {
        lookIn(retryMs);
        retryMs = Math.min(lastRetryMs, retryMs * 2);
      } else retryMs = firstRetryMs;
    } catch (error) {
      // A disk that does not give what this node has must not end the daemon: nobody waits for this.
      tellOnce(face.node, 'catching up', error instanceof Error ? error.message : String(error));
      lookIn(retryMs);
      retryMs = Math.min(lastRetryMs, retryMs * 2);
    } finally {
      looking = false;
    }
  }

  /** @returns false where it is to be tried again. */
  async function serve(node: string, mine: ClusterNodeInfo): Promise<boolean> {
    const answer = await distribution.infoOf(node, asked());
    if (!answer.ok) return false;
    const theirs = answer.value;
    const how = relation(mine, theirs);
    if (how === 'ahead') return true;
    if (how === 'apart') {
      const both = `it has generation ${theirs.generation} of ${theirs.configuredAt}, this node ${mine.generation} of ${mine.configuredAt}`;
      tellOnce(node, 'cluster configuration', `both came about apart from each other: ${both}; distribute the right one (-G)`);
      return true;
    }
    if (how === 'behind') {
      // What was changed here and not distributed is for nobody else.
      if (!mine.distributed) return true;
      const bundle = await face.clusterAdministration.exportBundle();
      if (!bundle.ok) return false;
      const given = await distribution.give(node, 'catchUp', bundle.value, asked());
      if (!given.ok) {
        isRefusedAgain(node, 'cluster configuration', given.failure);
        return false;
      }
      // It begins anew with what it was given; its modules come then.
      return false;
    }
    return serveModules(node, mine, theirs);
  }

  async function serveModules(node: string, mine: ClusterNodeInfo, theirs: ClusterNodeInfo): Promise<boolean> {
    let complete = true;
    for (const exported of mine.exports) {
      if (!exported.nodes.includes(node)) continue;
      const known = theirs.exports.find((one) => one.module === exported.module);
      if (known !== undefined && known.generation >= exported.generation) {
        if (known.generation === exported.generation && known.signature !== exported.signature)
          tellOnce(node, exported.module, 'it was exported on both sides of a cut network; export the right one again (-E)');
        continue;
      }
      const archive = await face.install.exportedArchive(exported.module);
      // It was uninstalled here since.
      if (!archive.ok) continue;
      const given = await distribution.giveModule(node, exported, archive.value, true, asked());
      if (given.ok) continue;
      const again = isRefusedAgain(node, `module ${exported.module}`, given.failure);
      if (!again || given.failure.code !== 'CONF_STALE') complete = false;
    }
    return complete;
  }

  const relevant = ['view.changed', 'peer.changed', 'transport.ready', 'node.refused'];
  const events = face.subscribe((event) => {
    if (!relevant.includes(event.type)) return;
    const turn = Math.max(0, (face.cluster().view?.members ?? []).indexOf(face.node));
    lookIn(settleMs + turn * turnMs);
  });
  return {
    close() {
      closed = true;
      events.close();
      if (timer !== null) clearTimeout(timer);
      timer = null;
    },
  };
}
