/** What the tiles of the mosaic were answered, and how that is counted. Pure. */

/** A node's name; `nobody`: who answered does not serve; `silent`: no answer came. */
export type Tile = { readonly kind: 'waiting' | 'silent' | 'nobody' } | { readonly kind: 'node'; readonly node: string };

export interface Count {
  readonly node: string;
  readonly answers: number;
  /** Percent of all answers of nodes. */
  readonly percent: number;
}
/** Answers by node, in the order of the names, so that a node keeps its colour. */
export function countTiles(tiles: readonly Tile[]): readonly Count[] {
  const counts = new Map<string, number>();
  for (const tile of tiles) if (tile.kind === 'node') counts.set(tile.node, (counts.get(tile.node) ?? 0) + 1);
  const all = [...counts.values()].reduce((sum, one) => sum + one, 0);
  return [...counts]
    .map(([node, answers]) => ({ node, answers, percent: Math.round((answers / all) * 100) }))
    .toSorted((a, b) => a.node.localeCompare(b.node));
}
/** How many colours there are; further nodes begin again, with another pattern. */
export const colours = 8;
/** The class of a node's tiles: the n-th node seen has the n-th colour. */
export function colourOf(node: string, seen: readonly string[]): number {
  return Math.max(0, seen.indexOf(node)) % colours;
}
export function isModuleName(text: string): boolean {
  return /^[A-Za-z][\w-]{0,31}$/.test(text);
}
