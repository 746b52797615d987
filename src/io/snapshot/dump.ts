/** One dump: everything that is known of a module and its node now, in a folder `dump_<date>` (section 6.7 of the compatibility page). */

import { createReadStream } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { NodeFace } from '../../actors/face.js';
import type { DumpInfo, HealthReport } from '../../actors/face-support.js';
import type { CommandLogEntry, LogEntry, Logs, Processes, ResourceEntry, ResourceHistory } from '../../actors/ports.js';
import { reportText } from '../health/checks.js';
import { journalFileName, journalNumbers } from '../journal-files.js';
import { decodeCommand, decodeEntry, mainLevels } from '../logs/entries.js';
import { rotatedPath } from '../logs/rotating-file.js';
import { type CommandRunner, runCommand } from '../run-command.js';
import { csvLine } from './csv.js';
import { Folder } from './folder.js';
import { cleanJournal } from './journal-copy.js';
import { dumpsOf, keptDumps, newDumpName, plainFiles, removeOldDumps } from './place.js';
import type { Redactor } from './redact.js';
import { processLines, systemFacts, systemLog } from './system.js';

export interface DumpSources {
  readonly safevar: string;
  readonly version: string;
  readonly face: Pick<
    NodeFace,
    | 'node'
    | 'cluster'
    | 'nodes'
    | 'modules'
    | 'module'
    | 'status'
    | 'resources'
    | 'snapshot'
    | 'events'
    | 'logs'
    | 'userlogs'
    | 'userlog'
  > & { readonly notification: Pick<NodeFace['notification'], 'status'> };
  readonly logs: Pick<Logs, 'readModule' | 'readCommands'>;
  readonly history: Pick<ResourceHistory, 'load' | 'flush'>;
  readonly processes: Processes;
  readonly flushJournal: () => Promise<void>;
  readonly clusterXml: () => Promise<string | null>;
  readonly classic: (entry: LogEntry) => string;
  readonly classicCommand: (entry: CommandLogEntry) => string;
  readonly wallMs: () => number;
  readonly run?: CommandRunner;
}

/** Bounds of one dump. What is beyond them is left out, and README.txt of the dump says so. */
const limits = { fileBytes: 64 * 1024 * 1024, totalBytes: 192 * 1024 * 1024 } as const;
const mostUserlogs = 50;
/** Newest bytes of each userlog. */
const userlogBytes = 1024 * 1024;
const mostLogFiles = 10;

const iso = (wallMs: number): string => new Date(wallMs).toISOString();

/** Entries of a log's files, oldest first; lines that cannot be read are left out. */
async function* entriesOf<T>(path: string, decode: (line: string) => T | null): AsyncGenerator<T> {
  for (let index = mostLogFiles; index >= 0; index -= 1) {
    const input = createReadStream(rotatedPath(path, index), 'utf8');
    try {
      for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
        const entry = decode(line);
        if (entry !== null) yield entry;
      }
    } catch {
      // There are not so many files.
    } finally {
      input.destroy();
    }
  }
}
async function* mapped<T>(entries: AsyncIterable<T>, text: (entry: T) => string | null): AsyncGenerator<string> {
  for await (const entry of entries) {
    const line = text(entry);
    if (line !== null) yield line;
  }
}

