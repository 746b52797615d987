/** Asks another node for its users, sealed: the client's side of `POST /auth/exchange`. */
import type { DirectoryExchange } from '../actors/face-auth.js';
import { apiBase } from './api-types.js';
import { conforms } from './conform.js';
import { parseJson } from './json.js';
import type { PeerClient } from './peer-client.js';

/** All users of a large directory take longer than what is usually asked. */
const timeoutMs = 10_000;

/** Null: the node did not answer, or not with users. */
export async function askUsers(
  peers: PeerClient,
  node: string,
  self: string,
  ours: DirectoryExchange,
): Promise<DirectoryExchange | null> {
  const answer = await peers.call(node, {
    ...{ method: 'POST', path: `${apiBase}/auth/exchange`, headers: { 'content-type': 'application/json' } },
    ...{ body: Buffer.from(JSON.stringify(ours)), caller: { who: self, identity: null }, role: 'admin', timeoutMs },
  });
  if (!answer.ok || answer.value.status !== 200) return null;
  const value = parseJson(Buffer.from(answer.value.body).toString());
  return conforms('DirectoryExchange', value) ? value : null;
}
