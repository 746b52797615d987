/** What the daemon tells whoever looks at its machines: charts, where they stand, their steps, and what is on record. */
import type { Explanation, Outcome } from './face.js';
import type { ActorState, Chart, StepHistory, StepPage, TimelinePage, UploadedRecord } from './inspection.types.js';

/** Which steps of the record: the newest before a place in it, or those around a moment (a time as people write it). */
export interface HistoryRequest {
  /** Path of an actor, with what is below it; null: all. */
  readonly of: string | null;
  readonly before: string | null;
  readonly at: string | null;
  readonly limit: number;
}
export interface TimelineRequest {
  readonly module: string | null;
  /** In ms since 1970. */
  readonly before: number | null;
  /** Nothing older is needed: a time as people write it. */
  readonly from: string | null;
  readonly limit: number;
}
/** Something that steps can be read from: this node's journal, or what was uploaded. */
export interface RecordFace {
  history(request: HistoryRequest): Promise<Outcome<StepHistory>>;
  timeline(request: TimelineRequest): Promise<Outcome<TimelinePage>>;
}
/** What was uploaded to be looked at: kept for a while in a private directory, never unpacked, replayed in a process of its own. */
export interface UploadsFace {
  /** @param chunks the file as it comes in; it ends with an error where it is cut off or too large */
  add(chunks: AsyncIterable<Uint8Array>): Promise<Outcome<UploadedRecord>>;
  list(): readonly UploadedRecord[];
  get(id: string): UploadedRecord | null;
  remove(id: string): Promise<boolean>;
  /** Null where there is none (any more). */
  record(id: string): RecordFace | null;
  explain(id: string, module: string, at: string | null): Promise<Outcome<Explanation>>;
}
/** The statechart inspector's part of the face. */
export interface InspectionFace extends RecordFace {
  charts(): readonly Chart[];
  moduleCharts(): readonly Chart[];
  states(of: string | null): readonly ActorState[];
  page(since: string | null, of: string | null, limit: number): StepPage;
  subscribe(onSteps: () => void): { close(): void };
  /** This node's clocks, read as late as possible. */
  clock(): { readonly atMs: number; readonly wallMs: number };
  readonly uploads: UploadsFace;
}
