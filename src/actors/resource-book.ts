/**
 * A module's resources with their values and how they came by them, for those who ask; the rules' own copy is in the failover machine.
 * What it is given of earlier runs is history; which of those values are true still is told by `stillTrue`.
 */
import type { ModuleConfig } from '../config/types.js';
import type { ResourceValues } from '../machines/failover-rules.js';
import type { HistoryPage, Resource } from './face.js';
import type { ResourceEntry } from './ports.js';

/** Values that are kept for each resource. */
export const historyLength = 200;
/** Resources that one module may have; more are refused. */
export const resourceLimit = 1_000;

export interface ResourceBook {
  /** False when there are too many resources already. */
  set(resource: Resource): boolean;
  /** Resources that this run knows a value of. */
  list(): readonly Resource[];
  /** The value that this run knows. */
  last(name: string): Resource | null;
  /** Everything that is kept of a resource, oldest first; null where it was never heard of. */
  history(name: string): readonly Resource[] | null;
  /** The newest `limit` values before the cursor `before` (null: up to now), oldest first. */
  page(name: string, before: number | null, limit: number): HistoryPage | null;
}

interface Chronicle {
  readonly values: Resource[];
  /** Values that were dropped: cursors count from the first one there ever was. */
  dropped: number;
  /** It has a value in this run. */
  isKnown: boolean;
}

/** @param earlier values of earlier runs, oldest first; `known` says which of them are values still. */
export function createResourceBook(earlier: readonly Resource[] = [], known: ResourceValues = {}): ResourceBook {
  const chronicles = new Map<string, Chronicle>();
  const add = (resource: Resource, isKnown: boolean): boolean => {
    const chronicle = chronicles.get(resource.name) ?? { values: [], dropped: 0, isKnown: false };
    if (chronicle.values.length === 0 && chronicles.size >= resourceLimit) return false;
    chronicle.values.push(resource);
    if (chronicle.values.length > historyLength) {
      chronicle.values.shift();
      chronicle.dropped += 1;
    }
    chronicle.isKnown ||= isKnown;
    chronicles.set(resource.name, chronicle);
    return true;
  };
  for (const resource of earlier) add(resource, resource.name in known);

  return {
    set: (resource) => add(resource, true),
    list: () =>
      [...chronicles.values()]
        .filter(({ isKnown }) => isKnown)
        .flatMap(({ values }) => values.slice(-1))
        .sort((left, right) => (left.name < right.name ? -1 : 1)),
    last: (name) => {
      const chronicle = chronicles.get(name);
      return chronicle?.isKnown ? (chronicle.values.at(-1) ?? null) : null;
    },
    history: (name) => chronicles.get(name)?.values ?? null,
    page(name, before, limit) {
      const chronicle = chronicles.get(name);
      if (chronicle === undefined) return null;
      const { values, dropped } = chronicle;
      const end = Math.min(Math.max((before ?? dropped + values.length) - dropped, 0), values.length);
      const start = Math.max(0, end - limit);
      return { items: values.slice(start, end), next: start > 0 ? String(dropped + start) : null };
    },
  };
}

/** Classes whose values a part of the daemon sets anew whenever it begins. */
const ownClasses: readonly string[] = ['state', 'heart', 'usersetting', 'proc', 'heartbeat', 'connections', 'rfs', 'vip'];

/**
 * Values of earlier runs that are true still: those that people and their scripts set within this boot, and how scripts ended. Whatever
 * is looked at (processes, checkers, addresses) is looked at again and begins at init; after a reboot nothing is taken for granted.
 */
export function stillTrue(entries: readonly ResourceEntry[], config: ModuleConfig, boot: string): ResourceValues {
  const checked = new Set((config.check?.checkers ?? []).map(({ kind, ident }) => `${kind}.${ident}`));
  const last = new Map(entries.map((entry) => [entry.name, entry]));
  const values = [...last.values()].filter(({ name, by, boot: then }) => {
    const [resourceClass = '', id] = name.split('.', 2);
    return then === boot && id !== undefined && !ownClasses.includes(resourceClass) && !checked.has(name) && !/check$/.test(by);
  });
  return Object.fromEntries(values.map(({ name, value }) => [name, value]));
}
