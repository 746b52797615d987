/** Makes an anonymous snapshot of a snapshot: first everything is read for what is to be replaced, then everything is replaced. */
import type { JournalRecord } from '../actors/recorder.types.js';
import { decodeLine, encodeLine } from '../actors/recorder-lines.js';
import { readRecords, type SourceLine } from '../replay/records.js';
import { Remarker } from '../replay/remark.js';
import { replay } from '../replay/replay.js';
import { Names } from './names.js';
import { type Entry, type NewEntry, openZip, writeZip } from './zip.js';

export interface AnonymiseOptions {
  /** Further words to replace. */
  readonly words: readonly string[];
  /** Files whose path matches are left out. */
  readonly exclude: RegExp | null;
}
export interface Anonymised {
  readonly files: number;
  /** Things that were replaced. */
  readonly replaced: number;
  readonly leftOut: readonly string[];
}

const isJournal = (path: string): boolean => /(?:^|\/)journal-\d{8}\.jsonl$/.test(path);
const isText = (bytes: Buffer): boolean => !bytes.subarray(0, 8192).includes(0);

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null;
const textsOf = (value: unknown, ...keys: readonly string[]): readonly string[] =>
  (Array.isArray(value) ? value : [value]).flatMap((one) =>
    isObject(one) ? keys.map((key) => one[key]).filter((item) => typeof item === 'string') : [],
  );
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Names that stand in files whose form is known. */
function gather(path: string, text: string, nodes: Set<string>, hosts: Set<string>, users: Set<string>): void {
  const name = path.split('/').at(-1) ?? '';
  const add = (to: Set<string>, names: readonly string[]): void => {
    for (const one of names) to.add(one);
  };
  if (name === 'nodes.json') add(nodes, textsOf(parsed(text), 'name'));
  if (name === 'cluster.json') add(nodes, textsOf(parsed(text), 'self'));
  if (name === 'system.json') add(hosts, textsOf(parsed(text), 'hostname'));
  if (name === 'cluster.xml')
    add(
      nodes,
      [...text.matchAll(/<node\b[^>]*\bname\s*=\s*["']([^"']+)["']/g)].map((match) => match[1] ?? ''),
    );
  if (name === 'commandlog.csv')
    for (const line of text.split(/\r?\n/).slice(1)) {
      // `root`, `admin@10.0.0.1`, `admin via n2`.
      const who = /^[^,]*,"?([^,"@ ]+)/.exec(line)?.[1];
      if (who !== undefined) users.add(who);
    }
  for (const match of text.matchAll(/\/home\/([A-Za-z0-9._-]+)/g)) users.add(match[1] ?? '');
}

/** The names of a journal: the recorder's node, the nodes of membership. */
function gatherJournal(text: string, nodes: Set<string>): void {
  const line = decodeLine(text);
  if (!line.ok) return;
  const { record } = line;
  if (record.k === 'head') nodes.add(record.node);
  if (record.k !== 'start' || !isObject(record.input)) return;
  const { self, nodes: all } = record.input;
  if (typeof self === 'string') nodes.add(self);
  if (Array.isArray(all)) for (const one of all) if (typeof one === 'string') nodes.add(one);
}

const linesOf = (file: string, text: string): readonly SourceLine[] =>
  text.split('\n').flatMap((line, index) => (line === '' ? [] : [{ file, number: index + 1, text: line }]));

async function* each(lines: readonly SourceLine[]): AsyncGenerator<SourceLine> {
  yield* lines;
}
/** Digests and checksums are no names. */
const kept: ReadonlySet<string> = new Set(['marks', 'bootId', 'k']);
const isRecordLike = (value: unknown, of: JournalRecord): value is JournalRecord => isObject(value) && value['k'] === of.k;

function renameWith(names: Names): (record: JournalRecord) => JournalRecord {
  return (record) => {
    const renamed = names.json(record, kept);
    if (!isRecordLike(renamed, record)) return record;
    if (record.k !== 'event' || renamed.k !== 'event' || record.marks === undefined) return renamed;
    const marks = Object.fromEntries(Object.entries(record.marks).map(([path, mark]) => [names.replace(path), mark]));
    return { ...renamed, marks };
  };
}

