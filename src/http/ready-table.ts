/**
 * The health of each module in memory that two threads share: the main thread writes it, the front worker answers probes from it, also
 * when the main thread hangs. One writer, any number of readers, no locks: a reader that met a change reads again.
 */
import { strict as assert } from 'node:assert';
import type { Quality, StateName } from '../actors/face.js';

/** Modules that fit into a table. */
export const readyTableCapacity = 256;
/** How long the control loop may be silent before every module counts as not ready. */
export const loopLimitMs = 2000;
const nameBytes = 32;
const states: readonly StateName[] = ['UNKNOWN', 'STOP', 'WAIT', 'UP', 'PRIM', 'SECOND', 'ALONE', 'NOTCONFIGURED'];
const qualities: readonly Quality[] = ['Unknown', 'Ready', 'Transient', 'NotReady'];

// Layout: the time that ticks count from (8 bytes), the generation of the names (4), the tick (4); then per slot 5 words (ready, state,
// quality, changes, started); then the names. The tick is in ms modulo 2^32: a word that is read and written whole.
const wordsPerSlot = 5;
const slotsOffset = 16;
const namesOffset = slotsOffset + readyTableCapacity * wordsPerSlot * 4;
const tableBytes = namesOffset + readyTableCapacity * nameBytes;

/** What the table says of a module at one instant. */
export interface Health {
  readonly ready: boolean;
  readonly state: StateName;
  readonly quality: Quality;
  /** Grows by one with each change of `ready`. */
  readonly changes: number;
  /** Another number after each start of the application. */
  readonly started: number;
  /** Time since the control loop last ticked; null before the first tick. */
  readonly loopAgeMs: number | null;
  /** The control loop ticked within the limit. */
  readonly alive: boolean;
}

/** What `performance.now` of this thread has to be moved by. */
const threadOffsetMs = Number(process.hrtime.bigint()) / 1e6 - performance.now();
/** CLOCK_MONOTONIC in ms, the same in all threads. */
export function monotonicMs(): number {
  return performance.now() + threadOffsetMs;
}
/** A tick may look as much as this ahead of a reader that took the time just before it. */
const aheadMs = 1000;

interface Views {
  readonly base: Float64Array;
  readonly head: Int32Array;
  readonly slots: Int32Array;
  readonly names: Uint8Array;
}
function views(memory: SharedArrayBuffer): Views {
  return {
    base: new Float64Array(memory, 0, 1),
    head: new Int32Array(memory, 8, 2),
    slots: new Int32Array(memory, slotsOffset, readyTableCapacity * wordsPerSlot),
    names: new Uint8Array(memory, namesOffset, readyTableCapacity * nameBytes),
  };
}

/** The main thread's side: says how modules are, and that the control loop lives. */
export interface ReadyTable {
  /** What the front worker is handed. */
  readonly memory: SharedArrayBuffer;
  /** To be called by the control loop several times a second, never by a timer that ticks by itself while the loop is stuck elsewhere. */
  tick(): void;
  /** Sets a module's health, adding the module when it is new. Of `started` 32 bits are kept. */
  set(module: string, ready: boolean, state: StateName, quality: Quality, started?: number): void;
  /** The module is gone. */
  remove(module: string): void;
}

