import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs';
import type { ScriptPortEvent, ScriptSpec } from '../actors/ports.js';

/** Why a script could not be started: the system's code and one sentence with the remedy. */
export function explainStartFailure(
  spec: ScriptSpec,
  error: unknown,
  atMs: number,
): ScriptPortEvent & { readonly type: 'failed' } {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';
  return { type: 'failed', code, message: explain(spec, code, error), atMs };
}

function explain(spec: ScriptSpec, code: string, error: unknown): string {
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return explainMissing(spec);
    case 'EACCES':
    case 'EPERM':
      return explainForbidden(spec);
    case 'ENOEXEC':
      return `${spec.path} is no program for this machine; a script needs a first line such as #!/bin/sh`;
    case 'EMFILE':
    case 'ENFILE':
      return `${spec.path} could not be started: no file descriptors are left; raise LimitNOFILE of the daemon`;
    case 'EAGAIN':
    case 'ENOMEM':
      return `${spec.path} could not be started: the system is short of processes or memory; look at TasksMax, ulimit -u and free memory`;
    case 'E2BIG':
      return `${spec.path} could not be started: arguments and environment are too long; shorten the module's <var> values`;
    default:
      return `${spec.path} could not be started: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function explainMissing(spec: ScriptSpec): string {
  if (!isDirectory(spec.cwd))
    return `the working directory ${spec.cwd} of ${spec.path} does not exist; apply the module's configuration again`;
  const interpreter = firstLine(spec.path);
  if (interpreter === null) return `${spec.path} does not exist; apply the module's configuration again`;
  if (interpreter.endsWith('\r'))
    return `${spec.path} has Windows line ends, so that its interpreter "${interpreter.slice(2, -1)}\\r" is not found; convert it (dos2unix)`;
  return `the interpreter of ${spec.path}, "${interpreter.slice(2).trim()}", does not exist; install it or change the first line`;
}

function explainForbidden(spec: ScriptSpec): string {
  if (isDirectory(spec.path)) return `${spec.path} is a directory`;
  try {
    accessSync(spec.path, constants.X_OK);
  } catch {
    return `${spec.path} is not executable; chmod +x it`;
  }
  return `${spec.path} may not be executed; look at its interpreter, its directories, and whether its file system is mounted noexec`;
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** First line of a file, at most 256 bytes; null where it cannot be read. */
function firstLine(path: string): string | null {
  try {
    const fd = openSync(path, 'r');
    try {
      const bytes = Buffer.alloc(256);
      const text = bytes.toString('latin1', 0, readSync(fd, bytes, 0, bytes.length, 0));
      return text.split('\n')[0] ?? '';
    } finally {
      closeSync(fd);
    }
  } catch {
    return null;
  }
}
