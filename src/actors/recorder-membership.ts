/**
 * What is recorded of membership. Its packets are many and nearly all of them say that nothing has changed: the last minute or two are
 * kept in memory, and written out when the view changes, with what follows for some seconds. A view that changes is thus on record
 * with everything that led to it, and a quiet cluster writes nothing.
 */
import type { EventRecord, JournalRecord } from './recorder.types.js';

/** Length of one of the two spans that are kept in memory, in ms: at least one whole span, at most two, precede a change of the view. */
export const spanMs = 60_000;
/** Most events of a span, whatever its length; every packet that comes with a tick counts as one. */
export const spanEvents = 2_000;
/** How long everything is written after the view has changed, in ms. */
export const aftermathMs = 5_000;
/** Most events that are written after one change. */
export const aftermathEvents = 5_000;

interface Span {
  readonly at: number;
  readonly snapshot: () => unknown;
  readonly events: EventRecord[];
}

export interface MembershipLog {
  /** The membership begins anew: it is written from its first event on. */
  begin(at: number): void;
  /** @param snapshot how the machine stands after the event; called when it is written, if it ever is. */
  note(event: EventRecord, view: unknown, snapshot: () => unknown): void;
  /** Is what happens now written at once? Else it is kept in memory. */
  isWriting(): boolean;
  /** Is this another view than that of the event before? Then what was kept is written. */
  changes(view: unknown): boolean;
}

/** @param write takes what goes into the journal. */
export function createMembershipLog(write: (record: JournalRecord) => void): MembershipLog {
  let writing = true;
  let untilMs = Number.POSITIVE_INFINITY;
  let left = aftermathEvents;
  let view: unknown = null;
  let older: Span | null = null;
  let newer: Span | null = null;
  let newerEvents = 0;

  const write1 = (span: Span, isFirst: boolean): void => {
    if (isFirst) write({ k: 'tree', at: span.at, path: 'membership', continues: false, snapshot: span.snapshot() });
    for (const event of span.events) write(event);
  };
  const goOn = (at: number): void => {
    writing = true;
    untilMs = at + aftermathMs;
    left = aftermathEvents;
  };

  return {
    begin(at) {
      older = null;
      newer = null;
      view = null;
      goOn(at);
    },
    isWriting: () => writing,
    changes: (nextView) => nextView !== view,
    note(event, nextView, snapshot) {
      const changed = nextView !== view;
      view = nextView;
      if (writing) {
        write(event);
        left -= 1;
        if (changed) goOn(event.at);
        if (event.at <= untilMs && left > 0) return;
        writing = false;
        older = null;
        newer = { at: event.at, snapshot, events: [] };
        newerEvents = 0;
        return;
      }
      newer?.events.push(event);
      newerEvents += sizeOf(event);
      if (changed) {
        const spans = [older, newer].filter((span) => span !== null);
        for (const [index, span] of spans.entries()) write1(span, index === 0);
        older = null;
        newer = null;
        goOn(event.at);
        return;
      }
      if (newer !== null && (newerEvents >= spanEvents || event.at - newer.at >= spanMs)) {
        older = newer;
        newer = { at: event.at, snapshot, events: [] };
        newerEvents = 0;
      }
    },
  };
}

/** What an event costs to keep. */
function sizeOf({ ev }: EventRecord): number {
  return 'packets' in ev && Array.isArray(ev.packets) ? 1 + ev.packets.length : 1;
}
