/** The names of a cluster and the short forms under which datagrams carry them. Sender and receiver have the same configuration. */
import { createHash } from 'node:crypto';
import type { ClusterConfig } from '../../config/types.js';
import { lanLabel, senderLabel } from './header.js';

export interface ClusterTable {
  readonly self: string;
  /** In the configuration's order: their index stands for them. */
  readonly nodes: readonly string[];
  readonly lans: readonly { readonly name: string; readonly nodes: readonly string[] }[];
  /** Whole hex signature of the configuration. */
  readonly signature: string;
  readonly nodeByLabel: ReadonlyMap<string, string>;
  readonly lanByLabel: ReadonlyMap<string, string>;
}

export function clusterTable(cluster: ClusterConfig, self: string, signature: string): ClusterTable {
  const lans = cluster.lans.map((lan) => ({ name: lan.name, nodes: lan.nodes.map((node) => node.node) }));
  return {
    self,
    nodes: cluster.nodes,
    lans,
    signature,
    nodeByLabel: new Map(cluster.nodes.map((node) => [senderLabel(node), node])),
    lanByLabel: new Map(lans.map((lan) => [lanLabel(lan.name), lan.name])),
  };
}

/** Short form of a configuration's signature: its first 16 hex digits. */
export function shortSignature(signature: string): string {
  return signature.padEnd(16, '0').slice(0, 16).toLowerCase();
}

/** Labels that were computed lately: each datagram has those of all modules, and a hash costs more than the rest of a module's entry. */
const labels = new Map<string, string>();
const labelsKept = 2_048;

/** Four bytes that stand for a module's name, hex. */
export function moduleLabel(module: string): string {
  const known = labels.get(module);
  if (known !== undefined) return known;
  const label = createHash('sha256').update(module).digest('hex').slice(0, 8);
  if (labels.size >= labelsKept) labels.clear();
  labels.set(module, label);
  return label;
}

/** Names of modules by their labels, learned from datagrams and from this node's own modules; the oldest are forgotten. */
export class ModuleNames {
  static readonly limit = 1_024;
  readonly #names = new Map<string, string>();

  learn(module: string): void {
    const label = moduleLabel(module);
    if (this.#names.get(label) === module) return;
    this.#names.set(label, module);
    const oldest = this.#names.keys().next().value;
    if (this.#names.size > ModuleNames.limit && oldest !== undefined) this.#names.delete(oldest);
  }

  nameOf(label: string): string | null {
    return this.#names.get(label) ?? null;
  }
}
