import type { CommandRunner } from '../run-command.js';

/** PowerShell takes a second or two to start on a busy machine. */
const timeoutMs = 20_000;

/** Absolute path of a program of Windows itself. */
export function systemProgram(...parts: readonly string[]): string {
  return [process.env['SystemRoot'] ?? 'C:\\Windows', 'System32', ...parts].join('\\');
}

/** The environment that programs of Windows need to start, and nothing else. */
export function systemEnvironment(): Readonly<Record<string, string>> {
  const root = process.env['SystemRoot'] ?? 'C:\\Windows';
  return { SystemRoot: root, windir: root, PATH: `${root}\\System32;${root}`, TEMP: process.env['TEMP'] ?? `${root}\\Temp` };
}

/**
 * Output of a fixed PowerShell script, in UTF-8 whatever the code page. Values are handed in by environment variables, never put
 * into the script's text.
 * @throws when PowerShell cannot be run, ends with an error, or takes longer than 20 s.
 */
export async function powershell(
  run: CommandRunner,
  script: string,
  variables: Readonly<Record<string, string>>,
): Promise<string> {
  const whole = `$ErrorActionPreference='Stop';[Console]::OutputEncoding=[Text.Encoding]::UTF8;${script}`;
  const result = await run(
    systemProgram('WindowsPowerShell', 'v1.0', 'powershell.exe'),
    ['-NoLogo', '-NoProfile', '-NonInteractive', '-ExecutionPolicy', 'Bypass', '-Command', whole],
    { timeoutMs, env: { ...systemEnvironment(), ...variables } },
  );
  if (result.kind === 'failed') throw new Error(`PowerShell: ${result.message}`);
  if (result.code !== 0) throw new Error(`PowerShell ended with ${result.code}: ${result.stderr.trim().slice(0, 500)}`);
  // A byte-order mark comes first where the console was switched to UTF-8.
  return result.stdout.replace(/^\uFEFF/, '');
}

/**
 * The objects of `ConvertTo-Json`, which writes one object alone without the brackets of a list, and nothing for none.
 * @throws when the text is no JSON.
 */
export function parseJsonList(text: string): readonly object[] {
  if (text.trim() === '') return [];
  const parsed: unknown = JSON.parse(text);
  const list: readonly unknown[] = Array.isArray(parsed) ? parsed : [parsed];
  return list.filter((entry) => typeof entry === 'object' && entry !== null);
}

/** A property of an object of unknown shape. */
export function property(entry: object, name: string): unknown {
  return new Map<string, unknown>(Object.entries(entry)).get(name);
}
