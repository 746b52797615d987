/** The certificate authorities that checks trust: Mozilla's list that comes with Node, and what the administrator added to this machine's. */
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';

/** Where distributions keep the machine's own list: Debian, Red Hat, SUSE, Alpine. */
const bundles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];
/** How often it is looked whether the list has changed. */
const lookMs = 60_000;

export interface Authorities {
  /** To verify others with. Made once and kept, because it costs milliseconds; made anew when a list has changed. */
  context(): SecureContext;
}
export interface AuthoritiesOptions {
  /** Files in PEM. Default: the first bundle of the system that is there, and NODE_EXTRA_CA_CERTS. */
  readonly files?: readonly string[];
}

/** The lists in use. */
export function createAuthorities(options: AuthoritiesOptions = {}): Authorities {
  const extra = process.env['NODE_EXTRA_CA_CERTS'];
  let kept: { readonly context: SecureContext; readonly mark: string } | null = null;
  let lookedAtMs = Number.NEGATIVE_INFINITY;

  const markOf = (file: string): string | null => {
    const stat = statSync(file, { throwIfNoEntry: false });
    return stat === undefined ? null : `${file} ${stat.mtimeMs} ${stat.size} ${stat.ino}`;
  };
  const files = (): readonly string[] => {
    if (options.files !== undefined) return options.files;
    const bundle = bundles.find((file) => markOf(file) !== null);
    return [bundle, extra].filter((file) => file !== undefined);
  };
  const read = (file: string): string | null => {
    try {
      return readFileSync(file, 'utf8');
    } catch {
      // Gone since it was looked at, or not ours to read: Mozilla's list is still there.
      return null;
    }
  };
  return {
    context: () => {
      const now = performance.now();
      if (kept !== null && now - lookedAtMs < lookMs) return kept.context;
      lookedAtMs = now;
      const wanted = files();
      const mark = wanted.map(markOf).join('\n');
      if (kept !== null && kept.mark === mark) return kept.context;
      const own = wanted.map(read).filter((text) => text !== null);
      try {
        kept = { context: createSecureContext({ ca: [...rootCertificates, ...own] }), mark };
      } catch {
        // One damaged certificate in the machine's list must not end all checks.
        kept = { context: createSecureContext(), mark };
      }
      return kept.context;
    },
  };
}
