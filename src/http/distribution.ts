/**
 * Gives cluster configurations (`-G`) and modules (`-E`) to other nodes, and tells who has what. Every node takes over all of it or
 * nothing; one that is away gets it when it returns (`catch-up.ts`). The rules are in ADR 0028.
 */
import { randomBytes } from 'node:crypto';
import type { Caller, ClusterNodeInfo, ModuleExport, NodeFace, Outcome } from '../actors/face.js';
import {
  apiBase,
  type ClusterHost,
  type ClusterNodeState,
  type DistributeBody,
  type DistributionItem,
  type DistributionReport,
} from './api-types.js';
import type { RouteRole } from './auth-roles.js';
import { conforms } from './conform.js';
import { parseJson, textOf } from './json.js';
import type { PeerClient, PeerRequest } from './peer-client.js';
import { pieceBytes } from './routes-distribution.js';
import type { SealedAnswer } from './seal.js';
import { createTransfers, type Transfers } from './transfers.js';

/** A new key that is given out at once overlaps with the one before for at least so long, in ms: until it has got to everybody. */
const leastOverlapMs = 15_000;
/** How long a node may take to apply what it is given, in ms. */
const applyMs = 60_000;

export interface Asked {
  readonly caller: Caller;
  readonly role: RouteRole;
}
export interface Distribution {
  readonly transfers: Transfers;
  hosts(): readonly ClusterHost[];
  state(asked: Asked): Promise<readonly ClusterNodeState[]>;
  distribute(body: DistributeBody, asked: Asked): Promise<Outcome<DistributionReport>>;
  exportModule(module: string, nodes: readonly string[] | null, asked: Asked): Promise<Outcome<DistributionReport>>;
  /** What a node says of itself; all keys are tried. */
  infoOf(node: string, asked: Asked): Promise<Outcome<ClusterNodeInfo>>;
  /** Gives this node's cluster configuration to one node. */
  give(
    node: string,
    rule: 'distribute' | 'force' | 'catchUp',
    bundle: Uint8Array,
    asked: Asked,
  ): Promise<Outcome<ClusterNodeInfo>>;
  giveModule(node: string, exported: ModuleExport, archive: Uint8Array, catchUp: boolean, asked: Asked): Promise<Outcome<null>>;
  close(): void;
}
export interface DistributionOptions {
  readonly face: NodeFace;
  readonly peers: PeerClient;
  /** Where a node's web service is, the first of them for people. */
  readonly urlsOf: (node: string) => readonly string[];
}

const fail = (code: string, message: string): Outcome<never> => ({ ok: false, failure: { code, message } });

/** The JSON of a sealed answer, or what the node refused it with. */
function contentOf(node: string, answer: Outcome<SealedAnswer>): Outcome<unknown> {
  if (!answer.ok) return answer;
  const value = parseJson(Buffer.from(answer.value.body).toString());
  if (answer.value.status < 300) return { ok: true, value };
  const message = textOf(value, 'detail') ?? `Node ${node} answered with HTTP ${answer.value.status}.`;
  return fail(textOf(value, 'code') ?? 'NODE_UNREACHABLE', message);
}

/** How a node's configuration stands to this node's. */
export function relation(mine: ClusterNodeInfo, theirs: ClusterNodeInfo): 'same' | 'behind' | 'ahead' | 'apart' {
  if (mine.revision === theirs.revision) return 'same';
  if (theirs.revision === null || mine.history.includes(theirs.revision)) return 'behind';
  if (mine.revision === null || theirs.history.includes(mine.revision)) return 'ahead';
  return 'apart';
}

function described(info: ClusterNodeInfo): string {
  return `generation ${info.generation} of ${info.configuredAt ?? 'an unknown time'}`;
}
const statusMessages: Readonly<Record<'same' | 'behind' | 'ahead' | 'apart', (theirs: ClusterNodeInfo) => string>> = {
  same: ({ caughtUp }) => (caughtUp === null ? '' : `caught up at ${caughtUp.at} from ${caughtUp.from}: it had been away`),
  behind: (theirs) => `has an earlier configuration or key (${described(theirs)})`,
  ahead: (theirs) => `has a later configuration or key (${described(theirs)})`,
  apart: (theirs) =>
    `has a configuration or key that came about apart from this node's (${described(theirs)}): distribute the right one (-G)`,
};

