import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Outcome } from '../../../src/actors/face.js';
import type { ModuleStoreOptions } from '../../../src/io/modules/store.js';

export const templates = join(dirname(fileURLToPath(import.meta.url)), '../../../conf/modules');

interface Teardown {
  teardown(work: () => unknown): unknown;
}

/** A SAFE and a SAFEVAR of their own, outside of the repository, and options for a store over them. */
export const home = (t: Teardown, extraEnv: Readonly<Record<string, string>> = {}) => {
  const root = mkdtempSync(join(tmpdir(), 'holdfast-store-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  const problems: string[] = [];
  let wall = Date.UTC(2026, 0, 31, 12, 0, 0);
  const options: ModuleStoreOptions = {
    safe: join(root, 'safe'),
    safevar: join(root, 'var'),
    templates,
    node: () => 'n1',
    wallMs: () => {
      wall += 1000;
      return wall;
    },
    daemonEnv: { PATH: process.env['PATH'], HOME: '/root', LANG: 'C.UTF-8', SECRET: 'never' },
    extraEnv,
    socket: '/run/holdfast.sock',
    onProblem: (module, reason) => problems.push(`${module}: ${reason}`),
    ports: () => ({ cluster: 4800, http: 9010 }),
  };
  return { root, options, problems };
};

export const unwrap = <T>(outcome: Outcome<T>): T => {
  if (!outcome.ok)
    throw new Error(`${outcome.failure.code}: ${outcome.failure.message} ${JSON.stringify(outcome.failure.problems ?? [])}`);
  return outcome.value;
};
export const codeOf = (outcome: Outcome<unknown>): string => (outcome.ok ? 'ok' : outcome.failure.code);

export const put = (path: string, text: string, mode = 0o644): void => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
};

export const light = (inside = '<user/>', macros = ''): string =>
  `<safe>${macros}<service mode="light">${inside}</service></safe>`;
