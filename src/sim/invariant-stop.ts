/** Invariant 4: a stop ends. */
import type { ModuleConfig } from '../config/types.js';
import { checkEveryMs, type Invariant } from './invariant.types.js';
import { durableMs } from './meant.js';
import type { World } from './world.js';

/** Longest automatic drain, in ms (docs/verification.md). */
const drainCeilingMs = 120_000;

/** The longest that a stop may take, in ms. */
export function stopLimitMs({ user, service }: ModuleConfig): number {
  const { drain } = service;
  const drainMs = drain.kind === 'time' ? drain.ms : drain.kind === 'auto' ? drainCeilingMs : 0;
  return (user?.nicestopTimeoutMs ?? 0) + (user?.forcestopTimeoutMs ?? 0) + drainMs + 30_000;
}

const stopping: readonly string[] = ['stop', 'forcestop', 'shutdown'];

/** 4: whatever scripts do. The time in which no daemon runs, or nothing of it runs, does not count; a new daemon begins anew. */
export function stopEnds(world: World): Invariant {
  /** How long each stop has been under way, in ms of time in which its daemon ran. */
  const underWay = new Map<
    string,
    {
      readonly node: string;
      readonly module: string;
      readonly action: string;
      readonly acceptedMs: number;
      readonly limitMs: number;
      spentMs: number;
    }
  >();
  return {
    name: '4 stop ends',
    ofModules: true,
    statement: 'A stop command ends in STOP within nicestoptimeout + forcestoptimeout + drain + 30 s, whatever scripts do.',
    onFact(fact, atMs) {
      if (fact.kind === 'command' && fact.answer === 'run' && stopping.includes(fact.action)) {
        const config = world.options.modules.find((one) => one.name === fact.module)?.config;
        const { node, module, action } = fact;
        if (config !== undefined)
          underWay.set(`${node}/${module}`, { node, module, action, acceptedMs: atMs, limitMs: stopLimitMs(config), spentMs: 0 });
      }
      if (fact.kind === 'probe' && fact.state === 'STOP') underWay.delete(`${fact.node}/${fact.module}`);
      // A command that was accepted just before the daemon's end is on disk, or not.
      if (fact.kind === 'daemon' && (fact.phase === 'killed' || fact.phase === 'left')) {
        for (const [key, one] of underWay) if (one.node === fact.node && atMs - one.acceptedMs < durableMs) underWay.delete(key);
      }
      if (fact.kind === 'machine' && fact.phase === 'off') {
        for (const [key, one] of underWay) if (one.node === fact.node) underWay.delete(key);
      }
      if (fact.kind === 'daemon' && fact.phase === 'ready') {
        for (const [key, one] of underWay) {
          one.spentMs = one.node === fact.node ? 0 : one.spentMs;
          // After a shutdown that was cut short the boot setting applies: the module may be on its way up again.
          if (one.node === fact.node && one.action === 'shutdown') underWay.delete(key);
        }
      }
      return null;
    },
    onCheck() {
      for (const one of underWay.values()) {
        const node = world.node(one.node);
        if (!node.begun() || node.stalled() || node.host.suspended()) continue;
        one.spentMs += checkEveryMs;
        if (one.spentMs > one.limitMs + checkEveryMs)
          return `${one.node}/${one.module}: a stop has been under way for ${one.spentMs} ms, ${one.limitMs} ms are allowed`;
      }
      return null;
    },
  };
}
