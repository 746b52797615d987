import type { ClusterConfig } from '../config/types.js';
import type { Outcome } from './face.js';

/**
 * Which node of cluster.xml this machine is: the one that was named, or the only one with an address of this machine, or the one that is
 * called like the host.
 * @returns the failure CONF_NODE, with what to do, where that is not clear.
 */
export function identify(
  cluster: ClusterConfig,
  named: string | null,
  hostname: string,
  addresses: readonly string[],
): Outcome<string> {
  const fail = (message: string): Outcome<string> => ({ ok: false, failure: { code: 'CONF_NODE', message } });
  if (named !== null) {
    return cluster.nodes.includes(named)
      ? { ok: true, value: named }
      : fail(
          `this node is called ${named}, but cluster.xml names ${cluster.nodes.join(', ')}: mend cluster.xml or the daemon's --node`,
        );
  }
  const bare = (address: string): string => address.replace(/^\[|\]$/g, '');
  const here = new Set(addresses);
  const own = cluster.nodes.filter((node) =>
    cluster.lans.some((lan) =>
      lan.nodes.some((one) => one.node === node && (here.has(bare(one.laddr ?? '')) || here.has(bare(one.addr)))),
    ),
  );
  const [only] = own;
  if (own.length === 1 && only !== undefined) return { ok: true, value: only };
  const short = hostname.split('.')[0] ?? hostname;
  const called = cluster.nodes.filter((node) => node === hostname || node === short);
  const [name] = called;
  if (called.length === 1 && name !== undefined && (own.length === 0 || own.includes(name))) return { ok: true, value: name };
  return own.length === 0
    ? fail(
        `no address of cluster.xml is an address of this machine (${addresses.join(', ')}): mend cluster.xml, or start holdfastd with --node NAME`,
      )
    : fail(`this machine has the addresses of several nodes (${own.join(', ')}): start holdfastd with --node NAME`);
}
