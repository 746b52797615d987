/** What administrators have switched off, by what they were answered: a model outside the code under test. */
import type { SwitchName } from '../machines/module.types.js';
import { followDisks } from './disk-doubt.js';
import type { Fact } from './facts.js';

/** A switch is on disk that long after it was used, in ms. */
const durableMs = 100;

interface Place {
  readonly off: Set<SwitchName>;
  /** Used a moment before the daemon ended, or not written by a disk that failed: it may be as it was, or as it was to be. */
  readonly doubtful: Set<SwitchName>;
  readonly changedMs: Map<SwitchName, number>;
}
export interface Switched {
  heed(fact: Fact, atMs: number): void;
  /** Null: it cannot be known. */
  isOff(node: string, module: string, what: SwitchName): boolean | null;
}

/** Follows a world from its beginning. */
export function followSwitches(): Switched {
  const known = new Map<string, Place>();
  const disks = followDisks();
  return {
    heed(fact, atMs) {
      disks.heed(fact, atMs);
      if (fact.kind === 'switch') {
        const key = `${fact.node}/${fact.module}`;
        const place = known.get(key) ?? { off: new Set(), doubtful: new Set(), changedMs: new Map() };
        known.set(key, place);
        if (fact.on) place.off.delete(fact.what);
        else place.off.add(fact.what);
        place.doubtful.delete(fact.what);
        place.changedMs.set(fact.what, atMs);
      }
      if (fact.kind === 'daemon' && (fact.phase === 'killed' || fact.phase === 'left')) {
        for (const [key, place] of known) {
          if (!key.startsWith(`${fact.node}/`)) continue;
          const isLost = disks.failed(fact.node, atMs);
          for (const [what, changedMs] of place.changedMs) if (isLost || atMs - changedMs < durableMs) place.doubtful.add(what);
        }
      }
    },
    isOff(node, module, what) {
      const place = known.get(`${node}/${module}`);
      if (place?.doubtful.has(what)) return null;
      return place?.off.has(what) ?? false;
    },
  };
}
