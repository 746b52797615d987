/**
 * TLS sessions from one check to the next: a handshake that resumes one costs a fraction of a whole one, and a connection is still made each
 * time, so that a dead server is noticed as ever. A resumed handshake does not look at the certificate: hence a whole one at least once a
 * minute, and none is resumed beyond the end of the certificate that began it, or when the trusted authorities have changed.
 */
import type { SecureContext } from 'node:tls';

/** How long after a whole handshake others may resume it, in ms. */
export const resumedForMs = 60_000;

export interface Sessions {
  /** The session to offer, or null: a whole handshake is due. */
  of(question: object, context: SecureContext): Buffer | null;
  /** A whole handshake was made. `validTo` is the end of the server's certificate, as Node tells it; undefined: it has none. */
  begin(question: object, context: SecureContext, validTo: string | undefined): void;
  /** The server gave a ticket for the next time. */
  keep(question: object, ticket: Buffer): void;
}
interface Kept {
  readonly context: SecureContext;
  readonly untilMs: number;
  readonly validToWallMs: number;
  readonly ticket: Buffer | null;
}

/** Sessions by question, forgotten with it. The clocks can be replaced in tests. */
export function createSessions(nowMs: () => number = () => performance.now(), wallMs: () => number = () => Date.now()): Sessions {
  const all = new WeakMap<object, Kept>();
  return {
    of(question, context) {
      const kept = all.get(question);
      if (kept === undefined || kept.ticket === null) return null;
      const isGood = kept.context === context && nowMs() < kept.untilMs && wallMs() < kept.validToWallMs;
      if (!isGood) all.delete(question);
      return isGood ? kept.ticket : null;
    },
    begin(question, context, validTo) {
      const end = validTo === undefined ? Number.NaN : Date.parse(validTo);
      // A certificate whose end cannot be read is looked at each time.
      if (Number.isNaN(end)) all.delete(question);
      else all.set(question, { context, untilMs: nowMs() + resumedForMs, validToWallMs: end, ticket: null });
    },
    keep(question, ticket) {
      const kept = all.get(question);
      if (kept !== undefined) all.set(question, { ...kept, ticket });
    },
  };
}
