/**
 * The root of a node's actors: owns one module actor for each configured module.
 * Listens to `module.add` and `module.remove`; a module whose chart threw is reported (`module.defect`) and leaves the others alone.
 * Never commands a module by itself.
 */
import { assertEvent, emit, enqueueActions, setup } from 'xstate';
import type { ModuleInput } from './module.types.js';
import { moduleFarmMachine } from './module-farm.machine.js';
import { errorOf } from './module-rules.js';

export type NodeEvent =
  | { readonly type: 'module.add'; readonly name: string; readonly input: ModuleInput }
  | { readonly type: 'module.remove'; readonly name: string }
  | { readonly type: 'node.leave' }
  /** A module's chart threw; told by the runtime of XState. */
  | { readonly type: `xstate.error.actor.module:${string}`; readonly error: unknown };
export type NodeEmitted = { readonly type: 'module.defect'; readonly name: string; readonly detail: string };
export interface NodeContext {
  readonly modules: readonly string[];
}

/** Id of a module's actor below the node's. */
export const moduleActorId = (name: string): string => `module:${name}`;
const defectPrefix = `xstate.error.actor.${moduleActorId('')}`;

export const nodeMachine = setup({
  types: {} as { context: NodeContext; events: NodeEvent; emitted: NodeEmitted },
  actors: { module: moduleFarmMachine },
  actions: {
    add: enqueueActions(({ context, event, enqueue }) => {
      assertEvent(event, 'module.add');
      if (context.modules.includes(event.name)) enqueue.stopChild(moduleActorId(event.name));
      enqueue.spawnChild('module', { id: moduleActorId(event.name), input: event.input });
      enqueue.assign({ modules: [...context.modules.filter((name) => name !== event.name), event.name] });
    }),
    remove: enqueueActions(({ context, event, enqueue }) => {
      assertEvent(event, 'module.remove');
      enqueue.stopChild(moduleActorId(event.name));
      enqueue.assign({ modules: context.modules.filter((name) => name !== event.name) });
    }),
    reportDefect: emit(
      ({ event }): NodeEmitted => ({
        type: 'module.defect',
        name: event.type.slice(defectPrefix.length),
        detail: errorOf(event),
      }),
    ),
  },
}).createMachine({
  id: 'node',
  description: 'One node of the cluster',
  context: { modules: [] },
  initial: 'running',
  options: { maxIterations: 100 },
  states: {
    running: {
      description: 'Modules are added when they are configured and removed when they are deconfigured.',
      tags: ['running'],
      on: {
        'module.add': { actions: 'add' },
        'module.remove': { actions: 'remove' },
        'node.leave': { target: 'left' },
      },
    },
    left: { description: 'The daemon ends; the applications are left as they are.', tags: ['left'], type: 'final' },
  },
  on: { 'xstate.error.actor.*': { actions: 'reportDefect' } },
});
