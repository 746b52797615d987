/** `kill`: processes of this machine by name (section 5.3 of the compatibility page). */
import type { KillBody, KillList } from '../../http/api-types.js';
import { usageError } from '../cli-error.js';
import type { CommandContext } from '../command.types.js';
import { paintFor, printable, table } from '../format.js';
import { moduleName, modulePath, show } from './shared.js';

const levels: readonly KillBody['level'][] = ['test', 'terminate', '9', '15'];

/** Lists or signals them; exit 1 where one was refused or remains. */
export async function kill(context: CommandContext): Promise<number> {
  const name = context.text('name');
  const level = levels.find((one) => one === context.text('level'));
  if (name === null || name === '') throw usageError('which processes? -name=NAME is needed');
  if (level === undefined) throw usageError(`-level is one of ${levels.join(', ')}`);
  const argregex = context.text('argregex');
  const identity = context.text('identity');
  const body: KillBody = {
    name,
    level,
    ...(argregex === null ? {} : { argregex }),
    ...(identity === null ? {} : { identity }),
    asker: context.io.pid,
  };
  const list = await context.client.json<KillList>('POST', modulePath(moduleName(context), '/kill'), { json: body });
  const rows = list.items.map(({ pid, name, outcome, args }) => [
    String(pid),
    printable(name),
    outcome,
    printable(args.join(' ')).slice(0, 200),
  ]);
  show(context, list, () =>
    rows.length === 0
      ? `no process ${printable(name)}${argregex === null ? '' : ' with such arguments'}\n`
      : table(['PID', 'NAME', 'OUTCOME', 'ARGUMENTS'], rows, paintFor(context.io), [0]),
  );
  return list.items.some(({ outcome }) => outcome === 'refused' || outcome === 'remains') ? 1 : 0;
}
