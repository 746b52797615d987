/** The real prober: looks at what checkers are about. */
import type { CheckResult, Prober } from '../../actors/ports.js';

/** Makes the prober. Nothing can be looked at yet: every check is down, and modules with checkers are still refused. */
export function createProber(): Prober {
  const later = (run: () => void): { close: () => void } => {
    const timer = setImmediate(run);
    return { close: () => clearImmediate(timer) };
  };
  const result: CheckResult = { up: false, detail: 'checks are not built', stamp: null };
  return {
    check: (_checker, _place, onResult) => later(() => onResult(result)),
    run: (_checker, _place, onEnd) => later(() => onEnd({ detail: result.detail })),
  };
}
