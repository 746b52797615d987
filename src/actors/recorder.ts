/**
 * The flight recorder: through the one inspection callback at the root it sees every event that enters a machine from outside, and hands
 * it to the journal with its time and with where each machine went. It decides nothing, changes nothing, and never throws.
 */
import type { AnyActor, InspectionEvent } from 'xstate';
import type { Clock, Journal } from './ports.js';
import type { EventRecord, JournalRecord, QuietRun, TreeName } from './recorder.types.js';
import { createMembershipLog } from './recorder-membership.js';
import { plain } from './recorder-plain.js';
import type { Arrival, Consequence } from './recorder-tree.js';
import { machineActor, rootOf, Tree } from './recorder-tree.js';

/** How long runs of events that change nothing are gathered before they are written, in ms. */
export const quietMs = 15 * 60_000;
/** A wall clock that is so far from where it was expected has been set, in ms. */
const wallJumpMs = 250;
/** A recorder that failed so often is of no use any more: it stays silent until the daemon is started again. */
const mostDefects = 100;
/** In a cluster of more nodes than this, membership's marks are taken at ticks and changes of the view only, not at each packet. */
const nodesMarkedAtPackets = 16;

export interface RecorderOptions {
  readonly journal: Journal;
  readonly clock: Pick<Clock, 'monotonicMs' | 'wallMs'>;
  readonly node: string;
  readonly version: string;
  readonly bootId: string;
}
export interface Recorder {
  readonly inspect: (event: InspectionEvent) => void;
  /** Writes what is still gathered; the daemon ends. */
  close(): void;
}

interface Followed {
  readonly name: TreeName;
  readonly tree: Tree;
  readonly root: AnyActor;
  pending: { readonly arrival: Arrival; readonly at: number } | null;
}

/** An event as it is written. Only those that carry a configuration or an error need a copy. */
function plainEvent(ev: { readonly type: string }): { readonly type: string } {
  const { type } = ev;
  if ('error' in ev) return Object.assign({ type }, { ...ev, error: String(ev.error) });
  return 'input' in ev ? Object.assign({ type }, { ...ev, input: plain(ev.input) }) : ev;
}

function withConsequence(base: EventRecord, { marks, began }: Consequence): EventRecord {
  return { ...base, marks, ...(began.length === 0 ? {} : { began }) };
}

