/**
 * Logins by an LDAP directory or Active Directory: the user's entry is looked for, a bind with the password proves who it is, groups give
 * the role. Filters are built as objects of the protocol and never as text, so that no name can change what is asked.
 */
import { readFile } from 'node:fs/promises';
import type { ConnectionOptions } from 'node:tls';
import { Client, type Entry, EqualityFilter, InvalidCredentialsError, NoSuchObjectError } from 'ldapts';
import type { Role } from '../../actors/face-auth.js';
import { readSecretFile } from '../settings/secret-file.js';
import type { LdapConfig } from './config.js';

export type LdapAnswer =
  | { readonly kind: 'in'; readonly role: Role }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'unavailable'; readonly why: string };

export interface Ldap {
  login(name: string, password: string): Promise<LdapAnswer>;
  /** The role of a user as of now, without its password: is it still there, and in which groups? */
  look(name: string): Promise<LdapAnswer>;
}

/** Names of one thing are written in several ways: compared without case, and without blanks around commas and equals signs. */
function plainDn(dn: string): string {
  return dn
    .toLowerCase()
    .replaceAll(/\s*([,=])\s*/g, '$1')
    .trim();
}
function textsOf(entry: Entry, attribute: string): readonly string[] {
  const key = Object.keys(entry).find((name) => name.toLowerCase() === attribute.toLowerCase());
  const value = key === undefined ? undefined : entry[key];
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.map((one) => (typeof one === 'string' ? one : one.toString('utf8'))) : [];
}
function roleOf(config: LdapConfig, groups: readonly string[]): Role | null {
  const own = new Set(groups.map(plainDn));
  const has = (wanted: readonly string[]): boolean => wanted.some((group) => own.has(plainDn(group)));
  if (has(config.admin)) return 'admin';
  if (has(config.control)) return 'control';
  return has(config.monitor) ? 'monitor' : null;
}
const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).slice(0, 300);

/** An entry could not be found, or is there twice. */
class Refusal extends Error {}

export function createLdap(config: LdapConfig): Ldap {
  async function open(url: string): Promise<Client> {
    const tls: ConnectionOptions = {
      minVersion: 'TLSv1.2',
      ...(config.caFile === null ? {} : { ca: await readFile(config.caFile) }),
    };
    const client = new Client({
      ...{ url, timeout: config.timeoutMs, connectTimeout: config.timeoutMs },
      ...(url.startsWith('ldaps:') ? { tlsOptions: tls } : {}),
    });
    try {
      if (config.startTls) await client.startTLS({ ...tls, host: new URL(url).hostname, servername: new URL(url).hostname });
      if (config.bindDn !== null && config.bindPasswordFile !== null)
        await client.bind(config.bindDn, await readSecretFile(config.bindPasswordFile));
      return client;
    } catch (error) {
      await client.unbind().catch(() => undefined);
      throw error;
    }
  }
  async function entryOf(client: Client, name: string): Promise<Entry> {
    const attributes = config.memberOf === null ? ['dn'] : ['dn', config.memberOf];
    const filter = new EqualityFilter({ attribute: config.userAttribute, value: name });
    const { searchEntries } = await client.search(config.base, { scope: 'sub', filter, attributes, sizeLimit: 2 });
    const [entry, another] = searchEntries;
    if (entry === undefined) throw new Refusal('there is no such user');
    if (another !== undefined)
      throw new Refusal(`there is more than one ${config.userAttribute} of that value below ${config.base}`);
    return entry;
  }
  async function groupsOf(client: Client, entry: Entry): Promise<readonly string[]> {
    if (config.groupBase === null) return textsOf(entry, config.memberOf ?? 'memberOf');
    const filter = new EqualityFilter({ attribute: config.groupAttribute, value: entry.dn });
    const { searchEntries } = await client.search(config.groupBase, {
      scope: 'sub',
      filter,
      attributes: ['dn'],
      sizeLimit: 1000,
    });
    return searchEntries.map((group) => group.dn);
  }
  async function ask(client: Client, name: string, password: string | null): Promise<LdapAnswer> {
    let entry: Entry;
    try {
      entry = await entryOf(client, name);
    } catch (error) {
      if (!(error instanceof Refusal || error instanceof NoSuchObjectError)) throw error;
      // As long as for a user that there is: whether there is one shall not be told by the time that it takes.
      if (password !== null) await client.bind(`cn=nobody,${config.base}`, password).catch(() => undefined);
      return { kind: 'refused', why: error instanceof Refusal ? error.message : `there is no ${config.base}` };
    }
    // Before the bind as the user, who may not be allowed to search.
    const role = roleOf(config, await groupsOf(client, entry));
    if (password !== null) {
      try {
        await client.bind(entry.dn, password);
      } catch (error) {
        if (error instanceof InvalidCredentialsError) return { kind: 'refused', why: 'the password is not right' };
        throw error;
      }
    }
    return role === null
      ? { kind: 'refused', why: `${entry.dn} is in none of the groups that have a role` }
      : { kind: 'in', role };
  }
  async function first(name: string, password: string | null): Promise<LdapAnswer> {
    let why = 'no server is configured';
    for (const url of config.servers) {
      let client: Client | null = null;
      try {
        client = await open(url);
        return await ask(client, name, password);
      } catch (error) {
        why = `${url}: ${reasonOf(error)}`;
      } finally {
        await client?.unbind().catch(() => undefined);
      }
    }
    return { kind: 'unavailable', why };
  }
  return {
    // A bind with an empty password is one of nobody, and succeeds (RFC 4513, section 5.1.2): it must never be tried.
    login: async (name, password) =>
      name === '' || password === '' ? { kind: 'refused', why: 'the password is empty' } : first(name, password),
    look: (name) => first(name, null),
  };
}
