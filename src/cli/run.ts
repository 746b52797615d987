/**
 * One run of the CLI: finds the command, reads its words, lets it work, and turns whatever fails into one line and an exit code.
 * Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 daemon not reachable; `state -lq` has its own (section 3.1 of the compatibility page).
 */
import { errorCatalogue } from '../actors/errors.js';
import { CliError, notSupportedYet, usageError, withHint } from './cli-error.js';
import { type Client, createClient, socketPath } from './client.js';
import type { CommandSpec, ParsedArguments } from './command.types.js';
import { jsonText, printable } from './format.js';
import type { CliIo } from './io.js';
import { isLaterGroupWord, laterWords } from './later.js';
import { commandNamed, groupsOf } from './lookup.js';
import { nearestWord } from './nearest-word.js';
import { parseCommandLine } from './parse.js';
import { specialCommand } from './special.js';
import { commands, sections } from './table.js';

/** The exit code of a failure: the catalogue's, else by the answer's status (a request that is wrong: 2), else 1. */
export function exitCode(error: CliError): number {
  const entry = Object.entries(errorCatalogue).find(([code]) => code === error.code);
  if (entry !== undefined) return entry[1].exit;
  if (error.code.startsWith('CONF_')) return 2;
  return error.status === 400 || error.status === 422 ? 2 : 1;
}

interface Selected {
  readonly spec: CommandSpec;
  readonly rest: readonly string[];
}

function select(argv: readonly string[]): Selected {
  const [first, second] = argv;
  const special = first === '-r' ? specialCommand(argv.slice(1)) : null;
  if (special !== null) return select(special);
  const spec =
    first === undefined ? undefined : (commandNamed(commands, first, second) ?? commandNamed(commands, first, undefined));
  if (spec !== undefined) return { spec, rest: argv.slice(spec.words.length) };
  throw unknownCommand(first ?? '', second);
}

function unknownCommand(first: string, second: string | undefined): CliError {
  const members = groupsOf(commands).get(first);
  if (isLaterGroupWord(first, second)) return notSupportedYet(`${first} ${second}`);
  if (members !== undefined) {
    if (second === undefined || second.startsWith('-'))
      return withHint(usageError(`${first} needs one of: ${members.join(' ')}`), first);
    const near = nearestWord(second, members);
    const instead = near === null ? `there are: ${members.join(' ')}` : `did you mean '${first} ${near}'?`;
    return withHint(usageError(`there is no '${first} ${second}'; ${instead}`), first);
  }
  if (laterWords.includes(first) || /^-r./.test(first)) return notSupportedYet(first);
  const near = nearestWord(first, [...new Set(commands.map((command) => command.words[0]))]);
  return withHint(usageError(`there is no command '${first}'${near === null ? '' : `; did you mean '${near}'?`}`), null);
}

interface Hoisted {
  readonly leading: readonly string[];
  readonly words: readonly string[];
  /** `-H`. */
  readonly hosts: string | null;
}

/**
 * What may stand before every command: `holdfast --json -H "*" state`. `-G` and `-E AM` stand in the place of a command, and are the
 * commands distribute and export.
 */
function hoist(argv: readonly string[]): Hoisted {
  const leading: string[] = [];
  let hosts: string | null = null;
  let index = 0;
  for (;;) {
    const word = argv[index] ?? '';
    if (word === '--socket') {
      leading.push(...argv.slice(index, index + 2));
      index += 2;
    } else if (word === '--json' || word.startsWith('--socket=')) {
      leading.push(word);
      index += 1;
    } else if (word === '-H' || /^-H./.test(word)) {
      hosts = word === '-H' ? (argv[index + 1] ?? '') : word.slice(2);
      index += word === '-H' ? 2 : 1;
    } else break;
  }
  const words = argv.slice(index);
  if (words[0] === '-G') return { leading, hosts, words: ['distribute', ...words.slice(1)] };
  if (words[0] === '-E') return { leading, hosts, words: ['export', ...words.slice(1)] };
  return { leading, words, hosts };
}

function moduleOf(spec: CommandSpec, args: ParsedArguments, env: CliIo['env']): string | null {
  if (spec.module === 'none') return null;
  const given = args.options['module'];
  const module = typeof given === 'string' ? given : (spec.module === 'required' ? env['SAFEMODULE'] : undefined) || null;
  if (module === '') throw usageError('-m needs the name of a module');
  if (module === null && spec.module === 'required') {
    throw usageError('which module? Name it with -m AM, or set SAFEMODULE');
  }
  return module;
}

