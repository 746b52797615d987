/**
 * Users of SafeKit: `user.conf`, which is a file of Apache's htpasswd, and `group.conf` with lines `Admin : u1 u2` (section 6.4 of the
 * compatibility page). Their hashes are kept until the first login, which puts one of ours in their place. Hashes that are no protection
 * (crypt, SHA-1 without a salt, plain text) are refused.
 */
import type { ImportedUser, Role } from '../../actors/face-auth.js';
import { ExpectedFailure } from '../modules/names.js';
import { greatestRole } from './directory.js';
import { namePattern } from './directory-file.js';

export interface SafekitUser {
  readonly name: string;
  readonly hash: string;
  readonly role: Role | null;
}
export interface SafekitUsers {
  readonly users: readonly SafekitUser[];
  readonly refused: readonly ImportedUser[];
}
const largest = 1024 * 1024;
/** A bcrypt of a greater cost takes seconds. */
const greatestCost = 12;

function kindOf(hash: string): 'apr1' | 'bcrypt' | null {
  if (/^\$apr1\$[./0-9A-Za-z]{1,8}\$[./0-9A-Za-z]{22}$/.test(hash)) return 'apr1';
  const bcrypt = /^\$2[aby]\$(\d\d)\$[./0-9A-Za-z]{53}$/.exec(hash);
  return bcrypt !== null && Number(bcrypt[1]) <= greatestCost ? 'bcrypt' : null;
}
function linesOf(text: string, file: string): readonly { readonly line: string; readonly number: number }[] {
  if (text.length > largest) throw new ExpectedFailure('USER_FILE', `${file} is larger than 1 MB.`);
  return text
    .split(/\r?\n/)
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== '' && !line.startsWith('#'));
}
function rolesOf(groupConf: string): ReadonlyMap<string, Role> {
  const roles = new Map<string, Role>();
  for (const { line, number } of linesOf(groupConf, 'group.conf')) {
    const match = /^(Admin|Control|Monitor)\s*:\s*(.*)$/i.exec(line);
    if (match === null)
      throw new ExpectedFailure(
        'USER_FILE',
        `group.conf:${number}: the line must be "Admin : NAMES", "Control : NAMES" or "Monitor : NAMES".`,
      );
    const title = match[1]?.toLowerCase();
    const role = title === 'admin' ? 'admin' : title === 'control' ? 'control' : 'monitor';
    for (const name of (match[2] ?? '').split(/\s+/).filter((one) => one !== ''))
      roles.set(name, greatestRole([role, roles.get(name) ?? null]) ?? role);
  }
  return roles;
}

/** @throws ExpectedFailure USER_FILE with the line; nothing of a hash is repeated */
export function readSafekitUsers(userConf: string, groupConf: string | null): SafekitUsers {
  const roles = groupConf === null ? null : rolesOf(groupConf);
  const users: SafekitUser[] = [];
  const refused: ImportedUser[] = [];
  for (const { line, number } of linesOf(userConf, 'user.conf')) {
    const match = /^([^:\s]{1,200}):([^:\s]+)$/.exec(line);
    if (match === null)
      throw new ExpectedFailure('USER_FILE', `user.conf:${number}: the line must be NAME:HASH, as htpasswd writes it.`);
    const [name, hash] = [match[1] ?? '', match[2] ?? ''];
    if (!namePattern.test(name))
      refused.push({ name: name.slice(0, 64), result: 'refused', message: 'Such a name is not allowed here.' });
    else if (kindOf(hash) === null)
      refused.push({
        name,
        result: 'refused',
        message: 'Its hash is neither MD5 (apr1) nor bcrypt of at most cost 12: give a new password (user add).',
      });
    else users.push({ name, hash, role: roles === null ? 'admin' : (roles.get(name) ?? null) });
  }
  return { users, refused };
}

/** Whether a password is the one of a hash of htpasswd; null: the hash is none. */
export function verifyForeign(password: string, hash: string): Promise<boolean> | null {
  const kind = kindOf(hash);
  if (kind === null) return null;
  return kind === 'apr1' ? verifyApr1(password, hash) : verifyBcrypt(password, hash);
}
async function verifyApr1(password: string, hash: string): Promise<boolean> {
  // Its types say that the function is one step further in than it is.
  const { default: apacheMd5 }: { readonly default: unknown } = await import('apache-md5');
  return typeof apacheMd5 === 'function' && Reflect.apply(apacheMd5, undefined, [password, hash]) === hash;
}
async function verifyBcrypt(password: string, hash: string): Promise<boolean> {
  const { compare } = await import('bcryptjs');
  return compare(password, hash);
}
