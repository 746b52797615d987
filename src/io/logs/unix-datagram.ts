/**
 * Sends datagrams to a local socket (systemd's journal, /dev/log), which Node cannot, through libc's `sendto` with MSG_DONTWAIT: what the
 * receiver has no room for is dropped at once and never waited for.
 */
import { createRequire } from 'node:module';

export interface UnixDatagram {
  /** False when it could not be sent. Never throws, never waits. */
  send(bytes: Buffer): boolean;
  close(): void;
}

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** `sun_path` of Linux. */
const maxPath = 107;

/** `struct sockaddr_un`: family in the machine's byte order, then the path; `@name` is an abstract one. */
export const unixAddress = (path: string): Buffer | null => {
  const bytes = Buffer.from(path.startsWith('@') ? `\0${path.slice(1)}` : path);
  if (bytes.length > maxPath || bytes.length === 0) return null;
  const family = Buffer.from(new Uint8Array(new Uint16Array([AF_UNIX]).buffer));
  return Buffer.concat([family, bytes, Buffer.from(path.startsWith('@') ? [] : [0])]);
};

interface LibC {
  readonly socket: (domain: number, type: number, protocol: number) => number;
  readonly sendto: (fd: number, bytes: Buffer, length: number, flags: number, address: Buffer, addressLength: number) => number;
  readonly close: (fd: number) => number;
}

const loadLibC = (): LibC | null => {
  try {
    // Loaded on demand: where the library has no build for the machine, only this output is missing.
    const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi');
    const libc = koffi.load(null);
    const socket = libc.func('int socket(int domain, int type, int protocol)');
    const sendto = libc.func(
      'intptr_t sendto(int fd, const void *bytes, size_t length, int flags, const void *address, uint32_t addressLength)',
    );
    const close = libc.func('int close(int fd)');
    return {
      socket: (...args) => Number(socket(...args)),
      sendto: (...args) => Number(sendto(...args)),
      close: (fd) => Number(close(fd)),
    };
  } catch {
    return null;
  }
};

/** Null where there are no such sockets. The receiver may come and go: each datagram is addressed anew. */
export const createUnixDatagram = (path: string): UnixDatagram | null => {
  if (process.platform !== 'linux') return null;
  const address = unixAddress(path);
  const libc = address === null ? null : loadLibC();
  if (address === null || libc === null) return null;
  let fd = libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return null;
  return {
    send: (bytes) =>
      fd >= 0 && libc.sendto(fd, bytes, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL, address, address.length) === bytes.length,
    close: () => {
      if (fd >= 0) libc.close(fd);
      fd = -1;
    },
  };
};
