/** Invariants 1 and 2: what the probe answers, and the order of the scripts. */
import type { Fact } from './facts.js';
import type { Invariant } from './invariant.types.js';
import type { World } from './world.js';

const isStart = (script: string): boolean => script.startsWith('start_');
const isStop = (script: string): boolean => script.startsWith('stop_');

type ModuleLog = Extract<Fact, { readonly kind: 'log' }> & { readonly module: string };
const isGivenUp = (fact: Fact): fact is ModuleLog =>
  fact.kind === 'log' && fact.module !== null && fact.entry.message.includes('after being killed');
/** A handler is told by its path. */
const scriptOf = (fact: ModuleLog): string => String(fact.entry.data?.['script'] ?? '').replace(/^.*\//, '');

interface Place {
  /** A start script has ended and no stop script has begun since. */
  started: boolean;
  ready: boolean;
  /** A start script has begun and no stop script has since. */
  begun: boolean;
  /** Scripts that run and have not been given up: pid → name. */
  readonly running: Map<number, string>;
}

const places = (): ((node: string, module: string) => Place) & { forget(node: string): void } => {
  const known = new Map<string, Place>();
  const of = (node: string, module: string): Place => {
    const key = `${node}/${module}`;
    const found = known.get(key) ?? { started: false, ready: false, begun: false, running: new Map<number, string>() };
    known.set(key, found);
    return found;
  };
  return Object.assign(of, {
    forget: (node: string): void => {
      for (const key of known.keys()) if (key.startsWith(`${node}/`)) known.delete(key);
    },
  });
};

/** 1: `ready.txt` answers 200 only while the application is meant to serve and is watched. */
export function probeTruth(world: World): Invariant {
  const of = places();
  return {
    name: '1 probe truth',
    ofModules: true,
    statement:
      'ready.txt answers 200 only between the end of a start script and the beginning of the next stop script (or drain), with the module’s checkers armed.',
    onFact(fact) {
      if (fact.kind === 'machine' && fact.phase === 'off') of.forget(fact.node);
      if (fact.kind === 'daemon' && fact.phase !== 'ready') {
        for (const { name } of world.options.modules) of(fact.node, name).ready = false;
        return null;
      }
      // A start script that was given up has ended as far as the module can know.
      if (isGivenUp(fact) && isStart(scriptOf(fact))) of(fact.node, fact.module).started = true;
      if (fact.kind === 'script.end' || fact.kind === 'script.begin') {
        const place = of(fact.node, fact.module);
        if (isStart(fact.script)) place.started = fact.kind === 'script.end';
        // The end of one says nothing: it may have been given up long before.
        if (!isStop(fact.script) || fact.kind === 'script.end') return null;
        place.started = false;
        return place.ready ? `${fact.node}/${fact.module}: ${fact.script} begins while ready.txt answers 200` : null;
      }
      if (fact.kind !== 'probe') return null;
      const place = of(fact.node, fact.module);
      place.ready = fact.ready;
      if (!fact.ready) return null;
      const at = `${fact.node}/${fact.module}`;
      const has = world.options.modules.find((one) => one.name === fact.module);
      if (!place.started && has?.scripts.includes('start_both') === true && has.config.user !== null) {
        return `${at}: ready.txt answers 200, and no start script has ended since the last stop script`;
      }
      if (fact.state !== 'UP' || fact.quality !== 'Ready') return `${at}: ready.txt answers 200 in ${fact.state} ${fact.quality}`;
      return null;
    },
    onCheck() {
      for (const node of world.nodes.values()) {
        for (const host of node.runtime()?.hosts.values() ?? []) {
          if (!of(node.name, host.active.name).ready) continue;
          const { context } = host.snapshot();
          if (!context.armed.includes('both'))
            return `${node.name}/${host.active.name}: ready.txt answers 200, errd is not armed`;
        }
      }
      return null;
    },
  };
}

/** 2: no two starts without a stop between them, and no two scripts at the same time. */
export function scriptOrder(): Invariant {
  const of = places();
  return {
    name: '2 script order',
    ofModules: true,
    statement:
      'Between two start_X of a module on a node there is a stop_X; no two scripts of one module run at the same time (custom checkers aside).',
    onFact(fact) {
      if (fact.kind === 'machine' && fact.phase === 'off') of.forget(fact.node);
      // A script that survived SIGKILL for five seconds is given up by design: it does not count from then on.
      if (isGivenUp(fact)) {
        const place = of(fact.node, fact.module);
        const script = scriptOf(fact);
        for (const [pid, name] of place.running) if (name === script) place.running.delete(pid);
      }
      if (fact.kind === 'script.end') of(fact.node, fact.module).running.delete(fact.pid);
      if (fact.kind !== 'script.begin') return null;
      const place = of(fact.node, fact.module);
      const at = `${fact.node}/${fact.module}`;
      const [other] = place.running.values();
      if (other !== undefined) return `${at}: ${fact.script} begins while ${other} runs`;
      if (fact.pid !== 0) place.running.set(fact.pid, fact.script);
      if (isStop(fact.script)) place.begun = false;
      if (!isStart(fact.script)) return null;
      if (place.begun) return `${at}: ${fact.script} begins, and there was no stop script since it began before`;
      place.begun = true;
      return null;
    },
  };
}
