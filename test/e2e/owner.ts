/** Who owns the files of a test. */
import { chownSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Gives a directory, what is in it and its files to a user and the group of the same number; links and sockets are left. */
export function chownTree(path: string, uid: number): void {
  chownSync(path, uid, uid);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const inside = join(path, entry.name);
    if (entry.isDirectory()) chownTree(inside, uid);
    else if (entry.isFile()) chownSync(inside, uid, uid);
  }
}
