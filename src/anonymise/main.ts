#!/usr/bin/env node
/** Anonymises a snapshot: what the CLI and the daemon start as a process of their own. Exit 2: the command line is wrong. */
import { rm, stat } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { anonymiseSnapshot } from './snapshot.js';

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
const tell = (text: string): void => void process.stderr.write(`${text}\n`);

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { word: { type: 'string', multiple: true }, exclude: { type: 'string' } },
  });
  const [from, to, ...more] = positionals;
  if (from === undefined || to === undefined || more.length > 0) {
    tell('usage: main.js [--word=W]… [--exclude=REGEX] IN.zip OUT.zip');
    return 2;
  }
  if (!(await exists(from))) {
    tell(`there is no file ${from}`);
    return 2;
  }
  if (await exists(to)) {
    tell(`${to} is there already`);
    return 2;
  }
  let exclude: RegExp | null = null;
  try {
    exclude = values.exclude === undefined ? null : new RegExp(values.exclude);
  } catch {
    tell(`--exclude is no regular expression: ${values.exclude}`);
    return 2;
  }
  try {
    const result = await anonymiseSnapshot(from, to, { words: values.word ?? [], exclude });
    process.stdout.write(`${JSON.stringify(result)}\n`);
    return 0;
  } catch (error) {
    await rm(to, { force: true });
    tell(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    tell(error instanceof Error ? error.message : String(error));
    process.exitCode = 2;
  },
);
