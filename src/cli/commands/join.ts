/** `cluster invite` and `join`. */
import type { JoinReport, NodeInvitation } from '../../http/api-types.js';
import { usageError } from '../cli-error.js';
import type { CommandContext } from '../command.types.js';
import { localTime, printable } from '../format.js';
import { firstLine, listed } from './https.js';
import { show } from './shared.js';

const joinMs = 240_000;

/** `cluster invite`. */
export async function invite(context: CommandContext): Promise<number> {
  const minutes = Number(context.text('minutes') ?? 15);
  if (!Number.isInteger(minutes) || minutes < 1 || minutes > 1440) throw usageError('--minutes is a number from 1 to 1440');
  const invitation = await context.client.json<NodeInvitation>('POST', '/cluster/invitations', { json: { minutes } });
  const [url = 'URL'] = invitation.urls;
  show(
    context,
    invitation,
    () =>
      `${invitation.token}\n\nGood once, until ${localTime(invitation.expires)}. On the new node:\n  HOLDFAST_JOIN_TOKEN='…' holdfast join ${url}\nwith the token above; it gives away the key of the cluster.\n`,
  );
  return 0;
}

async function tokenOf(context: CommandContext): Promise<string> {
  const token = context.text('token') ?? (await firstLine(context, 'token-file')) ?? context.io.env['HOLDFAST_JOIN_TOKEN'] ?? '';
  if (token === '') throw usageError('which token? Give it in HOLDFAST_JOIN_TOKEN, with --token-file, or with --token');
  return token.trim();
}
/** `join`. */
export async function join(context: CommandContext): Promise<number> {
  const token = await tokenOf(context);
  // A token on the command line is taken out of what others see of this process.
  if (context.text('token') !== null) process.title = 'holdfast join';
  const name = context.text('name');
  const json = {
    ...{
      url: context.args.operands[0] ?? '',
      token,
      addresses: listed(context, 'addr') ?? [],
      modules: listed(context, 'modules') ?? [],
    },
    ...(name === null ? {} : { name }),
  };
  const report = await context.client.json<JoinReport>('POST', '/cluster/join', { json, timeoutMs: joinMs });
  show(context, report, () =>
    [
      ...report.steps.map(({ node, ok, message }) => `${node}: ${ok ? '' : 'FAILED, '}${printable(message)}`),
      `${report.node} is a member of the cluster of ${report.nodes.join(' ')}`,
      '',
    ].join('\n'),
  );
  return report.steps.every(({ ok }) => ok) ? 0 : 1;
}
