/**
 * ICMP echo from this process (ADR 0012): one socket a family for all checks, open while any of them waits and a moment
 * longer. It is of the unprivileged kind (SOCK_DGRAM, allowed to the groups of net.ipv4.ping_group_range) or raw, where that is permitted.
 */
import { randomBytes } from 'node:crypto';
import { closeSync } from 'node:fs';
import { endianness, networkInterfaces } from 'node:os';
import type { Closable } from '../../actors/ports.js';
import type { Native } from '../linux/native.js';
import { type AddressBytes, addressBytes } from './address-bytes.js';
import { type Echo, echoReply, echoRequest } from './icmp.js';

export interface Echoes {
  /**
   * Sends echo requests to an address until one is answered; calls back at most once, and not after `close`. `notAllowed`: this
   * process may not have such a socket, and must ask a program. `failed` comes with the name of the error when the first request
   * cannot even be sent. Both may come at once; an answer never does.
   */
  ping(address: string, everyMs: number, onEnd: (end: EchoEnd) => void): Closable;
}
export type EchoEnd =
  | { readonly kind: 'answered' }
  | { readonly kind: 'notAllowed' }
  | { readonly kind: 'failed'; readonly code: string };

// Numbers of Linux, the same on every architecture that Node runs on but mips, which it has left.
const inet = { 4: 2, 6: 10 } as const;
const icmp = { 4: 1, 6: 58 } as const;
const dgram = 2;
const raw = 3;
const nonBlocking = 0o4000;
const closeOnExec = 0o2000000;
/** How long a socket that nobody uses is kept for the next check, in ms: making one costs more than an echo. */
const keptMs = 1_500;
/** Packets that are read in a row before others have their turn. */
const mostReads = 64;
/** No reply to us is longer: header of IPv4 with options, ICMP's, payload. */
const packetBytes = 192;
const refusals = new Set(['EACCES', 'EPERM', 'EPROTONOSUPPORT', 'ESOCKTNOSUPPORT', 'ENOSYS']);

interface Calls {
  readonly socket: (family: number, type: number, protocol: number) => number;
  readonly setsockopt: (fd: number, level: number, option: number, value: Buffer, length: number) => number;
  readonly sendto: (fd: number, packet: Buffer, length: number, flags: number, address: Buffer, addressLength: number) => number;
  readonly recvfrom: (
    fd: number,
    packet: Buffer,
    length: number,
    flags: number,
    address: Buffer,
    addressLength: number[],
  ) => number;
}
interface OpenSocket {
  readonly fd: number;
  readonly kind: 'dgram' | 'raw';
  readonly watch: Closable;
}
interface Waiting {
  readonly target: Buffer;
  sent: number;
  readonly onReply: () => void;
}

/** The daemon's echoes. */
export function createEchoes(native: Native): Echoes {
  const { libc } = native;
  const calls: Calls = {
    socket: libc.func('int socket(int domain, int type, int protocol)'),
    setsockopt: libc.func('int setsockopt(int fd, int level, int option, const uint8_t *value, uint32_t length)'),
    sendto: libc.func(
      'long sendto(int fd, const uint8_t *packet, size_t length, int flags, const uint8_t *address, uint32_t addressLength)',
    ),
    recvfrom: libc.func(
      'long recvfrom(int fd, _Out_ uint8_t *packet, size_t length, int flags, _Out_ uint8_t *address, _Inout_ uint32_t *addressLength)',
    ),
  };
  const families = { 4: new Family(4, native, calls), 6: new Family(6, native, calls) };
  return {
    ping: (address, everyMs, onEnd) => {
      const parsed = addressBytes(address);
      if (parsed === null) {
        onEnd({ kind: 'failed', code: 'EINVAL' });
        return { close: () => undefined };
      }
      return families[parsed.family].ping(parsed, everyMs, onEnd);
    },
  };
}

/** `struct sockaddr_in` or `sockaddr_in6`. */
function socketAddress({ family, bytes, zone }: AddressBytes): Buffer {
  const address = Buffer.alloc(family === 4 ? 16 : 28);
  if (endianness() === 'LE') address.writeUInt16LE(inet[family], 0);
  else address.writeUInt16BE(inet[family], 0);
  address.set(bytes, family === 4 ? 4 : 8);
  if (zone !== null) {
    const scope = /^\d+$/.test(zone) ? Number(zone) : scopeOf(zone);
    if (endianness() === 'LE') address.writeUInt32LE(scope, 24);
    else address.writeUInt32BE(scope, 24);
  }
  return address;
}
/** Number of an interface; 0 is none. */
function scopeOf(name: string): number {
  return networkInterfaces()[name]?.find((one) => one.family === 'IPv6' && one.scopeid > 0)?.scopeid ?? 0;
}
const addressPart = (family: 4 | 6, address: Buffer): Buffer => (family === 4 ? address.subarray(4, 8) : address.subarray(8, 24));

/** All echoes of one family. */
class Family {
  readonly #family: 4 | 6;
  readonly #native: Native;
  readonly #calls: Calls;
  readonly #waiting = new Map<bigint, Waiting>();
  readonly #secret = randomBytes(8);
  readonly #id = randomBytes(2).readUInt16BE(0);
  #socket: OpenSocket | null = null;
  #idle: NodeJS.Timeout | null = null;
  #checks = 0n;
  readonly #packet = Buffer.alloc(packetBytes);
  readonly #from = Buffer.alloc(28);
  readonly #fromLength = [0];

