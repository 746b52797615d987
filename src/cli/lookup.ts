import type { CommandSpec } from './command.types.js';

/** The command of that name; a second word makes it one of a group. */
export function commandNamed(
  commands: readonly CommandSpec[],
  first: string,
  second: string | undefined,
): CommandSpec | undefined {
  return commands.find((command) => command.words[0] === first && command.words[1] === second);
}

/** The first words that need a second one, with those that there are. */
export function groupsOf(commands: readonly CommandSpec[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { words } of commands) if (words[1] !== undefined) found.set(words[0], [...(found.get(words[0]) ?? []), words[1]]);
  return found;
}
