/** The C library by way of koffi, and waiting for descriptors in Node's own event loop. What uses it works without it too. */
import { createRequire } from 'node:module';
import { getSystemErrorName } from 'node:util';
import type { Closable } from '../../actors/ports.js';

type Koffi = typeof import('koffi');

export interface Native {
  readonly koffi: Koffi;
  /** The running program's own C library, be it glibc or musl. */
  readonly libc: ReturnType<Koffi['load']>;
  /** Name of the last call's error, for example `EACCES`; to be asked at once. */
  lastError(): string;
  /**
   * Calls back whenever there is something to read, until it is closed (before the descriptor is); does not keep the event loop alive.
   * The call comes from outside Node's own bookkeeping: what is thrown there would abort, and promises would wait, so that what is not
   * another native call belongs into a `setImmediate`. Null where the event loop refuses.
   */
  onReadable(fd: number, callback: () => void): Closable | null;
}

let loaded: Native | null | undefined;

/** Null where koffi or its binding of the event loop is missing. Loaded once. */
export function loadNative(): Native | null {
  if (loaded === undefined) {
    try {
      loaded = load();
    } catch {
      // Whatever is missing (a prebuilt koffi, a symbol), those who ask have another way.
      loaded = null;
    }
  }
  return loaded;
}

function load(): Native {
  const koffi: Koffi = createRequire(import.meta.url)('koffi');
  const openPolls = new Set<Closable>();
  // A descriptor that becomes readable while Node tears its loop down would call into JavaScript that is no longer there and
  // abort the process.
  process.on('exit', () => {
    for (const poll of openPolls) poll.close();
  });
  return {
    koffi,
    libc: koffi.load(null),
    lastError: () => getSystemErrorName(-koffi.errno()),
    onReadable: (fd, callback) => {
      let poll: import('koffi').node.PollHandle | null = null;
      const closable: Closable = {
        close: () => {
          poll?.close();
          poll = null;
          openPolls.delete(closable);
        },
      };
      try {
        poll = koffi.node.poll(fd, { readable: true }, () => {
          if (poll !== null) callback();
        });
        poll.unref();
      } catch {
        return null;
      }
      openPolls.add(closable);
      return closable;
    },
  };
}
