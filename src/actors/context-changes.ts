/** What has changed between two contexts, part by part: contexts are large, and what an event changes in them is little. */
import type { Change } from './inspection.types.js';

/** Deeper parts are told whole. */
const deepest = 6;
const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The changes that lead from one value to the other, in the order of their paths. Both are as JSON holds them. */
export function changesOf(before: unknown, after: unknown): readonly Change[] {
  const changes: Change[] = [];
  compare(before, after, [], changes);
  return changes;
}

function compare(before: unknown, after: unknown, path: readonly (string | number)[], changes: Change[]): void {
  // Contexts are immutable: a part that is the same object has not changed.
  if (Object.is(before, after)) return;
  if (isPlain(before) && isPlain(after) && path.length < deepest) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      if (after[key] !== undefined) compare(before[key], after[key], [...path, key], changes);
      else if (before[key] !== undefined) changes.push({ path: [...path, key] });
    }
    return;
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length && path.length < deepest) {
    for (const [index, value] of after.entries()) compare(before[index], value, [...path, index], changes);
    return;
  }
  if (JSON.stringify(before) !== JSON.stringify(after)) changes.push({ path, value: after });
}
