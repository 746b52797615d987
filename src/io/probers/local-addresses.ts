/** This machine's own addresses and the interfaces that have them. */
import { readFileSync } from 'node:fs';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { loadNative, type Native } from '../linux/native.js';
import { addressKey } from './address-bytes.js';

export interface LocalAddress {
  readonly interface: string;
  /** The interface is up and has a carrier. */
  readonly running: boolean;
  /** How its link is, as the kernel says it, for a sentence; null where that is not known. */
  readonly link: string | null;
  /** IPv6: another machine on the link has the same address (RFC 4862, section 5.4.5); the kernel does not use it. */
  readonly duplicate: boolean;
}
export interface LocalAddresses {
  /** The interface that has that address (an IPv6 zone is not looked at), or null. */
  find(address: string): LocalAddress | null;
}
export interface LocalAddressesOptions {
  /** For tests. */
  readonly interfaces?: () => NodeJS.Dict<NetworkInterfaceInfo[]>;
  readonly sysfs?: string;
  readonly native?: Native | null;
  /** How long one look serves all who ask, in ms. */
  readonly sharedMs?: number;
}

/** Many checks at the same time share one look; an address that goes is noticed that much later, one that comes at once. */
const defaultSharedMs = 50;
const dadFailed = 0x08;
const flagUp = 1;

interface Six {
  readonly interface: string;
  readonly duplicate: boolean;
}
interface Link {
  readonly carrier: boolean;
  readonly text: string;
}
/** What one look found; what only some ask for is looked at when it is asked for first. */
interface Look {
  readonly atMs: number;
  /** Addresses of interfaces that are up and have a carrier. */
  readonly running: ReadonlyMap<string, { readonly interface: string; readonly mac: string }>;
  six: ReadonlyMap<string, Six> | null;
  readonly links: Map<string, Link | null>;
}

/** `/proc/net/if_inet6` by address: every IPv6 address, also of interfaces that are down. */
export function parseIfInet6(text: string): ReadonlyMap<string, Six> {
  const found = new Map<string, Six>();
  for (const line of text.split('\n')) {
    const [address = '', , , , flags = '', name = ''] = line.trim().split(/\s+/);
    if (name !== '') found.set(address, { interface: name, duplicate: (Number.parseInt(flags, 16) & dadFailed) !== 0 });
  }
  return found;
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    // A carrier cannot be read while the interface is switched off, and elsewhere than on Linux there are no such files.
    return null;
  }
}

/** Looks at this machine's addresses. */
export function createLocalAddresses(options: LocalAddressesOptions = {}): LocalAddresses {
  const interfaces = options.interfaces ?? networkInterfaces;
  const sysfs = options.sysfs ?? '/sys/class/net';
  const sharedMs = options.sharedMs ?? defaultSharedMs;
  const linux = process.platform === 'linux';
  const configured = linux ? loadConfigured(options.native === undefined ? loadNative() : options.native) : null;
  let look: Look | null = null;

  function current(): Look {
    const atMs = performance.now();
    if (look !== null && atMs - look.atMs < sharedMs) return look;
    const running = new Map<string, { readonly interface: string; readonly mac: string }>();
    for (const [name, addresses] of Object.entries(interfaces()))
      for (const { address, mac } of addresses ?? []) running.set(addressKey(address), { interface: name, mac });
    look = { atMs, running, six: null, links: new Map() };
    return look;
  }
  /** What sysfs says of an interface; null where it is silent, or shows another network namespace than ours. */
  function readLink(name: string, mac: string | null): Link | null {
    const operstate = read(`${sysfs}/${name}/operstate`);
    if (operstate === null || (mac !== null && read(`${sysfs}/${name}/address`) !== mac)) return null;
    const carrier = read(`${sysfs}/${name}/carrier`);
    // `unknown` is what interfaces say that have no notion of it, such as loopback.
    const good = carrier === '1' && (operstate === 'up' || operstate === 'unknown');
    return { carrier: good, text: `operstate ${operstate}, ${carrier === '1' ? 'carrier' : 'no carrier'}` };
  }
  function linkOf({ links }: Look, name: string, mac: string | null): Link | null {
    if (!linux) return null;
    const known = links.get(name);
    if (known !== undefined) return known;
    const link = readLink(name, mac);
    links.set(name, link);
    return link;
  }
  return {
    find(address) {
      const key = addressKey(address);
      const isSix = linux && address.includes(':');
      let now = current();
      // One that a shared look has not may have come since.
      if (!now.running.has(key)) {
        look = null;
        now = current();
      }
      if (isSix) now.six ??= parseIfInet6(read('/proc/net/if_inet6') ?? '');
      const six = isSix ? (now.six?.get(key) ?? null) : null;
      const found = now.running.get(key);
      if (found !== undefined) {
        const link = linkOf(now, found.interface, found.mac);
        return {
          interface: found.interface,
          running: link?.carrier ?? true,
          link: link?.text ?? null,
          duplicate: six?.duplicate ?? false,
        };
      }
      // Node does not list interfaces without a carrier, though their addresses are configured.
      const name = six?.interface ?? configured?.(key) ?? null;
      if (name === null) return null;
      const link = linkOf(now, name, null);
      return { interface: name, running: false, link: link?.text ?? null, duplicate: six?.duplicate ?? false };
    },
  };
}

