import type { CommandSpec } from './command.types.js';
import { clusterCommands } from './specs/cluster.js';
import { controlCommands } from './specs/control.js';
import { helpCommands } from './specs/help.js';
import { logCommands } from './specs/logs.js';
import { moduleCommands } from './specs/modules.js';
import { resourceCommands } from './specs/resources.js';
import { stateCommands } from './specs/state.js';

/** Commands under the heading that help and docs/cli.md give them. */
export const sections: readonly { readonly title: string; readonly commands: readonly CommandSpec[] }[] = [
  { title: 'Looking', commands: stateCommands },
  { title: 'Starting, stopping, waiting', commands: controlCommands },
  { title: 'Logs and events', commands: logCommands },
  { title: 'Resources, restart counter, monitored processes', commands: resourceCommands },
  { title: 'Modules and their configuration', commands: moduleCommands },
  { title: 'Cluster', commands: clusterCommands },
  { title: 'About this command', commands: helpCommands },
];

/** All commands. */
export const commands: readonly CommandSpec[] = sections.flatMap((section) => section.commands);

/** The command of that name; a second word makes it one of a group. */
export function commandNamed(first: string, second: string | undefined): CommandSpec | undefined {
  return commands.find((command) => command.words[0] === first && command.words[1] === second);
}

/** The first words that need a second one, with those that there are. */
export function groups(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { words } of commands) if (words[1] !== undefined) found.set(words[0], [...(found.get(words[0]) ?? []), words[1]]);
  return found;
}
