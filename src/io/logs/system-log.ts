/** What of the logs goes to the machine's own log: journald's native socket, classic syslog, or lines with a priority on stderr (sections 7.1 and 7.3). */
import { existsSync } from 'node:fs';
import type { LogEntry, LogLevel } from '../../actors/ports.js';
import { createUnixDatagram } from './unix-datagram.js';

export type SystemLogKind = 'none' | 'auto' | 'journal' | 'syslog' | 'stderr';

export interface SystemLog {
  readonly kind: Exclude<SystemLogKind, 'auto'>;
  /** Null for the daemon's own lines. Never throws. */
  write(module: string | null, entry: LogEntry): void;
  /** Lines that the receiver had no room for, or that had no receiver. */
  dropped(): number;
  close(): void;
}

export const journalSocket = '/run/systemd/journal/socket';
export const syslogSocket = '/dev/log';
const tag = 'holdfast';

/** RFC 5424 severities: critical, notice, notice, informational, informational, debug. */
export const priorityOf = (level: LogLevel): number => ({ C: 2, E: 5, U: 5, S: 6, I: 6, D: 7 })[level];

/** `module | component | message`. */
export const systemText = (module: string | null, entry: LogEntry): string =>
  `${module ?? tag} | ${entry.component} | ${entry.message}`.replace(/\p{Cc}+/gu, ' ');

/** The native protocol of systemd-journald: `NAME=value` lines; `systemText` leaves no line feed in a value. */
export const journalDatagram = (module: string | null, entry: LogEntry): Buffer =>
  Buffer.from(
    [
      `MESSAGE=${systemText(module, entry)}`,
      `PRIORITY=${priorityOf(entry.level)}`,
      `SYSLOG_IDENTIFIER=${tag}`,
      `SYSLOG_PID=${process.pid}`,
      ...(module === null ? [] : [`HOLDFAST_MODULE=${module}`]),
      `HOLDFAST_COMPONENT=${entry.component.replace(/\p{Cc}+/gu, ' ')}`,
      `HOLDFAST_LEVEL=${entry.level}`,
      '',
    ].join('\n'),
  );

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** RFC 3164 as /dev/log wants it (without a host name); facility 3, system daemons. */
export const syslogDatagram = (module: string | null, entry: LogEntry): Buffer => {
  const date = new Date(entry.wallMs);
  const two = (value: number): string => String(value).padStart(2, '0');
  const time = `${months[date.getMonth()] ?? 'Jan'} ${String(date.getDate()).padStart(2)} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return Buffer.from(`<${3 * 8 + priorityOf(entry.level)}>${time} ${tag}[${process.pid}]: ${systemText(module, entry)}`);
};

/** For a daemon in the foreground, or whose stderr is the journal: systemd reads the priority in front (sd-daemon(3)). */
export const stderrLine = (module: string | null, entry: LogEntry): string =>
  `<${priorityOf(entry.level)}>${systemText(module, entry)}\n`;

const none: SystemLog = { kind: 'none', write: () => undefined, dropped: () => 0, close: () => undefined };

/** `auto` takes the journal, else syslog, else nothing. `stderr` is for a foreground daemon: whoever reads it too slowly holds the daemon up. */
export const createSystemLog = (
  kind: SystemLogKind,
  paths: { readonly journal: string; readonly syslog: string } = { journal: journalSocket, syslog: syslogSocket },
): SystemLog => {
  if (kind === 'none') return none;
  let dropped = 0;
  if (kind === 'stderr') {
    return {
      kind,
      write: (module, entry) => {
        try {
          process.stderr.write(stderrLine(module, entry));
        } catch {
          dropped += 1;
        }
      },
      dropped: () => dropped,
      close: () => undefined,
    };
  }
  const chosen = kind === 'auto' ? (existsSync(paths.journal) ? 'journal' : existsSync(paths.syslog) ? 'syslog' : null) : kind;
  const socket = chosen === null ? null : createUnixDatagram(chosen === 'journal' ? paths.journal : paths.syslog);
  if (chosen === null || socket === null) return none;
  const datagram = chosen === 'journal' ? journalDatagram : syslogDatagram;
  return {
    kind: chosen,
    write: (module, entry) => {
      if (!socket.send(datagram(module, entry))) dropped += 1;
    },
    dropped: () => dropped,
    close: () => socket.close(),
  };
};
