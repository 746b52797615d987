/** Where the films come from: a node's machines as they run, its record, an upload. */
import type { Chart, ChartList, Explanation, StepHistory, StepPage, UploadedRecord } from '../../../http/api-types.js';
import { ApiFailure } from '../../api/client.js';
import { api } from '../../session/session.js';

/** A replay of a long journal takes seconds. */
const replayMs = 70_000;
/** How long a page of steps is held back where nothing happens. */
const waitMs = 1_500;

const nodeBase = (node: string): string => `/nodes/${encodeURIComponent(node)}`;
const queryOf = (values: Readonly<Record<string, string | null>>): string =>
  new URLSearchParams(Object.entries(values).filter((pair): pair is [string, string] => pair[1] !== null)).toString();

/** The record of a node, or of what was uploaded. */
export type RecordName = { readonly kind: 'node'; readonly node: string } | { readonly kind: 'upload'; readonly id: string };
const recordBase = (record: RecordName): string =>
  record.kind === 'node' ? nodeBase(record.node) : `/inspections/${encodeURIComponent(record.id)}`;

export async function readCharts(): Promise<readonly Chart[]> {
  return (await api.get<ChartList>('/charts')).items;
}
export function readHistory(
  record: RecordName,
  place: { readonly of: string | null; readonly before?: string | null; readonly at?: string | null },
): Promise<StepHistory> {
  const { of, before = null, at = null } = place;
  return api.get<StepHistory>(`${recordBase(record)}/history?${queryOf({ of, before, at, limit: '500' })}`, {
    timeoutMs: replayMs,
  });
}
export async function askWhy(record: RecordName, module: string, time: string): Promise<Explanation | null> {
  const path =
    record.kind === 'node'
      ? `${nodeBase(record.node)}/modules/${encodeURIComponent(module)}/explain?${queryOf({ at: time })}`
      : `${recordBase(record)}/explain?${queryOf({ module, at: time })}`;
  try {
    return await api.get<Explanation>(path, { timeoutMs: replayMs });
  } catch (error) {
    if (error instanceof ApiFailure && error.code === 'EXPLAIN_NONE') return null;
    throw error;
  }
}
export async function upload(file: File): Promise<UploadedRecord> {
  const response = await api.send('POST', '/inspections', {
    bytes: file,
    headers: { 'content-type': file.name.endsWith('.zip') ? 'application/zip' : 'application/octet-stream' },
    timeoutMs: 180_000,
  });
  return response.json();
}
export async function readUpload(id: string): Promise<UploadedRecord> {
  return api.get<UploadedRecord>(`/inspections/${encodeURIComponent(id)}`);
}
export async function removeUpload(id: string): Promise<void> {
  await api.send('DELETE', `/inspections/${encodeURIComponent(id)}`).catch(() => undefined);
}

export interface Follower {
  stop(): void;
}
/** Follows the machines of a node, page after page, until stopped. The daemon looks only while somebody asks. */
export function follow(
  node: string,
  of: string | null,
  onPage: (page: StepPage) => void,
  onFailure: (message: string | null) => void,
): Follower {
  const ended = new AbortController();
  async function run(): Promise<void> {
    let since: string | null = null;
    while (!ended.signal.aborted) {
      try {
        const query = queryOf({ of, since, waitMs: since === null ? null : String(waitMs), limit: '500' });
        const page: StepPage = await api.get<StepPage>(`${nodeBase(node)}/actors/steps?${query}`, { signal: ended.signal });
        since = page.next;
        onFailure(null);
        if (!ended.signal.aborted && page.items.length > 0) onPage(page);
      } catch (error) {
        if (ended.signal.aborted) return;
        onFailure(error instanceof Error ? error.message : String(error));
        since = null;
        await new Promise((resolve) => setTimeout(resolve, 1_500));
      }
    }
  }
  void run();
  return { stop: () => ended.abort() };
}