/**
 * Asks the kernel for the interface of an IPv4 address, also where it has no carrier (SIOCGIFCONF of netdevice(7)).
 * @returns a function from an address's key to the interface that is switched on and has it; null where the kernel cannot be asked
 */
function loadConfigured(native: Native | null): ((key: string) => string | null) | null {
  // Its structures are laid out here for 64-bit machines.
  if (native === null || native.koffi.sizeof('void *') !== 8) return null;
  const { koffi, libc } = native;
  const socket: (family: number, type: number, protocol: number) => number = libc.func(
    'int socket(int domain, int type, int protocol)',
  );
  const ioctl: (fd: number, request: number, argument: Buffer) => number = libc.func(
    'int ioctl(int fd, unsigned long request, _Inout_ uint8_t *argument)',
  );
  const close: (fd: number) => number = libc.func('int close(int fd)');
  const getConfiguration = 0x8912;
  const getFlags = 0x8913;
  // struct ifreq: 16 bytes of name, 24 of address; room for 1024 addresses.
  const entryBytes = 40;
  const list = Buffer.alloc(1024 * entryBytes);
  // struct ifconf: an int, and at offset 8 a pointer.
  const request = Buffer.alloc(16);
  return (key) => {
    if (key.length !== 8) return null;
    const fd = socket(2, 2 | 0o2000000, 0);
    if (fd < 0) return null;
    try {
      request.fill(0);
      new Int32Array(request.buffer, request.byteOffset, 1)[0] = list.length;
      new BigUint64Array(request.buffer, request.byteOffset + 8, 1)[0] = koffi.address(list);
      if (ioctl(fd, getConfiguration, request) < 0) return null;
      const used = new Int32Array(request.buffer, request.byteOffset, 1)[0] ?? 0;
      for (let offset = 0; offset + entryBytes <= used; offset += entryBytes) {
        if (list.toString('hex', offset + 20, offset + 24) !== key) continue;
        const entry = Buffer.alloc(entryBytes);
        list.copy(entry, 0, offset);
        const name = entry.toString('latin1', 0, 16).replace(/\0.*$/, '');
        if (ioctl(fd, getFlags, entry) < 0) return null;
        const flags = new Int16Array(entry.buffer, entry.byteOffset + 16, 1)[0] ?? 0;
        // Switched off, its address is not used. Named like `eth0:1`, it is an alias of eth0.
        return (flags & flagUp) === 0 ? null : (name.split(':')[0] ?? name);
      }
      return null;
    } finally {
      close(fd);
    }
  };
}
