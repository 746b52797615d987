/** Invariant 3: the restart counter. */
import type { Invariant } from './invariant.types.js';
import type { World } from './world.js';

interface Place {
  /** Automatic actions that led to a stop script since the window opened. */
  count: number;
  /** When the window opened: at the first counted action, or increment; null while none is open. */
  openedMs: number | null;
  /** An administrator's action that has not led to its stop script yet. */
  commanded: string | null;
  /** Stopped by maxloop, and nobody has commanded anything since. */
  exhausted: boolean;
  /** The last counted action, until the module has come to rest after it. */
  begun: string | null;
  /** A daemon was restarted in the middle of a stop, and goes on with it: no action of its own. */
  resumed: boolean;
}
const fresh: Place = { count: 0, openedMs: null, commanded: null, exhausted: false, begun: null, resumed: false };

const automatic: readonly string[] = ['restart', 'stopstart', 'stopwait'];
/** What the stop script of a command is told. A shutdown that the daemon's end cuts short goes on as a stopstart where the module boots. */
const argumentOf: Readonly<Record<string, string>> = {
  ...{ restart: 'restart', stopstart: 'stopstart', wait: 'stopwait', shutdown: 'stopstart' },
};

/** A window of that length is open from now on, unless one is already. */
function open(place: Place, intervalMs: number, atMs: number): void {
  if (place.openedMs !== null && atMs - place.openedMs < intervalMs) return;
  place.count = 0;
  place.openedMs = atMs;
}

/** 3: the 4th counted action (with maxloop 3) is not carried out, and the module stays STOP. */
export function countedStops(world: World): Invariant {
  const known = new Map<string, Place>();
  const of = (node: string, module: string): Place => {
    const key = `${node}/${module}`;
    const found = known.get(key) ?? { ...fresh };
    known.set(key, found);
    return found;
  };
  const intervalOf = (module: string): number =>
    world.options.modules.find(({ name }) => name === module)?.config.service.loopIntervalMs ?? 0;
  return {
    name: '3 restart counter',
    ofModules: true,
    statement: 'After the 4th counted action in a window the module is STOP until somebody commands otherwise.',
    onFact(fact, atMs) {
      switch (fact.kind) {
        case 'machine':
          // The counter is that of one boot.
          if (fact.phase === 'off') for (const key of [...known.keys()]) if (key.startsWith(`${fact.node}/`)) known.delete(key);
          return null;
        case 'fault':
          // A shutdown of the daemon is an administrator's command to all of its modules.
          if (fact.what === 'daemon shutdown asked for')
            for (const { name } of world.options.modules) {
              const place = of(fact.node, name);
              place.count = 0;
              place.openedMs = null;
              place.commanded = argumentOf['shutdown'] ?? null;
            }
          return null;
        case 'command': {
          if (fact.answer !== 'run' || fact.action === 'update') return null;
          if (fact.identity !== null) {
            // A start is a command whoever gives it, and resets nothing: the next counted action stops the module again.
            if (fact.action === 'start') of(fact.node, fact.module).exhausted = false;
            return null;
          }
          known.set(`${fact.node}/${fact.module}`, { ...fresh, commanded: argumentOf[fact.action] ?? null });
          return null;
        }
        case 'log': {
          if (fact.module === null) return null;
          const place = of(fact.node, fact.module);
          if (fact.entry.message.startsWith('Restart counter reset')) Object.assign(place, { count: 0, openedMs: null });
          else if (fact.entry.message.startsWith('Restart counter ')) open(place, intervalOf(fact.module), atMs);
          if (fact.entry.message === 'Action stop called by maxloop') place.exhausted = true;
          if (/^Resumed in state .*the module was in UP\.(stopping|restarting)/.test(fact.entry.message)) place.resumed = true;
          return null;
        }
        case 'probe':
          if (fact.quality !== 'Transient') of(fact.node, fact.module).begun = null;
          return null;
        case 'script.begin': {
          const place = of(fact.node, fact.module);
          if (place.exhausted && fact.script === 'start_both') {
            return `${fact.node}/${fact.module}: start_both begins after maxloop had stopped the module`;
          }
          const forced = fact.args[0] === 'force';
          const action = fact.args[forced ? 3 : 2] ?? '';
          // What it goes on with begins with the first script after it.
          const goesOn = place.resumed && place.begun === action;
          place.resumed = false;
          if (fact.script !== 'stop_both' || forced) return null;
          if (!automatic.includes(action)) {
            place.commanded = null;
            place.begun = null;
            return null;
          }
          if (goesOn) return null;
          if (place.commanded === action) {
            place.commanded = null;
            place.begun = action;
            return null;
          }
          const service = world.options.modules.find((one) => one.name === fact.module)?.config.service;
          if (service === undefined || service.loopIntervalMs === 0) return null;
          open(place, service.loopIntervalMs, atMs);
          place.count += 1;
          place.begun = action;
          return place.count > service.maxloop
            ? `${fact.node}/${fact.module}: automatic ${action} number ${place.count} inside one window of ${service.loopIntervalMs} ms, maxloop is ${service.maxloop}`
            : null;
        }
        default:
          return null;
      }
    },
  };
}
