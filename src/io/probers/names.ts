/**
 * Names to addresses without the threads of Node's pool: `getaddrinfo` blocks one of its four for as long as a name server is silent,
 * and a few checks of unreachable names would hold up every file that the daemon writes (ADR 0012). So: literal addresses, the hosts
 * file, then DNS by c-ares, which waits in the event loop. What only nsswitch.conf knows (mDNS, LDAP) is not asked.
 */
import { Resolver } from 'node:dns';
import { readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import type { Closable } from '../../actors/ports.js';
import { codeOf, nothing } from './probe.js';

export type Resolution =
  | { readonly kind: 'found'; readonly addresses: readonly string[] }
  | { readonly kind: 'failed'; readonly detail: string };

export interface Names {
  /**
   * Looks a name up; calls back once, at once where nobody has to be asked, and never after `close`. At most 8 addresses, IPv6 and
   * IPv4 in turn. Those who ask for the same name at the same time share one look, and an answer is kept for its time to live, at
   * most 5 s.
   */
  resolve(name: string, onResolution: (resolution: Resolution) => void): Closable;
  /** Forgets all answers: whoever asks next has the name looked up anew. */
  forget(): void;
}
export interface NamesOptions {
  /** Default: those of the system. For tests. */
  readonly hostsFile?: string;
  readonly resolverFile?: string;
  /** Addresses of name servers, with ports; default: those of the system, read anew when its file changes. */
  readonly servers?: readonly string[];
  /** Patience with each try of a query. Default 2 s, two tries. */
  readonly tryMs?: number;
}

const mostAddresses = 8;
const keptMs = 5_000;
/** How old what is known of a file may be before it is looked at again. */
const fileMs = 1_000;
/** When one family has been found, the other is waited for so long: some servers never answer for the one that they do not know. */
const otherFamilyMs = 500;
/** Names kept at most; beyond that the oldest are forgotten. */
const mostNames = 1_000;

/** The hosts file: names in lower case, each with its addresses in their order. */
export function parseHosts(text: string): ReadonlyMap<string, readonly string[]> {
  const hosts = new Map<string, string[]>();
  for (const line of text.split(/\r?\n/)) {
    const [address = '', ...names] = (line.split('#')[0] ?? '').trim().split(/\s+/);
    if (isIP(address) === 0) continue;
    for (const name of names) {
      const key = name.toLowerCase();
      const known = hosts.get(key) ?? [];
      if (!known.includes(address)) hosts.set(key, [...known, address]);
    }
  }
  return hosts;
}

/** What of resolv.conf(5) says which names to ask for: `search` or `domain`, and `ndots`. */
export function parseSearch(text: string): { readonly domains: readonly string[]; readonly dots: number } {
  let domains: readonly string[] = [];
  let dots = 1;
  for (const line of text.split(/\r?\n/)) {
    const [word = '', ...rest] = line.trim().split(/\s+/);
    if (word === 'search' || word === 'domain') domains = rest.filter((domain) => domain !== '.').slice(0, 6);
    for (const option of word === 'options' ? rest : []) {
      const match = /^ndots:(\d{1,2})$/.exec(option);
      if (match !== null) dots = Math.min(Number(match[1]), 15);
    }
  }
  return { domains, dots };
}

/** The names to ask for, in order (resolv.conf(5)): one that has enough dots, or ends with one, comes first as it stands. */
export function candidates(
  name: string,
  search: { readonly domains: readonly string[]; readonly dots: number },
): readonly string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)];
  const longer = search.domains.map((domain) => `${name}.${domain.replace(/\.$/, '')}`);
  return name.split('.').length - 1 >= search.dots ? [name, ...longer] : [...longer, name];
}

/** IPv6 and IPv4 in turn, as RFC 8305 has it. */
export function alternate(addresses: readonly string[]): readonly string[] {
  const six = addresses.filter((address) => address.includes(':'));
  const four = addresses.filter((address) => !address.includes(':'));
  return Array.from({ length: Math.max(six.length, four.length) }, (_, index) => [six[index], four[index]])
    .flat()
    .filter((address) => address !== undefined)
    .slice(0, mostAddresses);
}

/** A file's parsed content, looked at again when it has changed. An absent file is an empty one. */
function watched<T>(path: string, parse: (text: string) => T): () => { readonly value: T; readonly version: number } {
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  let mark = '';
  let kept = { value: parse(''), version: 0 };
  return () => {
    const now = performance.now();
    if (now - lookedAtMs < fileMs) return kept;
    lookedAtMs = now;
    const stat = statSync(path, { throwIfNoEntry: false });
    const found = stat === undefined ? 'absent' : `${stat.mtimeMs} ${stat.size} ${stat.ino}`;
    if (found === mark) return kept;
    mark = found;
    let text = '';
    try {
      text = stat === undefined ? '' : readFileSync(path, 'utf8');
    } catch {
      // Not readable for us: as if it were empty, DNS still knows.
    }
    kept = { value: parse(text), version: kept.version + 1 };
    return kept;
  };
}

interface Answer {
  readonly addresses: readonly string[];
  readonly ttlMs: number;
  /** Why there is none; null: the name or the family does not exist. */
  readonly code: string | null;
}
interface Look {
  readonly listeners: Set<(resolution: Resolution) => void>;
}

const failures: Readonly<Record<string, string>> = {
  ETIMEOUT: 'no name server answers',
  ECONNREFUSED: 'no name server can be reached',
  ESERVFAIL: 'the name server failed',
  EREFUSED: 'the name server refuses to answer',
  EBADNAME: 'that is no name',
  EBADRESP: 'the name server answers nonsense',
};