  constructor(family: 4 | 6, native: Native, calls: Calls) {
    this.#family = family;
    this.#native = native;
    this.#calls = calls;
  }

  ping(parsed: AddressBytes, everyMs: number, onEnd: (end: EchoEnd) => void): Closable {
    const nothing: Closable = { close: () => undefined };
    const opened = this.#socket ?? this.#open();
    if (typeof opened === 'string') {
      onEnd(refusals.has(opened) ? { kind: 'notAllowed' } : { kind: 'failed', code: opened });
      return nothing;
    }
    const target = socketAddress(parsed);
    this.#checks += 1n;
    const check = this.#checks;
    let timer: NodeJS.Timeout | null = null;
    let later: NodeJS.Immediate | null = null;
    const end = (): void => {
      if (timer !== null) clearInterval(timer);
      timer = null;
      this.#waiting.delete(check);
      if (this.#waiting.size === 0) this.#rest();
    };
    const waiting: Waiting = {
      target,
      sent: 0,
      onReply: () => {
        // The socket is not closed in the middle of being read, and the answer belongs into Node's own bookkeeping.
        this.#waiting.delete(check);
        later = setImmediate(() => {
          later = null;
          end();
          onEnd({ kind: 'answered' });
        });
      },
    };
    this.#waiting.set(check, waiting);
    const failure = this.#send(opened, waiting, check);
    if (failure !== null) {
      end();
      onEnd({ kind: 'failed', code: failure });
      return nothing;
    }
    timer = setInterval(() => {
      // What cannot be sent now may be sent the next time; the first answer counts.
      if (this.#socket !== null) this.#send(this.#socket, waiting, check);
    }, everyMs);
    return {
      close: () => {
        if (timer === null) return;
        if (later !== null) clearImmediate(later);
        end();
      },
    };
  }

  /** Sends one request. Null: it is out, or the kernel has no room for it just now. */
  #send(socket: OpenSocket, waiting: Waiting, check: bigint): string | null {
    waiting.sent = (waiting.sent + 1) & 0xffff;
    const echo: Echo = { id: this.#id, sequence: waiting.sent, secret: this.#secret, check };
    const packet = echoRequest(this.#family, echo);
    if (this.#calls.sendto(socket.fd, packet, packet.length, 0, waiting.target, waiting.target.length) >= 0) return null;
    const error = this.#native.lastError();
    return error === 'EAGAIN' || error === 'ENOBUFS' || error === 'EINTR' ? null : error;
  }

  #open(): OpenSocket | string {
    const protocol = icmp[this.#family];
    const create = (type: number): number => this.#calls.socket(inet[this.#family], type | nonBlocking | closeOnExec, protocol);
    let kind: OpenSocket['kind'] = 'dgram';
    let fd = create(dgram);
    if (fd < 0) {
      kind = 'raw';
      fd = create(raw);
      if (fd < 0) return this.#native.lastError();
      this.#repliesOnly(fd);
    }
    const watch = this.#native.onReadable(fd, () => this.#read());
    if (watch === null) {
      closeSync(fd);
      return 'ENOSYS';
    }
    this.#socket = { fd, kind, watch };
    return this.#socket;
  }

  /** A raw socket is given everything of its protocol that the machine receives: only echo replies, please. */
  #repliesOnly(fd: number): void {
    // Bits that are set keep their type out: ICMP_FILTER of raw(7), ICMP6_FILTER of RFC 3542, section 3.2.
    const filter = Buffer.alloc(this.#family === 4 ? 4 : 32, 0xff);
    const type = this.#family === 4 ? 0 : 129;
    const byte = endianness() === 'LE' ? type >> 3 : (type >> 5) * 4 + 3 - ((type & 31) >> 3);
    filter.writeUInt8(0xff & ~(1 << (type & 7)), byte);
    this.#calls.setsockopt(fd, this.#family === 4 ? 255 : 58, 1, filter, filter.length);
  }

  #read(): void {
    for (let count = 0; count < mostReads && this.#socket !== null; count += 1) {
      this.#fromLength[0] = this.#from.length;
      const length = this.#calls.recvfrom(this.#socket.fd, this.#packet, this.#packet.length, 0, this.#from, this.#fromLength);
      if (length < 0) return;
      const reply = echoReply(this.#family, this.#packet.subarray(0, length), this.#family === 4 && this.#socket.kind === 'raw');
      if (reply !== null) this.#take(reply, this.#socket.kind);
    }
  }

  /** A reply ends a check if it answers one of its requests: ours by the secret, from the address that was asked. */
  #take(reply: Echo, kind: OpenSocket['kind']): void {
    if (!reply.secret.equals(this.#secret)) return;
    // The kernel gives an unprivileged socket an id of its own, and only the replies to that.
    if (kind === 'raw' && reply.id !== this.#id) return;
    const waiting = this.#waiting.get(reply.check);
    if (waiting === undefined || reply.sequence < 1 || reply.sequence > waiting.sent) return;
    if (!addressPart(this.#family, this.#from).equals(addressPart(this.#family, waiting.target))) return;
    waiting.onReply();
  }

  /** Closes the socket after a moment in which nobody has used it. */
  #rest(): void {
    if (this.#idle !== null) {
      this.#idle.refresh();
      return;
    }
    this.#idle = setTimeout(() => {
      this.#idle = null;
      if (this.#waiting.size === 0) this.#close();
    }, keptMs);
    this.#idle.unref();
  }
  #close(): void {
    if (this.#socket === null) return;
    const { fd, watch } = this.#socket;
    this.#socket = null;
    watch.close();
    closeSync(fd);
  }
}
