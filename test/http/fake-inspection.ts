/** The inspection of a face without actors: the real one over a node's machine that is alone, and records that are made up. */
import { createActor } from 'xstate';
import type { InspectionFace, RecordFace } from '../../src/actors/face-inspection.js';
import { createInspection } from '../../src/actors/inspection.js';
import type { UploadedRecord } from '../../src/actors/inspection.types.js';
import { emptyCounter } from '../../src/machines/restart-counter.js';
import { silentNodeMachine } from '../../src/replay/silent.js';
import { aPlan } from '../helpers/module-harness.js';

export interface FakeInspection extends InspectionFace {
  /** Sends an event to the module `farm`. */
  send(event: { readonly type: 'loop.increment'; readonly by: string; readonly atMs: number }): void;
  readonly looking: boolean;
  /** What uploads were made of. */
  readonly uploaded: Uint8Array[];
  stop(): void;
}

/** The upload that is always there. */
export const anUpload = 'a'.repeat(24);
const record: UploadedRecord = {
  id: anUpload,
  node: 'n1',
  version: '1',
  modules: ['farm'],
  bytes: 3,
  from: null,
  until: null,
  expires: '2026-01-01T00:00:00.000Z',
  doubt: null,
};

export function fakeInspection(node: string): FakeInspection {
  const clock = {
    monotonicMs: () => performance.now(),
    wallMs: () => Date.now(),
    setTimeout: (callback: () => void, ms: number): unknown => setTimeout(callback, ms).unref(),
    clearTimeout: (handle: unknown): void => {
      if (typeof handle === 'object') clearTimeout(Object(handle));
    },
  };
  const inspection = createInspection({ clock, node: () => node, epoch: 3 });
  const actor = createActor(silentNodeMachine, { inspect: inspection.inspect });
  actor.start();
  const input = { plan: { ...aPlan, module: 'farm' } };
  actor.send({
    type: 'module.add',
    name: 'farm',
    input: { ...input, counter: emptyCounter, wish: 'stop', held: false, resume: null, disabledClasses: [], enabledClasses: [] },
  });
  const uploaded: Uint8Array[] = [];
  const empty = { node, next: null, from: null, until: null, doubt: null };
  const records: RecordFace = {
    history: async () => ({ ok: true, value: { ...empty, version: '1', items: inspection.page(null, null, 10).items } }),
    timeline: async () => ({
      ok: true,
      value: {
        ...empty,
        items: [
          { time: '2026-01-01T00:00:00.000Z', atMs: 1, module: 'farm', kind: 'state', text: '', state: 'UP', quality: 'Ready' },
        ],
      },
    }),
  };
  return {
    ...inspection,
    get looking() {
      return inspection.looking;
    },
    ...records,
    clock: () => ({ atMs: 1, wallMs: 2 }),
    uploaded,
    uploads: {
      async add(chunks) {
        for await (const chunk of chunks) uploaded.push(chunk);
        return { ok: true, value: record };
      },
      list: () => [record],
      get: (id) => (id === anUpload ? record : null),
      remove: async (id) => id === anUpload,
      record: (id) => (id === anUpload ? records : null),
      explain: async (_id, module) => ({
        ok: true,
        value: {
          ...{ module, node, at: record.expires, until: null, reason: null, doubt: null, chain: [], resources: [] },
          ...{ from: { state: 'STOP', quality: 'NotReady' }, to: { state: 'UP', quality: 'Ready' } },
          budget: { used: 0, max: 3 },
        },
      }),
    },
    send: (event) => actor.getSnapshot().children['module:farm']?.send(event),
    stop: () => void actor.stop(),
  };
}
