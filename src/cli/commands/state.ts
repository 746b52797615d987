/** `state` in its forms, `level` and `-p`. */
import { arch, hostname, platform, release } from 'node:os';
import { join } from 'node:path';
import type { ClusterSummary, ModuleList, ModuleNodeStatus, ModuleSummary, ResourceList } from '../../http/api-types.js';
import { CliError, usageError } from '../cli-error.js';
import type { CommandContext } from '../command.types.js';
import { facts, localTime, type Paint, paintFor, printable, stateText, table } from '../format.js';
import { ownVersion } from '../version.js';
import { modulePath, show } from './shared.js';

/** Exit codes of `state -lq`: section 3.1 of the compatibility page. */
const stateCodes: Readonly<Record<string, number>> = { STOP: 0, WAIT: 1, ALONE: 2, UP: 2, PRIM: 3, SECOND: 4 };

function statusCells(status: ModuleNodeStatus, paint: Paint): readonly string[] {
  if (status.error !== null) return [status.node, paint('ERROR', 'red'), '', '', '', printable(status.error)];
  const state = stateText(status.state, status.quality, paint);
  const reason = status.reason ?? (status.activeRule === null ? '' : `rule ${status.activeRule}`);
  return [status.node, state, localTime(status.since), `${Math.round(status.share)}%`, restarts(status), printable(reason)];
}

function restarts(status: ModuleNodeStatus): string {
  return status.budget.max === 0 ? 'off' : `${status.budget.used}/${status.budget.max}`;
}

const statusHeading: readonly string[] = ['NODE', 'STATE', 'SINCE', 'SHARE', 'RESTARTS', 'REASON'];

function moduleRows(module: ModuleSummary, paint: Paint): readonly (readonly string[])[] {
  const mode = module.mode ?? '-';
  if (!module.configured && module.nodes.length === 0)
    return [[module.name, mode, '-', stateText('NOTCONFIGURED', 'Unknown', paint)]];
  return module.nodes.map((status) => [module.name, mode, ...statusCells(status, paint)]);
}

/** `state`: all modules on all nodes, or one module, with `-v` its resources, with `-lq` one line and its own exit code. */
export async function state(context: CommandContext): Promise<number> {
  const paint = paintFor(context.io);
  const short = context.flag('list') || context.flag('quiet');
  const module = context.module ?? (short || context.flag('verbose') ? context.io.env['SAFEMODULE'] || null : null);
  if (short) return shortState(context, module, paint);
  if (module === null) {
    if (context.flag('verbose')) throw usageError('state -v is about one module: name it with -m AM');
    const modules = await context.client.json<ModuleList>('GET', '/modules');
    const rows = modules.items.flatMap((item) => moduleRows(item, paint));
    const warnings = modules.items.map((item) => switchWarnings(item, paint)).join('');
    show(context, modules, () =>
      rows.length === 0
        ? 'no module is installed\n'
        : `${table(['MODULE', 'MODE', ...statusHeading], rows, paint, [5, 6])}${warnings}`,
    );
    return 0;
  }
  const summary = await context.client.json<ModuleSummary>('GET', modulePath(module));
  if (!context.flag('verbose')) {
    show(context, summary, () => moduleText(summary, paint));
    return 0;
  }
  const resources = await context.client.json<ResourceList>('GET', modulePath(module, '/resources'));
  const rows = resources.items.map((item) => [
    printable(item.name),
    coloured(printable(item.value), paint),
    localTime(item.at),
    printable(item.by),
  ]);
  show(
    context,
    { module: summary, resources },
    () => `${moduleText(summary, paint)}\n${table(['RESOURCE', 'VALUE', 'SINCE', 'SET BY'], rows, paint)}`,
  );
  return 0;
}

function coloured(value: string, paint: Paint): string {
  return value === 'up' ? paint(value, 'green') : value === 'down' ? paint(value, 'red') : value;
}

function moduleText(module: ModuleSummary, paint: Paint): string {
  const title = `${paint(module.name, 'bold')}: ${module.mode ?? 'no mode yet'}, id ${module.id}${module.configured ? '' : ', not configured'}\n`;
  return (
    title +
    (module.nodes.length === 0
      ? ''
      : table(
          statusHeading,
          module.nodes.map((status) => statusCells(status, paint)),
          paint,
          [3, 4],
        )) +
    switchWarnings(module, paint)
  );
}

/** What is switched off for maintenance, one line for each node: nobody shall forget it. */
function switchWarnings(module: ModuleSummary, paint: Paint): string {
  return module.nodes
    .filter(({ error }) => error === null)
    .map(({ node, switches: { errd, checker, failover } }) => {
      const off = Object.entries({ errd, checker, failover }).flatMap(([name, on]) => (on ? [] : [name]));
      const text = `WARNING: ${off.join(', ')} of ${module.name} on ${node} ${off.length > 1 ? 'are' : 'is'} switched off`;
      return off.length === 0 ? '' : `${paint(text, 'yellow')}\n`;
    })
    .join('');
}

async function shortState(context: CommandContext, module: string | null, paint: Paint): Promise<number> {
  if (module === null) throw usageError('state -lq is about one module: name it with -m AM');
  const summary = await context.client.json<ModuleSummary>('GET', modulePath(module, '?scope=local'));
  const status = summary.nodes[0];
  const code = status === undefined ? undefined : stateCodes[status.state];
  if (status === undefined || code === undefined)
    throw new CliError('MODULE_NOT_CONFIGURED', `${module} has no state on this node: it is not configured`);
  show(context, status, () => `${stateText(status.state, status.quality, paint)}\n`);
  return code;
}

/** `level`: what runs where. */
export async function level(context: CommandContext): Promise<number> {
  const cluster = await context.client.json<ClusterSummary>('GET', '/cluster');
  const module =
    context.module === null ? null : await context.client.json<ModuleSummary>('GET', modulePath(context.module, '?scope=local'));
  const system = `${platform()} ${release()} ${arch()}`;
  const client = ownVersion();
  const answer = {
    host: hostname(),
    system,
    node: cluster.self,
    daemon: cluster.version,
    client,
    runtime: process.version,
    module,
  };
  show(context, answer, () =>
    facts([
      ['host', hostname()],
      ['system', system],
      ['node', cluster.self],
      ['holdfastd', cluster.version],
      ['holdfast', client],
      ['Node.js', process.version],
      ...(module === null
        ? []
        : ([
            ['module', `${module.name}, ${module.mode ?? 'no mode yet'}, id ${module.id}, signature ${module.signature ?? '-'}`],
          ] as const)),
    ]),
  );
  return 0;
}

/** `-p`: the directories that scripts and administrators use (section 3.6 of the compatibility page). */
export async function environment(context: CommandContext): Promise<number> {
  const safe = context.io.env['SAFE'] || '/opt/holdfast';
  const names = {
    SAFE: safe,
    SAFEVAR: context.io.env['SAFEVAR'] || '/var/holdfast',
    SAFEBIN: context.io.env['SAFEBIN'] || join(safe, 'private', 'bin'),
  };
  show(context, names, () =>
    Object.entries(names)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  return 0;
}
