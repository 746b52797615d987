/** Which address a node that joins has on each lan. */
import { BlockList, isIP } from 'node:net';
import type { NodeAddress } from '../../config/cluster-edit.js';
import type { ClusterConfig } from '../../config/types.js';

/** What a node that joins tells of itself. */
export interface Arrival {
  readonly name: string;
  /** `lan=address`, or an address alone. */
  readonly addresses: readonly string[];
  /** Its own addresses with the length of their network, for example `10.0.0.13/24`. */
  readonly networks: readonly string[];
  /** Where it comes from, as the inviting node sees it. */
  readonly peer: string;
}
export type Placed =
  | { readonly ok: true; readonly addresses: readonly NodeAddress[] }
  | { readonly ok: false; readonly message: string };

const bare = (address: string): string => address.replace(/^\[|\]$/g, '').replace(/^::ffff:(?=\d)/i, '');
const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1';

/** The one address of the node in a network in which `member` is too; null: none, or several, or loopback. */
function sharedNetwork(networks: readonly string[], member: string): string | null {
  const version = isIP(member);
  if (version === 0 || isLoopback(member)) return null;
  const found = networks.flatMap((network) => {
    const [address = '', length = ''] = network.split('/');
    if (isIP(address) !== version || !/^\d{1,3}$/.test(length) || isLoopback(address)) return [];
    const family = version === 4 ? 'ipv4' : 'ipv6';
    const block = new BlockList();
    try {
      block.addSubnet(address, Number(length), family);
    } catch {
      return [];
    }
    return block.check(member, family) ? [address] : [];
  });
  const [only] = found;
  return found.length === 1 && only !== undefined ? only : null;
}

/** Finds an address on each lan: the one that was named, else the one in the same network as a member's, else where it comes from. */
export function placeNode(config: ClusterConfig, arrival: Arrival): Placed {
  const complete = config.lans.filter((lan) => new Set(lan.nodes.map(({ node }) => node)).size === config.nodes.length);
  const main = complete.find(({ command }) => command) ?? complete[0];
  if (main === undefined) return { ok: false, message: 'No lan of cluster.xml has all nodes.' };
  const named = new Map<string, string>();
  for (const given of arrival.addresses) {
    const [left, right] = given.includes('=') ? given.split('=', 2) : [main.name, given];
    if (left === undefined || right === undefined || right === '' || !config.lans.some(({ name }) => name === left)) {
      const lans = config.lans.map(({ name }) => name).join(', ');
      return { ok: false, message: `${JSON.stringify(given)} names no lan of the cluster; there are ${lans}.` };
    }
    named.set(left, bare(right));
  }
  const addresses = config.lans.flatMap((lan): readonly NodeAddress[] => {
    const members = lan.nodes.map(({ addr }) => bare(addr));
    const found =
      named.get(lan.name) ?? members.map((member) => sharedNetwork(arrival.networks, member)).find((one) => one !== null);
    const peer = bare(arrival.peer);
    const addr = found ?? (lan.name === main.name && isIP(peer) !== 0 && !isLoopback(peer) ? peer : null);
    return addr === null ? [] : [{ lan: lan.name, addr }];
  });
  if (!addresses.some(({ lan }) => complete.some(({ name }) => name === lan))) {
    const lans = complete.map(({ name }) => name).join(' or ');
    return {
      ok: false,
      message: `It is not clear which address the node has on the lan ${lans}: name it with --addr ${main.name}=ADDRESS.`,
    };
  }
  return { ok: true, addresses };
}
