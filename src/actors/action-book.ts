/** Commands under way: who asked for what, and how far each has come. */
import type { ActionProgress } from './face.js';

/** Ended actions that are remembered. */
export const actionsKept = 500;

export interface ActionBook {
  open(
    action: string,
    module: string,
    node: string,
    at: string,
    first: ActionProgress['nodes'][number]['state'],
    message: string,
    code: string | null,
  ): ActionProgress;
  end(id: string, state: 'done' | 'failed', message: string): void;
  get(id: string): ActionProgress | null;
}

/** @param epoch first part of every id, so that ids never repeat across restarts of the daemon. */
export function createActionBook(epoch: number): ActionBook {
  const actions = new Map<string, ActionProgress>();
  let counter = 0;
  return {
    open(action, module, node, at, state, message, code) {
      counter += 1;
      const id = `${epoch}-${counter}`;
      const progress: ActionProgress = {
        id,
        action,
        module,
        at,
        done: state !== 'running',
        nodes: [{ node, state, message, code }],
      };
      actions.set(id, progress);
      const oldest = actions.keys().next();
      if (actions.size > actionsKept && !oldest.done) actions.delete(oldest.value);
      return progress;
    },
    end(id, state, message) {
      const progress = actions.get(id);
      if (progress === undefined) return;
      actions.set(id, { ...progress, done: true, nodes: progress.nodes.map((one) => ({ ...one, state, message })) });
    },
    get: (id) => actions.get(id) ?? null,
  };
}
