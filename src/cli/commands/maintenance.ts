/** `errd`, `checker`, `failover`, `boot` on, off and status (section 5.3 of the compatibility page). */
import type { MaintenanceSwitch, SwitchBody, SwitchStates } from '../../http/api-types.js';
import type { CommandContext } from '../command.types.js';
import { moduleName, modulePath, show } from './shared.js';

const wordOf = (on: boolean): string => (on ? 'on' : 'off');
/** The switch of boot decides only where the configuration leaves it to it. */
const bootNote = (states: SwitchStates): string =>
  states.bootRule === 'ignore' ? '' : `; without effect: the configuration has boot="${states.bootRule}"`;

/** Switches something off for maintenance, or on again. */
export async function flip(context: CommandContext, name: MaintenanceSwitch, on: boolean): Promise<number> {
  const identity = context.text('identity');
  const body: SwitchBody = { switch: name, on, ...(identity === null ? {} : { identity }) };
  const module = moduleName(context);
  const states = await context.client.json<SwitchStates>('PUT', modulePath(module, '/switches'), { json: body });
  const note = name === 'boot' ? bootNote(states) : on ? '' : ': no failure of that kind has a consequence until it is on again';
  show(context, states, () => `${name} of ${module} is ${wordOf(states[name])}${note}\n`);
  return 0;
}

/** Prints on or off; off is exit code 1. */
export async function status(context: CommandContext, name: MaintenanceSwitch): Promise<number> {
  const states = await context.client.json<SwitchStates>('GET', modulePath(moduleName(context), '/switches'));
  show(context, states, () => `${wordOf(states[name])}${name === 'boot' ? bootNote(states) : ''}\n`);
  return states[name] ? 0 : 1;
}
