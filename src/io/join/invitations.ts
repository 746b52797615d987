/** The invitations of this node: in memory alone, good for one node each; and how often somebody came with a wrong one. */
import type { Failure } from '../../actors/face.js';
import type { JoinAnswer, JoinMessage } from '../../actors/face-https.js';
import { makeToken, openRequest, type Token } from './exchange.js';

/** Wrong tokens within a minute: of one address, and of all. */
const failuresPerPeer = 10;
const failuresInAll = 100;
const windowMs = 60_000;
/** How long it is known that a token was used or is too old. */
const rememberedMs = 24 * 3_600_000;
const mostInvitations = 64;

interface Invitation {
  readonly token: Token;
  readonly expiresAtMs: number;
  /** The node that it let in: the same request may ask again when the answer was lost. */
  used: { readonly key: string; readonly answer: JoinAnswer } | null;
}
export type Presented =
  | { readonly kind: 'open'; readonly token: Token; readonly request: unknown; use(answer: JoinAnswer): void }
  | { readonly kind: 'again'; readonly answer: JoinAnswer }
  | { readonly kind: 'refused'; readonly failure: Failure };
export interface Invitations {
  /** Null: there are too many. */
  make(minutes: number, fingerprint: string | null): Token | null;
  /** Looks at a message, whoever sent it. */
  present(message: JoinMessage, peer: string): Presented;
  clear(): void;
}

/** @param monotonicMs the clock that lives of tokens are measured by */
export function createInvitations(monotonicMs: () => number): Invitations {
  const all = new Map<string, Invitation>();
  const failures: { readonly peer: string; readonly atMs: number }[] = [];

  function tidy(): void {
    const nowMs = monotonicMs();
    for (const [id, { expiresAtMs }] of all) if (expiresAtMs + rememberedMs < nowMs) all.delete(id);
    while ((failures[0]?.atMs ?? nowMs) < nowMs - windowMs) failures.shift();
  }
  const refuse = (code: string, message: string): Presented => ({ kind: 'refused', failure: { code, message } });
  return {
    make(minutes, fingerprint) {
      tidy();
      if (all.size >= mostInvitations) return null;
      const token = makeToken(fingerprint);
      all.set(token.id, { token, expiresAtMs: monotonicMs() + minutes * 60_000, used: null });
      return token;
    },
    present(message, peer) {
      tidy();
      const tried = failures.filter((one) => one.peer === peer).length;
      if (tried >= failuresPerPeer || failures.length >= failuresInAll)
        return refuse('JOIN_THROTTLED', 'Too many wrong tokens: try again in a minute.');
      if (all.size === 0) return refuse('JOIN_NONE', 'Nobody is invited here at present.');
      const invitation = all.get(message.id);
      const request = invitation === undefined ? null : openRequest(invitation.token, message);
      if (invitation === undefined || request === null) {
        failures.push({ peer, atMs: monotonicMs() });
        return refuse('JOIN_TOKEN', 'The token is not one of this node.');
      }
      if (invitation.used?.key === message.key) return { kind: 'again', answer: invitation.used.answer };
      if (invitation.used !== null) return refuse('JOIN_USED', 'The token has let a node in already.');
      if (monotonicMs() > invitation.expiresAtMs) return refuse('JOIN_EXPIRED', 'The token is too old.');
      return {
        kind: 'open',
        token: invitation.token,
        request,
        use(answer) {
          invitation.used = { key: message.key, answer };
        },
      };
    },
    clear: () => all.clear(),
  };
}
