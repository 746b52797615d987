/**
 * Modes and owners of the files that Holdfast trusts: keys, its socket, its directories, and the scripts that it runs. Looked at when the
 * daemon starts and by the health check. What only takes access away from others is mended at the start (ADR 0032); nothing is refused:
 * a stop script that is not run leaves an application running.
 */
import { constants } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ModeFacts } from './facts.js';

interface Wanted {
  readonly path: string;
  /** Bits that must not be set. */
  readonly forbidden: number;
  /** What is wrong when they are, in words. */
  readonly problem: string;
  readonly secret: boolean;
  /** Taking the bits away is always right. */
  readonly mend: boolean;
}
export interface ModePlaces {
  readonly safe: string;
  readonly safevar: string;
}
export interface MendedMode {
  readonly path: string;
  readonly problem: string;
}

/** Names of files in SAFEVAR that hold secrets, wherever they lie there. */
const secretName =
  /(?:\.key|cluster\.older|\.p12|\.pfx|_rsa|secret[^/]*|password[^/]*|passphrase[^/]*|tokens?\.json|users?\.json|sessions?\.json)$/i;
/** Directories of SAFEVAR that hold nothing of ours that is trusted, and much of it. */
const unlooked = new Set(['modules', 'log', 'snapshot', 'journal']);
const mostFiles = 10_000;

const others = (path: string, mend: boolean): Wanted => ({
  path,
  forbidden: 0o022,
  problem: 'can be changed by other users',
  secret: false,
  mend,
});
const secret = (path: string): Wanted => ({
  path,
  forbidden: 0o077,
  problem: 'can be read by other users',
  secret: true,
  mend: true,
});

/** Everything below a directory, links left out. */
async function below(directory: string, skip: ReadonlySet<string> = new Set()): Promise<readonly string[]> {
  const found: string[] = [];
  const walk = async (at: string, depth: number): Promise<void> => {
    const entries = await readdir(at, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (found.length >= mostFiles) return;
      const path = join(at, entry.name);
      if (entry.isSymbolicLink() || (depth === 0 && skip.has(entry.name))) continue;
      found.push(path);
      if (entry.isDirectory() && depth < 8) await walk(path, depth + 1);
    }
  };
  await walk(directory, 0);
  return found;
}

async function wantedOf({ safe, safevar }: ModePlaces): Promise<readonly Wanted[]> {
  const kept = await below(safevar, unlooked);
  const secrets = kept.filter((path) => secretName.test(path) || path.startsWith(join(safevar, 'cluster', 'cluster.key')));
  const active = await below(join(safe, 'private', 'modules'));
  const edited = await below(join(safe, 'modules'));
  return [
    ...[safe, safevar, join(safe, 'conf'), join(safe, 'private'), join(safe, 'private', 'modules')].map((path) =>
      others(path, true),
    ),
    others(join(safe, 'modules'), false),
    secret(join(safevar, 'holdfast.sock')),
    secret(join(safevar, 'run')),
    secret(join(safevar, 'journal')),
    ...secrets.map(secret),
    // The applied copy is ours alone. The edited one may be shared with a group on purpose; never with everybody.
    ...active.map((path) => others(path, true)),
    ...edited.map((path): Wanted => ({ ...others(path, true), forbidden: 0o002, problem: 'can be changed by every user' })),
  ];
}

const octal = (mode: number): string => (mode & 0o7777).toString(8).padStart(4, '0');
const quoted = (path: string): string => (/^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`);

async function look(wanted: Wanted, uid: number): Promise<readonly (ModeFacts & { readonly wanted: Wanted | null })[]> {
  const info = await lstat(wanted.path).catch(() => null);
  if (info === null || info.isSymbolicLink()) return [];
  const found: (ModeFacts & { readonly wanted: Wanted | null })[] = [];
  const { path } = wanted;
  // A sticky directory that all may write (as /tmp) lets nobody replace another's files.
  const sticky = info.isDirectory() && (info.mode & 0o1000) !== 0;
  if ((info.mode & wanted.forbidden) !== 0 && !sticky) {
    found.push({
      ...{ path, secret: wanted.secret, wanted },
      problem: `${wanted.problem} (mode ${octal(info.mode)})`,
      remedy: `chmod ${wanted.forbidden === 0o077 ? 'go-rwx' : wanted.forbidden === 0o022 ? 'go-w' : 'o-w'} ${quoted(path)}; look whether somebody has used it`,
    });
  }
  if (info.uid !== 0 && info.uid !== uid) {
    found.push({
      ...{ path, secret: wanted.secret, wanted: null },
      problem: `belongs to user ${info.uid}, who can change it`,
      remedy: `chown ${uid} ${quoted(path)}, unless that user administers this node`,
    });
  }
  return found;
}

const ownUid = (): number => process.getuid?.() ?? 0;

/** Everything that is not as it should be; nothing on Windows, whose rights are of another kind. */
export async function checkModes(places: ModePlaces, uid: number = ownUid()): Promise<readonly ModeFacts[]> {
  if (process.platform === 'win32') return [];
  const found: ModeFacts[] = [];
  for (const wanted of await wantedOf(places))
    for (const { path, problem, remedy, secret: isSecret } of await look(wanted, uid))
      found.push({ path, problem, remedy, secret: isSecret });
  return found;
}

/** Takes away what others may do where that is always right; what could not be mended, or must not be, is left. */
export async function mendModes(
  places: ModePlaces,
  uid: number = ownUid(),
): Promise<{ readonly mended: readonly MendedMode[]; readonly left: readonly ModeFacts[] }> {
  if (process.platform === 'win32') return { mended: [], left: [] };
  const mended: MendedMode[] = [];
  const left: ModeFacts[] = [];
  for (const wanted of await wantedOf(places)) {
    for (const { wanted: fault, ...facts } of await look(wanted, uid)) {
      if (fault?.mend === true && (await mend(wanted))) mended.push({ path: facts.path, problem: facts.problem });
      else left.push(facts);
    }
  }
  return { mended, left };
}

/** By a descriptor of exactly that file, never through a link that was put in its place. */
async function mend({ path, forbidden }: Wanted): Promise<boolean> {
  // A socket cannot be opened; it is made anew with the right mode at each start.
  if (basename(path).endsWith('.sock')) return false;
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(() => null);
  if (handle === null) return false;
  try {
    const { mode } = await handle.stat();
    await handle.chmod(mode & 0o7777 & ~forbidden);
    return true;
  } catch {
    return false;
  } finally {
    await handle.close();
  }
}
