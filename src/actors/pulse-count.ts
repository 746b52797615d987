/** Counts a peer's pulses on each lan by their sequence numbers: how many came, and how many of those sent did not. */
import type { PulseReport } from './ports.js';

/** Pulses of one peer on one lan since membership began here. */
export interface PulseCount {
  readonly node: string;
  readonly lan: string;
  readonly received: number;
  /** Sent between the first and the newest that came, but never here, or of no use here. */
  readonly missed: number;
}
export interface PulseCounter {
  take(report: Pick<PulseReport, 'from' | 'lan' | 'bootEpoch' | 'sequence'>): void;
  list(): readonly PulseCount[];
}

interface Line {
  readonly node: string;
  readonly lan: string;
  bootEpoch: number;
  first: number;
  highest: number;
  /** Of this boot of the peer. */
  here: number;
  /** Of its boots before. */
  receivedBefore: number;
  missedBefore: number;
}
const missedNow = (line: Line): number => Math.max(0, line.highest - line.first + 1 - line.here);

/** Counts nothing yet. */
export function createPulseCounter(): PulseCounter {
  const lines = new Map<string, Line>();
  return {
    take({ from, lan, bootEpoch, sequence }) {
      const key = `${from}\0${lan}`;
      const line = lines.get(key);
      if (line === undefined) {
        lines.set(key, {
          ...{ node: from, lan, bootEpoch, first: sequence, highest: sequence, here: 1 },
          ...{ receivedBefore: 0, missedBefore: 0 },
        });
        return;
      }
      if (bootEpoch !== line.bootEpoch) {
        line.receivedBefore += line.here;
        line.missedBefore += missedNow(line);
        Object.assign(line, { bootEpoch, first: sequence, highest: sequence, here: 1 });
        return;
      }
      line.here += 1;
      // What is older than the first that was counted came late: it is counted as if it had come in time.
      if (sequence < line.first) line.first = sequence;
      if (sequence > line.highest) line.highest = sequence;
    },
    list: () =>
      [...lines.values()].map((line) => ({
        ...{ node: line.node, lan: line.lan, received: line.receivedBefore + line.here },
        missed: line.missedBefore + missedNow(line),
      })),
  };
}
