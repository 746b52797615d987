/** Modules: states over all nodes, resources, restart counter, processes, charts. */
import type { ModuleNodeStatus, ModuleSummary, NodeFace, StateName } from '../../actors/face.js';
import { apiBase } from '../api-types.js';
import { conforms } from '../conform.js';
import { parseJson } from '../json.js';
import { ApiError, errorOf, unwrap } from '../problem.js';
import { type ApiRequest, empty, type Handler, json, list, type Services } from '../request.js';
import { installedModule, moduleOf, ofModule, unknownModule } from './common.js';

/** A node that membership does not hear gets less time, so that a list is not slow for as long as a node is off. */
const offlineTimeoutMs = 100;

type PeerModules = { readonly node: string; readonly items: readonly ModuleSummary[]; readonly error: string | null };

async function modulesOfPeer(node: string, online: boolean, request: ApiRequest, services: Services): Promise<PeerModules> {
  const answer = await services.peers.call(node, {
    method: 'GET',
    path: `${apiBase}/modules?scope=local`,
    caller: request.caller,
    role: request.role,
    signal: request.signal,
    ...(online ? {} : { timeoutMs: offlineTimeoutMs }),
  });
  if (!answer.ok) return { node, items: [], error: answer.failure.message };
  const value = answer.value.status === 200 ? parseJson(Buffer.from(answer.value.body).toString()) : null;
  if (!conforms('ModuleList', value))
    return { node, items: [], error: `Node ${node} answered with something else (HTTP ${answer.value.status}).` };
  return { node, items: value.items, error: null };
}

function unknownStatus(module: string, node: string, error: string): ModuleNodeStatus {
  return {
    ...{ module, node, state: 'UNKNOWN', quality: 'Unknown', path: '', tags: [], reason: null },
    ...{ since: new Date().toISOString(), sinceMs: 0, share: 0, activeRule: null, wish: 'stop', ready: false },
    budget: { max: 0, used: 0, expires: null, causes: [] },
    switches: { errd: false, checker: false, failover: false, boot: 'off' },
    signature: '',
    error,
  };
}

/** One module as all nodes tell it: own state, what each node said, and an item with `error` for each that said nothing. */
function merge(name: string, face: NodeFace, peers: readonly PeerModules[]): ModuleSummary | null {
  const own = face.module(name);
  const found = own ?? peers.flatMap((peer) => peer.items).find((module) => module.name === name);
  if (found === undefined) return null;
  const nodes: ModuleNodeStatus[] = [];
  for (const { name: node, self } of face.nodes()) {
    const peer = peers.find((one) => one.node === node);
    const told = self
      ? face.status(name)
      : peer?.items.find((one) => one.name === name)?.nodes.find((status) => status.node === node);
    if (told !== null && told !== undefined) nodes.push(told);
    else if (peer?.error != null) nodes.push(unknownStatus(name, node, peer.error));
  }
  return { ...found, nodes };
}

async function askPeers(request: ApiRequest, services: Services): Promise<readonly PeerModules[]> {
  const others = services.face.nodes().filter((node) => !node.self);
  return Promise.all(others.map((node) => modulesOfPeer(node.name, node.online, request, services)));
}
/** With `scope=local`, the module as this node alone knows it. */
function ownOnly(module: ModuleSummary, face: NodeFace): ModuleSummary {
  const status = face.status(module.name);
  return { ...module, nodes: status === null ? module.nodes.filter((one) => one.node === face.node) : [status] };
}
const isLocal = (request: ApiRequest): boolean => request.local || request.query.text('scope') === 'local';

export const listModules: Handler = async (request, services) => {
  const { face } = services;
  if (isLocal(request)) return list(face.modules().map((module) => ownOnly(module, face)));
  const peers = await askPeers(request, services);
  const names = new Set([...face.modules(), ...peers.flatMap((peer) => peer.items)].map((module) => module.name));
  return list([...names].map((name) => merge(name, face, peers)).filter((module) => module !== null));
};
export const getModule: Handler = async (request, services) => {
  const name = moduleOf(request);
  if (isLocal(request)) return json(ownOnly(ofModule(name, services.face.module(name)), services.face));
  return json(ofModule(name, merge(name, services.face, await askPeers(request, services))));
};
export const getModuleOnNode: Handler = async (request, { face, peers }) => {
  const module = moduleOf(request);
  const node = request.params['node'] ?? '';
  if (node === face.node) return json(ofModule(module, face.status(module)));
  const path = `${apiBase}/modules/${encodeURIComponent(module)}/nodes/${encodeURIComponent(node)}`;
  const answer = unwrap(
    await peers.call(node, { method: 'GET', path, caller: request.caller, role: request.role, signal: request.signal }),
  );
  const value = parseJson(Buffer.from(answer.body).toString());
  if (answer.status === 404) throw unknownModule(module);
  if (!conforms('ModuleNodeStatus', value))
    throw new ApiError('NODE_UNREACHABLE', `Node ${node} answered with something else (HTTP ${answer.status}).`);
  return json(value);
};