/** Makes the resolver. */
export function createNames(options: NamesOptions = {}): Names {
  const windows = process.platform === 'win32';
  const systemRoot = process.env['SystemRoot'] ?? 'C:\\Windows';
  const hostsFile = options.hostsFile ?? (windows ? `${systemRoot}\\System32\\drivers\\etc\\hosts` : '/etc/hosts');
  const hosts = watched(hostsFile, parseHosts);
  const search = watched(options.resolverFile ?? '/etc/resolv.conf', parseSearch);
  const looks = new Map<string, Look>();
  const kept = new Map<string, { readonly addresses: readonly string[]; readonly untilMs: number }>();
  let resolver: { readonly made: Resolver; readonly version: number; readonly atMs: number } | null = null;

  /** Servers are read when a resolver is made: another one when the system's list may have changed. */
  function currentResolver(): Resolver {
    const { version } = search();
    const now = performance.now();
    if (resolver === null || resolver.version !== version || (windows && now - resolver.atMs > 60_000)) {
      const made = new Resolver({ timeout: options.tryMs ?? 2_000, tries: 2 });
      if (options.servers !== undefined) made.setServers([...options.servers]);
      resolver = { made, version, atMs: now };
    }
    return resolver.made;
  }
  function query(name: string, family: 4 | 6, onAnswer: (answer: Answer) => void): void {
    const listener = (error: Error | null, records: readonly { readonly address: string; readonly ttl: number }[] = []): void => {
      if (error === null) {
        const ttlMs = Math.min(...records.map(({ ttl }) => ttl * 1_000));
        onAnswer({ addresses: records.map(({ address }) => address), ttlMs, code: null });
        return;
      }
      const code = codeOf(error);
      onAnswer({ addresses: [], ttlMs: 0, code: code === 'ENOTFOUND' || code === 'ENODATA' ? null : code });
    };
    try {
      if (family === 4) currentResolver().resolve4(name, { ttl: true }, listener);
      else currentResolver().resolve6(name, { ttl: true }, listener);
    } catch {
      // Names that c-ares cannot put into a query are thrown.
      setImmediate(() => onAnswer({ addresses: [], ttlMs: 0, code: 'EBADNAME' }));
    }
  }
  /** Both families of one name; once. */
  function queryBoth(name: string, onAnswer: (answer: Answer) => void): void {
    let first: Answer | null = null;
    let patience: NodeJS.Timeout | null = null;
    let open = true;
    const finish = (answer: Answer): void => {
      if (!open) return;
      open = false;
      if (patience !== null) clearTimeout(patience);
      onAnswer(answer);
    };
    const take = (answer: Answer): void => {
      if (first !== null) {
        const both = [first, answer];
        const found = both.filter(({ addresses }) => addresses.length > 0);
        finish({
          addresses: both.flatMap(({ addresses }) => addresses),
          ttlMs: found.length === 0 ? 0 : Math.min(...found.map(({ ttlMs }) => ttlMs)),
          code: first.code ?? answer.code,
        });
        return;
      }
      first = answer;
      if (answer.addresses.length > 0) patience = setTimeout(() => finish(answer), otherFamilyMs);
    };
    query(name, 4, take);
    query(name, 6, take);
  }
  function ask(
    name: string,
    rest: readonly string[],
    shown: string,
    finish: (resolution: Resolution, ttlMs: number) => void,
  ): void {
    queryBoth(name, ({ addresses, ttlMs, code }) => {
      if (addresses.length > 0) finish({ kind: 'found', addresses: alternate(addresses) }, ttlMs);
      else if (code !== null)
        finish({ kind: 'failed', detail: `name ${shown} cannot be looked up: ${failures[code] ?? code}` }, 0);
      else {
        const [next, ...others] = rest;
        if (next === undefined) finish({ kind: 'failed', detail: `name ${shown} is not known to DNS or the hosts file` }, 0);
        else ask(next, others, shown, finish);
      }
    });
  }
  function local(name: string): readonly string[] | null {
    const listed = hosts().value.get(name.replace(/\.$/, ''));
    if (listed !== undefined) return alternate(listed);
    // RFC 6761, section 6.3: never a question for DNS.
    return /^(.+\.)?localhost\.?$/.test(name) ? ['::1', '127.0.0.1'] : null;
  }
  function remembered(key: string): readonly string[] | null {
    const entry = kept.get(key);
    if (entry === undefined) return null;
    if (entry.untilMs > performance.now()) return entry.addresses;
    kept.delete(key);
    return null;
  }

  return {
    forget: () => kept.clear(),
    resolve(name, onResolution) {
      const literal = name.replace(/^\[|\]$/g, '');
      if (isIP(literal) !== 0) {
        onResolution({ kind: 'found', addresses: [literal] });
        return nothing;
      }
      const key = name.toLowerCase();
      const known = local(key) ?? remembered(key);
      if (known !== null) {
        onResolution({ kind: 'found', addresses: known });
        return nothing;
      }
      let look = looks.get(key);
      if (look === undefined) {
        const made: Look = { listeners: new Set() };
        look = made;
        looks.set(key, made);
        const [first = key, ...rest] = candidates(key, search().value);
        ask(first, rest, name, (resolution, ttlMs) => {
          looks.delete(key);
          if (resolution.kind === 'found' && ttlMs > 0) {
            for (const oldest of kept.size >= mostNames ? kept.keys() : []) {
              kept.delete(oldest);
              break;
            }
            kept.set(key, { addresses: resolution.addresses, untilMs: performance.now() + Math.min(ttlMs, keptMs) });
          }
          for (const listener of [...made.listeners]) listener(resolution);
        });
      }
      const { listeners } = look;
      // A function of its own for each asker, so that each can be taken off.
      const listener = (resolution: Resolution): void => onResolution(resolution);
      listeners.add(listener);
      return {
        close: () => {
          listeners.delete(listener);
        },
      };
    },
  };
}
