import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CliError, usageError } from '../cli-error.js';
import type { CommandContext } from '../command.types.js';
import { jsonText } from '../format.js';

/** Path of a module's part of the API; `rest` begins with a slash. */
export function modulePath(module: string, rest = ''): string {
  return `/modules/${encodeURIComponent(module)}${rest}`;
}

/** The module of a command that needs one; `run` has made sure that it is there. */
export function moduleName(context: CommandContext): string {
  if (context.module === null) throw usageError('which module? Name it with -m AM, or set SAFEMODULE');
  return context.module;
}

/** Prints the API's answer as JSON, or as text for people. */
export function show(context: CommandContext, answer: unknown, human: () => string): void {
  context.io.out(context.json ? jsonText(answer) : human());
}

/** A query string from what is not null, with its question mark. */
export function query(parameters: Readonly<Record<string, string | number | boolean | null>>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== null) search.set(name, String(value));
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

/** What the operating system says, without the system call and the path that Node adds. */
function reason(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/, \w+(?: '.*)?$/s, '');
}

/**
 * Reads a file that the command line names.
 * @throws CliError USAGE where it cannot be read.
 */
export async function readNamedFile(context: CommandContext, path: string): Promise<Uint8Array> {
  try {
    return await readFile(resolve(context.io.cwd, path));
  } catch (error) {
    throw usageError(`the file ${path} cannot be read: ${reason(error)}`);
  }
}

/**
 * Writes a file that the command line names, whole or not at all; `secret` keeps others from reading it, also where the file was there before.
 * @throws CliError DISK where it cannot be written.
 */
export async function writeNamedFile(
  context: CommandContext,
  path: string,
  content: string | Uint8Array,
  secret: boolean,
): Promise<void> {
  const file = resolve(context.io.cwd, path);
  const beside = `${file}.${process.pid}.new`;
  try {
    await writeFile(beside, content, { mode: secret ? 0o600 : 0o644, flag: 'wx' });
    await rename(beside, file);
  } catch (error) {
    await rm(beside, { force: true });
    throw new CliError('DISK', `the file ${path} cannot be written: ${reason(error)}`);
  }
}

/** Waits that many ms; rejects when the run is interrupted. */
export async function pause(context: CommandContext, ms: number): Promise<void> {
  await delay(ms, undefined, { signal: context.io.signal });
}
