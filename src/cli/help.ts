import type { CommandSection, CommandSpec, OptionSpec } from './command.types.js';
import { groupsOf } from './lookup.js';
import { optionsOf, spelling } from './parse.js';

const exitCodes = '0 done, 1 failed, 2 usage or configuration, 3 daemon not reachable';

/** How a command is written, for example `holdfast waitstate -m AM [options] STATE`. */
export function usageOf(spec: CommandSpec): string {
  const module = spec.module === 'required' ? [' -m AM'] : spec.module === 'optional' ? [' [-m AM]'] : [];
  const operands = spec.operands.map((operand) => {
    const name = operand.count === 'rest' ? `${operand.name}…` : operand.name;
    return operand.count === 'optional' ? ` [${name}]` : ` ${name}`;
  });
  return ['holdfast ', spec.words.join(' '), ...module, ' [options]', ...operands].join('');
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`).join('');
}

function optionRows(options: readonly OptionSpec[]): readonly (readonly [string, string])[] {
  return options.map(
    (option) => [option.short === undefined ? `    ${spelling(option)}` : spelling(option), option.help] as const,
  );
}

/** Help of one command: usage, what it does, operands, options, exit codes, examples. */
export function commandHelp(spec: CommandSpec): string {
  const operands = spec.operands.map((operand) => [operand.name, operand.help] as const);
  const exits = [`Exit codes: ${exitCodes}.`, ...(spec.exits ?? [])];
  return [
    `${spec.summary}.\n\nUsage: ${usageOf(spec)}\n\n${spec.details}\n`,
    operands.length === 0 ? '' : `\n${columns(operands)}`,
    `\nOptions:\n${columns(optionRows(optionsOf(spec)))}`,
    `\n${exits.join('\n')}\n`,
    `\nExamples:\n${spec.examples.map((example) => `  ${example.line}\n      ${example.does}\n`).join('')}`,
  ].join('');
}

/** Help of a group of commands such as `module`; null where there is none of that name. */
export function groupHelp(commands: readonly CommandSpec[], group: string): string | null {
  if (!groupsOf(commands).has(group)) return null;
  const members = commands.filter((command) => command.words[0] === group && command.words[1] !== undefined);
  const rows = members.map((command) => [command.words.join(' '), command.summary] as const);
  return `Usage: holdfast ${group} COMMAND [options]\n\n${columns(rows)}\nholdfast help ${group} COMMAND shows more, with examples.\n`;
}

/** The overview: all commands under their headings. */
export function overview(sections: readonly CommandSection[]): string {
  const lists = sections.map((section) => {
    const rows = section.commands.map((command) => [command.words.join(' '), command.summary] as const);
    return `\n${section.title}:\n${columns(rows)}`;
  });
  return [
    'holdfast keeps applications running on several servers; this is its command line.\n\n',
    'Usage: holdfast COMMAND [options]\n',
    ...lists,
    '\nholdfast help COMMAND shows more, with examples. -m AM may be left out where SAFEMODULE is set.\n',
    `Exit codes: ${exitCodes}.\n`,
  ].join('');
}

function markdownOption(option: OptionSpec): string {
  return `| \`${spelling(option)}\` | ${option.help.replaceAll('|', '\\|')} |\n`;
}

function markdownCommand(spec: CommandSpec, common: readonly OptionSpec[]): string {
  const own = optionsOf(spec).filter((option) => !common.includes(option));
  const operands = spec.operands.map((operand) => `| \`${operand.name}\` | ${operand.help} |\n`);
  const rows = [...operands, ...own.map(markdownOption)];
  return [
    `### ${spec.words.join(' ')}\n\n${spec.summary}. ${spec.details.replaceAll('|', '\\|')}\n\n\`${usageOf(spec)}\`\n`,
    rows.length === 0 ? '' : `\n| | |\n|---|---|\n${rows.join('')}`,
    spec.exits === undefined ? '' : `\n${spec.exits.map((line) => `- ${line}\n`).join('')}`,
    `\n\`\`\`sh\n${spec.examples.map((example) => `${example.line}    # ${example.does}\n`).join('')}\`\`\`\n\n`,
  ].join('');
}

/** The page docs/cli.md. */
export function markdownPage(
  sections: readonly CommandSection[],
  common: readonly OptionSpec[],
  later: readonly string[],
): string {
  const parts = sections.map(
    (section) => `## ${section.title}\n\n${section.commands.map((spec) => markdownCommand(spec, common)).join('')}`,
  );
  const page = [
    '# holdfast: the command line\n\n',
    'This page is made from the table of commands: `holdfast help --markdown > docs/cli.md`. A test fails when it is stale.\n\n',
    "`holdfast` is a client of the daemon's API over its local socket (mode 0600): `--socket`, else `HOLDFAST_SOCKET`, else `SAFEVAR/holdfast.sock`, ",
    'with `/var/holdfast` for SAFEVAR. `-m AM` may be left out where `SAFEMODULE` is set, as it is in scripts of modules.\n\n',
    `Exit codes: ${exitCodes}. An error is one line on standard error, \`CODE: message\`; errors of a configuration are one line each, with file, line and column. `,
    'An interrupted command exits with 130, except those that follow something (`logview`, `events`): they exit with 0.\n\n',
    'Colour is used on terminals only, and not where `NO_COLOR` is set.\n\n',
    `Options of every command:\n\n| | |\n|---|---|\n${common.map(markdownOption).join('')}\n`,
    ...parts,
    '## Not supported yet\n\n',
    `These words are known, and answered with 'not supported yet' and exit 2: ${later.map((word) => `\`${word}\``).join(' ')}.\n`,
  ];
  return page.join('');
}
