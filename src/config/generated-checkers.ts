/** The checkers that `check="on"` of `<interface>` and `<virtual_addr>` stands for (compatibility page, section 2.5). */
import type { CheckerConfig, ModuleMode, VipConfig } from './types.js';

/** An address that an interface of this node carries, with the length of its network's prefix in bits. */
export interface LocalAddress {
  readonly address: string;
  readonly prefixLength: number;
}

/** Interval of a generated checker in ms: the default of a written one. */
const generatedIntervalMs = 10_000;

/** The bits of an IPv4 or IPv6 address (without zone) as one number, and how many they are; null when it is no address. */
function bitsOf(address: string): { readonly value: bigint; readonly length: 32 | 128 } | null {
  if (/^\d+\.\d+\.\d+\.\d+$/.test(address)) {
    const parts = address.split('.').map(Number);
    return parts.every((part) => part < 256) ? { value: joined(parts, 8n), length: 32 } : null;
  }
  if (!address.includes(':')) return null;
  const mapped = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  const last = mapped?.[2] === undefined ? null : bitsOf(mapped[2]);
  const text =
    mapped === null || last === null
      ? address
      : `${mapped[1]}${(last.value >> 16n).toString(16)}:${(last.value & 0xffffn).toString(16)}`;
  const [head = '', tail, ...more] = text.split('::');
  const groups = (part: string): readonly string[] => (part === '' ? [] : part.split(':'));
  const [front, back] = [groups(head), groups(tail ?? '')];
  const missing = 8 - front.length - back.length;
  const all = tail === undefined ? front : [...front, ...Array<string>(Math.max(missing, 0)).fill('0'), ...back];
  const isGood = more.length === 0 && all.length === 8 && all.every((group) => /^[\da-f]{1,4}$/i.test(group));
  return isGood
    ? {
        value: joined(
          all.map((group) => Number.parseInt(group, 16)),
          16n,
        ),
        length: 128,
      }
    : null;
}
const joined = (parts: readonly number[], width: bigint): bigint =>
  parts.reduce((value, part) => (value << width) | BigInt(part), 0n);

/** An address as it is written: IPv4 with dots, IPv6 with its longest run of zeros left out (RFC 5952). */
function written(value: bigint, length: 32 | 128): string {
  const width = length === 32 ? 8n : 16n;
  const parts = Array.from({ length: length / Number(width) }, (_, index) =>
    Number((value >> (BigInt(length) - width * BigInt(index + 1))) & ((1n << width) - 1n)),
  );
  if (length === 32) return parts.join('.');
  const hex = parts.map((part) => part.toString(16)).join(':');
  const [longest] = [...hex.matchAll(/(?<![\da-f])0(?::0)+(?![\da-f])/g)].sort((a, b) => b[0].length - a[0].length);
  if (longest === undefined) return hex;
  return `${hex.slice(0, longest.index).replace(/:$/, '')}::${hex.slice(longest.index + longest[0].length).replace(/^:/, '')}`;
}

/** The network of an address, without its prefix length; null when it is no address. */
export function networkOf({ address, prefixLength }: LocalAddress): string | null {
  const bits = bitsOf(address);
  if (bits === null) return null;
  const rest = BigInt(Math.max(0, bits.length - prefixLength));
  return written((bits.value >> rest) << rest, bits.length);
}

const isIn = (address: string, local: LocalAddress): boolean => {
  const [bits, of] = [bitsOf(address), bitsOf(local.address)];
  if (bits === null || of === null || bits.length !== of.length) return false;
  const rest = BigInt(Math.max(0, bits.length - local.prefixLength));
  return bits.value >> rest === of.value >> rest;
};

/**
 * The checkers that a `<vip>` asks for: for each interface with `check="on"` one of the network that its virtual addresses are in, by
 * the first local address of that network; for each address with `check="on"` one of that address, in a mirror while PRIM, else while
 * both run. `local` holds this node's own addresses, the virtual ones left out. An interface of whose network this node has no address
 * gets no checker. What is asked for twice comes once.
 */
export function generatedCheckers(vip: VipConfig, mode: ModuleMode, local: readonly LocalAddress[]): readonly CheckerConfig[] {
  const when = mode === 'mirror' ? 'prim' : 'both';
  const generated = vip.interfaces.flatMap(({ check, addresses }): readonly CheckerConfig[] => {
    const own = addresses.flatMap(({ addr }) => local.filter((one) => isIn(addr, one)).slice(0, 1));
    const interfaces = own.flatMap((one): readonly CheckerConfig[] => {
      const ident = networkOf(one);
      return ident === null || !check
        ? []
        : [
            {
              kind: 'intf',
              ident,
              when: 'pre',
              action: 'wait',
              grace: 1,
              localAddr: one.address,
              intervalMs: generatedIntervalMs,
            },
          ];
    });
    const ips = addresses
      .filter((address) => address.check)
      .map(
        ({ addr }): CheckerConfig => ({
          kind: 'ip',
          ident: addr,
          when,
          action: 'stopstart',
          grace: 1,
          addr,
          intervalMs: generatedIntervalMs,
        }),
      );
    return [...interfaces, ...ips];
  });
  return withoutRepetition(generated, []);
}

/** The checkers of a module: those that are written, and those generated ones that do not have the resource of a written one. */
export const allCheckers = (
  checkers: readonly CheckerConfig[],
  generated: readonly CheckerConfig[],
): readonly CheckerConfig[] => [...checkers, ...withoutRepetition(generated, checkers)];

const resourceOf = ({ kind, ident }: CheckerConfig): string => `${kind}.${ident}`;

function withoutRepetition(generated: readonly CheckerConfig[], before: readonly CheckerConfig[]): readonly CheckerConfig[] {
  const seen = new Set(before.map(resourceOf));
  return generated.filter((checker) => {
    const isNew = !seen.has(resourceOf(checker));
    seen.add(resourceOf(checker));
    return isNew;
  });
}
