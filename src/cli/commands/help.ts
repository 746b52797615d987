/** `help`, `version`, `completion`: they need no daemon. */

import { notSupportedYet, usageError } from '../cli-error.js';
import type { CommandContext } from '../command.types.js';
import { completionScript } from '../completion.js';
import { commandHelp, groupHelp, markdownPage, overview } from '../help.js';
import { laterSpellings, laterWords } from '../later.js';
import { commandNamed } from '../lookup.js';
import { nearestWord } from '../nearest-word.js';
import { commonOptions } from '../parse.js';
import { ownVersion } from '../version.js';
import { show } from './shared.js';

/** `help [COMMAND]`. */
export async function help(context: CommandContext): Promise<number> {
  const [first, second] = context.args.operands;
  const commands = context.sections.flatMap((section) => section.commands);
  if (context.flag('markdown')) {
    context.io.out(markdownPage(context.sections, commonOptions, laterSpellings()));
    return 0;
  }
  if (first === undefined) {
    context.io.out(overview(context.sections));
    return 0;
  }
  const spec =
    commandNamed(commands, first, second) ?? (second === undefined ? undefined : commandNamed(commands, first, undefined));
  const text = spec === undefined ? (second === undefined ? groupHelp(commands, first) : null) : commandHelp(spec);
  if (text !== null) {
    context.io.out(text);
    return 0;
  }
  if (laterWords.includes(first)) throw notSupportedYet(first);
  const words = [first, second].filter((word) => word !== undefined).join(' ');
  const near = nearestWord(
    words,
    commands.map((command) => command.words.join(' ')),
  );
  throw usageError(`there is no command '${words}'${near === null ? '' : `; did you mean '${near}'?`}`);
}

/** `version`. */
export async function version(context: CommandContext): Promise<number> {
  show(context, { version: ownVersion() }, () => `${ownVersion()}\n`);
  return 0;
}

/** `completion SHELL`. */
export async function completion(context: CommandContext): Promise<number> {
  const shell = (['bash', 'zsh', 'fish'] as const).find((name) => name === context.args.operands[0]);
  if (shell === undefined)
    throw usageError(`there is no completion for '${context.args.operands[0]}'; there is bash, zsh and fish`);
  const commands = context.sections.flatMap((section) => section.commands);
  context.io.out(completionScript(commands, shell));
  return 0;
}
