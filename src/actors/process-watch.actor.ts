/**
 * The actor that looks at processes and services for errd: scans when told to, and holds an exit watch on everything it found.
 * It decides nothing: what it saw goes to the machine as it is.
 */
import { fromCallback } from 'xstate';
import type { ProcConfig } from '../config/types.js';
import type { ErrdEvent, ErrdExit, ErrdScan, WatcherCommand } from '../machines/errd.types.js';
import type { Closable, ExitStatus, Ports, ProcessIdentity, ProcessInfo, ServiceState } from './ports.js';

/** Tells whether a process belongs to a `<proc>`. */
export interface ProcessMatcher {
  (process: Pick<ProcessInfo, 'name' | 'args'>): boolean;
  /** Does the answer hang on the arguments of a process of that name? Absent: always. */
  readonly needsArguments?: (name: string) => boolean;
}

const keyOf = (process: ProcessIdentity): string => `${process.pid}:${process.startTime}`;
const exitOf = (exit: ExitStatus): ErrdExit => ({
  kind: exit.kind,
  code: exit.kind === 'code' ? exit.code : null,
  signal: exit.kind === 'signal' ? exit.signal : null,
});

/** Makes the actor logic that the errd machine invokes as `watcher`. */
export function createProcessWatch(
  ports: Pick<Ports, 'clock' | 'processes' | 'services'>,
  compile: (proc: ProcConfig) => ProcessMatcher,
) {
  const { clock, processes, services } = ports;
  return fromCallback<WatcherCommand, { readonly procs: readonly ProcConfig[] }>(({ input, sendBack, receive }) => {
    const matchersOf = (procs: readonly ProcConfig[]): ReadonlyMap<string, ProcessMatcher | null> =>
      new Map(procs.map((proc) => [proc.name, proc.service ? null : compile(proc)]));
    let configured = input.procs;
    let matchers = matchersOf(configured);
    /** Whose arguments a scan must read: a service's process is known by its manager. */
    const wantsArguments = (name: string): boolean =>
      [...matchers.values()].some((matcher) => matcher !== null && matcher.needsArguments?.(name) !== false);
    const watches = new Map<string, Closable>();
    let selected: readonly ProcConfig[] = [];
    let open = true;
    let scanning = false;
    let again = false;

    const send = (event: ErrdEvent): void => {
      if (open) sendBack(event);
    };
    const watch = (process: ProcessIdentity): void => {
      const key = keyOf(process);
      if (watches.has(key)) return;
      // Reserved first: the callback may come before the call returns.
      watches.set(key, { close: () => undefined });
      const closable = processes.watchExit(process, (exit, atMs) => {
        if (watches.delete(key)) send({ type: 'process.exited', process, exit: exitOf(exit), atMs });
      });
      if (closable === null) return;
      if (watches.has(key)) watches.set(key, closable);
      else closable.close();
    };
    const keepOnly = (wanted: ReadonlySet<string>): void => {
      for (const [key, closable] of watches) {
        if (wanted.has(key)) continue;
        watches.delete(key);
        closable.close();
      }
    };

    const look = async (): Promise<void> => {
      // What is selected meanwhile was not looked for: it is left for the next scan.
      const chosen = selected;
      const asked = configured;
      const wantsProcesses = chosen.some((proc) => !proc.service);
      const names = chosen.filter((proc) => proc.service).map((proc) => proc.name);
      const [all, states] = await Promise.all([
        wantsProcesses ? processes.list(wantsArguments) : Promise.resolve<readonly ProcessInfo[]>([]),
        names.length > 0 ? services.states(names) : Promise.resolve<readonly ServiceState[]>([]),
      ]);
      // What was found by another configuration's expressions says nothing: the scan that goes with this one is due.
      if (!open || asked !== configured) return;
      const atMs = clock.monotonicMs();
      const found: Record<string, ErrdScan['found'][string]> = {};
      const wanted = new Set<string>();
      for (const proc of chosen) {
        const state = states.find((one) => one.name === proc.name);
        const matcher = matchers.get(proc.name);
        const own = matcher ? all.filter(matcher) : state?.mainProcess ? [state.mainProcess] : [];
        const identities = own.map(({ pid, startTime }) => ({ pid, startTime }));
        found[proc.name] = { processes: identities, service: proc.service ? (state?.state ?? 'unknown') : null };
        for (const identity of identities) wanted.add(keyOf(identity));
      }
      keepOnly(wanted);
      send({ type: 'processes.seen', atMs, found });
      for (const proc of Object.values(found)) for (const process of proc.processes) watch(process);
    };
    const scan = (): void => {
      if (scanning) {
        again = true;
        return;
      }
      scanning = true;
      look()
        .catch((error: unknown) => send({ type: 'scan.failed', detail: String(error) }))
        .finally(() => {
          scanning = false;
          if (!again || !open) return;
          again = false;
          scan();
        });
    };

    receive((command) => {
      if (command.type === 'scan') {
        scan();
        return;
      }
      if (command.type === 'configure') {
        configured = command.procs;
        matchers = matchersOf(configured);
        return;
      }
      selected = configured.filter((proc) => command.names.includes(proc.name));
      if (selected.length === 0) keepOnly(new Set());
    });
    return () => {
      open = false;
      keepOnly(new Set());
    };
  });
}
