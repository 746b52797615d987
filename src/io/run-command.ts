import { execFile } from 'node:child_process';

/** What came of a command: it ran to its end with a code, or it could not be run or did not end in time. */
export type CommandResult =
  | { readonly kind: 'done'; readonly code: number; readonly stdout: string; readonly stderr: string }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

/** Runs a program with arguments, never through a shell. Tests hand in recorded output instead. */
export type CommandRunner = (file: string, args: readonly string[], options: CommandOptions) => Promise<CommandResult>;

export interface CommandOptions {
  /** After that the program is killed (SIGKILL) and the result is `failed` with code `ETIMEDOUT`. */
  readonly timeoutMs: number;
  /** The whole environment; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
}

const largestOutputBytes = 32 * 1024 * 1024;

/** The real {@link CommandRunner}; never rejects. Output is read as UTF-8, at most 32 MiB. */
export const runCommand: CommandRunner = (file, args, options) =>
  new Promise((resolve) => {
    execFile(
      file,
      [...args],
      {
        env: { ...options.env },
        timeout: options.timeoutMs,
        killSignal: 'SIGKILL',
        maxBuffer: largestOutputBytes,
        windowsHide: true,
        encoding: 'utf8',
      },
      (error, stdout, stderr) => {
        if (error === null) resolve({ kind: 'done', code: 0, stdout, stderr });
        else if (error.killed === true && error.signal === 'SIGKILL')
          resolve({ kind: 'failed', code: 'ETIMEDOUT', message: `${file} did not end within ${options.timeoutMs} ms` });
        else if (typeof error.code === 'number') resolve({ kind: 'done', code: error.code, stdout, stderr });
        else resolve({ kind: 'failed', code: String(error.code ?? error.signal ?? 'UNKNOWN'), message: error.message });
      },
    );
  });
