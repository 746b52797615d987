import { join } from 'node:path';
import { transpile } from '../../bench/transpile.js';

/** What `src/cli` may import. */
const parts: readonly string[] = [
  'src/cli',
  'src/config',
  'src/actors/errors.ts',
  'src/http/api-types.ts',
  'src/http/log-format.ts',
];

/** The CLI of the working tree as plain JavaScript, to be started as a process; `folder` is to be removed by the caller. */
export function transpileCli(): { readonly folder: string; readonly main: string } {
  const folder = transpile(parts);
  return { folder, main: join(folder, 'src', 'cli', 'main.js') };
}
