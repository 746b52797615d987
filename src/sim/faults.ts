/** The faults that a plan schedules: each begins at a time, most end after a while, and each can be left out without changing the others. */
import type { ModuleCommand } from '../actors/face.js';
import type { SwitchName } from '../machines/module.types.js';
import type { ScriptFault } from './script-book.js';
import type { LinkQuality } from './sim-network.js';
import type { SimNode } from './sim-node.js';
import type { CheckFault } from './sim-prober.js';
import type { World } from './world.js';

interface Timed {
  /** Ms since the beginning. */
  readonly atMs: number;
  /** How long it lasts, in ms. */
  readonly forMs: number;
}
export type FaultDetail =
  /** The daemon is killed, at once or when it has called that many of its ports, and started again when the fault ends. */
  | { readonly kind: 'kill'; readonly node: string; readonly calls?: number }
  /** Ends without stopping the applications, as for an update; started again at the end. */
  | { readonly kind: 'leave'; readonly node: string }
  /** Stops its modules and ends; started again when it has ended and the fault is over. */
  | { readonly kind: 'shutdown'; readonly node: string }
  | { readonly kind: 'power'; readonly node: string }
  | { readonly kind: 'suspend'; readonly node: string }
  /** The daemon's main loop hangs; its transport goes on until the lease is over. */
  | { readonly kind: 'stall'; readonly node: string }
  /** One direction on one lan (null: all). */
  | { readonly kind: 'cut'; readonly from: string; readonly to: string; readonly lan: string | null }
  /** These on one side, the others on the other. */
  | { readonly kind: 'partition'; readonly side: readonly string[] }
  /** Those of one node, or of all. */
  | { readonly kind: 'links'; readonly quality: LinkQuality; readonly node?: string }
  | { readonly kind: 'wall'; readonly node: string; readonly deltaMs: number }
  /** The wall clock runs at that rate for a while. */
  | { readonly kind: 'drift'; readonly node: string; readonly rate: number }
  | { readonly kind: 'diskFull' | 'diskHung' | 'blind' | 'unreachable'; readonly node: string }
  | {
      readonly kind: 'script';
      readonly node: string;
      readonly module: string;
      readonly script: string;
      readonly fault: ScriptFault;
    }
  | {
      readonly kind: 'crash';
      readonly node: string;
      readonly module: string;
      readonly process: string | null;
      readonly signal: string;
    }
  /** Processes of the application that nobody asked for. */
  | { readonly kind: 'strays'; readonly node: string; readonly module: string; readonly count: number }
  | {
      readonly kind: 'command';
      readonly node: string;
      readonly module: string;
      readonly action: ModuleCommand;
      readonly identity: string | null;
      /** Not at once, but so long after the next such thing happens to the module there. */
      readonly after?: { readonly fact: 'script.begin' | 'script.end' | 'probe'; readonly delayMs: number };
    }
  /** Down, and up at the end. */
  | { readonly kind: 'resource'; readonly node: string; readonly module: string; readonly name: string }
  /** What a checker looks at does not answer; with `everyMs` above 0 it does and does not by turns. */
  | {
      readonly kind: 'check';
      readonly node: string;
      readonly module: string;
      readonly name: string;
      readonly found: CheckFault;
      readonly everyMs: number;
    }
  | { readonly kind: 'loop'; readonly node: string; readonly module: string; readonly what: 'increment' | 'reset' }
  /** Something is switched off for maintenance, and on at the end. */
  | { readonly kind: 'switch'; readonly node: string; readonly module: string; readonly what: SwitchName }
  /** Another configuration is applied, and at the end the one before. */
  | { readonly kind: 'reconfigure'; readonly node: string; readonly module: string }
  /** Monitoring of a class is switched off, and on at the end. */
  | { readonly kind: 'errd'; readonly node: string; readonly module: string; readonly class: string };
export type Fault = Timed & FaultDetail;
export type FaultKind = Fault['kind'];

