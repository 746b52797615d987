/** A module's resources with their last values, for those who ask; the rules' own copy is in the failover machine. */
import type { Resource } from './face.js';

/** Values that are kept for each resource. */
export const historyLength = 200;
/** Resources that one module may have; more are refused. */
export const resourceLimit = 1_000;

export interface ResourceBook {
  /** False when there are too many resources already. */
  set(resource: Resource): boolean;
  list(): readonly Resource[];
  history(name: string): readonly Resource[] | null;
}

/** An empty book. */
export function createResourceBook(): ResourceBook {
  const histories = new Map<string, Resource[]>();
  return {
    set(resource) {
      const history = histories.get(resource.name) ?? [];
      if (history.length === 0 && histories.size >= resourceLimit) return false;
      history.push(resource);
      if (history.length > historyLength) history.shift();
      histories.set(resource.name, history);
      return true;
    },
    list: () =>
      [...histories.values()].flatMap((history) => history.slice(-1)).sort((left, right) => (left.name < right.name ? -1 : 1)),
    history: (name) => histories.get(name) ?? null,
  };
}