async function carryOut(argv: readonly string[], io: CliIo): Promise<number> {
  const { leading, words, hosts } = hoist(argv);
  if (hosts !== null && words[0] !== 'distribute' && words[0] !== 'export') return onHosts(hosts, leading, words, io);
  const first = words[0];
  if (first === undefined || first === '--help' || first === '-h') return carryOut(['help', ...words.slice(1)], io);
  if (first === '--version') return carryOut(['version', ...leading], io);
  if (groupsOf(commands).has(first) && (words[1] === '--help' || words[1] === '-h')) return carryOut(['help', first], io);
  const { spec, rest } = select(words);
  try {
    const toNodes = hosts === null ? [] : ['--nodes', hosts];
    return await perform(spec, [...leading, ...toNodes, ...rest], io, null);
  } catch (error) {
    const ours = error instanceof CliError && error.code === 'USAGE' && error.status === null && spec.words[0] !== 'help';
    throw ours ? withHint(error, spec.words.join(' ')) : error;
  }
}

/** One command on all nodes that `-H` names. */
async function onHosts(hosts: string, leading: readonly string[], words: readonly string[], io: CliIo): Promise<number> {
  if (words[0] === undefined) throw usageError('-H needs a command: holdfast -H "*" state');
  if (words[0] === '-p' || words[0] === '-r') throw usageError(`${words[0]} is carried out on this node only, without -H`);
  const { spec, rest } = select(words);
  const args = parseCommandLine(spec, [...leading, ...rest]);
  if (args.options['help'] === true) return carryOut(['help', ...spec.words], io);
  const { runOnHosts } = await import('./remote.js');
  const { checkDistributable } = await import('./hosts.js');
  const given = args.options['socket'];
  const socket = socketPath(typeof given === 'string' ? given : null, io.env);
  const json = args.options['json'] === true;
  return runOnHosts(
    { hosts, socket, json },
    io,
    (targets) => checkDistributable(spec, targets),
    async (client, own) => {
      try {
        return await perform(spec, [...leading, ...rest], own, client);
      } catch (error) {
        const failure = failureOf(error);
        await report(failure, json, own);
        return exitCode(failure);
      }
    },
  );
}

/** @param remote the client of another node; null: the local daemon. */
async function perform(spec: CommandSpec, words: readonly string[], io: CliIo, remote: Client | null): Promise<number> {
  const args = parseCommandLine(spec, words);
  if (args.options['help'] === true) return carryOut(['help', ...spec.words], io);
  const text = (name: string): string | null => {
    const value = args.options[name];
    return typeof value === 'string' ? value : null;
  };
  return spec.run({
    args,
    io,
    json: args.options['json'] === true,
    client: remote ?? createClient(socketPath(text('socket'), io.env), io.signal),
    module: moduleOf(spec, args, io.env),
    sections,
    flag: (name) => args.options[name] === true,
    text,
  });
}

function failureOf(error: unknown): CliError {
  return error instanceof CliError
    ? error
    : new CliError(
        'INTERNAL',
        `${error instanceof Error ? error.message : String(error)}; are holdfast and holdfastd of the same version?`,
      );
}

async function report(error: CliError, json: boolean, io: CliIo): Promise<void> {
  if (json) {
    io.err(jsonText({ code: error.code, message: error.message, problems: error.problems }));
  } else if (error.problems.length > 0) {
    const { formatProblems } = await import('../config/problems.js');
    io.err(`${formatProblems(error.problems)}\n`);
  } else {
    io.err(`${error.code}: ${printable(error.message)}\n`);
  }
}

/** `state -lq` answers with codes from 0 to 4: its failures are 10 higher, so that a daemon that is not reached (13) is never taken for PRIM (3). */
function codeOffset(argv: readonly string[]): number {
  return hoist(argv).words[0] === 'state' && argv.some((word) => /^(-[a-z]*[lq][a-z]*|--list|--quiet)$/.test(word)) ? 10 : 0;
}

/**
 * Carries out one command line (without `node` and the script's name).
 * @returns the exit code; it never throws.
 */
export async function run(argv: readonly string[], io: CliIo): Promise<number> {
  try {
    return await carryOut(argv, io);
  } catch (error) {
    if (io.signal.aborted) return 130;
    const failure = failureOf(error);
    await report(failure, argv.includes('--json'), io);
    return exitCode(failure) + codeOffset(argv);
  }
}
