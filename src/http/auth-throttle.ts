/**
 * Slows down whoever tries passwords. Three counts, each of wrong passwords that are forgotten one by one as time goes by:
 *
 * - of an address and a user together: 5 at once, then one in 10 s;
 * - of an address: 20 at once, then one in 5 s, whatever the users;
 * - of a user over all addresses: 50 at once, then one in 10 s; it does not hold for this machine, nor for an address from where that user
 *   has logged in before, so that a stranger who tries the administrator's password from everywhere does not lock the administrator out.
 *
 * What is refused costs nothing: no password is computed for it. All is bounded; who is forgotten begins anew.
 */

/** A count of what was wrong: `burst` at once, then one each `everyMs`. */
interface Allowance {
  readonly burst: number;
  readonly everyMs: number;
}
export interface ThrottleLimits {
  readonly pair: Allowance;
  readonly address: Allowance;
  readonly user: Allowance;
  /** Of each of the three, and of the addresses that are known to be a user's. */
  readonly entries: number;
}
export const defaultThrottleLimits: ThrottleLimits = {
  pair: { burst: 5, everyMs: 10_000 },
  address: { burst: 20, everyMs: 5_000 },
  user: { burst: 50, everyMs: 10_000 },
  entries: 5000,
};

export interface Throttle {
  /** Ms until the next try is answered; 0: now. A try that is let in counts as wrong until it is told to be right. */
  enter(user: string, address: string, local: boolean): number;
  /** The password was right: what was counted for it is taken back, and the address is the user's from now on. */
  right(user: string, address: string): void;
  /** Nothing was found out: the try is taken back. */
  undo(user: string, address: string): void;
}

/** An IPv6 network of 64 bits is one customer's, so it counts as one address. */
export function throttledAddress(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail = ''] = address.toLowerCase().split('%')[0]?.split('::') ?? [];
  const left = head === '' ? [] : head.split(':');
  const right = tail === '' ? [] : tail.split(':');
  const groups = address.includes('::')
    ? [...left, ...Array(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right]
    : left;
  return `${groups.slice(0, 4).join(':')}::/64`;
}

/** A directory takes names that differ in case or blanks for the same one: another spelling must not begin a new count. */
function throttledName(user: string): string {
  return user
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[\p{C}\p{Z}]+/gu, '')
    .slice(0, 200);
}

/** Leaky buckets by key; the one that was not used for longest is forgotten first. */
class Buckets {
  readonly #levels = new Map<string, { level: number; atMs: number }>();
  readonly #allowance: Allowance;
  readonly #most: number;
  constructor(allowance: Allowance, most: number) {
    this.#allowance = allowance;
    this.#most = most;
  }
  #level(key: string, nowMs: number): number {
    const found = this.#levels.get(key);
    return found === undefined ? 0 : Math.max(0, found.level - (nowMs - found.atMs) / this.#allowance.everyMs);
  }
  waitMs(key: string, nowMs: number): number {
    const over = this.#level(key, nowMs) + 1 - this.#allowance.burst;
    return over <= 0 ? 0 : Math.ceil(over * this.#allowance.everyMs);
  }
  add(key: string, amount: number, nowMs: number): void {
    const level = this.#level(key, nowMs) + amount;
    this.#levels.delete(key);
    if (level <= 0) return;
    this.#levels.set(key, { level, atMs: nowMs });
    for (const oldest of this.#levels.keys()) {
      if (this.#levels.size <= this.#most) break;
      this.#levels.delete(oldest);
    }
  }
}

export function createThrottle(
  limits: ThrottleLimits = defaultThrottleLimits,
  nowMs: () => number = () => performance.now(),
): Throttle {
  const pairs = new Buckets(limits.pair, limits.entries);
  const addresses = new Buckets(limits.address, limits.entries);
  const users = new Buckets(limits.user, limits.entries);
  const known = new Map<string, true>();
  const pairOf = (user: string, address: string): string => `${address} ${throttledName(user)}`;

  function count(user: string, address: string, amount: number): void {
    const now = nowMs();
    pairs.add(pairOf(user, address), amount, now);
    addresses.add(address, amount, now);
    users.add(throttledName(user), amount, now);
  }
  return {
    enter(user, given, local) {
      const address = throttledAddress(given);
      const now = nowMs();
      const trusted = local || known.has(pairOf(user, address));
      const wait = Math.max(
        pairs.waitMs(pairOf(user, address), now),
        addresses.waitMs(address, now),
        trusted ? 0 : users.waitMs(throttledName(user), now),
      );
      if (wait === 0) count(user, address, 1);
      return wait;
    },
    right(user, given) {
      const address = throttledAddress(given);
      count(user, address, -1);
      const key = pairOf(user, address);
      known.delete(key);
      known.set(key, true);
      for (const oldest of known.keys()) {
        if (known.size <= limits.entries) break;
        known.delete(oldest);
      }
    },
    undo: (user, address) => count(user, throttledAddress(address), -1),
  };
}
