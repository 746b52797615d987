/** Which name becomes which: the same by the same everywhere, and never back. Pure; nothing of it is kept. */
import { findIn, type Kind } from './finding.js';

export type NameKind = 'node' | 'host' | 'user' | 'word';

/** Users of every machine. */
const everybodysUsers = new Set(
  'root nobody daemon bin sys sync games man lp mail news uucp proxy www-data backup list irc sshd holdfast holdfastd safekit anonymous administrator system admin rcmdadmin node localhost'.split(
    ' ',
  ),
);

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

export class Names {
  readonly #names = new Map<string, string>();
  readonly #found = new Map<string, string>();
  readonly #counts = new Map<string, number>();
  readonly #networks = new Map<string, { readonly prefix: string; hosts: number }>();
  #pattern: RegExp | null = null;

  /** A name that is known. Of nodes, all at once: their order must stay, for machines go by it. */
  add(kind: NameKind, names: readonly string[]): void {
    const fresh = [...new Set(names)].filter((name) => name !== '' && !this.#names.has(name.toLowerCase()));
    for (const name of fresh.toSorted()) {
      if (kind === 'user' && (everybodysUsers.has(name.toLowerCase()) || /^\d+$/.test(name))) continue;
      this.#names.set(name.toLowerCase(), `${kind}${this.#next(kind)}`);
    }
    this.#pattern = null;
  }
  /** Everything of a text that is recognised by its form. */
  learn(text: string): void {
    for (const { kind, text: one } of findIn(text)) this.#replacement(kind, one);
  }
  /** How many things are replaced. */
  get size(): number {
    return this.#names.size + this.#found.size;
  }

  /** The text with everything replaced, in one pass: what came in is not replaced again. */
  replace(text: string): string {
    let clean = '';
    let at = 0;
    for (const { kind, text: one, index } of findIn(text)) {
      clean += this.#named(text.slice(at, index)) + this.#replacement(kind, one);
      at = index + one.length;
    }
    return clean + this.#named(text.slice(at));
  }
  /** A JSON value with all texts replaced, those of members' names too. @param kept members whose value stays. */
  json(value: unknown, kept: ReadonlySet<string> = new Set()): unknown {
    if (typeof value === 'string') return this.replace(value);
    if (Array.isArray(value)) return value.map((item) => this.json(item, kept));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [this.replace(key), kept.has(key) ? item : this.json(item, kept)]),
    );
  }

  #named(text: string): string {
    if (text === '' || this.#names.size === 0) return text;
    this.#pattern ??= new RegExp(
      `(?<![A-Za-z0-9])(?:${[...this.#names.keys()]
        .toSorted((left, right) => right.length - left.length)
        .map(escaped)
        .join('|')})(?![A-Za-z0-9])`,
      'gi',
    );
    return text.replaceAll(this.#pattern, (name) => this.#names.get(name.toLowerCase()) ?? name);
  }
  #next(kind: string): number {
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    return count;
  }
  #replacement(kind: Kind, text: string): string {
    const key = `${kind} ${text.toLowerCase()}`;
    const known = this.#found.get(key);
    if (known !== undefined) return known;
    const made = this.#make(kind, text.toLowerCase());
    this.#found.set(key, made);
    return made;
  }
  #make(kind: Kind, text: string): string {
    switch (kind) {
      case 'ipv4':
        return this.#address(text);
      case 'ipv6':
        return `${text.startsWith('fe80:') ? 'fe80:' : '2001:db8:'}:${this.#next('ipv6').toString(16)}`;
      case 'mac': {
        const number = this.#next('mac').toString(16).padStart(6, '0');
        return `02:00:00:${number.slice(0, 2)}:${number.slice(2, 4)}:${number.slice(4)}`;
      }
      case 'mail':
        return `mail${this.#next('mail')}@example.org`;
      case 'domain':
        return `name${this.#next('domain')}.example`;
    }
  }
  /** Addresses of one network (the first three numbers) stay in one network. */
  #address(text: string): string {
    const network = text.slice(0, text.lastIndexOf('.'));
    const number = this.#networks.size;
    const known = this.#networks.get(network) ?? { prefix: `10.${(number >> 8) & 255}.${number & 255}`, hosts: 0 };
    this.#networks.set(network, known);
    known.hosts += 1;
    return `${known.prefix}.${known.hosts & 255}`;
  }
}
