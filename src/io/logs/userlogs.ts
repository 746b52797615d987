/** The files with the output of scripts: `userlog_<date>T<time>_<script>.ulog` in the module's directory (section 7.1 of the compatibility page). */
import { constants } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

export interface Userlog {
  readonly name: string;
  readonly bytes: number;
  readonly wallMs: number;
}

/** Letters, digits and `_ . : -` only: no such name leads out of its directory. */
export const isUserlogName = (name: string): boolean => name.length <= 255 && /^userlog_[A-Za-z0-9_.:-]+\.ulog$/.test(name);

/** Scripts write beside these files: a link or a pipe that one of them left there is neither followed nor waited for. */
const openRegular = async (path: string) => {
  const file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)).catch(() => null);
  if (file === null) return null;
  const info = await file.stat().catch(() => null);
  if (info?.isFile() === true) return { file, info };
  await file.close().catch(() => undefined);
  return null;
};

/** Newest first. */
export const listUserlogs = async (dir: string): Promise<readonly Userlog[]> => {
  const names = await readdir(dir).catch(() => []);
  const found: Userlog[] = [];
  for (const name of names.filter(isUserlogName)) {
    const opened = await openRegular(join(dir, name));
    if (opened === null) continue;
    found.push({ name, bytes: opened.info.size, wallMs: opened.info.mtimeMs });
    await opened.file.close().catch(() => undefined);
  }
  return found.sort((a, b) => b.wallMs - a.wallMs || (a.name < b.name ? 1 : -1));
};

/** The end of a userlog, whole characters only; null when there is none of that name or it cannot be read. */
export const readUserlog = async (dir: string, name: string, maxBytes: number): Promise<string | null> => {
  if (!isUserlogName(name)) return null;
  const opened = await openRegular(join(dir, name));
  if (opened === null) return null;
  try {
    const length = Math.max(0, Math.min(opened.info.size, Math.floor(maxBytes)));
    const buffer = Buffer.alloc(length);
    const { bytesRead } = await opened.file.read(buffer, 0, length, opened.info.size - length);
    let start = 0;
    // Where the cut fell within a character of UTF-8, its remaining bytes (10xxxxxx, three at most) are left out.
    if (length < opened.info.size) while (start < 3 && start < bytesRead && ((buffer[start] ?? 0) & 0xc0) === 0x80) start += 1;
    return buffer.toString('utf8', start, bytesRead);
  } catch {
    return null;
  } finally {
    await opened.file.close().catch(() => undefined);
  }
};
