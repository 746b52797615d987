/** What concerns all nodes at once: states, giving configurations out (`-G`), modules (`-E`), and taking both over. */
import type { ClusterReceipt } from '../../actors/face.js';
import { ApiError, unwrap } from '../problem.js';
import { type ApiRequest, empty, type Handler, json, list } from '../request.js';
import { installedModule } from './common.js';

/** The node that asks. @throws ApiError HTTP_FORBIDDEN where it is none: what comes from anybody else is applied by `config`. */
function nodeOf(request: ApiRequest): string {
  if (request.from === null) throw new ApiError('HTTP_FORBIDDEN', 'That is taken from other nodes of the cluster only.');
  return request.from;
}
const asked = (request: ApiRequest) => ({ caller: request.caller, role: request.role });

export const getClusterInfo: Handler = async (_request, { face }) => json(await face.clusterAdministration.info());
export const listClusterHosts: Handler = (_request, { distribution }) => list(distribution.hosts());
export const getClusterState: Handler = async (request, { distribution }) => list(await distribution.state(asked(request)));
export const distributeCluster: Handler = async (request, { distribution }) =>
  json(unwrap(await distribution.distribute(await request.json('DistributeBody'), asked(request))));
export const receiveCluster: Handler = async (request, { face }) => {
  const from = nodeOf(request);
  const wanted = request.query.text('rule');
  const rule: ClusterReceipt['rule'] = wanted === 'force' || wanted === 'catchUp' ? wanted : 'distribute';
  return json(unwrap(await face.clusterAdministration.receive(await request.bytes(), { from, rule }, request.caller)));
};
export const exportModule: Handler = async (request, services) => {
  const module = installedModule(request, services.face);
  const { nodes = null } = await request.json('ExportBody');
  return json(unwrap(await services.distribution.exportModule(module, nodes, asked(request))));
};
export const putTransfer: Handler = async (request, { distribution }) => {
  const from = nodeOf(request);
  const transfer = request.params['transfer'] ?? '';
  unwrap(distribution.transfers.add(from, transfer, request.query.integer('offset') ?? 0, await request.bytes()));
  return empty;
};
export const receiveModule: Handler = async (request, { face, distribution }) => {
  const node = nodeOf(request);
  const { transfer, exported, catchUp } = await request.json('ReceiveModuleBody');
  if (exported.module !== request.params['module'])
    throw new ApiError('HTTP_BODY', 'The body is about another module than the path.');
  const archive = unwrap(distribution.transfers.take(node, transfer));
  return json(unwrap(await face.install.receive(archive, exported, { node, catchUp }, request.caller)));
};
