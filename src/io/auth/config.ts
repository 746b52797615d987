/** `SAFEVAR/auth.json`: who besides the users of the file may come in, and as what. Everything wrong in it is reported at once. */
import { isAbsolute } from 'node:path';
import type { ConfigResult } from '../../config/types.js';
import { type FieldReader, readSettings } from '../settings/settings-file.js';
import { certificateId } from './revoked.js';

/** Which groups, or claims, make somebody what. */
export interface RoleRules {
  readonly admin: readonly string[];
  readonly control: readonly string[];
  readonly monitor: readonly string[];
}
export interface LdapConfig extends RoleRules {
  /** Tried in this order. */
  readonly servers: readonly string[];
  readonly startTls: boolean;
  /** Certificates (PEM) to trust instead of the usual ones. */
  readonly caFile: string | null;
  /** Who looks for users; null: anybody may. */
  readonly bindDn: string | null;
  readonly bindPasswordFile: string | null;
  readonly base: string;
  readonly userAttribute: string;
  /** Groups stand in this attribute of the user; null: they are looked for. */
  readonly memberOf: string | null;
  readonly groupBase: string | null;
  readonly groupAttribute: string;
  readonly timeoutMs: number;
}
export interface OidcConfig extends RoleRules {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecretFile: string | null;
  readonly caFile: string | null;
  readonly scopes: readonly string[];
  readonly userClaim: string;
  readonly timeoutMs: number;
}
export interface CertificatesConfig {
  readonly enabled: boolean;
  /** Besides users of the file: an organizational unit Admin, Control or Monitor is the role. */
  readonly roleFromUnit: boolean;
  /** Serial numbers or SHA-256 fingerprints, in lower-case hex without colons: nobody comes in by these. */
  readonly revoked: readonly string[];
}
export interface AuthConfig {
  /** Passwords may come by HTTP from other machines, where they can be read on their way. */
  readonly plainHttp: boolean;
  readonly ldap: LdapConfig | null;
  readonly oidc: OidcConfig | null;
  readonly certificates: CertificatesConfig;
}
export const defaultAuthConfig: AuthConfig = {
  plainHttp: true,
  ldap: null,
  oidc: null,
  certificates: { enabled: true, roleFromUnit: false, revoked: [] },
};

const path = (text: string): string | null => (isAbsolute(text) ? null : 'It must be an absolute path.');
const attribute = (text: string): string | null =>
  /^[A-Za-z][A-Za-z0-9-]{0,63}$/.test(text) ? null : 'It must be the name of an attribute: letters, digits, hyphens.';
const isLocal = ({ hostname }: URL): boolean => hostname === 'localhost' || /^127\./.test(hostname) || hostname === '[::1]';
function urlOf(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}
const server = (text: string): string | null => {
  const url = urlOf(text);
  const right =
    url !== null && (url.protocol === 'ldap:' || url.protocol === 'ldaps:') && url.hostname !== '' && url.pathname.length <= 1;
  return right ? null : 'It must be ldaps://HOST[:PORT] or ldap://HOST[:PORT].';
};
const issuer = (text: string): string | null => {
  const url = urlOf(text);
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLocal(url))) return null;
  return 'It must be an https:// address (http:// only on this machine).';
};

function rulesOf(fields: FieldReader, what: string): RoleRules {
  const rules = { admin: fields.texts('admin', []), control: fields.texts('control', []), monitor: fields.texts('monitor', []) };
  if (rules.admin.length + rules.control.length + rules.monitor.length === 0)
    fields.conflict(
      'admin',
      `No ${what} makes anybody anything.`,
      `Name at least one ${what} in "admin", "control" or "monitor".`,
    );
  return rules;
}
function ldapOf(fields: FieldReader): LdapConfig {
  const servers = fields.texts('servers', null, server);
  const startTls = fields.yesNo('startTls', false);
  const bindDn = fields.optionalText('bindDn');
  const bindPasswordFile = fields.optionalText('bindPasswordFile', path);
  const memberOf = fields.optionalText('memberOf', attribute);
  const groupBase = fields.optionalText('groupBase');
  const open = servers.map(urlOf).find((url) => url?.protocol === 'ldap:' && !startTls && !isLocal(url));
  if (open !== undefined)
    fields.conflict('servers', `${open?.href} would be told passwords in the clear.`, 'Take ldaps://, or set "startTls": true.');
  if (startTls && servers.some((one) => one.startsWith('ldaps:')))
    fields.conflict('startTls', 'ldaps:// is TLS from the first byte, and StartTLS is not.', 'Take one of the two.');
  if ((bindDn === null) !== (bindPasswordFile === null))
    fields.conflict(
      'bindDn',
      '"bindDn" and "bindPasswordFile" belong together.',
      'Set both, or none for a directory that anybody may search.',
    );
  if (memberOf !== null && groupBase !== null)
    fields.conflict('memberOf', 'Groups are in an attribute of the user, or are looked for.', 'Take "memberOf" or "groupBase".');
  return {
    ...{ servers, startTls, bindDn, bindPasswordFile },
    caFile: fields.optionalText('caFile', path),
    base: fields.text('base', null),
    userAttribute: fields.text('userAttribute', 'uid', attribute),
    memberOf: memberOf === null && groupBase === null ? 'memberOf' : memberOf,
    groupBase,
    groupAttribute: fields.text('groupAttribute', 'member', attribute),
    timeoutMs: fields.whole('timeoutSeconds', { least: 1, most: 30 }, 5) * 1000,
    ...rulesOf(fields, 'group'),
  };
}
const claim = (text: string): string | null =>
  /^[^:\s]+:.+$/.test(text) ? null : 'It must be CLAIM:VALUE, for example groups:holdfast-admins.';
function oidcOf(fields: FieldReader): OidcConfig {
  const rules = rulesOf(fields, 'claim');
  const wrong = [...rules.admin, ...rules.control, ...rules.monitor].find((one) => claim(one) !== null);
  if (wrong !== undefined) fields.conflict('admin', `${JSON.stringify(wrong)} is no rule for claims.`, claim(wrong) ?? '');
  return {
    issuer: fields.text('issuer', null, issuer),
    clientId: fields.text('clientId', null),
    clientSecretFile: fields.optionalText('clientSecretFile', path),
    caFile: fields.optionalText('caFile', path),
    scopes: fields.texts('scopes', ['openid', 'profile']),
    userClaim: fields.text('userClaim', 'preferred_username'),
    timeoutMs: fields.whole('timeoutSeconds', { least: 1, most: 60 }, 10) * 1000,
    ...rules,
  };
}
const revocable = (text: string): string | null =>
  /^[0-9a-f]{1,64}$/.test(certificateId(text))
    ? null
    : 'It must be the serial number or the SHA-256 fingerprint of a certificate, in hex.';

function certificatesOf(fields: FieldReader): CertificatesConfig {
  return {
    enabled: fields.yesNo('enabled', true),
    roleFromUnit: fields.yesNo('roleFromUnit', false),
    revoked: fields.texts('revoked', [], revocable).map(certificateId),
  };
}

/** Reads auth.json; every finding names line, column and remedy. */
export function readAuthConfig(file: string, text: string): Promise<ConfigResult<AuthConfig>> {
  return readSettings(file, text, (fields) => ({
    plainHttp: fields.yesNo('plainHttp', true),
    ldap: fields.object('ldap', ldapOf),
    oidc: fields.object('oidc', oidcOf),
    certificates: fields.object('certificates', certificatesOf) ?? defaultAuthConfig.certificates,
  }));
}
