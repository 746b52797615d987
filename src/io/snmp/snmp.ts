/** SNMP as a whole: off until `SAFEVAR/snmp.json` is there; the library is loaded only then. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NodeFace } from '../../actors/face.js';
import { type Message, messages } from '../../machines/messages.js';
import type { SnmpAgent } from './agent.js';

export interface SnmpOptions {
  readonly safevar: string;
  readonly version: string;
  readonly epoch: number;
  readonly monotonicMs: () => number;
  readonly log: (line: Message) => void;
}
export interface Snmp {
  /** Reads the file and begins; again when it may have changed. What is wrong is logged, and there is no agent then. */
  load(face: NodeFace): Promise<void>;
  close(): void;
}

/** Nothing is read before `load`. */
export function createSnmp(options: SnmpOptions): Snmp {
  const { safevar, version, epoch, monotonicMs, log } = options;
  const file = join(safevar, 'snmp.json');
  let agent: SnmpAgent | null = null;
  let known: string | null = null;
  let last: Promise<void> = Promise.resolve();
  const end = (): void => {
    agent?.close();
    agent = null;
  };
  const begin = async (face: NodeFace, text: string): Promise<void> => {
    const { readSnmpConfig } = await import('./config.js');
    const read = await readSnmpConfig('snmp.json', text);
    if (!read.ok) {
      for (const { line, column, message, remedy } of read.problems.slice(0, 20))
        log(messages.snmpFailed('configuration', `${file}:${line}:${column}: ${message} ${remedy}`));
      return;
    }
    const config = read.value;
    if (!config.enabled) return;
    const told = new Set<string>();
    const onProblem = (what: string, reason: string): void => {
      if (told.has(`${what} ${reason}`) || told.size > 100) return;
      told.add(`${what} ${reason}`);
      log(messages.snmpFailed(what, reason));
    };
    const { startAgent } = await import('./agent.js');
    agent = await startAgent({ config, face, version, epoch, identity: `${face.node}\0${safevar}`, monotonicMs, onProblem });
    log(messages.snmpReady(`${config.listen}:${config.port}, engine 0x${agent.engineId}`));
  };
  const load = async (face: NodeFace): Promise<void> => {
    const text = await readFile(file, 'utf8').catch((error: unknown) => {
      const absent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      if (!absent) log(messages.snmpFailed('configuration', `${file} cannot be read: ${String(error)}`));
      return null;
    });
    if (text !== null && text === known) return;
    known = text;
    end();
    if (text === null) return;
    try {
      await begin(face, text);
    } catch (error) {
      log(messages.snmpFailed('agent', error instanceof Error ? error.message : String(error)));
      // The secret files may be right the next time.
      known = null;
    }
  };
  return {
    load: (face) => {
      last = last.then(() => load(face));
      return last;
    },
    close: end,
  };
}
