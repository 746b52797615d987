/** The charts of all machines that a daemon runs. */
import { checkerMachine } from '../machines/checker.machine.js';
import { checkersMachine } from '../machines/checkers.machine.js';
import { errdMachine } from '../machines/errd.machine.js';
import { failoverMachine } from '../machines/failover.machine.js';
import { membershipMachine } from '../machines/membership.machine.js';
import { moduleFarmMachine } from '../machines/module-farm.machine.js';
import { nodeMachine } from '../machines/node.machine.js';
import { scriptMachine } from '../machines/script.machine.js';
import { chartOf } from './chart-model.js';
import type { Chart } from './inspection.types.js';

/** The machines of one module, the one that owns the others first. */
const moduleMachines = [moduleFarmMachine, scriptMachine, errdMachine, checkersMachine, checkerMachine, failoverMachine];

/** Charts of the machines that a module consists of. */
export function moduleCharts(): readonly Chart[] {
  return moduleMachines.map((machine) => chartOf(machine));
}
/** Charts of all machines of a node. */
export function allCharts(): readonly Chart[] {
  return [chartOf(nodeMachine), ...moduleCharts(), chartOf(membershipMachine)];
}
