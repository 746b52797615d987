import fc from 'fast-check';
import t from 'tap';
import {
  assignBuckets,
  bucketCount,
  bucketQuotas,
  bucketsOf,
  mapsDigest,
  nobody,
  sameOwners,
  sharePercent,
  unowned,
} from '../../src/machines/share-map.js';

const counts = (owners: readonly number[], members: readonly number[]): readonly number[] =>
  members.map((member) => bucketsOf(owners, member));

t.test('counts by power', async (t) => {
  for (const [powers, wanted] of [
    [[1], [256]],
    [
      [1, 1],
      [128, 128],
    ],
    [
      [1, 1, 1],
      [86, 85, 85],
    ],
    [
      [3, 1, 1],
      [154, 51, 51],
    ],
    [
      [1, 0],
      [256, 0],
    ],
    [
      [0, 0],
      [128, 128],
    ],
    // The chain of section 8.3: a power of more than 63 times the sum of all lower ones takes everything.
    [
      [1, 64],
      [0, 256],
    ],
    [
      [1, 64, 4096],
      [0, 0, 256],
    ],
    [
      [1, 64, 4096, 262_144],
      [0, 0, 0, 256],
    ],
    [
      [1, 63],
      [4, 252],
    ],
    [
      [64, 64, 1],
      [128, 128, 0],
    ],
    [
      [Number.NaN, -3, 1],
      [0, 0, 256],
    ],
  ] as const) {
    const members = powers.map((_, index) => index);
    t.same(counts(assignBuckets(members, powers, null), members), wanted, `powers ${powers.join(', ')}`);
  }
  t.same(assignBuckets([], [], null), unowned);
  t.same(bucketQuotas([], []), []);
  t.same(bucketQuotas([1, 1], []), [128, 128]);
  t.ok(
    assignBuckets([3, 5], [1], null).every((owner) => owner === 3),
    'a power that is missing counts as 0',
  );
});

t.test('a fresh map is made of one range a node', async (t) => {
  const owners = assignBuckets([0, 2], [1, 1], null);
  t.ok(owners.slice(0, 128).every((owner) => owner === 0));
  t.ok(owners.slice(128).every((owner) => owner === 2));
});

t.test('a node that leaves and one that comes move only what they must', async (t) => {
  const three = assignBuckets([0, 1, 2], [1, 1, 1], null);
  const two = assignBuckets([0, 2], [1, 1], three);
  t.ok(three.every((owner, bucket) => owner === 1 || two[bucket] === owner));
  const back = assignBuckets([0, 1, 2], [1, 1, 1], two);
  t.equal(back.filter((owner, bucket) => owner !== two[bucket]).length, 85);
  t.ok(back.every((owner, bucket) => owner === 1 || owner === two[bucket]));
});

const members = fc
  .uniqueArray(fc.integer({ min: 0, max: 31 }), { minLength: 1, maxLength: 32 })
  .map((all) => all.sort((a, b) => a - b));
const powers = fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 32, maxLength: 32 });
const previous = fc.option(
  fc.array(fc.oneof(fc.integer({ min: 0, max: 31 }), fc.constant(nobody)), { minLength: 256, maxLength: 256 }),
);

t.test('every bucket has one owner that is a member, whatever was before; asking again moves nothing', async (t) => {
  fc.assert(
    fc.property(members, powers, previous, (nodes, all, before) => {
      const weights = nodes.map((node) => all[node] ?? 0);
      const owners = assignBuckets(nodes, weights, before);
      if (owners.length !== bucketCount || !owners.every((owner) => nodes.includes(owner)))
        throw new Error('a bucket has no owner');
      if (!sameOwners(owners, assignBuckets(nodes, weights, before))) throw new Error('two nodes would disagree');
      if (!sameOwners(owners, assignBuckets(nodes, weights, owners))) throw new Error('it does not rest');
    }),
    { numRuns: 500 },
  );
  t.pass();
});

t.test('counts are exact proportions to less than one bucket, and no fewer moves are possible for them', async (t) => {
  fc.assert(
    fc.property(members, powers, previous, (nodes, all, before) => {
      const weights = nodes.map((node) => all[node] ?? 0);
      const sum = weights.reduce((total, weight) => total + weight, 0);
      const top = Math.max(...weights);
      const below = weights.filter((weight) => weight < top).reduce((total, weight) => total + weight, 0);
      fc.pre(sum > 0 && top <= 63 * below);
      const owners = assignBuckets(nodes, weights, before);
      const got = counts(owners, nodes);
      for (const [index, weight] of weights.entries()) {
        if (Math.abs((got[index] ?? 0) - (256 * weight) / sum) >= 1)
          throw new Error(`${got[index]} of 256 for ${weight} of ${sum}`);
      }
      const held = nodes.map((node) => (before ?? []).filter((owner) => owner === node).length);
      const moves = owners.filter((owner, bucket) => owner !== (before?.[bucket] ?? nobody)).length;
      // Each node can keep at most what it had and may have: everything else must move.
      const least = 256 - got.reduce((kept, count, index) => kept + Math.min(count, held[index] ?? 0), 0);
      if (moves !== least) throw new Error(`${moves} moves where ${least} do`);
    }),
    { numRuns: 500 },
  );
  t.pass();
});

t.test('of equal remainders the one that saves a move wins', async (t) => {
  const before = [
    ...Array.from({ length: 85 }, () => 0),
    ...Array.from({ length: 85 }, () => 1),
    ...Array.from({ length: 86 }, () => 2),
  ];
  t.ok(sameOwners(assignBuckets([0, 1, 2], [1, 1, 1], before), before));
});

t.test('percent and digest', async (t) => {
  t.same([0, 85, 86, 128, 256].map(sharePercent), [0, 33, 34, 50, 100]);
  const map = { group: 'farm/FarmProto', version: 7, owners: unowned };
  t.equal(mapsDigest([]), '811c9dc5');
  t.equal(mapsDigest([map, { ...map, group: 'a/b' }]), mapsDigest([{ ...map, group: 'a/b' }, map]));
  t.not(mapsDigest([map]), mapsDigest([{ ...map, version: 8 }]));
});
