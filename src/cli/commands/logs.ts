/** Logs: the module's, the scripts', the commands', and the stream of events (section 7 of the compatibility page). */
import { isAbsolute } from 'node:path';
import type { CommandList, LogLine, LogList, NodeEvent, PrintBody, StreamNotice, UserlogList } from '../../http/api-types.js';
import { formatClassic, formatCommandClassic } from '../../http/log-format.js';
import { CliError, usageError } from '../cli-error.js';
import type { StreamEvent } from '../client.js';
import type { CommandContext } from '../command.types.js';
import { localTime, paintFor, printable, table } from '../format.js';
import { wholeNumber } from '../parse.js';
import { moduleName, modulePath, query, show, writeNamedFile } from './shared.js';

/** The most lines that the API gives at once. */
const mostLines = 100_000;

function checkLanguage(context: CommandContext): void {
  const language = context.text('language');
  if (language !== null && language !== 'en')
    throw usageError(`messages exist in English only, '${language}' is not supported yet; leave -l out or say -l en`);
}

function logPath(context: CommandContext, usual: number): string {
  checkLanguage(context);
  const lines = context.text('lines');
  const limit = lines === null ? usual : wholeNumber(lines, '-s', 1, mostLines);
  return modulePath(moduleName(context), `/logs${query({ limit, verbose: context.flag('all') ? true : null })}`);
}

function classicText(list: LogList): string {
  return list.items.map((line) => `${formatClassic(line)}\n`).join('');
}

/** `log`: the last lines in the classic form. */
export async function log(context: CommandContext): Promise<number> {
  const list = await context.client.json<LogList>('GET', logPath(context, 300));
  show(context, list, () => classicText(list));
  return 0;
}

/** `logsave`: the whole log into a file. */
export async function logSave(context: CommandContext): Promise<number> {
  const file = context.args.operands[0] ?? '';
  if (!isAbsolute(file)) throw usageError(`the file is named by its absolute path, not '${file}'`);
  const list = await context.client.json<LogList>('GET', logPath(context, mostLines));
  await writeNamedFile(context, file, context.json ? `${JSON.stringify(list, null, 2)}\n` : classicText(list), false);
  if (!context.json) context.io.out(`${list.items.length} lines written to ${file}\n`);
  return 0;
}

function streamFailure(event: StreamEvent): CliError | null {
  if (event.event !== 'error') return null;
  const notice: StreamNotice = JSON.parse(event.data);
  return new CliError(notice.code, notice.message);
}

/** The end of a live stream: wanted by the user (0), or the daemon's doing. */
function streamEnd(context: CommandContext): number {
  if (context.io.signal.aborted) return 0;
  throw new CliError('DAEMON_UNREACHABLE', 'holdfastd has ended the stream; it stops, or this reader was too slow');
}

/** `logview`: the last lines, then each new one, until it is interrupted. */
export async function logView(context: CommandContext): Promise<number> {
  const path = logPath(context, 300);
  try {
    for await (const event of context.client.stream(path)) {
      const failure = streamFailure(event);
      if (failure !== null) throw failure;
      if (event.event !== 'line') continue;
      const line: LogLine = JSON.parse(event.data);
      context.io.out(context.json ? `${JSON.stringify(line)}\n` : `${formatClassic(line)}\n`);
    }
  } catch (error) {
    if (!context.io.signal.aborted) throw error;
  }
  return streamEnd(context);
}

function eventText(event: NodeEvent): string {
  const data = Object.entries(event.data).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const cause = event.cause === null ? [] : [`cause=${event.cause}`];
  return printable([localTime(event.at), event.id, event.node, event.module ?? '-', event.type, ...data, ...cause].join('  '));
}

/** `events`: everything that happens on this node, as it happens. */
export async function events(context: CommandContext): Promise<number> {
  const path = `/events${query({ since: context.text('since'), types: context.text('types'), module: context.module })}`;
  try {
    for await (const event of context.client.stream(path)) {
      const failure = streamFailure(event);
      if (failure !== null) throw failure;
      if (event.event === 'lost') {
        const notice: StreamNotice = JSON.parse(event.data);
        context.io.err(`${notice.code}: ${printable(notice.message)}\n`);
        continue;
      }
      const parsed: NodeEvent = JSON.parse(event.data);
      context.io.out(context.json ? `${JSON.stringify(parsed)}\n` : `${eventText(parsed)}\n`);
    }
  } catch (error) {
    if (!context.io.signal.aborted) throw error;
  }
  return streamEnd(context);
}

/** `cmdlog`: who did what on this node. */
export async function commandLog(context: CommandContext): Promise<number> {
  const lines = context.text('lines');
  const limit = lines === null ? 300 : wholeNumber(lines, '-s', 1, 10_000);
  const list = await context.client.json<CommandList>('GET', `/commands${query({ limit })}`);
  show(context, list, () =>
    list.items.map((line) => `${formatCommandClassic({ ...line, wallMs: Date.parse(line.at) })}\n`).join(''),
  );
  return 0;
}

/** `printe` and `printi`: a line of the caller's in the module's log. */
export async function print(context: CommandContext, level: 'E' | 'I'): Promise<number> {
  const identity = context.text('identity');
  const body: PrintBody = { level, message: context.args.operands.join(' '), ...(identity === null ? {} : { identity }) };
  await context.client.json('POST', modulePath(moduleName(context), '/print'), { json: body });
  return 0;
}

/** `userlog list`: the outputs of the module's scripts. */
export async function userlogList(context: CommandContext): Promise<number> {
  const list = await context.client.json<UserlogList>('GET', modulePath(moduleName(context), '/userlogs'));
  const rows = list.items.map((item) => [localTime(item.at), String(item.bytes), printable(item.name)]);
  show(context, list, () =>
    rows.length === 0 ? 'no script has left an output\n' : table(['WRITTEN', 'BYTES', 'NAME'], rows, paintFor(context.io), [1]),
  );
  return 0;
}

/** `userlog show`: one output as it is; on a terminal without the characters that would steer it. */
export async function userlogShow(context: CommandContext): Promise<number> {
  const name = context.args.operands[0] ?? '';
  const path = modulePath(moduleName(context), `/userlogs/${encodeURIComponent(name)}`);
  const text = new TextDecoder().decode(await context.client.bytes('GET', path));
  if (context.json) show(context, { name, text }, () => text);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  else context.io.out(context.io.tty ? text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '?') : text);
  return 0;
}
