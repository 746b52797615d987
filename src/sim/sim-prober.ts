/** Checks in virtual time: what is looked at is up until somebody says otherwise. */
import type { Prober } from '../actors/ports.js';
import type { SimHost } from './sim-host.js';

/** How long a check takes, in ms. */
const checkMs = 3;

/** The prober of one run of a daemon on a simulated machine. */
export function createSimProber(host: SimHost, onMain: (run: () => void) => void): Prober {
  return {
    check: (_checker, _place, onResult) => {
      let isOpen = true;
      host.schedule(checkMs, () =>
        onMain(() => {
          if (isOpen) onResult({ up: true, detail: 'it answers', stamp: null });
        }),
      );
      return {
        close: () => {
          isOpen = false;
        },
      };
    },
    run: () => ({ close: () => undefined }),
  };
}
