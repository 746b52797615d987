/** `cluster …`: the cluster's configuration and key (sections 1.3 and 5.2 of the compatibility page). */
import type { ClusterConfigBody, ClusterSummary, ModuleList, NodeList } from '../../http/api-types.js';
import { usageError } from '../cli-error.js';
import type { CommandContext } from '../command.types.js';
import { facts, localTime, paintFor, printable, table } from '../format.js';
import { readNamedFile, show, writeNamedFile } from './shared.js';

function clusterText(cluster: ClusterSummary): string {
  return facts([
    ['node', cluster.self],
    ['configured', cluster.configuredAt === null ? 'no' : localTime(cluster.configuredAt)],
    ['signature', cluster.signature ?? '-'],
    ['encrypted', cluster.encrypted ? 'yes' : 'no'],
    ['locked', cluster.locked ? '1' : '0'],
  ]);
}

interface ConfigOperands {
  readonly file: string | null;
  readonly lock: 'lock' | 'unlock' | null;
}

function configOperands(operands: readonly string[]): ConfigOperands {
  const isLock = (word: string | undefined): word is 'lock' | 'unlock' => word === 'lock' || word === 'unlock';
  const [first = null, second = null] = operands;
  if (first !== null && second === null && isLock(first)) return { file: null, lock: first };
  if (second !== null && !isLock(second)) throw usageError(`after the file comes lock or unlock, not '${second}'`);
  return { file: first, lock: second };
}

/** `cluster config`: applies a file, or makes a new key, and locks or unlocks. */
export async function config(context: CommandContext): Promise<number> {
  const { file, lock } = configOperands(context.args.operands);
  const put = (body: ClusterConfigBody): Promise<ClusterSummary> =>
    context.client.json<ClusterSummary>('PUT', '/cluster/config', { json: body });
  let cluster: ClusterSummary;
  if (file?.toLowerCase().endsWith('.zip')) {
    const bytes = await readNamedFile(context, file);
    if (lock === 'unlock') await put({ lock });
    cluster = await context.client.json<ClusterSummary>('PUT', '/cluster/bundle', {
      bytes,
      headers: { 'content-type': 'application/zip' },
    });
    if (lock === 'lock') cluster = await put({ lock });
  } else {
    const xml = file === null ? null : new TextDecoder().decode(await readNamedFile(context, file));
    cluster = await put({ xml, lock });
  }
  show(context, cluster, () => clusterText(cluster));
  return 0;
}

/** `cluster confcheck`: without a daemon, so that a file can be checked anywhere. */
export async function confCheck(context: CommandContext): Promise<number> {
  const { checkClusterFile } = await import('./config.js');
  return checkClusterFile(context, context.args.operands[0] ?? '');
}

/** `cluster confinfo`: which nodes have the configuration that this one has. */
export async function confInfo(context: CommandContext): Promise<number> {
  const [cluster, nodes] = await Promise.all([
    context.client.json<ClusterSummary>('GET', '/cluster'),
    context.client.json<NodeList>('GET', '/nodes'),
  ]);
  const rows = nodes.items.map((node) => {
    const same = node.self || node.sameConfiguration === true;
    const signature = same ? (cluster.signature ?? '-') : node.sameConfiguration === false ? 'different' : 'unknown';
    const date = node.self && cluster.configuredAt !== null ? localTime(cluster.configuredAt) : '-';
    return [node.name, node.online ? 'yes' : 'no', signature, date, node.self ? (cluster.locked ? '1' : '0') : '-'];
  });
  const heading = ['NODE', 'ACTIVE', 'SIGNATURE', 'DATE', 'LOCKED'];
  show(context, { cluster, nodes }, () =>
    rows.length === 0 ? 'there is no cluster configuration\n' : table(heading, rows, paintFor(context.io)),
  );
  return 0;
}

/** `cluster state`: modules and their configuration on each node. */
export async function state(context: CommandContext): Promise<number> {
  const modules = await context.client.json<ModuleList>('GET', '/modules');
  const rows = modules.items.flatMap((module) =>
    module.nodes.map((status) => [
      status.node,
      module.name,
      module.mode ?? '-',
      String(module.id),
      status.error === null ? (module.appliedAt === null ? '-' : localTime(module.appliedAt)) : '-',
      status.error === null ? status.signature.slice(0, 12) || '-' : printable(status.error),
    ]),
  );
  const heading = ['NODE', 'MODULE', 'MODE', 'ID', 'DATE', 'SIGNATURE'];
  show(context, modules, () =>
    rows.length === 0 ? 'no module is installed\n' : table(heading, rows, paintFor(context.io), [3]),
  );
  return 0;
}

async function change(context: CommandContext, method: 'POST' | 'DELETE', path: string, done: string): Promise<number> {
  await context.client.json(method, path);
  if (!context.json) context.io.out(`${done}\n`);
  return 0;
}

/** `cluster genkey`. */
export async function generateKey(context: CommandContext): Promise<number> {
  return change(context, 'POST', '/cluster/key', 'a new key is made; the other nodes need it too (holdfast cluster package)');
}

/** `cluster delkey`. */
export async function deleteKey(context: CommandContext): Promise<number> {
  return change(context, 'DELETE', '/cluster/key', 'the key is removed: this node no longer seals what it sends');
}

/** `cluster deconfig`. */
export async function deconfig(context: CommandContext): Promise<number> {
  return change(context, 'DELETE', '/cluster/config', 'the configuration and the key of the cluster are removed from this node');
}

/** `cluster package`: configuration and key for another node, readable by the owner only. */
export async function pack(context: CommandContext): Promise<number> {
  const file = context.args.operands[0] ?? '';
  const bundle = await context.client.bytes('GET', '/cluster/bundle');
  await writeNamedFile(context, file, bundle, true);
  show(
    context,
    { file, bytes: bundle.length },
    () => `${file} holds the configuration and the secret key of the cluster; on another node: holdfast cluster config ${file}\n`,
  );
  return 0;
}
