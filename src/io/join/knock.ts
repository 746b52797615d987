/** Sends the request of a node that joins, by HTTPS with the authority that the token pins, or by HTTP, where the seal alone protects it. */
import type { Failure, Outcome } from '../../actors/face.js';
import type { JoinAnswer, JoinMessage } from '../../actors/face-https.js';
import { askOnce, certificateIn } from '../ask-once.js';

/** @param fingerprint SHA-256 of the authority in hex; null: one that this machine trusts */
export type KnockAt = (url: string, message: JoinMessage, fingerprint: string | null) => Promise<Outcome<JoinAnswer>>;

const limits = { timeoutMs: 60_000, largestBytes: 8 * 1024 * 1024 };
const known = ['JOIN_NONE', 'JOIN_TOKEN', 'JOIN_EXPIRED', 'JOIN_USED', 'JOIN_THROTTLED', 'JOIN_REFUSED'];

const failed = (code: string, message: string): { readonly ok: false; readonly failure: Failure } => ({
  ok: false,
  failure: { code, message },
});
/** The authority of the token, fetched from whoever answers and believed only for its fingerprint. */
async function pinned(url: URL, fingerprint: string): Promise<Outcome<string>> {
  const { status, text } = await askOnce({ ...limits, url, path: '/api/v1/https/authority', sent: null, ca: null });
  const found = status === 200 ? certificateIn(text) : null;
  return found?.fingerprint === fingerprint
    ? { ok: true, value: found.pem }
    : failed(
        'JOIN_UNREACHABLE',
        `What answers at ${url.host} does not have the authority of the token: it is not the node that invited.`,
      );
}
function readUrl(text: string): URL | null {
  try {
    const url = new URL(text);
    return (url.protocol === 'https:' || url.protocol === 'http:') && url.username === '' && url.password === '' ? url : null;
  } catch {
    return null;
  }
}
function record(text: string): ReadonlyMap<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return new Map(typeof value === 'object' && value !== null ? Object.entries(value) : []);
  } catch {
    return new Map();
  }
}

/** Sends it; once more with the same words where the answer was lost on the way. */
export const knockAt: KnockAt = async (text, message, fingerprint) => {
  const url = readUrl(text);
  if (url === null)
    return failed('JOIN_UNREACHABLE', `${JSON.stringify(text.slice(0, 100))} is no address like https://n1:9453.`);
  const attempt = async (): Promise<Outcome<JoinAnswer>> => {
    let trusted: { readonly ca?: string } = {};
    if (url.protocol === 'https:' && fingerprint !== null) {
      const authority = await pinned(url, fingerprint);
      if (!authority.ok) return authority;
      trusted = { ca: authority.value };
    }
    const answer = await askOnce({
      ...{ ...limits, ...trusted, url, path: '/api/v1/join' },
      sent: { type: 'application/json', text: JSON.stringify(message) },
    });
    const said = record(answer.text);
    const [key, box, code, detail] = ['key', 'box', 'code', 'detail'].map((name) => said.get(name));
    if (answer.status === 200 && typeof key === 'string' && typeof box === 'string') return { ok: true, value: { key, box } };
    return typeof code === 'string' && known.includes(code)
      ? failed(code, typeof detail === 'string' ? detail : code)
      : failed('JOIN_UNREACHABLE', `${url.host} answered with HTTP ${answer.status}: is that a node of Holdfast?`);
  };
  try {
    return await attempt().catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET' || error.code === 'EPIPE') return attempt();
      throw error;
    });
  } catch (error) {
    return failed(
      'JOIN_UNREACHABLE',
      `${url.host} cannot be reached: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
};
