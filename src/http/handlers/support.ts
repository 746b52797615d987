/** When something is wrong: health, dumps, snapshots, cleaning. */
import type { PeerFacts } from '../../actors/face-support.js';
import { apiBase } from '../api-types.js';
import { conforms } from '../conform.js';
import { parseJson } from '../json.js';
import { unwrap } from '../problem.js';
import { type ApiRequest, empty, type Handler, json, type Services } from '../request.js';
import { partBytes } from '../routes-support.js';
import { installedModule } from './common.js';

/** Most nodes that are asked for a health check. */
const mostPeers = 64;

/** Asks the other nodes what they are, all at once, two seconds at most. */
async function peersOf(request: ApiRequest, { face, peers }: Services): Promise<readonly PeerFacts[]> {
  const others = face.nodes().filter((node) => !node.self);
  return Promise.all(
    others.slice(0, mostPeers).map(async ({ name: node }): Promise<PeerFacts> => {
      const before = performance.now();
      const wallBefore = Date.now();
      const answer = await peers.call(node, {
        method: 'GET',
        path: `${apiBase}/self`,
        caller: { who: request.caller.who, identity: null },
        role: request.role,
      });
      const tookMs = performance.now() - before;
      const nothing = { node, facts: null, skewMs: null, tookMs };
      if (!answer.ok) return { ...nothing, error: answer.failure.message };
      const value = parseJson(Buffer.from(answer.value.body).toString());
      if (!conforms('SelfFacts', value)) return { ...nothing, error: `it answers with HTTP ${answer.value.status}` };
      return { node, facts: value, error: null, skewMs: value.wallMs - (wallBefore + tookMs / 2), tookMs };
    }),
  );
}

export const getHealth: Handler = async (request, services) =>
  json(await services.face.support.health(await peersOf(request, services)));
export const getSelf: Handler = (_request, { face }) => json(face.support.self());
export const makeDump: Handler = async (request, services) => {
  const module = installedModule(request, services.face);
  return json(unwrap(await services.face.support.dump(module, await peersOf(request, services), request.caller)));
};
export const makeSnapshot: Handler = async (request, services) => {
  const module = installedModule(request, services.face);
  const { anonymise = false, words = [] } = await request.json('SnapshotBody');
  const peers = await peersOf(request, services);
  return json(unwrap(await services.face.support.snapshot(module, { anonymise, words }, peers, request.caller)));
};
export const getSnapshotZip: Handler = async (request, services) => {
  const { support } = services.face;
  const module = installedModule(request, services.face);
  const wish = { anonymise: request.query.yes('anonymise'), words: [] };
  const { id, name, bytes } = unwrap(await support.snapshot(module, wish, await peersOf(request, services), request.caller));
  return {
    kind: 'download',
    type: 'application/zip',
    download: {
      ...{ name, bytes },
      part: async (offset) => unwrap(await support.part(id, offset, partBytes)),
      release: () => void support.release(id),
    },
  };
};
export const getSnapshotPart: Handler = async (request, { face }) => ({
  kind: 'bytes',
  type: 'application/octet-stream',
  value: unwrap(await face.support.part(request.params['id'] ?? '', request.query.integer('offset') ?? 0, partBytes)),
});
export const releaseSnapshot: Handler = async (request, { face }) => {
  await face.support.release(request.params['id'] ?? '');
  return empty;
};
export const cleanModule: Handler = async (request, { face }) => {
  const module = installedModule(request, face);
  const { what } = await request.json('CleanBody');
  return json(unwrap(await face.support.clean(module, what, request.caller)));
};
