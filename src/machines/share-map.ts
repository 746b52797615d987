/**
 * Who owns which of the 256 buckets of a load-balancing group: a pure function of the members, their powers and the map before.
 * Source: section 8.3 of the compatibility page and the 'Shares' part of the virtual IP design; where the page says UNKNOWN
 * (rounding, order, the chain) the rule here is our decision.
 */
import type { ShareMap } from './membership.types.js';

/** Number of buckets of a group. */
export const bucketCount = 256;
/** Owner of a bucket that nobody owns: there is no eligible node. */
export const nobody = 255;
/**
 * A power of more than this many times the sum of all lower ones takes everything (the chain). 63 and not 64: in the documented
 * chain 1, 64, 64², 64³ each power is 63 times the sum of those before it, plus one.
 */
export const chainFactor = 63;

/** The map of a group for which no node is eligible. */
export const unowned: readonly number[] = Array.from({ length: bucketCount }, () => nobody);

/**
 * Buckets per member, in the order of the members. The sum is 256, or 0 when there are no members.
 *
 * Proportional to the powers by largest remainder. Equal remainders go first to a member that holds more buckets than its floor
 * in the previous map (that is one move fewer), then to the earlier member. Power 0 gets nothing, unless all have 0: then all are
 * equal. Negative and non-finite powers count as 0.
 */
export function bucketQuotas(powers: readonly number[], held: readonly number[]): readonly number[] {
  const weights = chained(powers);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const shares = weights.map((weight, index) => {
    const floor = Math.floor((bucketCount * weight) / sum);
    // The remainder is computed without a quotient, so that equal weights have exactly equal remainders.
    return { index, floor, remainder: bucketCount * weight - floor * sum, keeps: (held[index] ?? 0) > floor };
  });
  const missing = bucketCount - shares.reduce((total, share) => total + share.floor, 0);
  const lucky = new Set(
    [...shares]
      .sort((a, b) => b.remainder - a.remainder || Number(b.keeps) - Number(a.keeps) || a.index - b.index)
      .slice(0, missing)
      .map((share) => share.index),
  );
  return powers.length === 0 ? [] : shares.map((share) => share.floor + (lucky.has(share.index) ? 1 : 0));
}

/** Powers after the rules for 0 and for the chain. At least one is positive unless there are none. */
function chained(powers: readonly number[]): readonly number[] {
  const clean = powers.map((power) => (Number.isFinite(power) && power > 0 ? power : 0));
  const top = Math.max(0, ...clean);
  if (top === 0) return clean.map(() => 1);
  const below = clean.reduce((total, power) => (power < top ? total + power : total), 0);
  // Dividing by the top keeps the arithmetic exact for the usual powers and finite for absurd ones.
  const takesAll = top > chainFactor * below;
  return clean.map((power) => (power === top ? (takesAll ? 1 : power) : takesAll ? 0 : power));
}

/**
 * Assigns the 256 buckets to the members: exact quotas, the fewest possible moves from the previous map, the same answer on
 * every node that has the same input.
 *
 * @param members indices of the eligible nodes in the configuration's order, ascending, each below 255
 * @param powers power of each member, in the same order; a missing one counts as 0
 * @param previous owners before, or null when there was no map
 * @returns the owner of each bucket; 255 everywhere when there are no members
 */
export function assignBuckets(
  members: readonly number[],
  powers: readonly number[],
  previous: readonly number[] | null,
): readonly number[] {
  if (members.length === 0) return unowned;
  const before = Array.from({ length: bucketCount }, (_, bucket) => previous?.[bucket] ?? nobody);
  const quotas = bucketQuotas(
    powers,
    members.map((member) => before.filter((owner) => owner === member).length),
  );
  const left = new Map(members.map((member, index) => [member, quotas[index] ?? 0]));
  // First everybody keeps what it has, up to its quota, lowest buckets first: no bucket moves between two that both keep.
  const kept = before.map((owner) => {
    const quota = left.get(owner) ?? 0;
    if (quota === 0) return nobody;
    left.set(owner, quota - 1);
    return owner;
  });
  // Then the free buckets are filled in ascending order, member by member, so that a fresh map is made of few ranges.
  const takers = [...left].flatMap(([member, count]) => Array.from({ length: count }, () => member));
  const free = kept.flatMap((owner, bucket) => (owner === nobody ? [bucket] : []));
  const taken = new Map(free.map((bucket, index) => [bucket, takers[index]]));
  return kept.map((owner, bucket) => taken.get(bucket) ?? owner);
}

export function sameOwners(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((owner, bucket) => owner === b[bucket]);
}

/** How many buckets of a map the node with that index owns, 0 to 256. */
export function bucketsOf(owners: readonly number[], node: number): number {
  return owners.reduce((count, owner) => (owner === node ? count + 1 : count), 0);
}

/** Percentage as shown in resource `<Group>_<n>` (section 4 of the compatibility page): 128 of 256 is 50. */
export function sharePercent(buckets: number): number {
  return Math.round((buckets * 100) / bucketCount);
}

/**
 * Eight hexadecimal digits over the groups and versions of some maps: equal on two nodes if and only if (but for a chance of
 * one in four thousand million) they hold the same maps. FNV-1a; order of the maps does not matter.
 */
export function mapsDigest(maps: readonly ShareMap[]): string {
  const lines = maps.map((map) => `${map.group} ${map.version}`).sort();
  let hash = 0x811c9dc5;
  const text = lines.join('\n');
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return hash.toString(16).padStart(8, '0');
}
