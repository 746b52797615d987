/**
 * Index of the last number that is not above `value`, in a list sorted upwards whose first number is not above it either.
 * Logarithmic, so that looking up each place of a hostile file stays cheap.
 */
export function lastNotAbove(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (Number(sorted[middle]) <= value) low = middle;
    else high = middle;
  }
  return low;
}
