/** The machines for whoever looks: charts, states, steps as they are made, what is on record, uploads. */
import type { InspectionFace, RecordFace } from '../../actors/face-inspection.js';
import type { InspectionItem } from '../../actors/inspection.types.js';
import type { EventStream } from '../event-stream.js';
import { ApiError, unwrap } from '../problem.js';
import { type ApiRequest, empty, type Handler, json, list } from '../request.js';
import { installedModule } from './common.js';

/** Steps that are read from the ring at a time for a stream. */
const streamPage = 200;

export const listCharts: Handler = (_request, { face }) => list(face.inspection.charts());
function configuredModule(
  request: ApiRequest,
  statesOf: (of: string) => readonly unknown[],
  face: Parameters<typeof installedModule>[1],
) {
  const module = installedModule(request, face);
  const states = statesOf(`module:${module}`);
  if (states.length === 0)
    throw new ApiError('MODULE_NOT_CONFIGURED', `The module ${module} has no chart: its configuration has not been applied.`);
  return states;
}
export const getChart: Handler = (request, { face }) => {
  configuredModule(request, (of) => face.inspection.states(of), face);
  return list(face.inspection.moduleCharts());
};
export const getSnapshot: Handler = (request, { face }) =>
  list(configuredModule(request, (of) => face.inspection.states(of), face));

/**
 * Sends steps as they are made. Nothing of its own is queued: while the client takes nothing the steps wait in the ring, and where that
 * has lost them the client is told where all machines stand.
 */
function pump(inspection: InspectionFace, stream: EventStream, of: string | null): void {
  let since: string | null = null;
  let busy = false;
  let due = false;
  const send = (item: InspectionItem): boolean =>
    stream.send({ id: item.id, event: item.kind === 'states' ? 'states' : 'step', data: item });
  async function read(): Promise<void> {
    for (;;) {
      due = false;
      const page = inspection.page(since, of, streamPage);
      since = page.next;
      for (const item of page.items) if (!send(item) && !(await stream.drained())) return;
      if (stream.closed || (page.items.length === 0 && !due)) return;
    }
  }
  function wake(): void {
    due = true;
    if (busy || stream.closed) return;
    busy = true;
    // Steps that come together are read together.
    setImmediate(() => {
      void read().finally(() => {
        busy = false;
        if (due && !stream.closed) wake();
      });
    });
  }
  const subscription = inspection.subscribe(wake);
  stream.onClose(() => subscription.close());
  wake();
}
export const listActors: Handler = (request, { face }) => {
  const of = request.query.text('of');
  if (request.wantsStream) return { kind: 'stream', run: (stream) => pump(face.inspection, stream, of) };
  return list(face.inspection.states(of));
};

/** Resolves when there are new steps, when the time is over, or when the client goes away. */
function nextSteps(inspection: InspectionFace, waitMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      subscription.close();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, waitMs);
    const subscription = inspection.subscribe(end);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}
export const listSteps: Handler = async (request, { face: { inspection } }) => {
  const { query, signal } = request;
  const of = query.text('of');
  const limit = query.integer('limit') ?? 500;
  const endMs = performance.now() + (query.integer('waitMs') ?? 0);
  let page = inspection.page(query.text('since'), of, limit);
  while (page.items.length === 0 && performance.now() < endMs && !signal.aborted) {
    await nextSteps(inspection, endMs - performance.now(), signal);
    page = inspection.page(page.next, of, limit);
  }
  return json(page);
};

async function historyOf(record: RecordFace, { query }: ApiRequest, of: string | null) {
  const [before, at] = [query.text('before'), query.text('at')];
  if (before !== null && at !== null) throw new ApiError('HTTP_QUERY', 'In the address, before and at exclude each other.');
  return json(unwrap(await record.history({ of, before, at, limit: query.integer('limit') ?? 500 })));
}
async function timelineOf(record: RecordFace, { query }: ApiRequest) {
  const [module, before, from] = [query.text('module'), query.integer('before'), query.text('from')];
  return json(unwrap(await record.timeline({ module, before, from, limit: query.integer('limit') ?? 2_000 })));
}
export const getHistory: Handler = (request, { face }) => historyOf(face.inspection, request, request.query.text('of'));
export const getModuleHistory: Handler = (request, { face }) =>
  historyOf(face.inspection, request, `module:${installedModule(request, face)}`);
export const getTimeline: Handler = (request, { face }) => timelineOf(face.inspection, request);
export const getClock: Handler = (_request, { face }) => {
  const { atMs, wallMs } = face.inspection.clock();
  return json({ node: face.node, time: new Date(wallMs).toISOString(), wallMs, atMs });
};

const unknown = (): ApiError => new ApiError('INSPECT_UNKNOWN', 'What was uploaded is not there (any more); upload it again.');
function uploadOf(request: ApiRequest): string {
  const id = request.params['id'] ?? '';
  if (!/^[0-9a-f]{24}$/.test(id)) throw unknown();
  return id;
}
function recordOf(request: ApiRequest, inspection: InspectionFace): RecordFace {
  const record = inspection.uploads.record(uploadOf(request));
  if (record === null) throw unknown();
  return record;
}
export const listInspections: Handler = (_request, { face }) => list(face.inspection.uploads.list());
export const postInspection: Handler = async (request, { face }) =>
  json(unwrap(await face.inspection.uploads.add(request.chunks())));
export const getInspection: Handler = (request, { face }) => {
  const record = face.inspection.uploads.get(uploadOf(request));
  if (record === null) throw unknown();
  return json(record);
};
export const deleteInspection: Handler = async (request, { face }) => {
  if (!(await face.inspection.uploads.remove(uploadOf(request)))) throw unknown();
  return empty;
};
export const getInspectionHistory: Handler = (request, { face }) =>
  historyOf(recordOf(request, face.inspection), request, request.query.text('of'));
export const getInspectionTimeline: Handler = (request, { face }) => timelineOf(recordOf(request, face.inspection), request);
export const getInspectionExplanation: Handler = async (request, { face }) => {
  const [module, at] = [request.query.text('module') ?? '', request.query.text('at')];
  return json(unwrap(await face.inspection.uploads.explain(uploadOf(request), module, at)));
};
