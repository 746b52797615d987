/** The actor that watches, during a drain, what the balancers' probers have been told. It decides nothing. */
import type { AnyEventObject } from 'xstate';
import { fromCallback } from 'xstate';
import type { DrainInput, ModuleEvent } from '../machines/module.types.js';
import type { Ports } from './ports.js';

/** How often the probers are looked at, in ms. */
const periodMs = 200;

/** Makes the actor logic that the module's chart invokes as `drainWatch`. */
export function createDrainWatch({ clock, probe }: Pick<Ports, 'clock' | 'probe'>) {
  return fromCallback<AnyEventObject, DrainInput>(({ input, sendBack }) => {
    const sinceMs = clock.monotonicMs();
    let timer: unknown = null;
    const look = (): void => {
      timer = clock.setTimeout(look, periodMs);
      const event: ModuleEvent = { type: 'probes.observed', sources: probe.sources(input.module), atMs: clock.monotonicMs(), sinceMs };
      sendBack(event);
    };
    // The probe's answer changes with the state that this actor belongs to: the first look is one period later.
    timer = clock.setTimeout(look, periodMs);
    return () => clock.clearTimeout(timer);
  });
}
