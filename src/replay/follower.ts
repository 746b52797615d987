/** Who sees the machines of a replay themselves, not only what is told of them. */
import type { AnyActor, InspectionEvent } from 'xstate';
import type { Place } from './records.js';

/** When something was, and the lines of the journal that say so. */
export interface Played {
  readonly first: Place;
  readonly place: Place;
  readonly at: number;
  readonly wallMs: number;
  /** Times that it came in a row without any effect. */
  readonly times: number;
}
export interface Follower {
  inspect(event: InspectionEvent): void;
  /** The event that is sent next came from that actor; null: a command. */
  announce(event: object, by: string | null): void;
  /** What was sent has been worked off. */
  played(played: Played): void;
  /** The machines begin, go on from a recorded state, or are gone. */
  begins(why: 'start' | 'gap' | 'end', roots: readonly AnyActor[], played: Played): void;
  /** What was seen last was only for a comparison. */
  discard(): void;
}
