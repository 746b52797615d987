/** What the nodes have on record, read page by page, with their clocks; and what they tell from then on. */
import type { ClockReading, TimelinePage as Page, TimelineItem } from '../../../http/api-types.js';
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
