import type { CommandSection, CommandSpec } from './command.types.js';
import { certificateCommands } from './specs/certificates.js';
import { clusterCommands, distributionCommands } from './specs/cluster.js';
import { controlCommands } from './specs/control.js';
import { helpCommands } from './specs/help.js';
import { historyCommands } from './specs/history.js';
import { httpsCommands, joinCommands } from './specs/https.js';
import { logCommands } from './specs/logs.js';
import { maintenanceCommands } from './specs/maintenance.js';
import { moduleCommands } from './specs/modules.js';
import { notificationCommands } from './specs/notification.js';
import { resourceCommands } from './specs/resources.js';
import { ruleCommands } from './specs/rules.js';
import { simulateCommands } from './specs/simulate.js';
import { stateCommands } from './specs/state.js';
import { supportCommands } from './specs/support.js';
import { userCommands } from './specs/users.js';

/** Commands under the heading that help and docs/cli.md give them. */
export const sections: readonly CommandSection[] = [
  { title: 'Looking', commands: stateCommands },
  { title: 'Starting, stopping, waiting', commands: controlCommands },
  { title: 'Logs and events', commands: logCommands },
  { title: 'Why it happened', commands: [...historyCommands, ...ruleCommands] },
  { title: 'What would happen if', commands: simulateCommands },
  { title: 'Resources, restart counter, monitored processes', commands: resourceCommands },
  { title: 'Maintenance', commands: maintenanceCommands },
  { title: 'Modules and their configuration', commands: moduleCommands },
  { title: 'Cluster', commands: [...clusterCommands, ...joinCommands] },
  { title: 'All nodes at once', commands: distributionCommands },
  { title: 'Who may come in', commands: userCommands },
  { title: 'HTTPS and certificates', commands: [...httpsCommands, ...certificateCommands] },
  { title: 'Notifications', commands: notificationCommands },
  { title: 'When something is wrong', commands: supportCommands },
  { title: 'About this command', commands: helpCommands },
];

/** All commands. */
export const commands: readonly CommandSpec[] = sections.flatMap((section) => section.commands);
