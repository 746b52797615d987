import { constants } from 'node:os';
import type { ExitStatus } from '../../actors/ports.js';

const namesBySignal = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

/** Name of a signal; real-time signals have none and are written `SIG34`. */
export function signalName(number: number): string {
  return namesBySignal.get(number) ?? `SIG${number}`;
}

/** Decodes a wait status as the kernel keeps it (wait(2): low 7 bits the signal, the next 8 the exit code). */
export function decodeWaitStatus(status: number): ExitStatus {
  const signal = status & 0x7f;
  return signal === 0 ? { kind: 'code', code: (status >> 8) & 0xff } : { kind: 'signal', signal: signalName(signal) };
}
