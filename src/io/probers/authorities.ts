/** The certificate authorities that checks trust: Mozilla's list that comes with Node, what the administrator added to this machine's, and a file that a checker names. */
import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import { codeOf, messageOf } from './probe.js';

/** Where distributions keep the machine's own list: Debian, Red Hat, SUSE, Alpine. */
const bundles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];
/** How often it is looked whether the list has changed. */
const lookMs = 60_000;
/** The same for the file of one checker, which somebody may be waiting for. */
const lookOwnMs = 5_000;

export interface Authorities {
  /**
   * To verify others with. Made once and kept, because it costs milliseconds; made anew when a list has changed.
   * @param file certificates in PEM that are trusted as well; null: none
   * @throws when that file cannot be read or holds no certificates, with a sentence about it
   */
  context(file: string | null): SecureContext;
}
export interface AuthoritiesOptions {
  /** Files in PEM. Default: the first bundle of the system that is there, and NODE_EXTRA_CA_CERTS. */
  readonly files?: readonly string[];
  /** The authority of this cluster's own HTTPS, once there is one: its web services are what checkers of modules look at. */
  readonly ownFile?: string;
}

interface Kept {
  readonly context: SecureContext;
  readonly mark: string;
  readonly lookedAtMs: number;
}

function markOf(file: string): string | null {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? null : `${file} ${stat.mtimeMs} ${stat.size} ${stat.ino}`;
}
function readOwn(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const why = codeOf(error) === 'ENOENT' ? 'it is not there' : messageOf(error);
    throw new Error(`the certificates of ${file} cannot be read: ${why}`);
  }
  try {
    new X509Certificate(text);
  } catch (error) {
    // TLS itself passes over what is no certificate, without a word.
    throw new Error(`${file} holds no certificates in PEM: ${messageOf(error)}`);
  }
  return text;
}

/** The lists in use. */
export function createAuthorities(options: AuthoritiesOptions = {}): Authorities {
  const extra = process.env['NODE_EXTRA_CA_CERTS'];
  const kept = new Map<string | null, Kept>();

  const files = (): readonly string[] => {
    const own = options.ownFile === undefined ? [] : [options.ownFile];
    if (options.files !== undefined) return [...options.files, ...own];
    const bundle = bundles.find((file) => markOf(file) !== null);
    return [bundle, extra, ...own].filter((file) => file !== undefined);
  };
  const read = (file: string): string | null => {
    try {
      return readFileSync(file, 'utf8');
    } catch {
      // Gone since it was looked at, or not ours to read: Mozilla's list is still there.
      return null;
    }
  };
  const make = (wanted: readonly string[], file: string | null): SecureContext => {
    const machine = wanted.map(read).filter((text) => text !== null);
    const named = file === null ? [] : [readOwn(file)];
    try {
      return createSecureContext({ ca: [...rootCertificates, ...machine, ...named] });
    } catch {
      // One damaged certificate in the machine's list must not end all checks.
    }
    return file === null ? createSecureContext() : createSecureContext({ ca: [...rootCertificates, ...named] });
  };
  return {
    context: (file) => {
      const now = performance.now();
      const known = kept.get(file);
      if (known !== undefined && now - known.lookedAtMs < (file === null ? lookMs : lookOwnMs)) return known.context;
      const wanted = files();
      const mark = [...wanted, ...(file === null ? [] : [file])].map(markOf).join('\n');
      const context = known?.mark === mark ? known.context : make(wanted, file);
      kept.set(file, { context, mark, lookedAtMs: now });
      return context;
    },
  };
}
