/**
 * The actor that owns a script's process: binds the script machine to the Scripts port. It decides nothing.
 * Before a script starts, what is about to run is put on record, so that a daemon that comes back knows of it.
 */
import type { AnyEventObject } from 'xstate';
import { fromCallback } from 'xstate';
import type { RunnerCommand, RunnerInput, ScriptEvent } from '../machines/script.types.js';
import { within } from './bounded.js';
import type { ActiveModule, ExitStatus, Ports, ProcessIdentity, RunningScript, ScriptPortEvent } from './ports.js';

/** Name of the record about a running script, beside the module's own. */
export const runRecord = 'run';
/** What is on record while a script runs; `process` is null from just before its start until it is known. */
export interface RunRecord {
  readonly version: 1;
  readonly bootId: string;
  readonly script: string;
  readonly force: boolean;
  readonly path: string;
  readonly process: ProcessIdentity | null;
}

/**
 * A disk that does not answer must not stop a failover: how long a record may take, in ms. A start must not happen twice and may wait
 * for it, at most half of its own limit; every other script may be called again. Each must begin well before its own timeout ends it: a
 * stop that never ran would leave the application running, and a start that never ran would count as one.
 */
const recordPatienceMs = (script: string, active: ActiveModule): number =>
  script.startsWith('start_') ? Math.min(5_000, (active.config.user?.startTimeoutMs ?? Number.POSITIVE_INFINITY) / 2) : 500;

/** How long a script waits for looping checkers that are being ended, in ms: they are killed well before. */
const checkersPatienceMs = 1_000;

export interface ScriptActorPorts extends Pick<Ports, 'clock' | 'scripts' | 'records' | 'host' | 'prober'> {
  /** The module as it is applied now. */
  readonly activeModule: (name: string) => ActiveModule | null;
  /** The daemon ends and leaves everything running: scripts are not killed with their actors. */
  readonly leaving: () => boolean;
}

/** Where a script's executable is: by its name in the module's bin, or (a handler) by an absolute path. */
export function scriptPath(active: ActiveModule, script: string): string | null {
  return active.scripts[script] ?? (script.startsWith('/') ? script : null);
}

/** Makes the actor logic that the script machine invokes as `runner`. */
export function createScriptRunner(ports: ScriptActorPorts) {
  const { clock, scripts, records, host, prober } = ports;
  return fromCallback<RunnerCommand, RunnerInput>(({ input, sendBack, receive }) => {
    const { module, script, args, adopt } = input;
    let open = true;
    let ended = false;
    let handle: RunningScript | null = null;
    let wanted: 'SIGTERM' | 'SIGKILL' | null = null;

    const send = (event: ScriptEvent & AnyEventObject): void => {
      if (open) sendBack(event);
    };
    /**
     * After the chart has moved on and its own record has been handed over, and before the next script's run is put on record: that
     * would be taken away instead of this one's, and a start that is not on record is done a second time.
     */
    const forget = (): void => void records.remove(module, runRecord).catch(() => undefined);
    const finish = (exit: ExitStatus, atMs: number): void => {
      ended = true;
      send({
        type: 'script.exited',
        kind: exit.kind,
        code: exit.kind === 'code' ? exit.code : null,
        detail: exit.kind === 'signal' ? exit.signal : null,
        atMs,
      });
      forget();
    };
    const save = (path: string, process: ProcessIdentity | null): Promise<void> => {
      const record: RunRecord = { version: 1, bootId: host.bootId, script, force: args[0] === 'force', path, process };
      return records.save(module, runRecord, record);
    };
    const onEvent =
      (path: string, adopted: boolean) =>
      (event: ScriptPortEvent): void => {
        switch (event.type) {
          case 'started':
            void save(path, event.process).catch(() => undefined);
            send({
              type: 'script.started',
              userlog: event.outputFile?.split(/[\\/]/).at(-1) ?? null,
              pid: event.process.pid,
              adopted,
            });
            return;
          case 'exited':
            finish(event.exit, event.atMs);
            return;
          case 'failed':
            ended = true;
            send({ type: 'script.failed', detail: event.message, atMs: event.atMs });
            forget();
        }
      };

    const run = async (active: ActiveModule, path: string): Promise<void> => {
      // The chart's own record of the state that this script belongs to is handed over first.
      await Promise.resolve();
      await within(clock, recordPatienceMs(script, active), save(path, null));
      // The module's checkers whose window has closed do not run beside it.
      const ending = prober.ended(module);
      if (ending !== null) await within(clock, checkersPatienceMs, ending);
      if (!open) return;
      if (wanted !== null) {
        finish({ kind: 'signal', signal: wanted }, clock.monotonicMs());
        return;
      }
      const { user } = active.config;
      handle = scripts.start(
        {
          module,
          script: script.split('/').at(-1) ?? script,
          path,
          args,
          env: active.env,
          cwd: active.binDir,
          output: user?.logging === 'none' ? null : { dir: active.varDir, limitBytes: (user?.userlogSizeKb ?? 2048) * 1024 },
        },
        onEvent(path, false),
      );
      // A signal that came while the process was being started.
      if (wanted !== null) handle.signal(wanted);
    };

    receive((command) => {
      wanted = command.signal;
      handle?.signal(command.signal);
    });

    const active = ports.activeModule(module);
    const path = active === null || active.config.user === null ? null : scriptPath(active, script);
    if (adopt?.kind === 'ended') queueMicrotask(() => finish({ kind: 'unknown' }, clock.monotonicMs()));
    else if (adopt?.kind === 'running') {
      handle = scripts.adopt(adopt.process, onEvent(path ?? '', true));
      queueMicrotask(() => send({ type: 'script.started', userlog: null, pid: adopt.process.pid, adopted: true }));
    } else if (active === null || path === null) queueMicrotask(() => send({ type: 'script.absent', atMs: clock.monotonicMs() }));
    else void run(active, path);

    return () => {
      open = false;
      if (!ended && !ports.leaving()) {
        handle?.signal('SIGKILL');
        // The chart is moving on at this moment.
        queueMicrotask(forget);
      }
      handle?.close();
    };
  });
}
