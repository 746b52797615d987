/**
 * Passwords: scrypt (RFC 7914) with N 2^15, r 8, p 3, a salt of 16 bytes and 32 bytes kept, which is one of the settings that OWASP's
 * password storage page calls equal. One costs about 32 MB and a quarter of a second of a thread, never of the event loop, and only few
 * are computed at once, so that a storm of logins takes neither the machine's processors nor its memory from what it is there for.
 */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { availableParallelism } from 'node:os';

export interface ScryptCost {
  /** Binary logarithm of N. */
  readonly ln: number;
  readonly r: number;
  readonly p: number;
}
export const usualCost: ScryptCost = { ln: 15, r: 8, p: 3 };
const keyBytes = 32;
const saltBytes = 16;
/** Larger costs in a hash are not computed: it was not made here. */
const greatestCost: ScryptCost = { ln: 17, r: 16, p: 16 };

export interface Passwords {
  /** A hash to be kept. */
  hash(password: string): Promise<string>;
  /** Whether the password is the one of the hash; null computes as long and says no. 'busy': too many wait already. */
  verify(password: string, hash: string | null): Promise<boolean | 'busy'>;
  /** Whether the hash was made with less than what is usual now. */
  outdated(hash: string): boolean;
}

interface Parsed {
  readonly cost: ScryptCost;
  readonly salt: Buffer;
  readonly key: Buffer;
}
function parse(hash: string): Parsed | null {
  const match = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]+={0,2})\$([A-Za-z0-9+/]+={0,2})$/.exec(hash);
  if (match === null) return null;
  const cost = { ln: Number(match[1]), r: Number(match[2]), p: Number(match[3]) };
  if (cost.ln < 1 || cost.ln > greatestCost.ln || cost.r < 1 || cost.r > greatestCost.r || cost.p < 1 || cost.p > greatestCost.p)
    return null;
  const [salt, key] = [Buffer.from(match[4] ?? '', 'base64'), Buffer.from(match[5] ?? '', 'base64')];
  return key.length === keyBytes ? { cost, salt, key } : null;
}

function derive(password: string, salt: Buffer, { ln, r, p }: ScryptCost): Promise<Buffer> {
  const N = 2 ** ln;
  return new Promise((resolve, reject) => {
    scrypt(
      password.normalize('NFC'),
      salt,
      keyBytes,
      { N, r, p, maxmem: 128 * N * r + 128 * r * p + 1024 * 1024 },
      (error, key) => {
        if (error === null) resolve(key);
        else reject(error);
      },
    );
  });
}

export interface PasswordsOptions {
  readonly cost?: ScryptCost;
  /** Computed at once. Default: half of the processors, at least 1 and at most 2. */
  readonly atOnce?: number;
  /** That may wait; more are 'busy'. */
  readonly waiting?: number;
  /** Other kinds of hashes, of imported files: null where it is none of theirs. */
  readonly foreign?: (password: string, hash: string) => Promise<boolean> | null;
}

export function createPasswords(options: PasswordsOptions = {}): Passwords {
  const cost = options.cost ?? usualCost;
  const atOnce = options.atOnce ?? Math.max(1, Math.min(2, Math.floor(availableParallelism() / 2)));
  const most = options.waiting ?? 32;
  const queue: (() => void)[] = [];
  let running = 0;
  /** Compared with where there is nothing to compare with; it fits no password. */
  const nothing = { cost, salt: randomBytes(saltBytes), key: randomBytes(keyBytes) };

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (running >= atOnce) await new Promise<void>((resolve) => queue.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      // The place is handed on, so that nobody comes between.
      const next = queue.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  }
  return {
    hash: (password) =>
      inTurn(async () => {
        const salt = randomBytes(saltBytes);
        const key = await derive(password, salt, cost);
        return `$scrypt$ln=${cost.ln},r=${cost.r},p=${cost.p}$${salt.toString('base64')}$${key.toString('base64')}`;
      }),
    verify(password, hash) {
      if (running >= atOnce && queue.length >= most) return Promise.resolve('busy');
      return inTurn(async () => {
        const parsed = hash === null ? null : parse(hash);
        if (hash !== null && parsed === null) {
          const known = options.foreign?.(password, hash) ?? null;
          if (known !== null) return known;
        }
        const { cost: asked, salt, key } = parsed ?? nothing;
        const equal = timingSafeEqual(await derive(password, salt, asked), key);
        return equal && parsed !== null;
      });
    },
    outdated(hash) {
      const parsed = parse(hash);
      return parsed === null || parsed.cost.ln < cost.ln || parsed.cost.r < cost.r || parsed.cost.p < cost.p;
    },
  };
}

const shortest = 8;
const longestBytes = 1024;
/** What everybody tries first. */
const known = new Set(
  '12345678 123456789 1234567890 password password1 passwort qwertyui qwerty123 administrator holdfast holdfast1 safekit1 changeme letmein1 iloveyou admin123 admin1234 11111111 00000000 abcd1234'.split(
    ' ',
  ),
);
/** What is wrong with a new password, in one sentence that does not repeat it; null if nothing is. */
export function passwordProblem(user: string, password: string): string | null {
  if ([...password].length < shortest)
    return `A password has at least ${shortest} characters; a sentence of some words is a good one.`;
  if (Buffer.byteLength(password) > longestBytes) return `A password has at most ${longestBytes} bytes.`;
  if (/\p{Cc}/u.test(password)) return 'A password has no control characters.';
  const plain = password.toLowerCase();
  if (plain.includes(user.toLowerCase()) && password.length < user.length + shortest)
    return 'The password is little more than the name of the user.';
  if (known.has(plain) || new Set(plain).size < 3) return 'That password is among the first that are tried.';
  return null;
}
