/** The time for what is shown to grow older: signals of their own, so that what changes by the minute is not drawn every second. */
import { batch, type ReadonlySignal, signal } from '@preact/signals';

/** Wall time, ms; moves once a second while somebody looks. */
export const everySecond = signal(Date.now());
/** Wall time, ms; moves every ten seconds. */
export const everyTenSeconds = signal(Date.now());
/** Wall time, ms; moves once a minute: for what is far down the page. */
export const everyMinute = signal(Date.now());

/** The clock of something that grows older by seconds, or by minutes. @param inSight whether it can be seen; read as a signal */
export function clockFor(inSight: ReadonlySignal<boolean>, bySeconds: boolean): number {
  if (!inSight.value) return everyMinute.value;
  return bySeconds ? everySecond.value : everyTenSeconds.value;
}

let seconds = 0;
function tick(): void {
  if (document.visibilityState === 'hidden') return;
  const now = Date.now();
  batch(() => {
    everySecond.value = now;
    seconds += 1;
    if (seconds % 10 === 0) everyTenSeconds.value = now;
    if (seconds % 60 === 0) everyMinute.value = now;
  });
}
/** Starts them. */
export function startClock(): void {
  setInterval(tick, 1000);
  document.addEventListener('visibilitychange', () => {
    seconds = 59;
    tick();
  });
}
