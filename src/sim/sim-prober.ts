/** Checks in virtual time: of what a module's own application offers, of other modules on the node, and of things elsewhere. */
import type { CheckResult, Prober } from '../actors/ports.js';
import type { CheckerConfig } from '../config/types.js';
import { resourceOf } from '../machines/checker-rules.js';
import type { SimHost } from './sim-host.js';

/** How long a check takes, in ms. */
const checkMs = 3;
/** How often a looping custom checker looks, in ms. */
const loopMs = 1_000;

/** What goes wrong with something that is checked. `hang`: it never answers. */
export type CheckFault = 'down' | 'hang';

/** What a prober can learn of the simulated world. */
export interface CheckedWorld {
  /** What is wrong with the thing that a checker of a module looks at; null: nothing. */
  readonly fault: (module: string, resource: string) => CheckFault | null;
  /** Whether the module's own application runs. */
  readonly runs: (module: string) => boolean;
  /** Whether another module serves on this node, and which start of it that is; null where there is none of that name. */
  readonly other: (module: string) => { readonly ready: boolean; readonly started: string } | null;
  /** Sets a resource as an executable of the module would. */
  readonly assign: (module: string, resource: string, value: 'up' | 'down') => void;
}

/** Kinds that look at what the module's own application offers, unless they look at something elsewhere (`pre`). */
const ofApplication: readonly CheckerConfig['kind'][] = ['tcp', 'http', 'systemd', 'custom'];
/** Does it look at what the module's own application offers? */
export const isOfApplication = ({ kind, when }: Pick<CheckerConfig, 'kind' | 'when'>): boolean =>
  when !== 'pre' && ofApplication.includes(kind);

function found(checker: CheckerConfig, module: string, world: CheckedWorld): CheckResult {
  if (world.fault(module, resourceOf(checker)) !== null) return { up: false, detail: 'it does not answer', stamp: null };
  if (checker.kind === 'module') {
    const other = world.other(checker.name);
    if (other === null) return { up: true, detail: 'it serves elsewhere', stamp: null };
    return other.ready
      ? { up: true, detail: 'it serves', stamp: other.started }
      : { up: false, detail: 'it does not serve', stamp: null };
  }
  if (!isOfApplication(checker)) return { up: true, detail: 'it answers', stamp: null };
  return world.runs(module)
    ? { up: true, detail: 'it answers', stamp: null }
    : { up: false, detail: 'the application does not run', stamp: null };
}

/** The prober of one run of a daemon on a simulated machine. */
export function createSimProber(host: SimHost, onMain: (run: () => void) => void, world: CheckedWorld): Prober {
  return {
    check: (checker, { module }, onResult) => {
      let isOpen = true;
      if (world.fault(module, resourceOf(checker)) !== 'hang') {
        host.schedule(checkMs, () =>
          onMain(() => {
            if (isOpen) onResult(found(checker, module, world));
          }),
        );
      }
      return {
        close: () => {
          isOpen = false;
        },
      };
    },
    forgetNames: () => undefined,
    ended: () => null,
    run: (checker, { module }) => {
      let isOpen = true;
      let last: 'up' | 'down' | null = null;
      const look = (): void =>
        void host.schedule(last === null ? checkMs : loopMs, () =>
          onMain(() => {
            if (!isOpen) return;
            const value = found(checker, module, world).up ? 'up' : 'down';
            if (value !== last) world.assign(module, resourceOf(checker), value);
            last = value;
            look();
          }),
        );
      look();
      return {
        close: () => {
          isOpen = false;
        },
      };
    },
  };
}
