/** Certificates for servers of tests, made by the openssl program. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Why there can be none; false if there can. */
export const noOpenssl: string | false =
  spawnSync('openssl', ['version']).status === 0 ? false : 'the openssl program is not installed here';

export interface Certificate {
  readonly key: string;
  readonly cert: string;
  /** File with the certificate, to be trusted. */
  readonly caFile: string;
}

/** A certificate for 127.0.0.1 and localhost that signs itself. */
export function certificate(dir: string): Certificate {
  const [keyFile, caFile] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  const made = spawnSync(
    'openssl',
    [
      ...[
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '2',
        '-subj',
        '/CN=localhost',
      ],
      ...['-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost', '-keyout', keyFile, '-out', caFile],
    ],
    { encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Error(made.stderr);
  return { key: readFileSync(keyFile, 'utf8'), cert: readFileSync(caFile, 'utf8'), caFile };
}

/** A file that only its owner may read. */
export function secretFile(dir: string, name: string, text: string, mode = 0o600): string {
  const path = join(dir, name);
  writeFileSync(path, text, { mode });
  return path;
}
