/** Which names modules and the files within them may have, and the failures that say so. */
import type { ErrorCode } from '../../actors/errors.js';
import type { Failure, Outcome } from '../../actors/face.js';
import type { ConfigProblem } from '../../config/types.js';

/** A failure whose code is certainly in the catalogue. */
export const failure = (code: ErrorCode, message: string, problems?: readonly ConfigProblem[]): Failure =>
  problems === undefined ? { code, message } : { code, message, problems };

/** An expected failure on its way up to the one place where it becomes an `Outcome`. */
export class ExpectedFailure extends Error {
  readonly failure: Failure;
  constructor(code: ErrorCode, message: string, problems?: readonly ConfigProblem[]) {
    super(message);
    this.name = 'ExpectedFailure';
    this.failure = failure(code, message, problems);
  }
}

const systemCode = (error: unknown): string | null =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;

/** Whether the error is the system's word that there is no such file or directory. */
export const isMissing = (error: unknown): boolean => {
  const code = systemCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
};

const diskCodes = new Set([
  'ENOSPC',
  'EDQUOT',
  'EIO',
  'EROFS',
  'EACCES',
  'EPERM',
  'EMFILE',
  'ENFILE',
  'EBUSY',
  'EFBIG',
  'ENAMETOOLONG',
  'ELOOP',
  'EXDEV',
]);

/** Expected failures and the disk's refusals become failures; anything else is a defect and goes on up. */
export const outcomeOf = async <T>(work: () => Promise<T>): Promise<Outcome<T>> => {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    if (error instanceof ExpectedFailure) return { ok: false, failure: error.failure };
    const code = systemCode(error);
    if (code !== null && diskCodes.has(code))
      return { ok: false, failure: failure('DISK', error instanceof Error ? error.message : code) };
    throw error;
  }
};

/** Names that have a meaning of their own in SAFE/modules (section 3.6) or among the records. */
const reserved = new Set(['lastconfig', 'node']);
/** Windows opens devices of these names in every directory. */
const devices = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?$/i;

export const isModuleName = (name: string): boolean =>
  /^[A-Za-z][A-Za-z0-9_-]{0,31}$/.test(name) && !reserved.has(name.toLowerCase()) && !devices.test(name);

/** @throws ExpectedFailure MODULE_NAME */
export const requireModuleName = (name: string): void => {
  if (!isModuleName(name))
    throw new ExpectedFailure(
      'MODULE_NAME',
      `'${name.slice(0, 64)}' is no name for a module: 1 to 32 letters, digits, underscores or hyphens, a letter first, and not reserved.`,
    );
};

/** The tree of a module (section 10.1): directories, and files at its top. */
export const moduleDirectories = ['conf', 'bin', 'web'] as const;
export const moduleTopFiles = ['manifest.xml'] as const;

/** Bounds of a module's tree, in bytes and counts. */
export const moduleLimits = {
  archiveBytes: 64 * 1024 * 1024,
  entries: 2000,
  fileBytes: 32 * 1024 * 1024,
  totalBytes: 128 * 1024 * 1024,
  /** Unpacked to packed, of an archive that unpacks to more than `ratioFromBytes`. */
  ratio: 200,
  ratioFromBytes: 1024 * 1024,
  depth: 8,
  /** Of a file that is read or written through the API. */
  editBytes: 1024 * 1024,
} as const;

/**
 * Why a relative path may not stand in a module, or null when it may: only plain segments that mean the same on every system, below the
 * known directories. `isDirectory` says what the path names.
 */
export const pathProblem = (path: string, isDirectory: boolean): string | null => {
  if (path === '') return 'the name is empty';
  if (Buffer.byteLength(path) > 1024) return 'the path is too long';
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) return 'the path is absolute';
  if (path.includes('\\')) return 'the path has a backslash';
  const segments = path.split('/');
  if (segments.length > moduleLimits.depth) return `the path has more than ${moduleLimits.depth} levels`;
  for (const segment of segments) {
    if (segment === '' || segment === '.') return 'the path has an empty segment';
    if (segment === '..') return 'the path leads outside';
    if (Buffer.byteLength(segment) > 200) return 'a name is too long';
    if (/[\p{Cc}\p{Cs}\u2028\u2029\u200e\u200f\u202a-\u202e\ufffd]/u.test(segment))
      return 'a name has characters that cannot be shown';
    if (/[:*?"<>|]/.test(segment) || /[. ]$/.test(segment) || devices.test(segment)) return 'a name is not possible on Windows';
  }
  const [top] = segments;
  if (moduleDirectories.some((name) => name === top))
    return segments.length > 1 || isDirectory ? null : `${top} must be a directory`;
  if (segments.length === 1 && !isDirectory && moduleTopFiles.some((name) => name === top)) return null;
  return `only ${[...moduleDirectories.map((name) => `${name}/`), ...moduleTopFiles].join(', ')} belong in a module`;
};
