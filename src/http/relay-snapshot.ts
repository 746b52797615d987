/** A snapshot of another node: made there, fetched part by part under the cluster's key, and sent on as it comes. */

import type { SnapshotFile } from '../actors/face-support.js';
import { apiBase } from './api-types.js';
import { conforms } from './conform.js';
import type { Download } from './download.js';
import { parseJson } from './json.js';
import type { PeerClient, PeerRequest } from './peer-client.js';
import { ApiError, errorOf } from './problem.js';
import { routes } from './routes.js';

const waitMs = (operation: string): number => {
  const route = routes.find(({ operationId }) => operationId === operation);
  return route !== undefined && 'answerMs' in route ? route.answerMs : 2_000;
};

/** A problem document that the other node answered with, as it is. */
function refused(node: string, status: number, body: Uint8Array): ApiError {
  const value = parseJson(Buffer.from(body).toString());
  const detail =
    typeof value === 'object' && value !== null && 'detail' in value && typeof value.detail === 'string'
      ? value.detail
      : `HTTP ${status}`;
  const code =
    typeof value === 'object' && value !== null && 'code' in value && typeof value.code === 'string'
      ? value.code
      : 'NODE_UNREACHABLE';
  return errorOf({ code, message: `Node ${node}: ${detail}` });
}

/**
 * Has the snapshot made.
 * @param path `/api/v1/modules/AM/snapshot.zip` on that node
 * @throws ApiError what the other node answers, or NODE_UNREACHABLE
 */
export async function relaySnapshot(
  peers: PeerClient,
  node: string,
  path: string,
  anonymise: boolean,
  caller: Pick<PeerRequest, 'caller' | 'role' | 'signal'>,
): Promise<Download> {
  const made = await peers.call(node, {
    ...caller,
    method: 'POST',
    path: path.replace(/snapshot\.zip$/, 'snapshots'),
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify({ anonymise })),
    timeoutMs: waitMs('makeSnapshot'),
  });
  if (!made.ok) throw errorOf(made.failure);
  const value = parseJson(Buffer.from(made.value.body).toString());
  if (made.value.status !== 201) throw refused(node, made.value.status, made.value.body);
  if (!conforms('SnapshotFile', value))
    throw new ApiError('NODE_UNREACHABLE', `Node ${node} answered with something else than a snapshot.`);
  const file: SnapshotFile = value;
  const at = `${apiBase}/snapshots/${encodeURIComponent(file.id)}`;
  return {
    name: file.name,
    bytes: file.bytes,
    async part(offset) {
      const answer = await peers.call(node, {
        ...caller,
        method: 'GET',
        path: `${at}?offset=${offset}`,
        timeoutMs: waitMs('getSnapshotPart'),
      });
      if (!answer.ok) throw errorOf(answer.failure);
      if (answer.value.status !== 200) throw refused(node, answer.value.status, answer.value.body);
      return answer.value.body;
    },
    release() {
      const { signal: _, ...rest } = caller;
      void peers.call(node, { ...rest, method: 'DELETE', path: at });
    },
  };
}
