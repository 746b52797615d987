/** Actions: a command on this node, on some nodes, or on all, with one progress for the whole. */
import type { ActionProgress, Outcome } from '../../actors/face.js';
import { type ActionBody, apiBase } from '../api-types.js';
import { conforms } from '../conform.js';
import { parseJson, textOf } from '../json.js';
import { ApiError, unwrap } from '../problem.js';
import { type ApiRequest, type Handler, json, type Services } from '../request.js';
import { installedModule, moduleOf } from './common.js';

/** Actions on several nodes that are remembered. */
const keptActions = 1000;

/** A node's part: the id of its own action there, or why it has none. */
interface Part {
  readonly node: string;
  readonly id: string | null;
  /** As it was last heard. */
  last: ActionProgress['nodes'][number];
}
interface Composite {
  readonly id: string;
  readonly action: string;
  readonly module: string;
  readonly at: string;
  readonly parts: readonly Part[];
}

function partOf(node: string, outcome: Outcome<ActionProgress>): Part {
  if (!outcome.ok) {
    const refused = outcome.failure.code !== 'NODE_UNREACHABLE';
    return {
      node,
      id: null,
      last: { node, state: refused ? 'refused' : 'failed', message: outcome.failure.message, code: outcome.failure.code },
    };
  }
  return { node, id: outcome.value.id, last: nodeOf(node, outcome.value) };
}
function nodeOf(node: string, progress: ActionProgress): Part['last'] {
  return (
    progress.nodes.find((one) => one.node === node) ?? {
      node,
      state: progress.done ? 'done' : 'running',
      message: '',
      code: null,
    }
  );
}
function progressOf({ id, action, module, at, parts }: Composite): ActionProgress {
  return {
    id,
    action,
    module,
    at,
    done: parts.every((part) => part.last.state !== 'running'),
    nodes: parts.map((part) => part.last),
  };
}

async function askPeer(
  node: string,
  request: ApiRequest,
  services: Services,
  path: string,
  body: ActionBody | null,
): Promise<Outcome<ActionProgress>> {
  const answer = await services.peers.call(node, {
    method: body === null ? 'GET' : 'POST',
    path: `${apiBase}${path}`,
    caller: request.caller,
    role: request.role,
    ...(body === null ? {} : { body: Buffer.from(JSON.stringify(body)), headers: { 'content-type': 'application/json' } }),
  });
  if (!answer.ok) return answer;
  const value = parseJson(Buffer.from(answer.value.body).toString());
  if (answer.value.status < 300 && conforms('ActionProgress', value)) return { ok: true, value };
  const message = textOf(value, 'detail') ?? `Node ${node} answered with something else (HTTP ${answer.value.status}).`;
  return { ok: false, failure: { code: textOf(value, 'code') ?? 'NODE_UNREACHABLE', message } };
}

/** The two handlers of actions, with what they remember between them. */
export function createActionHandlers(): { readonly postAction: Handler; readonly getAction: Handler } {
  const composites = new Map<string, Composite>();
  let counter = 0;

  function targets(wanted: readonly string[], services: Services): readonly string[] {
    const known = services.face.nodes().map((node) => node.name);
    if (wanted.includes('*')) return known;
    const unknown = wanted.find((node) => !known.includes(node));
    if (unknown !== undefined)
      throw new ApiError(
        'NODE_UNKNOWN',
        `No node ${JSON.stringify(unknown)} is in the cluster configuration; there are ${known.join(', ')}.`,
      );
    return [...new Set(wanted)];
  }

  return {
    async postAction(request, services) {
      const { face } = services;
      const { action, nodes = null, identity = null } = await request.json('ActionBody');
      const caller = { ...request.caller, identity };
      const wanted = nodes === null ? [face.node] : targets(nodes, services);
      // Accepted means: not forgotten, whatever happens to the daemon from now on.
      const command = async (module: string): Promise<Outcome<ActionProgress>> => {
        const outcome = face.command({ action, module, nodes: null, caller });
        if (outcome.ok) await face.kept(module);
        return outcome;
      };
      if (wanted.length === 1 && wanted[0] === face.node) return json(unwrap(await command(installedModule(request, face))));
      const module = moduleOf(request);
      const path = `/modules/${encodeURIComponent(module)}/actions`;
      const parts = await Promise.all(
        wanted.map(async (node) =>
          partOf(
            node,
            node === face.node ? await command(module) : await askPeer(node, request, services, path, { action, identity }),
          ),
        ),
      );
      counter += 1;
      const composite = {
        id: `${face.node}.all.${Date.now().toString(36)}.${counter}`,
        action,
        module,
        at: new Date().toISOString(),
        parts,
      };
      composites.set(composite.id, composite);
      if (composites.size > keptActions) for (const [oldest] of [...composites].slice(0, 1)) composites.delete(oldest);
      return json(progressOf(composite));
    },
    async getAction(request, services) {
      const { face } = services;
      const id = request.params['id'] ?? '';
      const composite = composites.get(id);
      if (composite === undefined) {
        const own = face.action(id);
        if (own === null)
          throw new ApiError(
            'ACTION_UNKNOWN',
            `No action ${JSON.stringify(id.slice(0, 60))} is known; only the latest are kept.`,
          );
        return json(own);
      }
      await Promise.all(
        composite.parts.map(async (part) => {
          if (part.id === null || part.last.state !== 'running') return;
          if (part.node === face.node) {
            const own = face.action(part.id);
            part.last =
              own === null
                ? { node: part.node, state: 'failed', message: 'The action was forgotten.', code: 'ACTION_UNKNOWN' }
                : nodeOf(part.node, own);
            return;
          }
          const outcome = await askPeer(part.node, request, services, `/actions/${encodeURIComponent(part.id)}`, null);
          // A node that is silent for a moment may still carry the action out: only its own word ends it.
          if (outcome.ok) part.last = nodeOf(part.node, outcome.value);
          else if (outcome.failure.code === 'ACTION_UNKNOWN')
            part.last = {
              ...part.last,
              state: 'failed',
              message: 'The node was restarted before the action ended.',
              code: 'ACTION_UNKNOWN',
            };
          else part.last = { ...part.last, message: outcome.failure.message, code: outcome.failure.code };
        }),
      );
      return json(progressOf(composite));
    },
  };
}