const waitStates: readonly (StateName | 'SETTLED')[] = [
  'STOP',
  'WAIT',
  'UP',
  'PRIM',
  'SECOND',
  'ALONE',
  'NOTCONFIGURED',
  'UNKNOWN',
  'SETTLED',
];
export const waitForState: Handler = async (request, { face }) => {
  const module = installedModule(request, face);
  const state = waitStates.find((one) => one === request.query.text('state')) ?? 'SETTLED';
  return json(unwrap(await face.waitState(module, state, request.query.integer('timeoutMs') ?? 0)));
};

export const listResources: Handler = (request, { face }) => {
  const module = moduleOf(request);
  return list(ofModule(module, face.resources(module)));
};
export const getResource: Handler = (request, { face }) => {
  const module = moduleOf(request);
  const name = request.params['resource'] ?? '';
  const found = ofModule(module, face.resources(module)).find((resource) => resource.name === name);
  if (found === undefined)
    throw new ApiError('RESOURCE_UNKNOWN', `The module ${module} has no resource ${JSON.stringify(name.slice(0, 100))}.`);
  return json(found);
};
export const getResourceHistory: Handler = (request, { face }) => {
  const module = installedModule(request, face);
  const name = request.params['resource'] ?? '';
  const { before, limit } = { before: request.query.integer('before'), limit: request.query.integer('limit') ?? 100 };
  const history = face.resourceHistory(module, name, before, limit);
  if (history === null)
    throw new ApiError('RESOURCE_UNKNOWN', `The module ${module} has no resource ${JSON.stringify(name.slice(0, 100))}.`);
  return json(history);
};
export const getSwitches: Handler = (request, { face }) => json(unwrap(face.switches(installedModule(request, face))));
export const setSwitch: Handler = async (request, { face }) => {
  const module = installedModule(request, face);
  const { switch: what, on, identity = null } = await request.json('SwitchBody');
  return json(unwrap(await face.setSwitch(module, what, on, { ...request.caller, identity })));
};
export const setResource: Handler = async (request, { face }) => {
  const module = installedModule(request, face);
  const { value, logging = 'normal', identity = null } = await request.json('ResourceBody');
  const caller = { ...request.caller, identity };
  return json(unwrap(await face.setResource(module, request.params['resource'] ?? '', value, caller, logging)));
};
export const postLoop: Handler = async (request, { face }) => {
  const module = installedModule(request, face);
  const { operation, identity = null } = await request.json('LoopBody');
  return json(unwrap(await face.loop(module, operation, { ...request.caller, identity })));
};
export const listErrd: Handler = async (request, { face }) => {
  const outcome = await face.errdList(installedModule(request, face));
  if (!outcome.ok) throw errorOf(outcome.failure);
  return list(outcome.value.items);
};
export const setErrd: Handler = async (request, { face }) => {
  const module = installedModule(request, face);
  const body = await request.json('ErrdBody');
  unwrap(await face.errdEnable(module, body.class, body.on, request.caller));
  return empty;
};
export const killProcesses: Handler = async (request, { face }) => {
  const module = installedModule(request, face);
  const { name, argregex = null, level, asker = null, identity = null } = await request.json('KillBody');
  // A number of a process means something on this machine only; on another it would spare whoever has it there.
  const here = request.access.source === 'socket' ? asker : null;
  const outcome = await face.kill(module, { name, argRegex: argregex, level, asker: here }, { ...request.caller, identity });
  if (!outcome.ok) throw errorOf(outcome.failure);
  return list(outcome.value);
};
export const getExplanation: Handler = async (request, { face }) => {
  const module = installedModule(request, face);
  return json(unwrap(await face.explain(module, request.query.text('at'))));
};
