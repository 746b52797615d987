/**
 * Gives a journal whose names were replaced the digests that belong to its new names. Both journals, as it was and as it is to be, are fed
 * to the same machines side by side. Where the old one goes as it was recorded, the new one gets the digests of where the machines went;
 * where it does not, the new one keeps the old digests, and diverges there as well: nothing is mended by it.
 */
import type { EventRecord, JournalRecord, TreeName } from '../actors/recorder.types.js';
import { Stage } from './stage.js';

interface Pair {
  readonly old: EventRecord;
  /** Where the new record stands in what comes out. */
  readonly index: number;
}
interface Stages {
  readonly old: Stage;
  readonly renamed: Stage;
}

const treeOf = (to: string): TreeName => (to === 'membership' || to.startsWith('membership/') ? 'membership' : 'node');
const nothing = (): void => undefined;
const leafOf = (mark: string): string => mark.split('#')[0] ?? '';

export class Remarker {
  /** The records as they come out. */
  readonly records: JournalRecord[] = [];
  readonly #rename: (record: JournalRecord) => JournalRecord;
  readonly #stages = new Map<TreeName, Stages>();
  readonly #held = new Map<TreeName, Pair[]>();
  #diverged = false;

  /** @param rename replaces names in a record; what it does not know stays. */
  constructor(rename: (record: JournalRecord) => JournalRecord) {
    this.#rename = rename;
  }

  /** @throws Error where the machines do something else under the new names */
  take(old: JournalRecord): void {
    const renamed = this.#rename(old);
    const index = this.records.push(renamed) - 1;
    if (this.#diverged) return;
    if (old.k === 'event') {
      const name = treeOf(old.to);
      const held = this.#held.get(name) ?? [];
      if (old.within !== undefined && held.length > 0) {
        held.push({ old, index });
        return;
      }
      this.#play(name);
      this.#held.set(name, [{ old, index }]);
      return;
    }
    if (old.k === 'quiet') {
      this.#play('node');
      if (renamed.k === 'quiet') for (const [at, run] of old.runs.entries()) this.#quiet(run, renamed.runs[at] ?? run);
      return;
    }
    this.settle();
    this.#begin(old, renamed);
  }

  /** Plays what is held back; to be called at the end. */
  settle(): void {
    for (const name of [...this.#held.keys()]) this.#play(name);
  }

  #begin(old: JournalRecord, renamed: JournalRecord): void {
    if (old.k === 'head' && old.why !== 'rotation') this.#forget();
    if (old.k === 'start' && renamed.k === 'start') {
      this.#end(old.path);
      this.#guarded(() =>
        this.#stages.set(old.path, {
          old: Stage.begin(old.path, old.input, nothing),
          renamed: Stage.begin(old.path, renamed.input, nothing),
        }),
      );
    }
    if (old.k !== 'tree' || renamed.k !== 'tree') return;
    const own = this.#stages.get(old.path);
    this.#guarded(() => {
      const restored = Stage.restore(old.path, old.snapshot, nothing);
      const differs = own !== undefined && old.continues && own.old.differs(restored) !== null;
      if (differs) this.#diverged = true;
      if (own !== undefined && old.continues) {
        restored.end();
        return;
      }
      this.#end(old.path);
      this.#stages.set(old.path, { old: restored, renamed: Stage.restore(old.path, renamed.snapshot, nothing) });
    });
  }

  #quiet(
    run: { readonly to: string; readonly by?: string; readonly ev: { readonly type: string }; readonly lastAt: number },
    renamed: typeof run,
  ): void {
    const stages = this.#stages.get('node');
    if (stages === undefined || this.#diverged) return;
    const recordOf = ({ to, by, ev, lastAt }: typeof run): EventRecord => ({
      ...{ k: 'event', at: lastAt, to, ev, marks: {} },
      ...(by === undefined ? {} : { by }),
    });
    this.#guarded(() => {
      if (stages.old.play([recordOf(run)]) !== null) this.#diverged = true;
      stages.renamed.follow([recordOf(renamed)]);
    });
  }

  #play(name: TreeName): void {
    const held = this.#held.get(name) ?? [];
    this.#held.delete(name);
    const stages = this.#stages.get(name);
    if (stages === undefined || this.#diverged || held.length === 0) return;
    const renamed = held.map(({ index }) => this.records[index]).filter((record) => record?.k === 'event');
    this.#guarded(() => {
      if (stages.old.play(held.map(({ old }) => old)) !== null) {
        this.#diverged = true;
        return;
      }
      const consequence = stages.renamed.follow(renamed);
      const [last, index] = [renamed.at(-1), held.at(-1)?.index];
      if (consequence === null || last === undefined || index === undefined) return;
      const { marks, began } = consequence;
      this.#sameWay(last, marks);
      const { began: _, ...rest } = last;
      this.records[index] = { ...rest, marks, ...(began.length === 0 ? {} : { began }) };
    });
  }

  /** The same machines must have changed, and into the same states. */
  #sameWay(recorded: EventRecord, marks: Readonly<Record<string, string>>): void {
    const wanted = recorded.marks ?? {};
    for (const path of new Set([...Object.keys(wanted), ...Object.keys(marks)])) {
      const [then, now] = [leafOf(wanted[path] ?? 'no change'), leafOf(marks[path] ?? 'no change')];
      if (then !== now) throw new Error(`under the new names ${path} would go to ${now} and not to ${then}`);
    }
  }

  #forget(): void {
    for (const name of [...this.#stages.keys()]) this.#end(name);
  }
  #end(name: TreeName): void {
    const stages = this.#stages.get(name);
    stages?.old.end();
    stages?.renamed.end();
    this.#stages.delete(name);
  }
  /** A record that cannot be played is a damage of the journal: from there on it stays as it is. */
  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('under the new names')) throw error;
      this.#diverged = true;
    }
  }
}