/** Writes the parts, each for itself: what fails is told in README.txt. */
async function fill(
  folder: Folder,
  module: string,
  sources: DumpSources,
  health: HealthReport,
  redactor: Redactor,
): Promise<void> {
  const { safevar, face, logs, history, classic, classicCommand, run = runCommand } = sources;
  const part = async (path: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      folder.omit(path, error);
    }
  };
  const main: ReadonlySet<string> = new Set(mainLevels);
  // Reading through the port first brings what waits in memory to the disk, as far as the disk takes it.
  await logs.readModule(module, { limit: 1 }).catch(() => []);
  await logs.readCommands(1).catch(() => []);
  const logFile = join(safevar, 'modules', module, 'log.jsonl');
  const entries = (): AsyncGenerator<LogEntry> => entriesOf(logFile, decodeEntry);
  const commands = (): AsyncGenerator<CommandLogEntry> => entriesOf(join(safevar, 'log', 'commands.jsonl'), decodeCommand);

  await part('log.txt', () =>
    folder.lines(
      'log.txt',
      mapped(entries(), (entry) => (main.has(entry.level) ? `${classic(entry)}\n` : null)),
    ),
  );
  await part('logverbose.txt', () =>
    folder.lines(
      'logverbose.txt',
      mapped(entries(), (entry) => `${classic(entry)}\n`),
    ),
  );
  await part('nodelog.txt', () =>
    folder.lines(
      'nodelog.txt',
      mapped(entriesOf(join(safevar, 'log', 'node.jsonl'), decodeEntry), (entry) => `${classic(entry)}\n`),
    ),
  );
  await part('commandlog.txt', () =>
    folder.lines(
      'commandlog.txt',
      mapped(commands(), (entry) => `${classicCommand(entry)}\n`),
    ),
  );
  await part('healthcheck.txt', () => folder.text('healthcheck.txt', reportText(health)));
  await part('healthcheck.json', () => folder.json('healthcheck.json', health));
  await part('heartplug/system.json', async () => folder.json('heartplug/system.json', await systemFacts(sources.version)));
  await part('heartplug/processes.txt', async () =>
    folder.text('heartplug/processes.txt', await processLines(sources.processes, redactor)),
  );
  await part('systemlog.txt', async () => folder.text('systemlog.txt', await systemLog(run)));

  // ---------------------------------------------------------------- what the daemon holds
  const held: readonly (readonly [string, () => unknown])[] = [
    ['state/module.json', () => face.module(module)],
    ['state/status.json', () => face.status(module)],
    ['state/chart.json', () => face.snapshot(module)],
    ['state/resources.json', () => face.resources(module)],
    ['state/cluster.json', () => face.cluster()],
    ['state/nodes.json', () => face.nodes()],
    ['state/events.json', () => face.events(null).items],
    ['notifications/status.json', () => face.notification.status()],
  ];
  for (const [path, value] of held) await part(path, () => folder.json(path, value()));
  await part('cluster/cluster.xml', async () => {
    const xml = await sources.clusterXml();
    if (xml !== null) await folder.text('cluster/cluster.xml', xml);
  });

  // ---------------------------------------------------------------- tables
  await part('csv', async () => {
    await folder.lines('csv/logverbose.csv', logTable(entries()));
    await folder.lines('csv/commandlog.csv', commandTable(commands()));
    await history.flush(module);
    await folder.lines('csv/resourcelog.csv', resourceTable(await history.load(module)));
    await folder.lines('csv/resource.csv', [
      csvLine(['resource', 'value', 'date', 'by']),
      ...(face.resources(module) ?? []).map(({ name, value, at, by }) => csvLine([name, value, at, by])),
    ]);
    await folder.lines('csv/modules.csv', [
      csvLine(['module', 'id', 'mode', 'configured', 'signature', 'applied']),
      ...face.modules().map((one) => csvLine([one.name, one.id, one.mode, one.configured, one.signature, one.appliedAt])),
    ]);
    await folder.lines('csv/moduleslog.csv', [
      csvLine(['date', 'node', 'module', 'event', 'data']),
      ...face
        .events(null)
        .items.filter(({ type }) => type === 'module.state')
        .map((one) => csvLine([one.at, one.node, one.module, one.type, JSON.stringify(redactor.json(one.data))])),
    ]);
    await folder.lines('csv/clusterstate.csv', [
      csvLine(['node', 'self', 'online', 'leader', 'lan', 'up', 'rttMs', 'sameConfiguration', 'evidence']),
      ...face
        .nodes()
        .flatMap((node) =>
          node.lans.map(({ lan, up, rttMs }) =>
            csvLine([node.name, node.self, node.online, node.leader, lan, up, rttMs, node.sameConfiguration, node.evidence]),
          ),
        ),
    ]);
  });

  // ---------------------------------------------------------------- files
  for (const { name } of ((await face.userlogs(module)) ?? []).slice(0, mostUserlogs))
    await part(`userlog/${name}`, async () => {
      const text = await face.userlog(module, name);
      if (text !== null) await folder.text(`userlog/${name}`, text.slice(-userlogBytes));
    });
  await part('var/files.txt', async () => {
    const files = await plainFiles(safevar, 5_000);
    const lines = files.map(
      ({ path, bytes, mode, modifiedMs }) => `${mode.toString(8).padStart(4, '0')}\t${bytes}\t${iso(modifiedMs)}\t${path}\n`,
    );
    await folder.text('var/files.txt', lines.join(''));
  });
  await part('journal', async () => {
    await sources.flushJournal();
    const dir = join(safevar, 'journal');
    for (const number of await journalNumbers(dir)) {
      const name = journalFileName(number);
      await folder.clean(`journal/${name}`, cleanJournal(join(dir, name), redactor));
    }
  });
}

async function* logTable(entries: AsyncIterable<LogEntry>): AsyncGenerator<string> {
  yield csvLine(['date', 'component', 'level', 'message']);
  for await (const { wallMs, component, level, message } of entries) yield csvLine([iso(wallMs), component, level, message]);
}
async function* commandTable(entries: AsyncIterable<CommandLogEntry>): AsyncGenerator<string> {
  yield csvLine(['date', 'who', 'module', 'phase', 'text']);
  for await (const { wallMs, who, module, phase, text } of entries) yield csvLine([iso(wallMs), who, module, phase, text]);
}
function* resourceTable(entries: readonly ResourceEntry[]): Generator<string> {
  yield csvLine(['date', 'resource', 'value', 'by']);
  for (const { wallMs, name, value, by } of entries) yield csvLine([iso(wallMs), name, value, by]);
}

const description = (module: string, node: string, version: string, at: string, folder: Folder): string =>
  [
    `Dump of module ${module} on node ${node}, Holdfast ${version}, ${at}.`,
    'docs/snapshots.md says what each file is. Keys, passwords, tokens and credentials are never in a dump; where one stood there is ***.',
    ...(folder.omissions.length === 0 ? ['Nothing was left out.'] : ['Left out:']),
    ...folder.omissions.map(({ path, why }) => `  ${path}: ${why}`),
    '',
  ].join('\n');

/** Writes a dump beside its place, puts it there, and removes the oldest. @throws the system's error where the disk refuses */
export async function writeDump(
  module: string,
  sources: DumpSources,
  health: HealthReport,
  redactor: Redactor,
): Promise<DumpInfo> {
  const { safevar, face, version, wallMs } = sources;
  const directory = dumpsOf(safevar, module);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const name = newDumpName(wallMs(), await readdir(directory));
  const staged = join(directory, `.${name}`);
  await mkdir(staged, { mode: 0o700 });
  try {
    const folder = new Folder(staged, redactor, limits);
    await fill(folder, module, sources, health, redactor);
    await folder.text('README.txt', description(module, face.node, version, iso(wallMs()), folder));
    await rename(staged, join(directory, name));
    await removeOldDumps(safevar, module, keptDumps);
    return { name, path: join(directory, name), bytes: folder.bytes, files: folder.files };
  } catch (error) {
    await rm(staged, { recursive: true, force: true });
    throw error;
  }
}
