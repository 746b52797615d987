import type { Closable } from '../../actors/ports.js';
import type { PingCheck, SplitbrainCheck } from '../../config/types.js';
import type { Echoes } from './icmp-sockets.js';
import type { Names } from './names.js';
import type { PingProgram } from './ping-program.js';
import { down, explain, nothing, type Probe, up } from './probe.js';

/** The ways to ping, best first; null where this machine does not have one. */
export interface PingWays {
  readonly names: Names;
  readonly echoes: Echoes | null;
  readonly program: PingProgram | null;
}
type PingEnd = { readonly up: boolean; readonly detail: string };

/** A request is repeated while none was answered, so that one lost packet is no failure: four times within a check, each second at most. */
const mostBetweenMs = 1_000;
const leastBetweenMs = 100;
/** For a check that has no timeout of its own. */
const defaultPatienceMs = 10_000;

/** Pings one address until it answers; calls back at most once, not after `close`. */
function pingAddress(ways: PingWays, address: string, patienceMs: number, onEnd: (end: PingEnd) => void): Closable {
  const answered = (): void => onEnd({ up: true, detail: `${address} answers` });
  const askProgram = (): Closable => {
    if (ways.program === null) {
      onEnd({ up: false, detail: `${address} was not asked: no ICMP socket is allowed, and there is no ping program` });
      return nothing;
    }
    return ways.program.ping(address, patienceMs + 1_000, (end) => {
      if (end.kind === 'answered') answered();
      else onEnd({ up: false, detail: end.detail });
    });
  };
  if (ways.echoes === null) return askProgram();
  const everyMs = Math.max(leastBetweenMs, Math.min(mostBetweenMs, Math.floor(patienceMs / 4)));
  let other: Closable | null = null;
  const own = ways.echoes.ping(address, everyMs, (end) => {
    if (end.kind === 'answered') answered();
    else if (end.kind === 'failed') onEnd({ up: false, detail: explain({ code: end.code, message: end.code }, address) });
    else other = askProgram();
  });
  return {
    close: () => {
      own.close();
      other?.close();
    },
  };
}

/** Pings several names or addresses; the first answer counts, and it is down only when none can be asked. */
function pingAny(ways: PingWays, targets: readonly string[], patienceMs: number, onEnd: (end: PingEnd) => void): Closable {
  const running = new Set<Closable>();
  const failures: string[] = [];
  let left = 0;
  let open = true;
  const close = (): void => {
    open = false;
    for (const one of running) one.close();
    running.clear();
  };
  const finish = (end: PingEnd): void => {
    close();
    onEnd(end);
  };
  const fail = (detail: string): void => {
    failures.push(detail);
    left -= 1;
    if (left === 0) finish({ up: false, detail: failures.join('; ') });
  };
  const keep = (closable: Closable): void => {
    // It may have ended, and with it all, before it could be kept.
    if (open) running.add(closable);
    else closable.close();
  };
  left = targets.length;
  for (const target of targets) {
    if (!open) break;
    keep(
      ways.names.resolve(target, (resolution) => {
        if (!open) return;
        if (resolution.kind === 'failed') {
          fail(resolution.detail);
          return;
        }
        left += resolution.addresses.length - 1;
        for (const address of resolution.addresses) {
          if (!open) break;
          keep(
            pingAddress(ways, address, patienceMs, (end) => {
              if (!open) return;
              if (end.up) finish(end);
              else fail(end.detail);
            }),
          );
        }
      }),
    );
  }
  return { close };
}

/** `<ping>` (compatibility page, 2.11.2): up when an address of the name answers an echo request. Silence is not told: the timeout ends it. */
export const createPingProbe =
  (ways: PingWays): Probe<PingCheck> =>
  (checker, _place, onResult) =>
    pingAny(ways, [checker.addr], checker.timeoutMs, (end) => onResult(end.up ? up(end.detail) : down(end.detail)));

/** `<splitbrain>` (compatibility page, 2.11.7): up when at least one witness answers. */
export const createSplitbrainProbe =
  (ways: PingWays): Probe<SplitbrainCheck> =>
  (checker, _place, onResult) => {
    const witnesses = checker.arg.split(/\s+/).filter((word) => word !== '');
    if (witnesses.length === 0) {
      onResult(down('no witness is configured'));
      return nothing;
    }
    return pingAny(ways, witnesses, defaultPatienceMs, (end) =>
      onResult(end.up ? up(`witness ${end.detail}`) : down(`no witness: ${end.detail}`)),
    );
  };
