/** Notifications of the browser when a module's state changes on a node: where the browser allows them, and the user asked for them. */
import { signal } from '@preact/signals';
import type { NodeEvent } from '../../http/api-types.js';
import { live } from './store.js';

const key = 'holdfast.notify';
/** Browsers have them over HTTPS and on localhost alone. */
export const canNotify = 'Notification' in globalThis && isSecureContext;
export const notifying = signal(canNotify && Notification.permission === 'granted' && localStorage.getItem(key) === 'on');

/** Asks the user for permission where that is needed. Resolves with whether they are on. */
export async function toggleNotifications(): Promise<void> {
  if (notifying.value) {
    localStorage.removeItem(key);
    notifying.value = false;
    return;
  }
  notifying.value = (await Notification.requestPermission()) === 'granted';
  if (notifying.value) localStorage.setItem(key, 'on');
}
/** Whether an event is worth a notification: a state that was reached, not one on the way. */
export function isNews(event: NodeEvent, before: string | undefined): boolean {
  const { state, quality } = event.data;
  return (
    event.type === 'module.state' &&
    quality !== 'Transient' &&
    before !== undefined &&
    before !== `${String(state)} ${String(quality)}`
  );
}
/** Tells until the returned function is called. @param titleOf the text of a notification */
export function startNotifying(titleOf: (event: NodeEvent) => string): () => void {
  const told = new Map<string, string>();
  return live.onEvent((event) => {
    if (event.type !== 'module.state' || event.data['quality'] === 'Transient') return;
    const card = `${event.module} ${event.node}`;
    const now = `${String(event.data['state'])} ${String(event.data['quality'])}`;
    const before = told.get(card) ?? '';
    told.set(card, now);
    if (!notifying.peek() || !isNews(event, before)) return;
    const { reason } = event.data;
    new Notification(titleOf(event), { tag: card, body: typeof reason === 'string' ? reason : '' });
  });
}
