/** Longer names are not compared: nobody mistypes 64 characters, and the cost grows with the square. */
const longestCompared = 64;

/** Number of single-character insertions, deletions and replacements between two strings (Levenshtein). */
export function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = Number(previous[column - 1]) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, Number(previous[column]) + 1, Number(current[column - 1]) + 1));
    }
    previous = current;
  }
  return Number(previous[b.length]);
}

/**
 * The known name that somebody who wrote `name` probably meant, or null when none is near: at most two mistakes, or one in
 * three characters of a longer name. Upper and lower case are not told apart.
 */
export function nearestName(name: string, known: readonly string[]): string | null {
  if (name.length > longestCompared) return null;
  const written = name.toLowerCase();
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(written, candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= Math.max(2, Math.floor(candidate.length / 3)) && distance < candidate.length)
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.candidate ?? null;
}
