/** What the nodes have on record, read page by page, with their clocks; and what they tell from then on. */
import type { ClockReading, TimelinePage as Page, TimelineItem } from '../../../http/api-types.js';
import { live } from '../../model/store.js';
import { api } from '../../session/session.js';
import { type ClockOffset, type ClockSample, offsetOf } from '../../timeline/model.js';

const replayMs = 70_000;
const readings = 3;

export interface NodeRecord {
  readonly node: string;
  readonly items: readonly TimelineItem[];
  /** `before` of what is older; null: there is nothing. */
  readonly next: string | null;
  readonly clock: ClockOffset | null;
  readonly problem: string | null;
  readonly doubt: string | null;
}

const base = (node: string): string => `/nodes/${encodeURIComponent(node)}`;

/** Reads a node's clock some times: the quickest answer tells most. */
async function readClock(node: string): Promise<ClockOffset | null> {
  const samples: ClockSample[] = [];
  for (let count = 0; count < readings; count += 1) {
    const askedMs = performance.timeOrigin + performance.now();
    try {
      const { wallMs } = await api.get<ClockReading>(`${base(node)}/clock`);
      samples.push({ askedMs, answeredMs: performance.timeOrigin + performance.now(), saidMs: wallMs });
    } catch {
      break;
    }
  }
  return offsetOf(samples);
}

/** What came since then, which a record takes in; null: it could not be read. @param from ISO 8601 */
async function readSince(node: string, from: string): Promise<readonly TimelineItem[] | null> {
  const query = new URLSearchParams({ limit: '4000', from });
  try {
    return (await api.get<Page>(`${base(node)}/timeline?${query}`, { timeoutMs: replayMs })).items;
  } catch {
    return null;
  }
}
/** A record with what came since its end. */
export function withNewer(record: NodeRecord, newer: readonly TimelineItem[]): NodeRecord {
  const [first] = newer;
  if (first === undefined) return record;
  const fromMs = Date.parse(first.time);
  return { ...record, items: [...record.items.filter((item) => Date.parse(item.time) < fromMs), ...newer] };
}

export async function readNode(node: string, before: string | null): Promise<NodeRecord> {
  const query = new URLSearchParams({ limit: '4000', ...(before === null ? {} : { before }) });
  try {
    const clock = await readClock(node);
    const page = await api.get<Page>(`${base(node)}/timeline?${query}`, { timeoutMs: replayMs });
    return { node, items: page.items, next: page.next, clock, problem: null, doubt: page.doubt };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { node, items: [], next: null, clock: null, problem, doubt: null };
  }
}

/** A module has moved: why, and what was done, is in the journal a little later. A replay costs the node something, so not too often. */
const newsDelayMs = 2_500;
/** The fact that moved it came before. */
const marginMs = 10_000;
/**
 * Reads on where a module has moved, until the returned function is called: events tell states, scripts and resources, the record
 * also facts, verdicts and rules.
 */
export function followRecords(change: (next: (records: readonly NodeRecord[]) => readonly NodeRecord[]) => void): () => void {
  const waiting = new Map<string, ReturnType<typeof setTimeout>>();
  let ended = false;
  async function readOn(node: string, from: string): Promise<void> {
    const newer = await readSince(node, from);
    if (newer !== null && !ended) change((all) => all.map((one) => (one.node === node ? withNewer(one, newer) : one)));
  }
  const stop = live.onEvent((event) => {
    if (event.type !== 'module.state' || waiting.has(event.node)) return;
    const from = new Date(Date.parse(event.at) - marginMs).toISOString();
    waiting.set(
      event.node,
      setTimeout(() => {
        waiting.delete(event.node);
        void readOn(event.node, from);
      }, newsDelayMs),
    );
  });
  return () => {
    ended = true;
    stop();
    for (const timer of waiting.values()) clearTimeout(timer);
  };
}
