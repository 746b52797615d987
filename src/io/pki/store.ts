/**
 * What is kept of HTTPS: SAFEVAR/https with certificate and key, the authority, and the settings. All of it is replaced together, in one
 * step that a crash cannot leave half done; keys are readable by their owner alone.
 */
import { chmod, mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { discardStaged, readPlain, recoverDirectory, replaceDirectory, stageDirectory, writeStaged } from '../modules/files.js';
import type { Authority } from './issuing.types.js';

/** Everything; certificates and keys are PEM. */
export interface StoredHttps {
  readonly kind: 'private' | 'own';
  readonly tls12: boolean;
  readonly clientCertificates: boolean;
  readonly also: readonly string[];
  /** The node with the private authority; null with own certificates. */
  readonly authorityNode: string | null;
  /** HTTPS is on: these are shown. */
  readonly certificate: string | null;
  readonly key: string | null;
  /** The authority's certificate; null: browsers know it. */
  readonly authority: string | null;
  /** Own certificates: the authority of clients. */
  readonly clientAuthority: string | null;
  /** The private authority with its key, on its node; it stays while HTTPS is off. */
  readonly ca: Authority | null;
}
export interface HttpsStore {
  /** Null: nothing is kept. What is damaged is told and counts as nothing. */
  load(): Promise<StoredHttps | null>;
  save(stored: StoredHttps | null): Promise<void>;
}

const largest = 1024 * 1024;
const files = {
  certificate: 'server.crt',
  key: 'server.key',
  authority: 'cacert.crt',
  clientAuthority: 'clientca.crt',
  caCertificate: 'ca.crt',
  caKey: 'ca.key',
} as const;
const metaName = 'https.json';

type Meta = Pick<StoredHttps, 'kind' | 'tls12' | 'clientCertificates' | 'also' | 'authorityNode'>;
function decode(text: string): Meta | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || !('version' in value) || value.version !== 1) return null;
  const { kind, tls12, clientCertificates, also, authorityNode }: Readonly<Record<string, unknown>> = { ...value };
  if (kind !== 'private' && kind !== 'own') return null;
  if (typeof tls12 !== 'boolean' || typeof clientCertificates !== 'boolean') return null;
  if (!Array.isArray(also) || !also.every((one): one is string => typeof one === 'string')) return null;
  if (authorityNode !== null && typeof authorityNode !== 'string') return null;
  return { kind, tls12, clientCertificates, also, authorityNode };
}

/** Where the authority's certificate is, once there is one. */
export const authorityPath = (safevar: string): string => join(safevar, 'https', files.authority);

/** @param onProblem what is wrong on disk and was survived */
export function createHttpsStore(safevar: string, onProblem: (reason: string) => void): HttpsStore {
  const directory = join(safevar, 'https');
  const text = async (name: string): Promise<string | null> =>
    (await readPlain(join(directory, name), largest))?.bytes.toString('utf8') ?? null;

  return {
    async load() {
      try {
        await recoverDirectory(dirname(directory), basename(directory));
        const raw = await text(metaName);
        if (raw === null) return null;
        const meta = decode(raw);
        if (meta === null) throw new Error(`${metaName} is damaged`);
        const [caCertificate, caKey] = [await text(files.caCertificate), await text(files.caKey)];
        return {
          ...meta,
          certificate: await text(files.certificate),
          key: await text(files.key),
          authority: await text(files.authority),
          clientAuthority: await text(files.clientAuthority),
          ca: caCertificate === null || caKey === null ? null : { certificate: caCertificate, key: caKey },
        };
      } catch (error) {
        onProblem(`SAFEVAR/https cannot be read, HTTPS stays off: ${error instanceof Error ? error.message : String(error)}`);
        return null;
      }
    },
    async save(stored) {
      if (stored === null) {
        await replaceDirectory(directory, null);
        return;
      }
      await mkdir(safevar, { recursive: true });
      const staged = await stageDirectory(directory);
      try {
        await chmod(staged, 0o700);
        const write = async (name: string, content: string | null, secret: boolean): Promise<void> => {
          if (content !== null) await writeStaged(join(staged, name), content, secret ? 'private' : false);
        };
        await write(files.certificate, stored.certificate, false);
        await write(files.key, stored.key, true);
        await write(files.authority, stored.authority, false);
        await write(files.clientAuthority, stored.clientAuthority, false);
        await write(files.caCertificate, stored.ca?.certificate ?? null, false);
        await write(files.caKey, stored.ca?.key ?? null, true);
        const { kind, tls12, clientCertificates, also, authorityNode } = stored;
        const meta = { version: 1, kind, tls12, clientCertificates, also, authorityNode };
        await write(metaName, `${JSON.stringify(meta)}\n`, false);
        await replaceDirectory(directory, staged);
      } catch (error) {
        await discardStaged(directory);
        throw error;
      }
    },
  };
}