/** Makes an empty table. Every module is not ready until the first `tick` and its `set`. */
export function createReadyTable(now: () => number = monotonicMs): ReadyTable {
  const memory = new SharedArrayBuffer(tableBytes);
  const { base, head, slots, names } = views(memory);
  const begun = now() - 1;
  base[0] = begun;
  const slotOf = new Map<string, number>();
  const free = Array.from({ length: readyTableCapacity }, (_, index) => readyTableCapacity - 1 - index);

  function name(slot: number, module: string): void {
    // An odd generation says that the names are being written: readers keep to the ones that they know.
    Atomics.add(head, 0, 1);
    names.fill(0, slot * nameBytes, (slot + 1) * nameBytes);
    names.set(Buffer.from(module, 'latin1'), slot * nameBytes);
    Atomics.add(head, 0, 1);
  }
  return {
    memory,
    tick() {
      // 0 says that it has never ticked.
      Atomics.store(head, 1, Math.trunc(now() - begun) | 0 || 1);
    },
    set(module, ready, state, quality, started = 0) {
      assert.match(module, /^[A-Za-z][\w-]{0,31}$/, 'a name of a module');
      let slot = slotOf.get(module);
      if (slot === undefined) {
        slot = free.pop();
        assert(slot !== undefined, `more than ${readyTableCapacity} modules`);
        slotOf.set(module, slot);
        name(slot, module);
      }
      const base = slot * wordsPerSlot;
      Atomics.store(slots, base + 1, states.indexOf(state));
      Atomics.store(slots, base + 2, qualities.indexOf(quality));
      // Before it is ready: whoever reads that it is reads this start's number.
      Atomics.store(slots, base + 4, started);
      if (Atomics.exchange(slots, base, ready ? 1 : 0) !== (ready ? 1 : 0)) Atomics.add(slots, base + 3, 1);
    },
    remove(module) {
      const slot = slotOf.get(module);
      if (slot === undefined) return;
      Atomics.store(slots, slot * wordsPerSlot, 0);
      slotOf.delete(module);
      name(slot, '');
      free.unshift(slot);
    },
  };
}

/** The reading side. */
export interface ReadyReader {
  /** Null for a module that the table does not have. @param atMs the present, when the caller has looked already. */
  read(module: string, atMs?: number): Health | null;
  modules(): readonly string[];
}

/** Reads a table in any thread. */
export function createReadyReader(memory: SharedArrayBuffer, now: () => number = monotonicMs): ReadyReader {
  const {
    base: [begun = 0],
    head,
    slots,
    names,
  } = views(memory);
  let known = -1;
  let slotOf = new Map<string, number>();

  function refresh(): void {
    const generation = Atomics.load(head, 0);
    if (generation === known || generation % 2 !== 0) return;
    const found = new Map<string, number>();
    for (let slot = 0; slot < readyTableCapacity; slot += 1) {
      const bytes = Buffer.from(names.subarray(slot * nameBytes, (slot + 1) * nameBytes));
      const end = bytes.indexOf(0);
      const module = bytes.toString('latin1', 0, end === -1 ? nameBytes : end);
      if (module !== '') found.set(module, slot);
    }
    if (Atomics.load(head, 0) !== generation) return;
    slotOf = found;
    known = generation;
  }
  function loopAge(atMs: number): number | null {
    const tick = Atomics.load(head, 1);
    if (tick === 0) return null;
    const age = (Math.trunc(atMs - begun) - tick) | 0;
    // Negative by more than that: silent for weeks, so that the difference has wrapped around.
    return age >= 0 ? age : age > -aheadMs ? 0 : Number.MAX_SAFE_INTEGER;
  }
  function sample(slot: number, atMs: number): Health {
    const word = slot * wordsPerSlot;
    const age = loopAge(atMs);
    return {
      ready: Atomics.load(slots, word) === 1,
      state: states[Atomics.load(slots, word + 1)] ?? 'UNKNOWN',
      quality: qualities[Atomics.load(slots, word + 2)] ?? 'Unknown',
      changes: Atomics.load(slots, word + 3),
      started: Atomics.load(slots, word + 4) >>> 0,
      loopAgeMs: age,
      alive: age !== null && age < loopLimitMs,
    };
  }
  return {
    read(module, atMs = now()) {
      for (let attempt = 0; attempt < 1000; attempt += 1) {
        refresh();
        const slot = slotOf.get(module);
        const health = slot === undefined ? null : sample(slot, atMs);
        // A slot is ready for another module only after two complete changes (removal, new name), four generations: below that the
        // sample is of the module that was asked for. Above it, the names have to be read again.
        if (Atomics.load(head, 0) - known < 4) return health;
      }
      return null;
    },
    modules() {
      refresh();
      return [...slotOf.keys()];
    },
  };
}
