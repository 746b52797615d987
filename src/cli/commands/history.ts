/** What the flight recorder tells: `explain` asks the daemon, `replay` needs none. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Explanation } from '../../http/api-types.js';
import { CliError } from '../cli-error.js';
import type { CommandContext } from '../command.types.js';
import { localTime, paintFor, printable, table } from '../format.js';
import { moduleName, modulePath, query, show } from './shared.js';

const milliseconds = (iso: string): string => `${localTime(iso).slice(11)}.${iso.slice(-4, -1)}`;

function explanationText(context: CommandContext, explanation: Explanation): string {
  const { module, node, from, to, at, until, reason, chain, resources, budget, doubt } = explanation;
  const end = until === null ? 'not settled yet' : `settled at ${milliseconds(until)}`;
  const values = resources.map(({ name, value }) => `${name}=${value}`).join(' ');
  const lines = [
    `${module} on ${node}: ${from.state} (${from.quality}) -> ${to.state} (${to.quality})`,
    `began at ${localTime(at)}, ${end}`,
    ...(reason === null ? [] : [`reason: ${reason}`]),
    `resources then: ${values === '' ? 'none' : values}`,
    `restart counter: ${budget.used} of ${budget.max}`,
    ...(doubt === null ? [] : [`DOUBT: ${doubt}`]),
  ];
  const rows = chain.map((link) => [milliseconds(link.at), link.kind, printable(link.text)]);
  return `${lines.map(printable).join('\n')}\n${table(['TIME', 'KIND', 'WHAT'], rows, paintFor(context.io))}`;
}

/** `explain`: the chain behind the module's last transition. */
export async function explain(context: CommandContext): Promise<number> {
  const path = modulePath(moduleName(context), `/explain${query({ at: context.text('at') })}`);
  const explanation = await context.client.json<Explanation>('GET', path);
  show(context, explanation, () => explanationText(context, explanation));
  return 0;
}

/** `replay`: a process of its own reads the files, so that the command line stays a client of the API (ADR 0010). */
export async function replay(context: CommandContext): Promise<number> {
  const { io, module } = context;
  const program = fileURLToPath(new URL('../../replay/main.js', import.meta.url));
  const given = context.args.operands[0];
  const path = given === undefined ? join(io.env['SAFEVAR'] ?? '/var/holdfast', 'journal') : resolve(io.cwd, given);
  const from = context.text('from');
  const options = [
    ...(module === null ? [] : [`--module=${module}`]),
    ...(from === null ? [] : [`--from=${from}`]),
    ...(context.json ? ['--json'] : []),
  ];
  const child = spawn(process.execPath, [program, 'replay', ...options, '--', path], {
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: io.signal,
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => io.out(text));
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const [code] = await once(child, 'close');
  if (code === 0 || code === 1) return code;
  throw new CliError(code === 2 ? 'USAGE' : 'EXPLAIN_FAILED', complaint.replace(/^USAGE: /, '').trim());
}
