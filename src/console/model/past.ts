/** What the modules did before the page was opened: read once of each node that is heard, from its ring of events, for the strips. */
import { effect } from '@preact/signals';
import type { EventPage } from '../../http/api-types.js';
import { api } from '../session/session.js';
import { live } from './store.js';

/** First what is to be seen at once: the strips come when the page rests. */
const delayMs = 1500;
/** Events of a node: far more than 15 quiet minutes have. */
const most = 500;

/** Reads until the returned function is called. */
export function startRemembering(): () => void {
  const read = new Set<string>();
  let ended = false;
  async function recall(node: string): Promise<void> {
    const query = new URLSearchParams({ types: 'module.state', limit: String(most) });
    try {
      const { items } = await api.get<EventPage>(`/nodes/${encodeURIComponent(node)}/events?${query}`);
      // A full page is the oldest part of what there is: with so much going on the strip begins with the page.
      if (!ended && items.length < most) live.remember(node, items);
    } catch {
      // It is asked again when it is heard again.
      read.delete(node);
    }
  }
  const timers = new Set<ReturnType<typeof setTimeout>>();
  const stop = effect(() => {
    for (const { name, online } of live.nodes.value) {
      if (!online || read.has(name)) continue;
      read.add(name);
      const timer = setTimeout(() => {
        timers.delete(timer);
        void recall(name);
      }, delayMs);
      timers.add(timer);
    }
  });
  return () => {
    ended = true;
    stop();
    for (const timer of timers) clearTimeout(timer);
  };
}
