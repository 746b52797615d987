/** Cluster and nodes: what this node sees, and the administration of the cluster configuration. */
import { ApiError, unwrap } from '../problem.js';
import { type ApiRequest, empty, type Handler, json, list } from '../request.js';

const acceptOldMs = (request: ApiRequest): number | undefined => request.query.integer('acceptOldMs') ?? undefined;

export const getCluster: Handler = (_request, { face }) => json(face.cluster());
export const listNodes: Handler = (_request, { face }) => list(face.nodes());
export const getNode: Handler = (request, { face }) => {
  const name = request.params['node'] ?? '';
  const node = face.nodes().find((one) => one.name === name);
  if (node === undefined)
    throw new ApiError('NODE_UNKNOWN', `No node ${JSON.stringify(name.slice(0, 64))} is in the cluster configuration.`);
  return json(node);
};
export const getClusterConfig: Handler = async (_request, { face }) =>
  json({ xml: unwrap(await face.clusterAdministration.xml()) });
export const putClusterConfig: Handler = async (request, { face }) => {
  const { xml = null, lock = null } = await request.json('ClusterConfigBody');
  return json(unwrap(await face.clusterAdministration.configure(xml, lock, request.caller, acceptOldMs(request))));
};
export const deleteClusterConfig: Handler = async (request, { face }) => {
  unwrap(await face.clusterAdministration.deconfigure(request.caller));
  return empty;
};
export const checkClusterConfig: Handler = async (request, { face }) => {
  const { xml } = await request.json('ClusterCheckBody');
  return json(unwrap(face.clusterAdministration.check(xml)));
};
export const checkAddress: Handler = async (request, { addresses }) => {
  const { address, port = null } = await request.json('AddressCheckBody');
  const report = addresses === null ? null : await addresses.look(address, port);
  if (report === null) throw new ApiError('HTTP_BUSY', 'Too many addresses are being looked at: try again in a moment.');
  return json(report);
};
export const generateClusterKey: Handler = async (request, { face }) => {
  unwrap(await face.clusterAdministration.generateKey(request.caller, acceptOldMs(request)));
  return empty;
};
export const deleteClusterKey: Handler = async (request, { face }) => {
  unwrap(await face.clusterAdministration.deleteKey(request.caller, acceptOldMs(request)));
  return empty;
};
export const getClusterBundle: Handler = async (_request, { face }) => ({
  kind: 'bytes',
  type: 'application/octet-stream',
  value: unwrap(await face.clusterAdministration.exportBundle()),
});
export const putClusterBundle: Handler = async (request, { face }) =>
  json(unwrap(await face.clusterAdministration.importBundle(await request.bytes(), request.caller)));
