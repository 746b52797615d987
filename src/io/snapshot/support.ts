/**
 * The face's `support`: health checks, dumps, snapshots, cleaning. What it needs is loaded when somebody asks, so that a daemon at rest
 * does not hold it in memory. One dump or snapshot at a time: they read everything there is.
 */
import { randomBytes } from 'node:crypto';
import { open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Outcome } from '../../actors/face.js';
import type { HealthReport, PeerFacts, SnapshotFile, SupportAdministration } from '../../actors/face-support.js';
import type { ActiveModule, Ports } from '../../actors/ports.js';
import type { AppliedCluster } from '../../actors/stores.js';
import type { CommandRunner } from '../run-command.js';
import { runCommand } from '../run-command.js';
import type { CleanSources } from './clean.js';
import type { DumpSources } from './dump.js';
import type { Matcher } from './owned.js';
import type { Redactor } from './redact.js';

export interface SupportOptions {
  readonly safe: string;
  readonly safevar: string;
  readonly version: string;
  readonly httpPort: number;
  readonly httpsPort: number;
  readonly face: () => DumpSources['face'];
  readonly ports: Pick<Ports, 'clock' | 'processes' | 'history' | 'logs'>;
  readonly closeLog: (module: string) => Promise<void>;
  readonly logLinesLost: () => number;
  readonly cluster: () => AppliedCluster | null;
  readonly clusterXml: () => Promise<string | null>;
  readonly active: () => Promise<readonly ActiveModule[]>;
  /** Matchers of a module's `<proc>` definitions. */
  readonly matchers: (module: ActiveModule) => readonly Matcher[];
  readonly flushJournal: () => Promise<void>;
  readonly classic: DumpSources['classic'];
  readonly classicCommand: DumpSources['classicCommand'];
  readonly note: (who: string, module: string, text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Path of the built `anonymise/main.js`. */
  readonly anonymiser: string;
  readonly run?: CommandRunner;
  /** How long a snapshot may lie unfetched. Default 10 minutes. */
  readonly outboxMs?: number;
}

/** Snapshots that may lie in the outbox; the oldest goes. */
const mostWaiting = 4;
/** Room that a dump and a snapshot may need. */
const roomBytes = 512 * 1024 * 1024;
const anonymiseMs = 10 * 60_000;

const fail = (code: string, message: string): { readonly ok: false; readonly failure: { code: string; message: string } } => ({
  ok: false,
  failure: { code, message },
});

interface Waiting extends SnapshotFile {
  readonly path: string;
  readonly timer: unknown;
}

/** Makes it; nothing is read or loaded before the first question. */
export function createSupport(options: SupportOptions): SupportAdministration & { close(): Promise<void> } {
  const { safe, safevar, version, ports, run = runCommand, outboxMs = 10 * 60_000 } = options;
  const { clock } = ports;
  const wallAheadMs = clock.wallMs() - clock.monotonicMs();
  const waiting = new Map<string, Waiting>();
  let last: Promise<unknown> = Promise.resolve();

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  };
  const face = (): DumpSources['face'] => options.face();
  const redactor = async (): Promise<Redactor> => {
    const [{ createRedactor }, { secretsOf }] = await Promise.all([import('./redact.js'), import('./secrets.js')]);
    const configs = (await options.active()).map(({ config }) => config);
    const cluster = options.cluster();
    // Keys that were replaced open what was recorded while they were in use.
    const keys = [cluster, ...(cluster?.older ?? [])].map((one) => one?.keyHex ?? '');
    return createRedactor([...keys, ...(await secretsOf({ safe, safevar, configs, env: options.env }))]);
  };
  const health = async (peers: readonly PeerFacts[]): Promise<HealthReport> => {
    const [{ gatherHealth }, { evaluate }] = await Promise.all([import('../health/gather.js'), import('../health/checks.js')]);
    const cluster = options.cluster();
    const facts = await gatherHealth({
      ...{ safe, safevar, version, httpPort: options.httpPort, httpsPort: options.httpsPort, peers, run },
      node: face().node,
      daemon: {
        runs: true,
        pid: process.pid,
        setByMs: clock.wallMs() - clock.monotonicMs() - wallAheadMs,
        logLinesLost: options.logLinesLost(),
      },
      cluster: cluster === null ? null : { config: cluster.config, signature: cluster.signature },
      nodes: face().nodes(),
      modules: await options.active(),
      wallMs: () => clock.wallMs(),
    });
    return evaluate(facts);
  };
  const dumpNow = async (module: string, peers: readonly PeerFacts[], clean: Redactor) => {
    const [{ writeDump }, { diskFacts }] = await Promise.all([import('./dump.js'), import('../health/machine.js')]);
    const room = await diskFacts(safevar, false);
    if (room !== null && room.freeBytes < roomBytes)
      return fail(
        'DISK',
        `${safevar} has ${Math.round(room.freeBytes / 1048576)} MiB free; a dump may need ${roomBytes / 1048576} MiB.`,
      );
    const sources: DumpSources = {
      ...{ safevar, version, run, face: face(), logs: ports.logs, history: ports.history, processes: ports.processes },
      ...{ flushJournal: options.flushJournal, clusterXml: options.clusterXml },
      ...{ classic: options.classic, classicCommand: options.classicCommand, wallMs: () => clock.wallMs() },
    };
    return { ok: true, value: await writeDump(module, sources, await health(peers), clean) } as const;
  };
  const guarded = async <T>(work: () => Promise<Outcome<T>>): Promise<Outcome<T>> => {
    try {
      return await inTurn(work);
    } catch (error) {
      return fail('DISK', `It could not be written: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const forget = async (id: string): Promise<void> => {
    const one = waiting.get(id);
    if (one === undefined) return;
    waiting.delete(id);
    clock.clearTimeout(one.timer);
    await rm(one.path, { force: true });
  };
  const anonymised = async (path: string, words: readonly string[]): Promise<string | null> => {
    const target = `${path}.anonymised`;
    const args = [options.anonymiser, ...words.map((word) => `--word=${word}`), '--', path, target];
    const result = await run(process.execPath, args, { timeoutMs: anonymiseMs, env: {} });
    await rm(path, { force: true });
    if (result.kind === 'done' && result.code === 0) return null;
    await rm(target, { force: true });
    return result.kind === 'failed' ? result.message : result.stderr.trim();
  };

  return {
    self: () => ({
      node: face().node,
      version,
      wallMs: clock.wallMs(),
      signature: options.cluster()?.signature ?? null,
      modules: face()
        .modules()
        .map(({ name, signature }) => ({ name, signature })),
    }),
    health,
    dump: (module, peers, caller) =>
      guarded(async () => {
        const outcome = await dumpNow(module, peers, await redactor());
        options.note(caller.who, module, `dump${outcome.ok ? ` ${outcome.value.name}` : `: ${outcome.failure.message}`}`);
        return outcome;
      }),
    snapshot: (module, { anonymise, words }, peers, caller) =>
      guarded<SnapshotFile>(async () => {
        const clean = await redactor();
        const dumped = await dumpNow(module, peers, clean);
        options.note(
          caller.who,
          module,
          `snapshot${anonymise ? ' anonymised' : ''}${dumped.ok ? '' : `: ${dumped.failure.message}`}`,
        );
        if (!dumped.ok) return dumped;
        const [{ writeSnapshot }, { outbox }] = await Promise.all([import('./zip.js'), import('./place.js')]);
        const id = randomBytes(12).toString('hex');
        const path = join(outbox(safevar), `${id}.zip`);
        await writeSnapshot(path, { safe, safevar, module, node: face().node, redactor: clean });
        if (anonymise) {
          const problem = await anonymised(path, words);
          if (problem !== null) return fail('SNAPSHOT_ANONYMISE', `The snapshot could not be anonymised: ${problem}`);
        }
        const ready = anonymise ? `${path}.anonymised` : path;
        for (const old of [...waiting.keys()].slice(0, Math.max(0, waiting.size - mostWaiting + 1))) await forget(old);
        const name = anonymise ? `snapshot_${module}_anonymised.zip` : `snapshot_${face().node}_${module}.zip`;
        const file: SnapshotFile = { id, name, bytes: (await stat(ready)).size };
        waiting.set(id, { ...file, path: ready, timer: clock.setTimeout(() => void forget(id), outboxMs) });
        return { ok: true, value: file };
      }),
    async part(id, offset, limit) {
      const one = waiting.get(id);
      if (one === undefined)
        return fail('SNAPSHOT_UNKNOWN', 'There is no snapshot of that id; it may have been removed after some minutes.');
      const handle = await open(one.path, 'r');
      try {
        const buffer = Buffer.alloc(Math.max(0, Math.min(limit, one.bytes - offset)));
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, offset);
        return { ok: true, value: buffer.subarray(0, bytesRead) };
      } finally {
        await handle.close();
      }
    },
    release: forget,
    clean: (module, kind, caller) =>
      guarded(async () => {
        const [{ clean }, { ownedProcesses }] = await Promise.all([import('./clean.js'), import('./owned.js')]);
        const sources: CleanSources = {
          ...{ safevar, face: face(), closeLog: options.closeLog, history: ports.history, processes: ports.processes, clock },
          ownProcesses: async (name) => {
            const active = (await options.active()).find((one) => one.name === name);
            return ownedProcesses(name, safevar, ports.processes, active === undefined ? [] : options.matchers(active));
          },
        };
        const outcome = await clean(module, kind, sources);
        options.note(caller.who, module, `clean ${kind}${outcome.ok ? '' : `: ${outcome.failure.message}`}`);
        return outcome;
      }),
    async close() {
      for (const id of [...waiting.keys()]) await forget(id);
    },
  };
}
