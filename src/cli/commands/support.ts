/** Health check, dumps, snapshots, cleaning. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type {
  CleanBody,
  CleanKind,
  CleanResult,
  DumpInfo,
  HealthReport,
  SnapshotBody,
  SnapshotFile,
} from '../../http/api-types.js';
import { CliError, usageError } from '../cli-error.js';
import type { CommandContext } from '../command.types.js';
import { jsonText, printable } from '../format.js';
import { moduleName, modulePath, readNamedFile, show } from './shared.js';

/** A dump of a large journal on a slow disk may take minutes. */
const patienceMs = 16 * 60_000;

/** The program of its own that does what must not be done in here. */
const programs = {
  health: fileURLToPath(new URL('../../io/health/main.js', import.meta.url)),
  anonymise: fileURLToPath(new URL('../../anonymise/main.js', import.meta.url)),
} as const;

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}
async function program(context: CommandContext, file: string, args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'], signal: context.io.signal });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code] = await once(child, 'close');
  return { code: typeof code === 'number' ? code : 1, stdout, stderr: stderr.trim() };
}

function healthText({ node, version, worst, findings }: HealthReport, all: boolean): string {
  const shown = findings.filter(({ level }) => all || level !== 'ok');
  const rows = shown.map(({ check, level, seen, why, remedy }) =>
    level === 'ok'
      ? `ok       ${check}: ${seen}`
      : [
          `${level.padEnd(8)} ${check}: ${seen}`,
          `         ${why}`,
          ...(remedy === null ? [] : [`         What to do: ${remedy}`]),
        ].join('\n'),
  );
  const summary = `${node}, Holdfast ${version}: ${worst === 'ok' ? 'all is well' : worst}, ${findings.length} findings`;
  return `${[...rows, summary].map((line) => line.split('\n').map(printable).join('\n')).join('\n')}\n`;
}

/** Without a daemon: the same checks, as far as they can be made from outside. */
async function healthAlone(context: CommandContext, reason: string): Promise<HealthReport> {
  const { env } = context.io;
  const places = [`--safe=${env['SAFE'] || '/opt/holdfast'}`, `--safevar=${env['SAFEVAR'] || '/var/holdfast'}`];
  const { code, stdout, stderr } = await program(context, programs.health, [...places, `--error=${reason}`]);
  if (code !== 0) throw new CliError('INTERNAL', `the health check could not be made: ${stderr}`);
  return JSON.parse(stdout);
}

/** `healthcheck`: 1 where something does not work. */
export async function healthcheck(context: CommandContext): Promise<number> {
  let report: HealthReport;
  try {
    report = await context.client.json<HealthReport>('GET', '/healthcheck');
  } catch (error) {
    if (!(error instanceof CliError) || error.code !== 'DAEMON_UNREACHABLE') throw error;
    report = await healthAlone(context, error.message);
  }
  show(context, report, () => healthText(report, context.flag('all')));
  return report.worst === 'error' ? 1 : 0;
}

/** `dump`. */
export async function dump(context: CommandContext): Promise<number> {
  const path = modulePath(moduleName(context), '/dump');
  const made = await context.client.json<DumpInfo>('POST', path, { timeoutMs: patienceMs });
  show(context, made, () => `${made.files} files, ${made.bytes} bytes in ${made.path}\n`);
  return 0;
}

/** Words of a catalogue: one a line; empty lines and those that begin with # are left out. */
async function catalogue(context: CommandContext): Promise<readonly string[]> {
  const file = context.text('words');
  if (file === null) return [];
  const text = new TextDecoder().decode(await readNamedFile(context, file));
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/** `snapshot`: part by part into the file, whole or not at all. */
export async function snapshot(context: CommandContext): Promise<number> {
  const { client, io } = context;
  const name = context.args.operands[0] ?? '';
  const words = await catalogue(context);
  const anonymise = context.flag('anonymise');
  if (words.length > 0 && !anonymise) throw usageError('--words says what --anonymise replaces; add --anonymise');
  const target = resolve(io.cwd, name);
  const beside = `${target}.${process.pid}.new`;
  const body: SnapshotBody = { anonymise, words };
  // The file first: what cannot be written need not be made.
  const handle = await open(beside, 'wx', 0o600).catch((error: unknown) => {
    throw new CliError('DISK', `the file ${name} cannot be written: ${error instanceof Error ? error.message : String(error)}`);
  });
  let made: SnapshotFile | null = null;
  try {
    made = await client.json<SnapshotFile>('POST', modulePath(moduleName(context), '/snapshots'), {
      json: body,
      timeoutMs: patienceMs,
    });
    for (let offset = 0; offset < made.bytes; ) {
      const part = await client.bytes('GET', `/snapshots/${made.id}?offset=${offset}`);
      if (part.length === 0) throw new CliError('INTERNAL', 'the snapshot became shorter while it was read');
      await handle.write(part);
      offset += part.length;
    }
    await handle.close();
    await rename(beside, target);
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(beside, { force: true });
    if (error instanceof CliError || !(error instanceof Error) || io.signal.aborted) throw error;
    throw new CliError('DISK', `the file ${name} cannot be written: ${error.message}`);
  } finally {
    if (made !== null) await client.bytes('DELETE', `/snapshots/${made.id}`).catch(() => undefined);
  }
  const answer = { file: target, bytes: made.bytes };
  io.out(context.json ? jsonText(answer) : `${answer.bytes} bytes written to ${target}\n`);
  return 0;
}

/** `anonymise`: a process of its own, that runs the machines for the journal's sake. */
export async function anonymise(context: CommandContext): Promise<number> {
  const [from = '', to = ''] = context.args.operands;
  const words = (await catalogue(context)).map((word) => `--word=${word}`);
  const exclude = context.text('exclude');
  const args = [...words, ...(exclude === null ? [] : [`--exclude=${exclude}`]), '--'];
  const { code, stdout, stderr } = await program(context, programs.anonymise, [
    ...args,
    resolve(context.io.cwd, from),
    resolve(context.io.cwd, to),
  ]);
  if (code === 2) throw usageError(stderr);
  if (code !== 0) throw new CliError('SNAPSHOT_ANONYMISE', stderr);
  context.io.out(context.json ? stdout : `${to} written\n`);
  return 0;
}

const isKind = (word: string): word is CleanKind => ['all', 'log', 'process', 'resource'].includes(word);

/** `clean`. */
export async function clean(context: CommandContext): Promise<number> {
  const what = context.args.operands[0] ?? 'all';
  if (!isKind(what)) throw usageError(`clean takes all, log, process or resource, not '${what}'`);
  const body: CleanBody = { what };
  const result = await context.client.json<CleanResult>('POST', modulePath(moduleName(context), '/clean'), { json: body });
  show(context, result, () => result.done.map((line) => `${printable(line)}\n`).join(''));
  return 0;
}
