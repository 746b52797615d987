/** `auth …`: the ways to log in, and whether they work. */
import type { AuthStatus, AuthTestList } from '../../http/api-types.js';
import { usageError } from '../cli-error.js';
import type { CommandContext } from '../command.types.js';
import { paintFor, printable, table } from '../format.js';
import { readNamedFile, show } from './shared.js';
import { askSecret } from './users.js';

/** Each server of a directory may take its time. */
const testTimeoutMs = 110_000;

function statusText(context: CommandContext, status: AuthStatus): string {
  const paint = paintFor(context.io);
  const rows = status.ways.map(({ name, state, message }) => [
    name,
    state === 'failing' ? paint(state, 'red') : state,
    printable(message),
  ]);
  const first = status.required
    ? `logins at ${status.node}: needed; ${status.users} users, ${status.tokens} tokens, ${status.sessions} sessions`
    : `logins at ${status.node}: not needed, as there are no users; this machine is Control, others are not answered`;
  const problems = status.problems.map(
    ({ line, column, message, remedy }) => `${printable(`${status.configFile}:${line}:${column}: ${message} ${remedy}`)}\n`,
  );
  return `${first}\n${table(['WAY', 'STATE', 'WHAT'], rows, paint)}${problems.join('')}`;
}

/** `auth status`: 1 when a way does not work. */
export async function status(context: CommandContext): Promise<number> {
  const answer = await context.client.json<AuthStatus>('GET', '/auth');
  show(context, answer, () => statusText(context, answer));
  return answer.problems.length > 0 || answer.ways.some((way) => way.state === 'failing') ? 1 : 0;
}
/** `auth test`: 1 when something did not work. */
export async function test(context: CommandContext): Promise<number> {
  const user = context.args.operands[0] ?? null;
  const wanted = context.flag('password');
  if (wanted && user === null) throw usageError('--password needs the name of a user');
  const password = wanted ? await askSecret(context, `Password of ${user}`, false) : null;
  const answer = await context.client.json<AuthTestList>('POST', '/auth/test', {
    json: { user, password },
    timeoutMs: testTimeoutMs,
  });
  show(context, answer, () =>
    answer.items.length === 0
      ? 'nothing to try: there are only users of the file\n'
      : answer.items
          .map(
            ({ what, ok, message, remedy }) =>
              `${printable(`${what}: ${ok ? 'ok' : 'FAILED'}, ${message}${remedy === null ? '' : `; ${remedy}`}`)}\n`,
          )
          .join(''),
  );
  return answer.items.every((item) => item.ok) ? 0 : 1;
}
/** `auth config`: applies a file, or prints the one that is applied. */
export async function config(context: CommandContext): Promise<number> {
  const [file] = context.args.operands;
  if (file === undefined) {
    context.io.out(new TextDecoder().decode(await context.client.bytes('GET', '/auth/config')));
    return 0;
  }
  const bytes = await readNamedFile(context, file);
  const headers = { 'content-type': 'application/json' };
  const answer = await context.client.json<AuthStatus>('PUT', '/auth/config', { bytes, headers });
  show(context, answer, () => statusText(context, answer));
  return 0;
}
