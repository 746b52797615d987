/** What can be found out about ports, ways to the other nodes, and names. */
import { lookup } from 'node:dns/promises';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { connect, isIP } from 'node:net';
import type { NodeSummary } from '../../actors/face.js';
import type { HealthFacts, PortFacts, ReachFacts } from './facts.js';

const listening = '0A';

/** Ports in one of the tables of /proc/net, with the inodes of their sockets. */
export function socketTable(text: string, protocol: 'tcp' | 'udp'): readonly { readonly port: number; readonly inode: string }[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const fields = line.trim().split(/\s+/);
      const port = /:([0-9A-F]{4})$/i.exec(fields[1] ?? '')?.[1];
      const inode = fields[9];
      if (port === undefined || inode === undefined || (protocol === 'tcp' && fields[3] !== listening)) return [];
      return [{ port: Number.parseInt(port, 16), inode }];
    });
}

/** Which process has which of those sockets; those of other users are not seen without root. */
async function holders(
  inodes: ReadonlySet<string>,
): Promise<ReadonlyMap<string, { readonly pid: number; readonly name: string }>> {
  const found = new Map<string, { readonly pid: number; readonly name: string }>();
  const names = await readdir('/proc').catch(() => []);
  for (const name of names.filter((one) => /^\d+$/.test(one))) {
    const descriptors = await readdir(`/proc/${name}/fd`).catch(() => []);
    for (const descriptor of descriptors) {
      const inode = /^socket:\[(\d+)\]$/.exec(await readlink(`/proc/${name}/fd/${descriptor}`).catch(() => ''))?.[1];
      if (inode === undefined || !inodes.has(inode) || found.has(inode)) continue;
      const command = (await readFile(`/proc/${name}/comm`, 'utf8').catch(() => '?')).trim();
      found.set(inode, { pid: Number(name), name: command });
    }
    if (found.size === inodes.size) break;
  }
  return found;
}

export type WantedPort = Pick<PortFacts, 'port' | 'protocol' | 'use' | 'wanted'>;

/** Who has the ports. @param ownPid the daemon's process. */
export async function portFacts(wanted: readonly WantedPort[], ownPid: number | null): Promise<readonly PortFacts[]> {
  const tables = await Promise.all(
    (['tcp', 'tcp6', 'udp', 'udp6'] as const).map(async (table) => {
      const protocol = table.startsWith('tcp') ? 'tcp' : 'udp';
      const text = await readFile(`/proc/net/${table}`, 'utf8').catch(() => '');
      return socketTable(text, protocol).map((socket) => ({ ...socket, protocol }));
    }),
  );
  const sockets = tables
    .flat()
    .filter(({ port, protocol }) => wanted.some((one) => one.port === port && one.protocol === protocol));
  const owners = await holders(new Set(sockets.map(({ inode }) => inode)));
  return wanted.map((one) => {
    const here = sockets.filter(({ port, protocol }) => port === one.port && protocol === one.protocol);
    const known = here.map(({ inode }) => owners.get(inode)).filter((owner) => owner !== undefined);
    const [owner] = known;
    return {
      ...one,
      ours: ownPid !== null && known.some(({ pid }) => pid === ownPid),
      holder: here.length === 0 ? null : owner === undefined ? '?' : `${owner.name} (pid ${owner.pid})`,
    };
  });
}

function connectError(host: string, port: number, timeoutMs: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (error: string | null): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(error);
    };
    const timer = setTimeout(() => end(`no answer within ${timeoutMs / 1000} s`), timeoutMs);
    socket.once('connect', () => end(null));
    socket.on('error', (error) => end('code' in error ? String(error.code) : error.message));
  });
}

/** Each address of each other node: does its web service take a connection, do its datagrams come? */
export async function reachFacts(nodes: readonly NodeSummary[], httpPort: number): Promise<readonly ReachFacts[]> {
  const asked = nodes
    .filter((node) => !node.self)
    .flatMap((node) => node.addresses.map(({ lan, addr }) => ({ node, lan, address: addr.replace(/^\[|\]$/g, '') })));
  return Promise.all(
    asked.slice(0, 256).map(async ({ node, lan, address }) => ({
      ...{ node: node.name, lan, address },
      tcpError: await connectError(address, httpPort, 2_000),
      udpHeard: node.lans.some((one) => one.lan === lan && one.up),
    })),
  );
}

/** Names that do not resolve within 2 s. */
export async function unresolvedNames(
  names: readonly { readonly name: string; readonly usedBy: string }[],
): Promise<HealthFacts['unresolved']> {
  const seen = new Set<string>();
  const asked = names.filter(({ name }) => {
    const plain = name.replace(/^\[|\]$/g, '');
    if (plain === '' || isIP(plain) !== 0 || seen.has(plain) || seen.size >= 64) return false;
    seen.add(plain);
    return true;
  });
  const results = await Promise.all(
    asked.map(async ({ name, usedBy }) => {
      const late = new Promise<string>((resolve) => setTimeout(() => resolve('no answer within 2 s'), 2_000).unref());
      const looked = lookup(name).then(
        () => null,
        (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : String(error)),
      );
      const error = await Promise.race([looked, late]);
      return error === null ? [] : [{ name, usedBy, error }];
    }),
  );
  return results.flat();
}