export function createDistribution({ face, peers, urlsOf }: DistributionOptions): Distribution {
  const urlOf = (node: string): string => urlsOf(node)[0] ?? '';
  const transfers = createTransfers();
  const cluster = face.clusterAdministration;

  function call(node: string, request: Omit<PeerRequest, 'caller' | 'role'>, asked: Asked): ReturnType<PeerClient['call']> {
    return peers.call(node, { ...request, ...asked, anyKey: true });
  }
  function hosts(): readonly ClusterHost[] {
    return face.nodes().map(({ name, self, online }) => ({ node: name, self, online, url: urlOf(name), urls: urlsOf(name) }));
  }
  async function infoOf(node: string, asked: Asked): Promise<Outcome<ClusterNodeInfo>> {
    if (node === face.node) return { ok: true, value: await cluster.info() };
    const answer = contentOf(node, await call(node, { method: 'GET', path: `${apiBase}/cluster/info` }, asked));
    if (!answer.ok) return answer;
    const { value } = answer;
    return conforms('ClusterNodeInfo', value)
      ? { ok: true, value }
      : fail('NODE_UNREACHABLE', `Node ${node} answered with something else: is it of another version?`);
  }
  async function give(
    node: string,
    rule: 'distribute' | 'force' | 'catchUp',
    bundle: Uint8Array,
    asked: Asked,
  ): Promise<Outcome<ClusterNodeInfo>> {
    const path = `${apiBase}/cluster/receive?rule=${rule}`;
    const headers = { 'content-type': 'application/zip' };
    const answer = contentOf(node, await call(node, { method: 'POST', path, headers, body: bundle, timeoutMs: applyMs }, asked));
    if (!answer.ok) return answer;
    const { value } = answer;
    return conforms('ClusterNodeInfo', value)
      ? { ok: true, value }
      : fail('NODE_UNREACHABLE', `Node ${node} answered with something else.`);
  }
  async function giveModule(
    node: string,
    exported: ModuleExport,
    archive: Uint8Array,
    catchUp: boolean,
    asked: Asked,
  ): Promise<Outcome<null>> {
    const transfer = randomBytes(16).toString('hex');
    for (let offset = 0; offset < archive.length; offset += pieceBytes) {
      const sent = await call(
        node,
        {
          method: 'POST',
          path: `${apiBase}/transfers/${transfer}?offset=${offset}`,
          headers: { 'content-type': 'application/octet-stream' },
          body: archive.subarray(offset, offset + pieceBytes),
          timeoutMs: applyMs,
        },
        asked,
      );
      const taken = contentOf(node, sent);
      if (!taken.ok) return taken;
    }
    const answer = contentOf(
      node,
      await call(
        node,
        {
          method: 'POST',
          path: `${apiBase}/modules/${encodeURIComponent(exported.module)}/receive`,
          headers: { 'content-type': 'application/json' },
          body: Buffer.from(JSON.stringify({ transfer, exported, catchUp })),
          timeoutMs: applyMs,
        },
        asked,
      ),
    );
    return answer.ok ? { ok: true, value: null } : answer;
  }

  /** The nodes that are meant. */
  function targets(wanted: readonly string[] | null): Outcome<readonly string[]> {
    const known = face.nodes().map((node) => node.name);
    if (wanted === null || wanted.includes('*')) return { ok: true, value: known };
    const unknown = wanted.find((node) => !known.includes(node));
    return unknown === undefined
      ? { ok: true, value: known.filter((node) => wanted.includes(node)) }
      : fail(
          'NODE_UNKNOWN',
          `No node ${JSON.stringify(unknown)} is in the cluster configuration; there are ${known.join(', ')}.`,
        );
  }
  function item(node: string, state: DistributionItem['state'], message: string, code: string | null = null): DistributionItem {
    return { node, url: urlOf(node), state, message, code };
  }
  function failed(node: string, { code, message }: { readonly code: string; readonly message: string }): DistributionItem {
    const away = code === 'NODE_UNREACHABLE';
    return item(node, away ? 'away' : 'refused', away ? `${message} It catches up when it returns.` : message, code);
  }
  function reportOf(what: string, generation: number, items: readonly DistributionItem[]): Outcome<DistributionReport> {
    const done = items.every(({ state }) => state === 'done' || state === 'same');
    return { ok: true, value: { what, generation, done, items } };
  }

  return {
    transfers,
    hosts,
    infoOf,
    give,
    giveModule,
    close: () => transfers.close(),

    async state(asked) {
      const mine = await cluster.info();
      return Promise.all(
        hosts().map(async (host): Promise<ClusterNodeState> => {
          if (host.self) return { ...host, status: 'same', message: statusMessages.same(mine), info: mine };
          const theirs = await infoOf(host.node, asked);
          if (theirs.ok) {
            const status = relation(mine, theirs.value);
            return { ...host, status, message: statusMessages[status](theirs.value), info: theirs.value };
          }
          const refused = mine.refused.findLast((one) => one.node === host.node);
          if (refused !== undefined && !host.online) {
            const status = refused.reason === 'oldKey' ? 'oldKey' : 'otherKey';
            const what = status === 'oldKey' ? 'a key that was replaced' : 'another key, or without one';
            return { ...host, status, message: `is refused: it sends with ${what} (last at ${refused.at})`, info: null };
          }
          return { ...host, status: 'unreachable', message: theirs.failure.message.replace(/^Node \S+ /, ''), info: null };
        }),
      );
    },

    async distribute({ xml = null, newKey = false, acceptOldMs, force = false, nodes = null }, asked) {
      const before = await cluster.info();
      if (!before.configured) return fail('CONF_NONE', 'There is no cluster configuration yet.');
      // First everybody is asked: nothing is begun that would run over what is newer.
      const others = face
        .nodes()
        .filter((node) => !node.self)
        .map((node) => node.name);
      const infos = new Map(await Promise.all(others.map(async (node) => [node, await infoOf(node, asked)] as const)));
      let newest = before.generation;
      for (const [node, info] of infos) {
        if (!info.ok) continue;
        const theirs = info.value;
        newest = Math.max(newest, theirs.generation);
        const how = relation(before, theirs);
        if (force || !theirs.distributed || how === 'same' || how === 'behind') continue;
        const what = how === 'ahead' ? 'newer than' : 'apart from';
        return fail(
          'CONF_STALE',
          `Node ${node} has ${described(theirs)}, which is ${what} ${described(before)} of this node. Nothing was changed. Distribute from ${node}, or with --force from here.`,
        );
      }
      const overlapMs = acceptOldMs === undefined ? undefined : Math.max(acceptOldMs, leastOverlapMs);
      if (xml !== null) {
        const applied = newKey
          ? await cluster.configure(xml, null, asked.caller, overlapMs)
          : await cluster.replaceXml(xml, asked.caller);
        if (!applied.ok) return applied;
      } else if (newKey) {
        const made = await cluster.generateKey(asked.caller, overlapMs);
        if (!made.ok) return made;
      }
      const chosen = targets(nodes);
      if (!chosen.ok) return chosen;
      const mine = await cluster.info();
      const overtaken =
        newest > mine.generation ||
        (newest === mine.generation &&
          [...infos.values()].some(
            (info) => info.ok && info.value.generation === newest && info.value.revision !== mine.revision,
          ));
      const marked = await cluster.markDistributed(overtaken ? newest + 1 : mine.generation, asked.caller, chosen.value);
      if (!marked.ok) return marked;
      const { generation } = marked.value;
      if (xml === null && !newKey) cluster.updateModules(asked.caller);
      const bundle = await cluster.exportBundle();
      if (!bundle.ok) return bundle;
      const items = await Promise.all(
        chosen.value.map(async (node) => {
          if (node === face.node) {
            return item(node, 'done', `generation ${generation}, signature ${(marked.value.signature ?? '').slice(0, 12)}`);
          }
          const known = infos.get(node);
          if (known !== undefined && !known.ok) return failed(node, known.failure);
          const given = await give(node, force ? 'force' : 'distribute', bundle.value, asked);
          if (!given.ok) return failed(node, given.failure);
          const same = known?.ok === true && known.value.revision === given.value.revision;
          return item(
            node,
            same ? 'same' : 'done',
            `generation ${generation}, signature ${(given.value.signature ?? '').slice(0, 12)}`,
          );
        }),
      );
      return reportOf('cluster', generation, items);
    },

    async exportModule(module, nodes, asked) {
      const chosen = targets(nodes);
      if (!chosen.ok) return chosen;
      const begun = await face.install.beginExport(module, chosen.value, asked.caller);
      if (!begun.ok) return begun;
      const exported = begun.value;
      const archive = await face.install.exportedArchive(module);
      if (!archive.ok) return archive;
      const what = exported.configure ? 'installed and configured' : 'installed';
      const items = await Promise.all(
        chosen.value.map(async (node) => {
          if (node === face.node) return item(node, 'same', 'it comes from here');
          const reached = await infoOf(node, asked);
          if (!reached.ok) return failed(node, reached.failure);
          const given = await giveModule(node, exported, archive.value, false, asked);
          return given.ok ? item(node, 'done', `${what}, id ${exported.id}`) : failed(node, given.failure);
        }),
      );
      return reportOf(module, exported.generation, items);
    },
  };
}