/** Makes a recorder. Its `inspect` belongs into the options of the node's root and of the membership's actor. */
export function createRecorder(options: RecorderOptions): Recorder {
  const { journal, clock } = options;
  const trees = new Map<TreeName, Followed>();
  const quiet = new Map<string, QuietRun>();
  let quietSince = 0;
  let settling = false;
  let wallAheadMs: number | null = null;
  let defects = 0;
  /** What was written since the last defect may be incomplete: a reader must begin anew. */
  let isFresh = true;

  const now = (): number => Math.round(clock.monotonicMs() * 10) / 10;
  const append = (record: JournalRecord): void => {
    if (defects > mostDefects) return;
    const aheadMs = clock.wallMs() - clock.monotonicMs();
    if (wallAheadMs !== null && Math.abs(aheadMs - wallAheadMs) > wallJumpMs) {
      journal.append({ k: 'wall', at: now(), wallMs: Math.round(clock.wallMs()) });
    }
    wallAheadMs = aheadMs;
    journal.append(record);
  };
  const flushQuiet = (): void => {
    if (quiet.size === 0) return;
    const runs = [...quiet.values()];
    quiet.clear();
    append({ k: 'quiet', at: now(), runs });
  };
  const membership = createMembershipLog(append);

  const persisted = (followed: Followed): unknown => plain(followed.root.getPersistedSnapshot());
  /** A new file begins where all machines are at rest: with everything that a reader needs. */
  const beginFile = (): void => {
    const due = journal.due() ?? (isFresh ? null : 'gap');
    if (due === null || defects > mostDefects) return;
    flushQuiet();
    const why = isFresh ? due : 'gap';
    isFresh = true;
    const { node, version, bootId } = options;
    const head: JournalRecord[] = [
      {
        k: 'head',
        format: 1,
        at: now(),
        wallMs: Math.round(clock.wallMs()),
        why: why === 'full' ? 'rotation' : why,
        node,
        version,
        bootId,
      },
    ];
    for (const followed of trees.values()) {
      if (followed.root.getSnapshot().status !== 'active') continue;
      if (followed.name === 'membership' && !membership.isWriting()) continue;
      const continues = why === 'full';
      head.push({ k: 'tree', at: now(), path: followed.name, continues, snapshot: persisted(followed) });
    }
    journal.begin(head);
  };

  /** The event before has been worked off: what it led to is known now. */
  const finish = (followed: Followed, isSettled: boolean): void => {
    const { pending, tree, name } = followed;
    if (pending === null) return;
    followed.pending = null;
    const { arrival, at } = pending;
    const { to, by, within, ev } = arrival;
    const base: EventRecord = {
      k: 'event',
      at,
      to,
      ev: plainEvent(ev),
      ...(by === undefined ? {} : { by }),
      ...(within === undefined ? {} : { within }),
    };
    if (name === 'membership') {
      const { context } = followed.root.getSnapshot();
      // What most likely is never written needs no marks: the event at which the view changes has them, and tells for all before it.
      const isSmall = ev.type !== 'PACKET' || context.input.nodes.length <= nodesMarkedAtPackets;
      const isMarked = isSettled && (membership.changes(context.view) || (membership.isWriting() && isSmall));
      const snapshot: unknown = followed.root.getSnapshot();
      const record = isMarked ? withConsequence(base, tree.take()) : base;
      membership.note(record, context.view, () => plain(followed.root.logic.getPersistedSnapshot(snapshot)));
      return;
    }
    // Still at work: what both led to stands with the one that came later.
    if (!isSettled) {
      flushQuiet();
      append(base);
      return;
    }
    const { marks, began } = tree.take();
    if (Object.keys(marks).length === 0 && began.length === 0 && within === undefined) {
      const key = `${to} ${ev.type}`;
      const run = quiet.get(key);
      if (quiet.size === 0) quietSince = at;
      quiet.set(key, {
        to,
        ...(by === undefined ? {} : { by }),
        count: (run?.count ?? 0) + 1,
        firstAt: run?.firstAt ?? at,
        lastAt: at,
        ev: base.ev,
      });
      if (at - quietSince >= quietMs) flushQuiet();
      return;
    }
    flushQuiet();
    append(withConsequence(base, { marks, began }));
  };
  const settle = (): void => {
    settling = false;
    guarded(() => {
      for (const followed of trees.values()) {
        finish(followed, true);
        followed.tree.settle();
      }
      beginFile();
    });
  };
  const guarded = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      // What records must not disturb what it records; the journal says that it is no longer to be trusted.
      defects += 1;
      isFresh = false;
      journal.append({ k: 'defect', at: now(), detail: String(error) });
    }
  };

  const treeOf = (root: AnyActor, name: TreeName): Followed => {
    const known = trees.get(name);
    if (known !== undefined && known.root === root) return known;
    if (known !== undefined) finish(known, true);
    const followed: Followed = { name, tree: new Tree(), root, pending: null };
    trees.set(name, followed);
    return followed;
  };

  const see = (event: InspectionEvent): void => {
    const actor = machineActor(event.actorRef);
    if (actor === null || (event.type !== '@xstate.event' && event.type !== '@xstate.snapshot')) return;
    const root = rootOf(actor);
    const name: TreeName = root.logic.id === 'membership' ? 'membership' : 'node';
    const isStart = event.type === '@xstate.event' && actor === root && event.event.type === 'xstate.init';
    if (trees.get(name)?.root !== root && !isStart) return;
    if (isStart && journal.due() === 'start') beginFile();
    const followed = treeOf(root, name);
    const arrival = followed.tree.see(event);
    if (isStart) {
      const input = 'input' in event.event ? plain(event.event['input']) : undefined;
      append({ k: 'start', at: now(), path: name, ...(input === undefined ? {} : { input }) });
      if (name === 'membership') membership.begin(now());
    }
    if (!settling) {
      settling = true;
      queueMicrotask(settle);
    }
    if (arrival === null) return;
    finish(followed, arrival.within === undefined);
    followed.pending = { arrival, at: now() };
    followed.tree.countFrom();
  };

  return {
    inspect: (event) => guarded(() => see(event)),
    close: () =>
      guarded(() => {
        settle();
        flushQuiet();
        append({ k: 'end', at: now() });
      }),
  };
}