/** The journal's files with other names, and digests that fit. @throws Error where a replay would not go as before */
async function anonymousJournal(
  files: readonly { readonly path: string; readonly text: string }[],
  names: Names,
): Promise<ReadonlyMap<string, Buffer>> {
  const remarker = new Remarker(renameWith(names));
  const places: { readonly path: string; readonly n: number | null; readonly index: number; readonly text: string }[] = [];
  for (const { path, text } of files) {
    for (const line of linesOf(path, text)) {
      const decoded = decodeLine(line.text);
      if (decoded.ok) remarker.take(decoded.record);
      places.push({ path, n: decoded.ok ? decoded.n : null, index: remarker.records.length - 1, text: line.text });
    }
  }
  remarker.settle();
  const made = new Map<string, string[]>(files.map(({ path }) => [path, []]));
  for (const { path, n, index, text } of places) {
    const record = remarker.records[index];
    made.get(path)?.push(n === null || record === undefined ? names.replace(text) : encodeLine(n, record));
  }
  const texts = new Map([...made].map(([path, lines]) => [path, lines.map((line) => `${line}\n`).join('')]));
  const [before, after] = [
    await replay(readRecords(each(files.flatMap(({ path, text }) => linesOf(path, text))))),
    await replay(readRecords(each([...texts].flatMap(([path, text]) => linesOf(path, text))))),
  ];
  if (before.records !== after.records || (before.divergence === null) !== (after.divergence === null)) {
    const where =
      after.divergence === null ? '' : `: ${after.divergence.path} ${after.divergence.recorded} / ${after.divergence.replayed}`;
    throw new Error(
      `a replay of the journal would not go as before under the new names${where}; leave it out with --exclude=journal/`,
    );
  }
  return new Map([...texts].map(([path, text]) => [path, Buffer.from(text)]));
}

/** @throws Error with what is wrong; the target is then not there. */
export async function anonymiseSnapshot(from: string, to: string, options: AnonymiseOptions): Promise<Anonymised> {
  const zip = await openZip(from);
  try {
    const leftOut: string[] = [];
    const entries = zip.entries.filter(({ path }) => options.exclude?.test(path) !== true);
    const names = await namesOf(entries, options.words);
    const journals = entries.filter(({ path }) => isJournal(path)).toSorted((left, right) => (left.path < right.path ? -1 : 1));
    const texts: { path: string; text: string }[] = [];
    for (const entry of journals) texts.push({ path: entry.path, text: (await entry.read()).toString('utf8') });
    const journal = await anonymousJournal(texts, names);
    const made = new Map<string, NewEntry>();
    for (const entry of entries) {
      const path = names.replace(entry.path);
      if (!isText(await entry.read())) {
        leftOut.push(path);
        continue;
      }
      if (made.has(path)) throw new Error(`two files would be called ${path}`);
      const { mode, date } = entry;
      const content = async (): Promise<Buffer> =>
        journal.get(entry.path) ?? Buffer.from(names.replace((await entry.read()).toString('utf8')));
      made.set(path, { path, mode, date, content });
    }
    await writeZip(to, [...made.values()]);
    return { files: made.size, replaced: names.size, leftOut };
  } finally {
    zip.close();
  }
}

async function namesOf(entries: readonly Entry[], words: readonly string[]): Promise<Names> {
  const names = new Names();
  const [nodes, hosts, users] = [new Set<string>(), new Set<string>(), new Set<string>()];
  for (const entry of entries) {
    const bytes = await entry.read();
    if (!isText(bytes)) continue;
    const text = bytes.toString('utf8');
    if (isJournal(entry.path)) for (const line of linesOf(entry.path, text)) gatherJournal(line.text, nodes);
    else gather(entry.path, text, nodes, hosts, users);
  }
  names.add('word', words);
  names.add('node', [...nodes]);
  // The short form of a host's name stands in logs too.
  names.add(
    'host',
    [...hosts].flatMap((host) => [host, host.split('.')[0] ?? '']),
  );
  names.add('user', [...users]);
  return names;
}
