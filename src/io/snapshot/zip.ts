/** A snapshot: a zip of the last three dumps and configurations, written entry by entry, so that its size costs no memory. */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import yazl from 'yazl';
import { unpackArchive } from '../modules/archive.js';
import { archivesOf, layoutOf } from '../modules/layout.js';
import { dumpNames, dumpsOf, plainFiles } from './place.js';
import type { Redactor } from './redact.js';

/** Configurations that go along. */
const keptConfigurations = 3;
const largestConfigFile = 8 * 1024 * 1024;

export interface SnapshotSources {
  readonly safe: string;
  readonly safevar: string;
  readonly module: string;
  readonly node: string;
  readonly redactor: Redactor;
}

/** Text is redacted; what is no text goes along as it is, for example a certificate in DER or a picture. */
function cleaned(bytes: Buffer, redactor: Redactor): Buffer {
  if (bytes.includes(0)) return bytes;
  const text = bytes.toString('utf8');
  return Buffer.from(redactor.text(text));
}
/** Files that are secrets by their kind stay here. */
const isSecretFile = (path: string): boolean =>
  /\.(?:key|p12|pfx|jks|keystore)$|(?:^|\/)id_(?:rsa|ed25519|ecdsa)$|(?:^|\/)\.(?:netrc|pgpass|my\.cnf)$/i.test(path);

/** Writes the zip. @throws the system's error where the disk refuses */
export async function writeSnapshot(target: string, sources: SnapshotSources): Promise<number> {
  const { safe, safevar, module, node, redactor } = sources;
  const layout = layoutOf(safe, safevar);
  const top = `snapshot_${node}_${module}`;
  const zip = new yazl.ZipFile();
  const addBytes = (path: string, bytes: Buffer, executable: boolean, mtime?: Date): void => {
    if (isSecretFile(path)) return;
    zip.addBuffer(cleaned(bytes, redactor), `${top}/${path}`, {
      mode: executable ? 0o100755 : 0o100644,
      ...(mtime === undefined ? {} : { mtime }),
    });
  };
  const addTree = async (root: string, under: string): Promise<void> => {
    for (const { path, bytes, mode, modifiedMs } of await plainFiles(root)) {
      if (bytes > largestConfigFile || path.split('/').some((name) => name.startsWith('.'))) continue;
      addBytes(`${under}/${path}`, await readFile(join(root, path)), (mode & 0o111) !== 0, new Date(modifiedMs));
    }
  };

  const dumps = await dumpNames(safevar, module);
  for (const name of dumps) {
    const root = join(dumpsOf(safevar, module), name);
    for (const { path, modifiedMs } of await plainFiles(root)) {
      // A replay reads one journal: that of the newest dump, which goes back as far as the older ones mostly.
      if (path.startsWith('journal/') && name !== dumps.at(-1)) continue;
      zip.addReadStreamLazy(`${top}/${name}/${path}`, { mode: 0o100644, mtime: new Date(modifiedMs) }, (done) =>
        done(null, createReadStream(join(root, path))),
      );
    }
  }
  const archives = archivesOf(module, await readdir(layout.lastConfigurations).catch(() => [])).slice(-keptConfigurations);
  for (const name of archives) {
    const date = name.slice(module.length + 1, -'.safe'.length);
    const path = join(layout.lastConfigurations, name);
    const { mtime } = await stat(path);
    for (const file of await unpackArchive(await readFile(path)).catch(() => []))
      addBytes(`config_${date}/module/${file.path}`, file.bytes, file.executable, mtime);
  }
  await addTree(join(layout.active, module), 'config_active/module');
  await addTree(join(layout.modules, module), 'config_edited/module');
  zip.end();
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  try {
    await pipeline(zip.outputStream, createWriteStream(target, { flags: 'wx', mode: 0o600 }));
  } catch (error) {
    await rm(target, { force: true });
    throw error;
  }
  return (await stat(target)).size;
}
