/** `-H`: one command on several nodes (section 5.6 of the compatibility page). Who is meant, and what may be asked of them. */
import type { ClusterHost } from '../http/api-types.js';
import { usageError } from './cli-error.js';
import type { CommandSpec } from './command.types.js';

/** Where a command is carried out. `node` is asked by way of the local daemon, sealed; without one, `url` is asked directly. */
export interface Target {
  readonly url: string;
  readonly node: string | null;
}

const httpPort = 9010;
const httpsPort = 9453;

/** Commands that make no sense on other nodes, with the reason. */
const localOnly: Readonly<Record<string, string>> = {
  logview: 'it follows a log on this node; log reads that of another',
  events: 'it follows the events of this node',
  help: 'it is about this command',
  version: "it is about this command; level tells a node's version",
  completion: 'it is about this command',
  simulate: 'it needs no node',
  replay: 'it reads a journal here',
  'cluster config': 'each node would make a key of its own; apply it here, then -G gives it to all',
  'cluster create': 'each node would make a key of its own; create it here, then -G gives it to all',
  'cluster genkey': 'each node would make a key of its own; use cluster rekey, or genkey here and then -G',
  'cluster delkey': 'delete it here, then -G tells all',
  'cluster rekey': 'it gives the new key to all nodes by itself',
  'cluster confcheck': 'it checks a file of this machine',
  'cluster invite': 'only the node that invites can let another one in: run it there',
  join: 'it makes this node a member',
  startcaserv: 'it is started by whoever is on that node',
  stopcaserv: 'it is stopped by whoever is on that node',
  'initssl req': 'each node needs its own password: run it there',
  'initssl sca': 'it goes to all nodes by itself',
  'initssl rca': 'it goes to all nodes by itself',
  'https setup': 'it goes to all nodes by itself',
  distribute: 'it goes to all nodes by itself',
  export: 'it goes to all nodes by itself',
};
/** Commands that write a file here: of one node only, for the file has one name. */
const oneNodeOnly: readonly string[] = [
  ...['logsave', 'module package', 'cluster package', 'snapshot', 'dump', 'https ca', 'https usercert', 'makeusercert'],
];

/** @throws CliError USAGE where the command is not for other nodes, or not for several. */
export function checkDistributable(spec: CommandSpec, targets: number): void {
  const name = spec.words.join(' ');
  const reason = localOnly[name];
  if (reason !== undefined) throw usageError(`${name} is not for -H: ${reason}`);
  if (targets > 1 && oneNodeOnly.includes(name))
    throw usageError(`${name} writes a file here, and every node would write the same one: name one node with -H`);
}

interface Protocol {
  readonly scheme: 'http' | 'https';
  readonly port: number | null;
}
function protocolOf(word: string): Protocol | null {
  const parts = /^\[(https?)(?::(\d{1,5}))?\]$/i.exec(word);
  if (parts === null) return null;
  return {
    scheme: parts[1]?.toLowerCase() === 'https' ? 'https' : 'http',
    port: parts[2] === undefined ? null : Number(parts[2]),
  };
}

function urlOf(host: string, { scheme, port }: Protocol): string {
  const bare = host.includes(':') && !host.startsWith('[') && /^[0-9a-f:]+$/i.test(host) ? `[${host}]` : host;
  try {
    const url = new URL(`${scheme}://${bare}`);
    if (url.port === '') url.port = String(port ?? (scheme === 'https' ? httpsPort : httpPort));
    return `${url.protocol}//${url.hostname}:${url.port}`;
  } catch {
    throw usageError(`-H names '${host}', which is no node and no host`);
  }
}

/**
 * The targets that `-H` names, each once, in their order.
 * @param hosts the nodes of the cluster configuration, as the local daemon knows them.
 * @throws CliError USAGE where it names nobody, or something that is none of the forms.
 */
export function targetsOf(text: string, hosts: readonly ClusterHost[]): readonly Target[] {
  const words = text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  const protocol = protocolOf(words[0] ?? '');
  const named = protocol === null ? words : words.slice(1);
  if (named.length === 0) throw usageError('-H names nobody; it takes "*", "n1,n2", "[https:9453],h1,h2" or URLs');
  const ofNode = (host: ClusterHost): Target => {
    if (protocol === null) return { url: host.url, node: host.node };
    const known = host.urls.find((one) => one.startsWith(`${protocol.scheme}:`));
    const port = protocol.port ?? (known === undefined ? null : Number(new URL(known).port));
    const url = urlOf(new URL(known ?? host.url).hostname, { ...protocol, port });
    // Where its web service is said to be elsewhere than where the cluster knows it, it is asked there.
    return { url, node: host.urls.includes(url) ? host.node : null };
  };
  const found = named.flatMap((word): readonly Target[] => {
    if (word === '*') return hosts.map(ofNode);
    const node = hosts.find((host) => host.node === word);
    if (node !== undefined) return [ofNode(node)];
    const isUrl = /^https?:\/\//i.test(word);
    const scheme = word.toLowerCase().startsWith('https') ? 'https' : 'http';
    const url = isUrl
      ? urlOf(word.replace(/^https?:\/\//i, '').replace(/\/+$/, ''), { scheme, port: null })
      : urlOf(word, protocol ?? { scheme: 'http', port: null });
    return [{ url, node: hosts.find((host) => host.urls.includes(url))?.node ?? null }];
  });
  return found.filter((target, index) => found.findIndex((one) => one.url === target.url) === index);
}
