/** The node's last events, in order, with ids that never repeat. Source: the HTTP design ('Events'). */
import type { EventPage, NodeEvent } from './face.js';
import type { Closable } from './ports.js';

/** How many events are kept. */
export const ringCapacity = 10_000;

export interface EventRing {
  /** @returns the event's id. */
  append(event: Omit<NodeEvent, 'id'>): string;
  /** Events after `since` (null: all that are kept). */
  read(since: string | null): EventPage;
  subscribe(onEvent: (event: NodeEvent) => void): Closable;
}

/** @param epoch counts the daemon's starts: the first part of every id. */
export function createEventRing(epoch: number, capacity = ringCapacity): EventRing {
  const items: NodeEvent[] = [];
  const listeners = new Set<(event: NodeEvent) => void>();
  let counter = 0;
  const lastId = (): string => `${epoch}.${counter}`;

  return {
    append(event) {
      counter += 1;
      const whole: NodeEvent = { id: lastId(), ...event };
      items.push(whole);
      // Trimmed in slices: shifting one by one would cost a copy for each event.
      if (items.length > capacity + 1_000) items.splice(0, items.length - capacity);
      for (const listener of [...listeners]) listener(whole);
      return whole.id;
    },
    read(since) {
      const kept = items.slice(-capacity);
      if (since === null) return { items: kept, lost: counter > kept.length, next: lastId() };
      const [sinceEpoch = Number.NaN, sinceCounter = Number.NaN] = since.split('.').map(Number);
      const first = counter - kept.length;
      const known = sinceEpoch === epoch && sinceCounter >= first && sinceCounter <= counter;
      return known
        ? { items: kept.slice(sinceCounter - first), lost: false, next: lastId() }
        : { items: kept, lost: true, next: lastId() };
    },
    subscribe(onEvent) {
      listeners.add(onEvent);
      return { close: () => void listeners.delete(onEvent) };
    },
  };
}
