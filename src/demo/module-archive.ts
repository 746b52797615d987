/** Packs the demo's module into a `.safe` archive, which the nodes install as they would any other. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import yazl from 'yazl';

/** Where the module's files are, in the sources as well as beside the built program. */
export const moduleDir = fileURLToPath(new URL('../../src/demo/module/', import.meta.url));

/** The archive: `conf/userconfig.xml` and the scripts of `bin/`, which are executable in it. */
export async function packModule(dir: string = moduleDir): Promise<Uint8Array> {
  const zip = new yazl.ZipFile();
  zip.addBuffer(await readFile(join(dir, 'conf', 'userconfig.xml')), 'conf/userconfig.xml', { mode: 0o100644 });
  for (const name of (await readdir(join(dir, 'bin'))).sort()) {
    zip.addBuffer(await readFile(join(dir, 'bin', name)), `bin/${name}`, { mode: name.includes('.') ? 0o100644 : 0o100755 });
  }
  zip.end();
  return buffer(zip.outputStream);
}
