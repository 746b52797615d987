/** Runs the scripts of the configuration's own steps: config, postconfig, deconfig, confcheck (section 3.5 of the compatibility page). */
import { spawn } from 'node:child_process';

export interface HookResult {
  /** Null when it was ended by a signal or could not be started. */
  readonly code: number | null;
  /** Both outputs, at most `maxOutputBytes` of them. */
  readonly output: string;
}
export interface HookSpec {
  readonly script: string;
  readonly path: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}
/** Runs one such script to its end; never rejects. */
export type HookRunner = (spec: HookSpec) => Promise<HookResult>;

const maxOutputBytes = 64 * 1024;

/** The real one. A script that is not done in time is killed with everything it started. */
export const createHookRunner =
  (timeoutMs = 120_000): HookRunner =>
  (spec) =>
    new Promise((resolve) => {
      const windows = process.platform === 'win32';
      let output = '';
      let timedOut = false;
      // In a process group of its own, so that killing it reaches what it started.
      const child = spawn(spec.path, [...spec.args], {
        cwd: spec.cwd,
        env: { ...spec.env },
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: !windows,
        shell: windows,
        windowsHide: true,
      });
      const keep = (chunk: Buffer): void => {
        if (output.length < maxOutputBytes) output = (output + chunk.toString('utf8')).slice(0, maxOutputBytes);
      };
      child.stdout.on('data', keep);
      child.stderr.on('data', keep);
      const timer = setTimeout(() => {
        timedOut = true;
        if (child.pid === undefined) return;
        try {
          if (windows) child.kill('SIGKILL');
          else process.kill(-child.pid, 'SIGKILL');
        } catch {
          // It ended just now: its exit is on the way.
        }
      }, timeoutMs);
      const end = (code: number | null, note: string): void => {
        clearTimeout(timer);
        // What it left in the background may hold the pipes open for ever.
        child.stdout.destroy();
        child.stderr.destroy();
        resolve({ code, output: note === '' ? output : `${output}${note}\n` });
      };
      child.once('error', (error) => end(null, error.message));
      child.once('exit', (code, signal) => {
        const note = timedOut ? `not ended after ${timeoutMs} ms: killed` : signal === null ? '' : `ended by ${signal}`;
        // Output that is already in the pipes is read before the end is told.
        setImmediate(() => end(timedOut ? null : code, note));
      });
    });
