/** Resources, the restart counter, and the monitoring of processes (sections 4 and 2.2 of the compatibility page). */
import type {
  ErrdBody,
  ErrdList,
  HistoryPage,
  LoopBody,
  LoopResult,
  Resource,
  ResourceBody,
  ResourceList,
} from '../../http/api-types.js';
import { usageError } from '../cli-error.js';
import type { CommandContext } from '../command.types.js';
import { localTime, paintFor, printable, table } from '../format.js';
import { moduleName, modulePath, query, show } from './shared.js';

/** `get -r`: the value of one resource; without `-r` all of them. */
export async function get(context: CommandContext): Promise<number> {
  const module = moduleName(context);
  const name = context.text('resource');
  if (context.flag('history')) return history(context, module, name);
  if (name === null) {
    const list = await context.client.json<ResourceList>('GET', modulePath(module, '/resources'));
    const rows = list.items.map((item) => [printable(item.name), printable(item.value), localTime(item.at), printable(item.by)]);
    show(context, list, () => table(['RESOURCE', 'VALUE', 'SINCE', 'SET BY'], rows, paintFor(context.io)));
    return 0;
  }
  const resource = await context.client.json<Resource>('GET', modulePath(module, `/resources/${encodeURIComponent(name)}`));
  show(context, resource, () => `${printable(resource.value)}\n`);
  return 0;
}

/** Page by page, the newest first, and shown oldest first. */
async function history(context: CommandContext, module: string, name: string | null): Promise<number> {
  if (name === null) throw usageError('--history is about one resource: name it with -r class.id');
  const path = modulePath(module, `/resources/${encodeURIComponent(name)}/history`);
  let items: readonly Resource[] = [];
  let next: string | null = null;
  do {
    const page: HistoryPage = await context.client.json<HistoryPage>(
      'GET',
      `${path}${query({ limit: '200', ...(next === null ? {} : { before: next }) })}`,
    );
    items = [...page.items, ...items];
    next = page.next;
  } while (next !== null);
  const rows = items.map((item) => [localTime(item.at), printable(item.value), printable(item.by)]);
  show(context, { items, next }, () => table(['SET AT', 'VALUE', 'SET BY'], rows, paintFor(context.io)));
  return 0;
}

/** `set -r -v`: assigns a resource, as checkers of the user do. */
export async function set(context: CommandContext): Promise<number> {
  const module = moduleName(context);
  const name = context.text('resource');
  const value = context.text('value');
  if (name === null || value === null) throw usageError('both -r class.id and -v VALUE are needed');
  if (context.flag('nolog') && context.flag('log')) throw usageError('-n and -l exclude each other');
  const identity = context.text('identity');
  const logging = context.flag('nolog') ? 'none' : context.flag('log') ? 'force' : 'normal';
  const body: ResourceBody = { value, logging, ...(identity === null ? {} : { identity }) };
  const resource = await context.client.json<Resource>('PUT', modulePath(module, `/resources/${encodeURIComponent(name)}`), {
    json: body,
  });
  show(context, resource, () => '');
  return 0;
}

/** `incloop`, `resetloop`, `checkloop`: exit 1 when the limit is reached. */
export async function loop(context: CommandContext, operation: LoopBody['operation']): Promise<number> {
  const identity = context.text('identity');
  const body: LoopBody = { operation, ...(identity === null ? {} : { identity }) };
  const result = await context.client.json<LoopResult>('POST', modulePath(moduleName(context), '/loop'), { json: body });
  const { max, used, expires } = result.budget;
  const limit =
    max === 0
      ? 'the counter is off'
      : `${used} of ${max} automatic actions${expires === null ? '' : `, counted until ${localTime(expires)}`}`;
  show(context, result, () => `${limit}${result.reached ? ': the limit is reached' : ''}\n`);
  return result.reached && operation !== 'reset' ? 1 : 0;
}

/** `errd list`: the monitored processes and services. */
export async function errdList(context: CommandContext): Promise<number> {
  const list = await context.client.json<ErrdList>('GET', modulePath(moduleName(context), '/errd'));
  const rows = list.items.map((entry) => [
    printable(entry.name),
    entry.service ? 'service' : 'process',
    entry.class ?? '-',
    entry.monitored ? 'yes' : 'no',
    printable(entry.action),
    String(entry.count),
    entry.value,
    entry.pids.join(' '),
  ]);
  const heading = ['NAME', 'KIND', 'CLASS', 'MONITORED', 'ACTION', 'COUNT', 'VALUE', 'PIDS'];
  show(context, list, () =>
    rows.length === 0 ? 'nothing is monitored in this module\n' : table(heading, rows, paintFor(context.io), [5]),
  );
  return 0;
}

/** `errd enable` and `errd disable`: the monitoring of one class of processes. */
export async function errdSwitch(context: CommandContext, on: boolean): Promise<number> {
  const body: ErrdBody = { class: context.args.operands[0] ?? '', on };
  await context.client.json('PUT', modulePath(moduleName(context), '/errd'), { json: body });
  if (!context.json) context.io.out(`monitoring of class ${printable(body.class)} is ${on ? 'on' : 'off'}\n`);
  return 0;
}
