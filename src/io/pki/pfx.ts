/**
 * A certificate with its key as PKCS #12 (RFC 7292), for import into browsers and keyrings: AES-256 with a key by PBKDF2 from the
 * password (PBES2), and a MAC over all of it. Windows 10, macOS 12, Firefox and OpenSSL 1.1 and later read that.
 */
import { createPrivateKey, webcrypto, X509Certificate } from 'node:crypto';
import { BmpString, OctetString } from 'asn1js';
import {
  Attribute,
  AuthenticatedSafe,
  CertBag,
  Certificate,
  CryptoEngine,
  PFX,
  PKCS8ShroudedKeyBag,
  PrivateKeyInfo,
  SafeBag,
  SafeContents,
} from 'pkijs';

const iterations = 100_000;
const encryption = { name: 'AES-CBC', length: 256 } as const;
const bagIds = { key: '1.2.840.113549.1.12.10.1.2', certificate: '1.2.840.113549.1.12.10.1.3' } as const;
const attributeIds = { friendlyName: '1.2.840.113549.1.9.20', localKeyId: '1.2.840.113549.1.9.21' } as const;

/** What goes into the file; all of it is PEM but for the name and the password. */
export interface PfxContent {
  readonly certificate: string;
  readonly key: string;
  readonly authority: string;
  readonly name: string;
  readonly password: string;
}
const exact = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;

/** Packs one certificate with its key; that of the authority goes along. */
export async function packPfx({ certificate, key, authority, name, password }: PfxContent): Promise<Uint8Array> {
  const crypto = new CryptoEngine({ name: 'node', crypto: webcrypto, subtle: webcrypto.subtle });
  const secret = exact(Buffer.from(password));
  const leaf = new X509Certificate(certificate);
  const keyId = exact(Buffer.from(leaf.fingerprint.replaceAll(':', ''), 'hex'));
  const attributes = (): Attribute[] => [
    new Attribute({ type: attributeIds.friendlyName, values: [new BmpString({ value: name })] }),
    new Attribute({ type: attributeIds.localKeyId, values: [new OctetString({ valueHex: keyId })] }),
  ];
  const bag = (raw: Uint8Array): CertBag => new CertBag({ parsedValue: Certificate.fromBER(exact(raw)) });
  const encrypted = {
    password: secret,
    contentEncryptionAlgorithm: encryption,
    hmacHashAlgorithm: 'SHA-256',
    iterationCount: iterations,
  };
  const keyBag = new PKCS8ShroudedKeyBag({
    parsedValue: PrivateKeyInfo.fromBER(exact(createPrivateKey(key).export({ format: 'der', type: 'pkcs8' }))),
  });
  await keyBag.makeInternalValues(encrypted, crypto);
  const pfx = new PFX({
    parsedValue: {
      integrityMode: 0,
      authenticatedSafe: new AuthenticatedSafe({
        parsedValue: {
          safeContents: [
            {
              privacyMode: 0,
              value: new SafeContents({
                safeBags: [new SafeBag({ bagId: bagIds.key, bagValue: keyBag, bagAttributes: attributes() })],
              }),
            },
            {
              privacyMode: 1,
              value: new SafeContents({
                safeBags: [
                  new SafeBag({ bagId: bagIds.certificate, bagValue: bag(leaf.raw), bagAttributes: attributes() }),
                  new SafeBag({ bagId: bagIds.certificate, bagValue: bag(new X509Certificate(authority).raw) }),
                ],
              }),
            },
          ],
        },
      }),
    },
  });
  await pfx.parsedValue?.authenticatedSafe?.makeInternalValues({ safeContents: [{}, encrypted] }, crypto);
  await pfx.makeInternalValues(
    { password: secret, iterations, pbkdf2HashAlgorithm: 'SHA-256', hmacHashAlgorithm: 'SHA-256' },
    crypto,
  );
  return new Uint8Array(pfx.toSchema().toBER(false));
}
