/** The authority in one file: its certificate, and its key encrypted with a password (PKCS #8, PBES2 with AES-256). */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { Outcome } from '../../actors/face.js';
import type { Authority } from './issuing.types.js';

const refuse = (code: string, message: string): Outcome<never> => ({ ok: false, failure: { code, message } });

/** PEM: the certificate, then the encrypted key. */
export function sealAuthority({ certificate, key }: Authority, password: string): string {
  const sealed = createPrivateKey(key).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: password });
  return `${certificate.trim()}\n${String(sealed).trim()}\n`;
}

/** Reads such a file. Failures: HTTPS_CERTIFICATE, HTTPS_PASSWORD. */
export function openAuthority(pem: string, password: string): Outcome<Authority> {
  const certificate = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/.exec(pem)?.[0];
  const sealed = /-----BEGIN (?:ENCRYPTED )?PRIVATE KEY-----[\s\S]+?-----END (?:ENCRYPTED )?PRIVATE KEY-----/.exec(pem)?.[0];
  if (certificate === undefined || sealed === undefined)
    return refuse('HTTPS_CERTIFICATE', 'The file must hold the certificate of the authority and its key, both in PEM.');
  try {
    const root = new X509Certificate(certificate);
    if (!root.ca) return refuse('HTTPS_CERTIFICATE', 'The certificate in the file is not that of an authority.');
    const key = createPrivateKey({ key: sealed, passphrase: password });
    if (!root.checkPrivateKey(key)) return refuse('HTTPS_CERTIFICATE', 'The key in the file is not the one of its certificate.');
    return {
      ok: true,
      value: { certificate: `${certificate}\n`, key: String(key.export({ type: 'pkcs8', format: 'pem' })) },
    };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return /bad decrypt|passphrase|interrupted|cancelled/i.test(message)
      ? refuse('HTTPS_PASSWORD', 'The password does not open the key.')
      : refuse('HTTPS_CERTIFICATE', `The file cannot be read: ${message}.`);
  }
}
