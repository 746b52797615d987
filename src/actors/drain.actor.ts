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
    let open = true;
    let timer: unknown = null;
    const look = async (): Promise<void> => {
      // A listener that does not answer is as good as one that saw nobody: the ceiling of the drain applies.
      const sources = await probe.sources(input.module).catch(() => null);
      if (!open) return;
      const atMs = clock.monotonicMs();
      const event: ModuleEvent | null = sources && { type: 'probes.observed', sources, atMs, sinceMs };
      if (event) sendBack(event);
      if (open) timer = clock.setTimeout(() => void look(), periodMs);
    };
    // The probe's answer changes with the state that this actor belongs to: the first look is one period later.
    timer = clock.setTimeout(() => void look(), periodMs);
    return () => {
      open = false;
      clock.clearTimeout(timer);
    };
  });
}
