import type { Closable, ServiceState, Services } from '../../actors/ports.js';
import type { SystemdCheck } from '../../config/types.js';
import { down, type Probe, up } from './probe.js';

/** All who want to know share one question; the next is asked so much later at the earliest, in ms. */
const defaultSpacingMs = 250;

interface Asker {
  readonly unit: string;
  readonly take: (state: ServiceState) => void;
}

/**
 * `<systemd>` (ours): up while the unit is active (also while it reloads), down when it is inactive, stops, has failed or is not there.
 *
 * A unit that is being activated is neither: it is looked at again for as long as the check may take, and counts as down only when the
 * check's timeout comes first. So a slow start is not a failure if the timeout allows for it, and a unit that starts for ever is one.
 */
export function createSystemdProbe(services: Services, spacingMs: number = defaultSpacingMs): Probe<SystemdCheck> {
  const waiting = new Set<Asker>();
  let timer: NodeJS.Timeout | null = null;
  let asking = false;
  let lastMs = Number.NEGATIVE_INFINITY;

  const schedule = (): void => {
    if (timer !== null || asking || waiting.size === 0) return;
    timer = setTimeout(ask, Math.max(0, lastMs + spacingMs - performance.now()));
  };
  const ask = (): void => {
    timer = null;
    if (waiting.size === 0) return;
    const askers = [...waiting];
    const names = [...new Set(askers.map(({ unit }) => unit))];
    asking = true;
    lastMs = performance.now();
    const end = (states: readonly ServiceState[]): void => {
      asking = false;
      const byName = new Map(states.map((state) => [state.name, state]));
      for (const asker of askers)
        if (waiting.has(asker)) asker.take(byName.get(asker.unit) ?? { name: asker.unit, state: 'unknown', mainProcess: null });
      schedule();
    };
    services.states(names).then(end, () => end([]));
  };

  return (checker, _place, onResult): Closable => {
    const { unit } = checker;
    const asker: Asker = {
      unit,
      take: ({ state, mainProcess }) => {
        if (state === 'starting') return;
        waiting.delete(asker);
        switch (state) {
          case 'running':
            onResult(up(`${unit} is active${mainProcess === null ? '' : `, process ${mainProcess.pid}`}`));
            return;
          case 'failed':
            onResult(down(`${unit} has failed`));
            return;
          case 'stopped':
            onResult(down(`${unit} is not active`));
            return;
          case 'unknown':
            onResult(down(`systemd does not say how ${unit} is`));
        }
      },
    };
    waiting.add(asker);
    schedule();
    return {
      close: () => {
        waiting.delete(asker);
        if (waiting.size > 0 || timer === null) return;
        clearTimeout(timer);
        timer = null;
      },
    };
  };
}
