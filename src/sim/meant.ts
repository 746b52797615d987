/** Whether each module is meant to be up, by what was commanded and by what its configuration says: a model outside the code under test. */
import { followDisks } from './disk-doubt.js';
import type { Fact } from './facts.js';
import type { World } from './world.js';

/** `unknown`: a disk that failed, or a daemon that died just then, may have kept the one or the other. */
export type Meant = 'up' | 'down' | 'unknown';

/** A wish is durable that long after it was accepted, in ms. */
export const durableMs = 100;

interface Place {
  meant: Meant;
  changedMs: number;
  /** Its last end was the machine's, or a planned shutdown: the boot rule decides at the next start. */
  boots: boolean;
}

/** Follows a world from its beginning. */
export function followMeant(world: World): (node: string, module: string) => Meant {
  const known = new Map<string, Place>();
  const disks = followDisks();
  const of = (node: string, module: string): Place => {
    const key = `${node}/${module}`;
    const found = known.get(key) ?? { meant: 'down', changedMs: Number.NEGATIVE_INFINITY, boots: true };
    known.set(key, found);
    return found;
  };
  const modules = world.options.modules;
  const lost = (node: string, atMs: number): void => {
    for (const { name } of modules) {
      const place = of(node, name);
      const unsaved = disks.failed(node, atMs);
      if (atMs - place.changedMs < durableMs || unsaved) place.meant = 'unknown';
      // The next daemon may not know that it was shut down, and goes on from an older record.
      if (unsaved) place.boots = false;
    }
  };
  const set = (node: string, module: string, meant: Meant, atMs: number): void => {
    const place = of(node, module);
    if (place.meant === meant) return;
    place.meant = meant;
    place.changedMs = atMs;
  };
  const heed = (fact: Fact, atMs: number): void => {
    switch (fact.kind) {
      case 'daemon':
        if (fact.phase === 'killed' || fact.phase === 'left') lost(fact.node, atMs);
        if (fact.phase !== 'started') return;
        for (const { name, config } of modules) {
          const place = of(fact.node, name);
          if (!place.boots) continue;
          place.boots = false;
          const { boot } = config.service;
          if (boot !== 'auto') set(fact.node, name, boot === 'on' ? 'up' : 'down', atMs);
        }
        return;
      case 'machine':
        if (fact.phase !== 'off') return;
        for (const { name } of modules) of(fact.node, name).boots = true;
        return;
      case 'command': {
        const place = of(fact.node, fact.module);
        // Who says stop to what was shut down means it to stay so.
        if (fact.answer === 'already' && (fact.action === 'stop' || fact.action === 'forcestop') && place.boots) {
          place.boots = false;
          set(fact.node, fact.module, 'down', atMs);
        }
        if (fact.answer !== 'run' || fact.action === 'update') return;
        // A component's command that maxloop turned into a stop: its log line came first.
        if (fact.identity !== null && place.meant === 'down' && place.changedMs === atMs) return;
        place.changedMs = atMs;
        if (fact.action === 'stop' || fact.action === 'forcestop') {
          place.meant = 'down';
          place.boots = false;
        }
        // What is shut down stays meant to be what it was, and is not demanded until its next boot.
        else if (fact.action === 'shutdown') place.boots = true;
        else place.meant = 'up';
        if (fact.action === 'start') place.boots = false;
        return;
      }
      case 'fault':
        // What was stopped before stays so; what is shut down with the daemon comes back with it by its boot rule.
        if (fact.what === 'daemon shutdown asked for') {
          for (const { name } of modules) if (of(fact.node, name).meant === 'up') of(fact.node, name).boots = true;
        }
        return;
      case 'log':
        if (fact.module === null) return;
        // The module's own decisions to stop: maxloop, errd's action "stop", a rule, a component's command.
        if (/^Action stop (called by|from failover rule) /.test(fact.entry.message) && fact.entry.level !== 'U')
          set(fact.node, fact.module, 'down', atMs);
        return;
      default:
        return;
    }
  };
  world.watch((fact, atMs) => {
    heed(fact, atMs);
    disks.heed(fact, atMs);
  });
  return (node, module) => {
    const place = of(node, module);
    return place.boots ? 'unknown' : place.meant;
  };
}
