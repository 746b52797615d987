/**
 * Milliseconds of CLOCK_MONOTONIC, with a fraction: comparable between the demo, its client process and the `atMs` of the
 * daemons' events, because all of them run on one machine.
 */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}
