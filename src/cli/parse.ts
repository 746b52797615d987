import { parseArgs } from 'node:util';
import { notSupportedYet, usageError } from './cli-error.js';
import type { CommandSpec, OptionSpec, ParsedArguments } from './command.types.js';
import { nearestWord } from './nearest-word.js';

/** Options that every command takes. */
export const commonOptions: readonly OptionSpec[] = [
  { name: 'json', help: 'Print what the API answered, as JSON; errors too, on standard error.' },
  {
    name: 'socket',
    value: 'PATH',
    help: 'Socket of the daemon (default: HOLDFAST_SOCKET, else SAFEVAR/holdfast.sock).',
    complete: 'file',
  },
  { name: 'help', short: 'h', help: 'Show help of the command.' },
];

const moduleOption: OptionSpec = { name: 'module', short: 'm', value: 'AM', help: 'Name of the module.', complete: 'module' };
const neededModule: OptionSpec = { ...moduleOption, help: 'Name of the module; it may be left out where SAFEMODULE is set.' };

/** All options of a command, the common ones last. */
export function optionsOf(spec: CommandSpec): readonly OptionSpec[] {
  return [
    ...(spec.module === 'none' ? [] : [spec.module === 'required' ? neededModule : moduleOption]),
    ...spec.options,
    ...commonOptions,
  ];
}

/** How an option is written in messages and help, for example `-m, --module AM`. */
export function spelling(option: OptionSpec): string {
  const value = option.value === undefined ? '' : ` ${option.value}`;
  if (option.oneDash) return `-${option.name}=${option.value}`;
  return option.short === undefined ? `--${option.name}${value}` : `-${option.short}, --${option.name}${value}`;
}

/**
 * Free text may begin with a dash (`printe "-- no answer --"`): everything that is no known option is moved behind `--`.
 */
function protectFreeText(argv: readonly string[], options: readonly OptionSpec[]): readonly string[] {
  const kept: string[] = [];
  const texts: string[] = [];
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] ?? '';
    if (word === '--') {
      texts.push(...argv.slice(index + 1));
      break;
    }
    const name = word.startsWith('--') ? word.slice(2).split('=', 1)[0] : undefined;
    const known = options.find((option) => option.name === name || (option.short !== undefined && word === `-${option.short}`));
    if (known === undefined) {
      texts.push(word);
      continue;
    }
    kept.push(word);
    const value = argv[index + 1];
    if (known.value !== undefined && !word.includes('=') && value !== undefined) {
      kept.push(value);
      index += 1;
    }
  }
  return [...kept, '--', ...texts];
}

/** `-name=httpd` and `-name httpd` as node:util wants them; what follows `--` is left alone. */
function withTwoDashes(argv: readonly string[], options: readonly OptionSpec[]): readonly string[] {
  const names = options.filter((option) => option.oneDash).map((option) => option.name);
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length;
  return argv.map((word, index) => {
    const name = /^-([a-z]+)(?:=|$)/.exec(word)?.[1];
    return name !== undefined && index < end && names.includes(name) ? `-${word}` : word;
  });
}

/** Turns what node:util says about a bad option into a sentence about this command. */
function optionProblem(message: string, options: readonly OptionSpec[]): string {
  const word = /'(-{1,2}[^' ,]*)/.exec(message)?.[1] ?? '';
  if (message.startsWith('Unknown option')) {
    const names = options.flatMap((option) => [`--${option.name}`, ...(option.short === undefined ? [] : [`-${option.short}`])]);
    const near = word.startsWith('--') ? nearestWord(word, names) : null;
    return near === null
      ? `there is no option ${word} here; there are ${names.sort().join(' ')}`
      : `there is no option ${word} here; did you mean ${near}?`;
  }
  if (message.includes('ambiguous')) return `option ${word} needs a value; one that begins with a dash is written --name=VALUE`;
  if (message.includes('argument missing')) return `option ${word} needs a value`;
  return `option ${word} takes no value`;
}

/**
 * Reads the words that follow a command.
 * @throws CliError USAGE for an unknown option, a missing value, and too few or too many operands.
 */
export function parseCommandLine(spec: CommandSpec, argv: readonly string[]): ParsedArguments {
  const command = spec.words.join(' ');
  const options = optionsOf(spec);
  const configured: Record<string, { type: 'string' | 'boolean'; short?: string }> = {};
  for (const option of options) {
    configured[option.name] = {
      type: option.value === undefined ? 'boolean' : 'string',
      ...(option.short === undefined ? {} : { short: option.short }),
    };
  }
  if (!spec.freeText && argv.includes('-Services')) throw notSupportedYet('-Services');
  const args = [...(spec.freeText ? protectFreeText(argv, options) : withTwoDashes(argv, options))];
  const values: Record<string, string | boolean | undefined> = {};
  let positionals: readonly string[] = [];
  try {
    const parsed = parseArgs({ args, options: configured, allowPositionals: true, strict: true });
    positionals = parsed.positionals;
    for (const [name, value] of Object.entries(parsed.values)) if (!Array.isArray(value)) values[name] = value;
  } catch (error) {
    throw usageError(optionProblem(error instanceof Error ? error.message : String(error), options));
  }
  if (values['help'] !== true) checkOperands(spec, positionals, command);
  return { options: values, operands: positionals };
}

function checkOperands(spec: CommandSpec, operands: readonly string[], command: string): void {
  const missing = spec.operands.find((operand, index) => operand.count !== 'optional' && operands[index] === undefined);
  if (missing !== undefined) throw usageError(`${missing.name} is missing: ${missing.help}`);
  const extra = spec.operands.some((operand) => operand.count === 'rest') ? undefined : operands[spec.operands.length];
  if (extra !== undefined) throw usageError(`'${extra}' is one word too many for ${command}`);
}

/**
 * A whole number of an option.
 * @throws CliError USAGE where it is none, or outside of `min` to `max`.
 */
export function wholeNumber(text: string, option: string, min: number, max: number): number {
  const value = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) throw usageError(`${option} is a whole number from ${min} to ${max}, not '${text}'`);
  return value;
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * A duration of an option, in milliseconds: `500ms`, `30s`, `5m`, `1h`; a bare number is seconds.
 * @throws CliError USAGE where it is none, or longer than 30 days.
 */
export function durationMs(text: string, option: string): number {
  const parts = /^(\d{1,9})(ms|s|m|h)?$/.exec(text);
  const value = parts === null ? Number.NaN : Number(parts[1]) * (unitMs[parts[2] ?? 's'] ?? 1);
  if (!(value <= 30 * 86_400_000)) throw usageError(`${option} is a duration such as 500ms, 30s or 5m, not '${text}'`);
  return value;
}
