/** Waiting for what real processes do: the only place of these tests that looks at the clock. */
import { setTimeout as wait } from 'node:timers/promises';

/** Milliseconds of the machine's monotonic clock, the same for all its processes. */
export const nowMs = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000;

/**
 * Looks until the answer is neither undefined, null nor false, and returns it.
 * @throws Error with the description, the last thing that was seen (`seen`) and the last error, after the bound.
 */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  boundMs = 20_000,
  seen: () => unknown = () => undefined,
): Promise<NonNullable<Exclude<T, false>>> {
  const end = nowMs() + boundMs;
  let problem = '';
  for (;;) {
    try {
      const answer = await look();
      if (isAnswer(answer)) return answer;
      problem = '';
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
    if (nowMs() > end) {
      const state = JSON.stringify(await seen()) ?? '';
      throw new Error(`not within ${boundMs} ms: ${what}${problem && ` (${problem})`}${state && `; seen: ${state}`}`);
    }
    await wait(20);
  }
}

function isAnswer<T>(value: T): value is NonNullable<Exclude<T, false>> {
  return value !== undefined && value !== null && value !== false;
}
