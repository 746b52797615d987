/** `-G`, `-E` and `cluster rekey`: what goes to all nodes, and what became of it on each. */
import type { ClusterHostList, DistributeBody, DistributionReport, ExportBody } from '../../http/api-types.js';
import { CliError, usageError } from '../cli-error.js';
import type { CommandContext } from '../command.types.js';
import { printable } from '../format.js';
import { targetsOf } from '../hosts.js';
import { acceptOldMs } from './cluster.js';
import { modulePath, readNamedFile, show } from './shared.js';

/** All nodes are asked, and each may take a while to apply it. */
const patienceMs = 120_000;

/** The nodes that `--nodes` or `-H` names; null: all. */
async function chosenNodes(context: CommandContext): Promise<readonly string[] | null> {
  const text = context.text('nodes');
  if (text === null || text === '*') return null;
  const targets = targetsOf(text, (await context.client.json<ClusterHostList>('GET', '/cluster/hosts')).items);
  return targets.map(({ node, url }) => {
    if (node === null) throw usageError(`${url} is no node of the cluster configuration: only nodes can be given it`);
    return node;
  });
}

const outcomes = { done: 'Success', same: 'Success (it had it already)', refused: 'Error', away: 'Error' } as const;

function told(context: CommandContext, report: DistributionReport, action: string): number {
  show(context, report, () =>
    report.items
      .map(({ url, state, message, code }) => {
        const said = message === '' ? '' : `${code === null ? '' : `${code}: `}${printable(message)}\n`;
        return `---------------- Server=${url} ----------------\nadmin action=${action}\n${said}${outcomes[state]}\n`;
      })
      .join(''),
  );
  if (report.done) return 0;
  const without = report.items.filter(({ state }) => state === 'refused' || state === 'away').map(({ node }) => node);
  throw new CliError('CLUSTER_PARTIAL', `not on ${without.join(', ')}`);
}

/** `-G`. */
export async function distribute(context: CommandContext): Promise<number> {
  const file = context.args.operands[0];
  const xml = file === undefined ? null : new TextDecoder().decode(await readNamedFile(context, file));
  const body: DistributeBody = { xml, force: context.flag('force'), nodes: await chosenNodes(context) };
  const path = '/cluster/distribute';
  return told(
    context,
    await context.client.json<DistributionReport>('POST', path, { json: body, timeoutMs: patienceMs }),
    'distribute',
  );
}

/** `cluster rekey`. */
export async function rekey(context: CommandContext): Promise<number> {
  const old = acceptOldMs(context);
  const body: DistributeBody = { newKey: true, force: context.flag('force'), ...(old === null ? {} : { acceptOldMs: old }) };
  const path = '/cluster/distribute';
  return told(
    context,
    await context.client.json<DistributionReport>('POST', path, { json: body, timeoutMs: patienceMs }),
    'rekey',
  );
}

/** `-E AM`. */
export async function exportModule(context: CommandContext): Promise<number> {
  const body: ExportBody = { nodes: await chosenNodes(context) };
  const path = modulePath(context.args.operands[0] ?? '', '/export');
  return told(
    context,
    await context.client.json<DistributionReport>('POST', path, { json: body, timeoutMs: patienceMs }),
    'export',
  );
}
