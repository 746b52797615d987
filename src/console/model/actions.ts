/** Carrying out what was confirmed, and how far it is. */
import { signal } from '@preact/signals';
import type { ActionProgress, DumpInfo, MaintenanceSwitch, ModuleCommand } from '../../http/api-types.js';
import { api } from '../session/session.js';
import { saveFile } from '../ui/save.js';
import { type Change, type Support, snapshotName } from './consequences.js';
import { live } from './store.js';

export type StepState = ActionProgress['nodes'][number]['state'] | 'waiting';
export interface Step {
  readonly node: string;
  readonly state: StepState;
  readonly message: string;
}
export interface Activity {
  readonly id: number;
  readonly module: string;
  readonly change: Change;
  readonly steps: readonly Step[];
  readonly done: boolean;
  /** What stopped it altogether. */
  readonly failure: string | null;
}

/** What was asked for in this page, the newest last. What went well goes away by itself. */
export const activities = signal<readonly Activity[]>([]);

const askEveryMs = 400;
const keepMs = 8000;
const most = 6;
const settleMs = 300_000;
const supportMs = 600_000;
let nextId = 1;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const failed = (step: Step): boolean => step.state === 'refused' || step.state === 'failed';

function update(id: number, change: (activity: Activity) => Activity): void {
  activities.value = activities.value.map((one) => (one.id === id ? change(one) : one));
}
export function dismiss(id: number): void {
  activities.value = activities.value.filter((one) => one.id !== id);
}
function finish(id: number, failure: string | null): void {
  update(id, (one) => ({ ...one, done: true, failure }));
  const ended = activities.value.find((one) => one.id === id);
  if (ended !== undefined && ended.failure === null && !ended.steps.some(failed)) setTimeout(() => dismiss(id), keepMs);
  live.refresh();
}

/** Follows an action until it is over; its steps go into the activity. */
async function follow(id: number, progress: ActionProgress): Promise<void> {
  let now = progress;
  for (;;) {
    const told = new Map(now.nodes.map((one) => [one.node, one]));
    update(id, (one) => ({
      ...one,
      steps: one.steps.map((step) => {
        const news = told.get(step.node);
        return news === undefined ? step : { node: step.node, state: news.state, message: news.message };
      }),
    }));
    if (now.done) return;
    await sleep(askEveryMs);
    now = await api.get<ActionProgress>(`/actions/${encodeURIComponent(now.id)}`);
  }
}
async function command(id: number, module: string, action: ModuleCommand, nodes: readonly string[]): Promise<void> {
  const path = `/modules/${encodeURIComponent(module)}/actions`;
  await follow(id, await api.json<ActionProgress>('POST', path, { json: { action, nodes } }));
}
/** Resolves when the module is Ready there again; rejects when it is not after a while. */
function readyAgain(module: string, node: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const status = live.status(module, node);
    const timer = setTimeout(
      () => end(new Error(`${node}: ${status.peek()?.state ?? ''} ${status.peek()?.quality ?? ''}`)),
      settleMs,
    );
    const stop = status.subscribe((now) => {
      if (now?.quality === 'Ready' && now.ready) queueMicrotask(() => end(null));
      if (now?.quality === 'NotReady') queueMicrotask(() => end(new Error(`${node}: ${now.state} ${now.quality}`)));
    });
    function end(error: Error | null): void {
      clearTimeout(timer);
      stop();
      if (error === null) resolve();
      else reject(error);
    }
  });
}
/** One node after the other, each only when the one before serves again. */
async function roll(id: number, module: string, action: 'restart' | 'stopstart', nodes: readonly string[]): Promise<void> {
  for (const node of nodes) {
    await command(id, module, action, [node]);
    const ended = activities
      .peek()
      .find((one) => one.id === id)
      ?.steps.find((one) => one.node === node);
    if (ended !== undefined && failed(ended)) throw new Error(`${node}: ${ended.message}`);
    await readyAgain(module, node);
  }
}
/** What is done on one node for itself: how it goes is the node's step alone. */
async function step(id: number, node: string, work: (path: string) => Promise<string>, module: string): Promise<void> {
  const set = (state: StepState, message: string): void =>
    update(id, (one) => ({ ...one, steps: one.steps.map((was) => (was.node === node ? { node, state, message } : was)) }));
  try {
    set('running', '');
    set('done', await work(`/modules/${encodeURIComponent(module)}/nodes/${encodeURIComponent(node)}`));
  } catch (error) {
    set('failed', messageOf(error));
  }
}
const flip =
  (what: MaintenanceSwitch, on: boolean) =>
  async (path: string): Promise<string> => {
    await api.json('PUT', `${path}/switches`, { json: { switch: what, on } });
    return '';
  };
const writeDown =
  (what: Support, file: string) =>
  async (path: string): Promise<string> => {
    if (what === 'dump') return (await api.json<DumpInfo>('POST', `${path}/dump`, { timeoutMs: supportMs })).name;
    const query = what === 'anonymised' ? '?anonymise=true' : '';
    const response = await api.send('GET', `${path}/snapshot.zip${query}`, { timeoutMs: supportMs });
    saveFile(file, await response.blob());
    return file;
  };

/** Begins it; how it goes is in `activities`. */
export async function carryOut(change: Change, module: string, nodes: readonly string[]): Promise<void> {
  const id = nextId;
  nextId += 1;
  const steps = nodes.map(
    (node): Step => ({
      node,
      state: change.kind === 'rolling' || change.kind === 'support' ? 'waiting' : 'running',
      message: '',
    }),
  );
  activities.value = [...activities.value, { id, module, change, steps, done: false, failure: null }].slice(-most);
  try {
    if (change.kind === 'command') await command(id, module, change.command, nodes);
    else if (change.kind === 'rolling') await roll(id, module, change.command, nodes);
    else if (change.kind === 'switch')
      await Promise.all(nodes.map((node) => step(id, node, flip(change.what, change.on), module)));
    // One after the other: a zip is read from the disk, and may be large.
    else for (const node of nodes) await step(id, node, writeDown(change.what, snapshotName(module, node)), module);
    finish(id, null);
  } catch (error) {
    finish(id, messageOf(error));
  }
}
