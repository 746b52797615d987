/** What was switched off stays off, and nothing else is. */
import type { SwitchName } from '../machines/module.types.js';
import type { Invariant } from './invariant.types.js';
import { followSwitches } from './switched.js';
import type { World } from './world.js';

const names: readonly SwitchName[] = ['errd', 'checker', 'failover'];

/** 10 (ours): maintenance switches outlive the daemon and the machine. */
export function switchesStay(world: World): Invariant {
  const switched = followSwitches();
  return {
    name: '10 switches stay',
    ofModules: true,
    statement: 'A maintenance switch is as it was last set, whatever becomes of the daemon and the machine.',
    onFact(fact, atMs) {
      switched.heed(fact, atMs);
      return null;
    },
    onCheck() {
      for (const node of world.nodes.values()) {
        if (!node.begun()) continue;
        for (const [module, host] of node.runtime()?.hosts ?? []) {
          const { switches } = host.snapshot().context;
          for (const what of names) {
            const off = switched.isOff(node.name, module, what);
            if (off !== null && switches[what] === off)
              return `${node.name}/${module}: ${what} is ${switches[what] ? 'on' : 'off'}, it was switched ${off ? 'off' : 'on'}`;
          }
        }
      }
      return null;
    },
  };
}
