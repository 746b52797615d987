/** The actions of menus: on one node, and on all. */
import type { MaintenanceSwitch, ModuleNodeStatus } from '../../../http/api-types.js';
import type { Change, Command, Support } from '../../model/consequences.js';
import { may } from '../../session/session.js';
import type { MenuItem } from '../../ui/menu.js';
import { ask, nameOf } from './ask.js';
import { monitorTexts } from './texts.js';

const commands: readonly Command[] = ['start', 'stop', 'restart', 'stopstart', 'forcestop'];
const switches: readonly MaintenanceSwitch[] = ['errd', 'checker', 'failover', 'boot'];

function item(change: Change, module: string, nodes: readonly string[], more: Partial<MenuItem> = {}): MenuItem {
  return { label: nameOf(change), onSelect: () => ask(change, module, nodes), ...more };
}
function commandItems(module: string, nodes: readonly string[]): readonly MenuItem[] {
  return commands.map((command) =>
    item({ kind: 'command', command }, module, nodes, command === 'forcestop' ? { danger: true } : {}),
  );
}
/** A dump stays on the node; what is taken away needs the role Admin. */
function supportItems(module: string, nodes: readonly string[]): readonly MenuItem[] {
  const kinds: readonly Support[] = may('admin') ? ['dump', 'snapshot', 'anonymised'] : ['dump'];
  return kinds.map((what, index) => item({ kind: 'support', what }, module, nodes, { divided: index === 0 }));
}
const isOn = (status: ModuleNodeStatus, what: MaintenanceSwitch): boolean =>
  what === 'boot' ? status.switches.boot === 'on' : status.switches[what];

/** All that can be done with a module on a node. */
export function nodeItems(status: ModuleNodeStatus): readonly MenuItem[] {
  const { module, node } = status;
  return [
    ...commandItems(module, [node]),
    ...switches.map((what, index) =>
      item({ kind: 'switch', what, on: !isOn(status, what) }, module, [node], { divided: index === 0 }),
    ),
    ...supportItems(module, [node]),
  ];
}
/** All that can be done with a module on all its nodes. */
export function moduleItems(module: string, statuses: readonly ModuleNodeStatus[]): readonly MenuItem[] {
  const nodes = statuses.map((one) => one.node);
  return [
    ...commandItems(module, nodes),
    ...switches.map((what, index) => {
      const on = !statuses.some((one) => isOn(one, what));
      return item({ kind: 'switch', what, on }, module, nodes, { divided: index === 0 });
    }),
    ...supportItems(module, nodes),
  ];
}
/** One node after the other. @param nodes those that serve */
export function rollingItems(module: string, nodes: readonly string[]): readonly MenuItem[] {
  const none = nodes.length === 0 ? { disabled: true, hint: monitorTexts('rollingNone') } : {};
  return [
    item({ kind: 'rolling', command: 'restart' }, module, nodes, none),
    item({ kind: 'rolling', command: 'stopstart' }, module, nodes, none),
  ];
}
