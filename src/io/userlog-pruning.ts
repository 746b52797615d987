/**
 * How many userlogs a module keeps. Each run of a script leaves one, so that without an end a module that is restarted often would
 * fill its disk with small files.
 */
import { readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/** A module's directory keeps so many at most. */
export const mostUserlogs = 300;
/** Those that nothing was written to for so long go, in ms. */
export const userlogAgeMs = 90 * 24 * 3_600_000;
/** Of each script the newest so many stay, whatever their age and the number of the others: an application may still write to one. */
export const keptOfEachScript = 5;
/** A directory is looked through at most so often, in ms. */
const pruneEveryMs = 60_000;

interface UserlogFile {
  readonly name: string;
  /** Last write, wall ms. */
  readonly wallMs: number;
}

const form = /^userlog_\d{4}-\d{2}-\d{2}T\d{6}_(.+?)(?:_\d+)?\.ulog$/;

/** The names of those that are to go. */
export function outdatedUserlogs(files: readonly UserlogFile[], nowWallMs: number): readonly string[] {
  const newestFirst = files.toSorted((a, b) => b.wallMs - a.wallMs || (a.name < b.name ? 1 : -1));
  const seen = new Map<string, number>();
  return newestFirst
    .filter(({ name, wallMs }, index) => {
      const script = form.exec(name)?.[1];
      if (script === undefined) return false;
      const nth = (seen.get(script) ?? 0) + 1;
      seen.set(script, nth);
      return nth > keptOfEachScript && (index >= mostUserlogs || nowWallMs - wallMs > userlogAgeMs);
    })
    .map(({ name }) => name);
}

const isGone = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');

/** Makes what looks through a directory when a script has begun in it; `onProblem` hears what could not be removed. */
export function createUserlogPruning(
  clock: { readonly monotonicMs: () => number; readonly wallMs: () => number },
  onProblem: (message: string) => void,
): (dir: string) => Promise<void> {
  const lookedAtMs = new Map<string, number>();
  const refused =
    (dir: string) =>
    (error: unknown): void =>
      onProblem(`old userlogs in ${dir} cannot be removed: ${String(error)}`);
  return async (dir) => {
    const now = clock.monotonicMs();
    if (now - (lookedAtMs.get(dir) ?? Number.NEGATIVE_INFINITY) < pruneEveryMs) return;
    lookedAtMs.set(dir, now);
    try {
      const files: UserlogFile[] = [];
      for (const name of (await readdir(dir)).filter((one) => form.test(one))) {
        const info = await stat(join(dir, name)).catch(() => null);
        if (info !== null) files.push({ name, wallMs: info.mtimeMs });
      }
      for (const name of outdatedUserlogs(files, clock.wallMs())) await unlink(join(dir, name)).catch(refused(dir));
    } catch (error) {
      // Without the directory there are no old userlogs; that none can be written was told by whoever wanted to.
      if (!isGone(error)) refused(dir)(error);
    }
  };
}
