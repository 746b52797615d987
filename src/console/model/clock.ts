/** The time for what is shown to grow older: two signals, so that what changes by the minute is not drawn every second. */
import { signal } from '@preact/signals';

/** Wall time, ms; moves once a second while somebody looks. */
export const everySecond = signal(Date.now());
/** Wall time, ms; moves every ten seconds. */
export const everyTenSeconds = signal(Date.now());

let seconds = 0;
function tick(): void {
  if (document.visibilityState === 'hidden') return;
  everySecond.value = Date.now();
  seconds += 1;
  if (seconds % 10 === 0) everyTenSeconds.value = Date.now();
}
/** Starts both. */
export function startClock(): void {
  setInterval(tick, 1000);
  document.addEventListener('visibilitychange', () => {
    seconds = 9;
    tick();
  });
}
