import { closeSync } from 'node:fs';
import type { Closable, ExitStatus } from '../../actors/ports.js';
import { decodeWaitStatus } from './exit-status.js';
import { loadNative } from './native.js';

/** Process descriptors (pidfd_open(2)): a handle on exactly one process, which becomes readable when that process has ended. */
export interface Pidfds {
  /** A descriptor (close-on-exec), or the name of the error: `ESRCH` when there is no such process. */
  open(pid: number): { readonly fd: number } | { readonly error: string };
  /** Calls back when the process has ended; does not keep the event loop alive. Null where the event loop refuses. */
  onEnd(fd: number, callback: () => void): Closable | null;
  /** The exit status once the process was reaped (Linux 6.15 and later); `pending` before, `unsupported` on older kernels. */
  exitStatus(fd: number): ExitStatus | 'pending' | 'unsupported';
  /**
   * Signals the process group that this process leads or led (Linux 6.9 and later); exact even when the number was given to
   * another since.
   */
  signalGroup(fd: number, signal: number): 'sent' | 'gone' | 'refused' | 'unsupported';
  /** Signals exactly that process. `unsupported`: a seccomp filter or an old kernel refuses the call itself. */
  signal(fd: number, signal: number): 'sent' | 'gone' | 'refused' | 'unsupported';
  close(fd: number): void;
}

// The same numbers on x64, arm64 and every architecture that came after 2019.
const sysPidfdSendSignal = 424;
const sysPidfdOpen = 434;
/** PIDFD_SIGNAL_PROCESS_GROUP of linux/pidfd.h. */
const signalProcessGroup = 4;
/** PIDFD_GET_INFO with the first version of its structure, 64 bytes: mask at 0, exit status at 60. */
const ioctlGetInfo = 0xc040_ff0b;
const infoBytes = 64;
const infoMaskExit = 8n;
const infoExitOffset = 60;

let loaded: Pidfds | null | undefined;

/** Process descriptors by way of koffi; null where koffi, the C library or the kernel does not have them. Loaded once. */
export function loadPidfds(): Pidfds | null {
  if (loaded === undefined) {
    try {
      loaded = load();
    } catch {
      // Whatever is missing (a prebuilt koffi, its event-loop binding, a symbol), the scan is then all there is.
      loaded = null;
    }
  }
  return loaded;
}

function load(): Pidfds | null {
  const native = loadNative();
  if (native === null) return null;
  const { libc, lastError, onReadable } = native;
  const syscall: (number: number, a: number, b: number, c: number, d: number) => number = libc.func(
    'long syscall(long number, long a, long b, long c, long d)',
  );
  const ioctl: (fd: number, request: number, argument: Buffer) => number = libc.func(
    'int ioctl(int fd, unsigned long request, _Inout_ uint8_t *argument)',
  );

  const send = (fd: number, signal: number, flags: number): 'sent' | 'gone' | 'refused' | 'unsupported' => {
    if (syscall(sysPidfdSendSignal, fd, signal, 0, flags) === 0) return 'sent';
    const error = lastError();
    if (error === 'ESRCH') return 'gone';
    if (error === 'EINVAL' || error === 'ENOSYS') return 'unsupported';
    return 'refused';
  };

  const pidfds: Pidfds = {
    open: (pid) => {
      const fd = syscall(sysPidfdOpen, pid, 0, 0, 0);
      return fd < 0 ? { error: lastError() } : { fd };
    },
    onEnd: (fd, callback) => {
      const watch = onReadable(fd, () => {
        watch?.close();
        setImmediate(callback);
      });
      return watch;
    },
    exitStatus: (fd) => {
      const info = Buffer.alloc(infoBytes);
      info.writeBigUInt64LE(infoMaskExit, 0);
      if (ioctl(fd, ioctlGetInfo, info) < 0) {
        // ESRCH: the process has ended and been reaped, and this kernel kept nothing of it.
        return 'unsupported';
      }
      if ((info.readBigUInt64LE(0) & infoMaskExit) === 0n) return 'pending';
      return decodeWaitStatus(info.readInt32LE(infoExitOffset));
    },
    signalGroup: (fd, signal) => send(fd, signal, signalProcessGroup),
    signal: (fd, signal) => send(fd, signal, 0),
    close: (fd) => closeSync(fd),
  };

  // Seccomp profiles and old kernels refuse the call; better to know it now than at the first watch.
  const self = pidfds.open(process.pid);
  if ('error' in self) return null;
  const probe = pidfds.onEnd(self.fd, () => undefined);
  probe?.close();
  pidfds.close(self.fd);
  return probe === null ? null : pidfds;
}
