/** `cluster …`: the cluster's configuration and key (sections 1.3 and 5.2 of the compatibility page). */
import type { ClusterConfigBody, ClusterNodeState, ClusterStateList, ClusterSummary } from '../../http/api-types.js';
import { usageError } from '../cli-error.js';
import type { CommandContext } from '../command.types.js';
import { facts, localTime, paintFor, printable, table } from '../format.js';
import { durationMs } from '../parse.js';
import { query, readNamedFile, show, writeNamedFile } from './shared.js';

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

/** What is wrong with HTTPS, a line each. */
function httpsFindings(states: readonly ClusterNodeState[]): readonly string[] {
  const anyOn = states.some(({ info }) => info?.https.on === true);
  return states.flatMap(({ node, info }) => {
    if (info === null) return [];
    if (anyOn && !info.https.on) return [`${node} has HTTPS off, and others have it on: holdfast https setup`];
    return info.https.problems.map((problem) => `${node} HTTPS: ${problem}`);
  });
}

/** What is wrong with nodes, a line each. */
function findings(states: readonly ClusterNodeState[]): string {
  const own = states.find(({ self }) => self)?.info ?? null;
  const strangers = (own?.refused ?? []).filter(
    (one) => !states.some(({ node, status }) => node === one.node && status !== 'same'),
  );
  return [
    ...states.filter(({ message }) => message !== '').map(({ node, message }) => `${node} ${message}`),
    ...httpsFindings(states),
    ...(own?.configured === true && !own.distributed && states.length > 1
      ? [`${own.node} has not distributed its configuration: holdfast -H "*" -G`]
      : []),
    ...(own?.oldKeyUntil == null ? [] : [`${own.node} takes the key before as well until ${localTime(own.oldKeyUntil)}`]),
    ...strangers.map(
      ({ node, address, reason, count, at }) =>
        `refused: ${node ?? 'unknown'}${address === null ? '' : ` at ${address}`}, ${refusals[reason]} (${count} times, last ${localTime(at)})`,
    ),
  ]
    .map((line) => `${printable(line)}\n`)
    .join('');
}
const refusals = {
  oldKey: 'with a key that was replaced',
  otherCluster: 'with a key of another cluster',
  noKey: 'without a key',
} as const;

/** `cluster confinfo`: what configuration each active node has. */
export async function confInfo(context: CommandContext): Promise<number> {
  const states = await context.client.json<ClusterStateList>('GET', '/cluster/state');
  const rows = states.items.map(({ node, online, status, info }) => [
    node,
    online ? 'yes' : 'no',
    info?.signature ?? (info === null ? status : '-'),
    info?.configuredAt == null ? '-' : localTime(info.configuredAt),
    info === null ? '-' : info.locked ? '1' : '0',
    info === null ? '-' : String(info.generation),
  ]);
  const heading = ['NODE', 'ACTIVE', 'SIGNATURE', 'DATE', 'LOCKED', 'GENERATION'];
  const none = states.items.every(({ info }) => info?.configured === false);
  show(context, states, () =>
    none ? 'there is no cluster configuration\n' : `${table(heading, rows, paintFor(context.io), [5])}${findings(states.items)}`,
  );
  return 0;
}

/** `cluster state`: modules and their configuration on each node. */
export async function state(context: CommandContext): Promise<number> {
  const states = await context.client.json<ClusterStateList>('GET', '/cluster/state');
  const rows = states.items.flatMap(({ node, info }) =>
    (info?.modules ?? []).map((module) => [
      node,
      module.name,
      module.mode ?? '-',
      String(module.id),
      module.appliedAt === null ? '-' : localTime(module.appliedAt),
      module.signature === null ? '-' : module.signature.slice(0, 12),
    ]),
  );
  const heading = ['NODE', 'MODULE', 'MODE', 'ID', 'DATE', 'SIGNATURE'];
  show(
    context,
    states,
    () =>
      `${rows.length === 0 ? 'no module is installed\n' : table(heading, rows, paintFor(context.io), [3])}${findings(states.items)}`,
  );
  return 0;
}

/** `cluster create`: a cluster.xml of addresses. */
export async function create(context: CommandContext): Promise<number> {
  const addresses = context.args.operands;
  const named = context.text('names')?.split(',') ?? addresses.map((_, index) => `server${index}`);
  if (named.length !== addresses.length) throw usageError(`--names has ${named.length} names for ${addresses.length} addresses`);
  const written = (text: string): string =>
    text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;').trim();
  const address = (text: string): string => written(text.includes(':') && !text.startsWith('[') ? `[${text}]` : text);
  const nodes = addresses.map((addr, index) => `      <node name="${written(named[index] ?? '')}" addr="${address(addr)}"/>`);
  const xml = `<cluster>\n  <lans>\n    <lan name="default" command="on">\n${nodes.join('\n')}\n    </lan>\n  </lans>\n</cluster>\n`;
  if (context.flag('print')) {
    show(context, { xml }, () => xml);
    return 0;
  }
  const cluster = await context.client.json<ClusterSummary>('PUT', '/cluster/config', { json: { xml, lock: null } });
  show(context, cluster, () => clusterText(cluster));
  return 0;
}

async function change(context: CommandContext, method: 'POST' | 'DELETE', path: string, done: string): Promise<number> {
  await context.client.json(method, path);
  if (!context.json) context.io.out(`${done}\n`);
  return 0;
}

/** `--accept-old`, in ms; null where it is not given. */
export function acceptOldMs(context: CommandContext): number | null {
  const given = context.text('accept-old');
  return given === null ? null : durationMs(given, '--accept-old');
}

/** `cluster genkey`. */
export async function generateKey(context: CommandContext): Promise<number> {
  const path = `/cluster/key${query({ acceptOldMs: acceptOldMs(context) })}`;
  return change(context, 'POST', path, 'a new key is made; give it to the other nodes with holdfast -H "*" -G');
}

/** `cluster delkey`. */
export async function deleteKey(context: CommandContext): Promise<number> {
  const path = `/cluster/key${query({ acceptOldMs: acceptOldMs(context) })}`;
  return change(
    context,
    'DELETE',
    path,
    'the key is removed: this node will no longer seal what it sends; tell the others with holdfast -H "*" -G',
  );
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