/** One fault in a few words. */
export function faultText(fault: Fault): string {
  const { atMs, forMs, kind, ...rest } = fault;
  const details = Object.entries(rest).map(
    ([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : String(value)}`,
  );
  return `at ${(atMs / 1000).toFixed(3)}s ${kind} ${details.join(' ')} for ${(forMs / 1000).toFixed(3)}s`;
}

/** Puts a fault's beginning and end on the world's clock. */
export function scheduleFault(world: World, fault: Fault): void {
  const { time } = world;
  time.schedule(fault.atMs, () => {
    begin(world, fault);
    time.schedule(fault.forMs, () => end(world, fault));
  });
}

function begin(world: World, fault: Fault): void {
  const note = (node: string, what: string): void => world.note({ kind: 'fault', node, what });
  switch (fault.kind) {
    case 'kill':
      if (fault.calls === undefined) world.node(fault.node).kill();
      else world.node(fault.node).killAtCall(fault.calls);
      return;
    case 'leave':
      world.node(fault.node).leave();
      return;
    case 'shutdown':
      world.node(fault.node).shutdown();
      return;
    case 'power':
      world.node(fault.node).powerOff();
      return;
    case 'suspend':
      world.node(fault.node).suspend();
      return;
    case 'stall':
      world.node(fault.node).stall(true);
      return;
    case 'cut':
      note(fault.from, `cut ${fault.from} > ${fault.to} on ${fault.lan ?? 'all lans'}`);
      world.network.cut(fault.from, fault.to, fault.lan);
      return;
    case 'partition':
      note(fault.side[0] ?? '-', `cut ${fault.side.join(' ')} | the others`);
      forSides(world, fault.side, (from, to) => world.network.cut(from, to, null));
      return;
    case 'links':
      note('-', `links ${fault.node === undefined ? '' : `of ${fault.node} `}${JSON.stringify(fault.quality)}`);
      world.network.setQuality(fault.quality, fault.node);
      return;
    case 'wall':
      note(fault.node, `wall clock jumps by ${fault.deltaMs} ms`);
      world.node(fault.node).host.jumpWall(fault.deltaMs);
      return;
    case 'drift':
      note(fault.node, `wall clock runs ${fault.rate} times as fast`);
      world.node(fault.node).host.drift(fault.rate);
      return;
    case 'diskFull':
    case 'diskHung':
    case 'blind':
    case 'unreachable':
      note(fault.node, fault.kind);
      setCondition(world, fault.node, fault.kind, true);
      return;
    case 'script':
      note(fault.node, `script ${fault.script} of ${fault.module} ${fault.fault}`);
      world.scriptFaults.set(`${fault.node}/${fault.module}/${fault.script}`, fault.fault);
      return;
    case 'crash':
      note(fault.node, `script-less ${fault.signal} to ${fault.process ?? 'all'} of ${fault.module}`);
      world.node(fault.node).killApplication(fault.module, fault.process, fault.signal);
      return;
    case 'strays':
      note(fault.node, `script-less ${fault.count} stray processes of ${fault.module}`);
      world.node(fault.node).addStrays(fault.module, fault.count);
      return;
    case 'command':
      command(world, fault);
      return;
    case 'resource':
      world.resourceFaults.add(`${fault.node}/${fault.module}/${fault.name}`);
      world.node(fault.node).setResource(fault.module, fault.name, 'down');
      return;
    case 'check':
      flap(world, fault, fault.atMs + fault.forMs);
      return;
    case 'loop':
      world.node(fault.node).loop(fault.module, fault.what);
      return;
    case 'errd':
      world.errdFaults.add(`${fault.node}/${fault.module}/${fault.class}`);
      world.node(fault.node).switchErrd(fault.module, fault.class, false);
      return;
    case 'switch':
      world.node(fault.node).maintain(fault.module, fault.what, false);
      return;
    case 'reconfigure':
      world.node(fault.node).reconfigure(fault.module, true);
  }
}

function end(world: World, fault: Fault): void {
  switch (fault.kind) {
    case 'kill':
      world.node(fault.node).killAtCall(null);
      restart(world, fault.node);
      return;
    case 'leave':
    case 'shutdown':
      restart(world, fault.node);
      return;
    case 'power': {
      const node = world.node(fault.node);
      node.powerOn();
      world.time.schedule(world.random.between(200, 2_000), () => node.start());
      return;
    }
    case 'suspend':
      world.node(fault.node).resume();
      return;
    case 'stall':
      world.node(fault.node).stall(false);
      return;
    case 'cut':
      world.network.heal(fault.from, fault.to, fault.lan);
      world.note({ kind: 'fault', node: fault.from, what: `cut ${fault.from} > ${fault.to} healed` });
      return;
    case 'partition':
      forSides(world, fault.side, (from, to) => world.network.heal(from, to, null));
      world.note({ kind: 'fault', node: fault.side[0] ?? '-', what: `cut ${fault.side.join(' ')} | the others healed` });
      return;
    case 'links':
      world.note({ kind: 'fault', node: '-', what: 'links good' });
      world.network.mendLinks(fault.node);
      return;
    case 'drift':
      world.note({ kind: 'fault', node: fault.node, what: 'wall clock runs as ever' });
      world.node(fault.node).host.drift(null);
      return;
    case 'diskFull':
    case 'diskHung':
    case 'blind':
    case 'unreachable':
      world.note({ kind: 'fault', node: fault.node, what: `${fault.kind} over` });
      setCondition(world, fault.node, fault.kind, false);
      return;
    case 'script':
      world.scriptFaults.delete(`${fault.node}/${fault.module}/${fault.script}`);
      return;
    case 'resource':
      untilTold(world, fault.node, (node) => node.setResource(fault.module, fault.name, 'up'));
      return;
    case 'check':
      breakCheck(world, fault.node, fault.module, fault.name, null);
      return;
    case 'errd':
      untilTold(world, fault.node, (node) => node.switchErrd(fault.module, fault.class, true));
      return;
    case 'switch':
      untilTold(world, fault.node, (node) => node.maintain(fault.module, fault.what, true));
      return;
    case 'reconfigure':
      untilTold(world, fault.node, (node) => node.reconfigure(fault.module, false));
      return;
    case 'wall':
    case 'crash':
    case 'strays':
    case 'command':
    case 'loop':
      return;
  }
}

/** Gives a command at once, or at the moment that it waits for, as long as its time is not over. */
function command(world: World, { node, module, action, identity, after, forMs }: Fault & { readonly kind: 'command' }): void {
  const give = (): void => world.node(node).command(module, action, identity);
  if (after === undefined) {
    give();
    return;
  }
  const untilMs = world.time.nowMs() + forMs;
  let isDue = true;
  world.watch((fact, atMs) => {
    if (!isDue || atMs > untilMs || fact.kind !== after.fact || fact.node !== node || fact.module !== module) return;
    isDue = false;
    world.time.schedule(after.delayMs, give);
  });
}

/** From now on this is what checks of that thing find; null: that all is well. */
export function breakCheck(world: World, node: string, module: string, name: string, found: CheckFault | null): void {
  const key = `${node}/${module}/${name}`;
  if ((world.checkFaults.get(key) ?? null) === found) return;
  if (found === null) world.checkFaults.delete(key);
  else world.checkFaults.set(key, found);
  const how = found === null ? 'answers again' : found === 'down' ? 'is down' : 'hangs';
  world.note({ kind: 'fault', node, what: `check ${name} of ${module} ${how}` });
}
function flap(world: World, fault: Fault & { readonly kind: 'check' }, untilMs: number): void {
  const { node, module, name, found, everyMs } = fault;
  const isDown = world.checkFaults.has(`${node}/${module}/${name}`);
  breakCheck(world, node, module, name, isDown ? null : found);
  const atMs = world.time.nowMs() - world.startMs;
  if (everyMs > 0 && atMs + everyMs < untilMs) world.time.schedule(everyMs, () => flap(world, fault, untilMs));
}

/** Tells the daemon as soon as it listens. */
function untilTold(world: World, name: string, tell: (node: SimNode) => boolean): void {
  if (!tell(world.node(name))) world.time.schedule(300, () => untilTold(world, name, tell));
}

/** As a service manager does: as soon as it has ended. One that was not ended after all is left alone after a while. */
function restart(world: World, name: string, attempts = 600): void {
  const node = world.node(name);
  if (!node.running()) node.start();
  else if (attempts > 0) world.time.schedule(500, () => restart(world, name, attempts - 1));
}

function setCondition(world: World, name: string, kind: 'diskFull' | 'diskHung' | 'blind' | 'unreachable', on: boolean): void {
  const node = world.node(name);
  if (kind === 'diskFull') node.host.disk.full = on;
  if (kind === 'diskHung') node.host.disk.hung = on;
  if (kind === 'blind') node.blind = on;
  if (kind === 'unreachable') node.unreachable = on;
}

function forSides(world: World, side: readonly string[], change: (from: string, to: string) => void): void {
  const others = world.options.cluster.nodes.filter((node) => !side.includes(node));
  for (const from of side) {
    for (const to of others) {
      change(from, to);
      change(to, from);
    }
  }
}

/** Ends every fault there may be on these nodes and between them; the others are switched off for good. */
export function healAll(world: World, core: readonly string[]): void {
  world.note({ kind: 'fault', node: '-', what: `healed: ${core.join(' ')}` });
  world.network.healAll();
  world.scriptFaults.clear();
  for (const key of [...world.checkFaults.keys()]) {
    const [node = '', module = '', ...rest] = key.split('/');
    breakCheck(world, node, module, rest.join('/'), null);
  }
  for (const [name, node] of world.nodes) {
    if (!core.includes(name)) {
      node.powerOff();
      continue;
    }
    node.killAtCall(null);
    node.host.drift(null);
    node.blind = false;
    node.unreachable = false;
    node.powerOn();
    node.resume();
    node.stall(false);
    node.host.recover();
    restart(world, name);
    // What was set just before a kill may be forgotten: whoever maintained the node looks.
    for (const key of world.resourceFaults) {
      const [node = '', module = '', ...resource] = key.split('/');
      if (node === name) untilTold(world, name, (one) => one.setResource(module, resource.join('/'), 'up'));
    }
    for (const { name: module } of world.options.modules) {
      for (const what of ['errd', 'checker', 'failover'] as const)
        untilTold(world, name, (one) => one.maintain(module, what, true));
    }
    for (const key of world.errdFaults) {
      const [node = '', module = '', processClass = ''] = key.split('/');
      if (node === name) untilTold(world, name, (one) => one.switchErrd(module, processClass, true));
    }
  }
}
