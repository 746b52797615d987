/** Schemas of HTTPS and of joining; their TypeScript shapes are in `actors/face-https.ts`. */
import type { JsonSchema } from './schemas.js';

const text = { type: 'string' } as const;
const yesNo = { type: 'boolean' } as const;
const textOrNull = { type: ['string', 'null'] } as const;
const pem = { type: 'string', maxLength: 262_144 } as const;
const pemOrNull = { type: ['string', 'null'], maxLength: 262_144 } as const;
const password = { type: 'string', minLength: 8, maxLength: 256 } as const;
const name = { type: 'string', minLength: 1, maxLength: 253 } as const;
const names: JsonSchema = { type: 'array', items: name, maxItems: 64 };
const ref = (to: string): JsonSchema => ({ $ref: `#/components/schemas/${to}` });
const list = (items: JsonSchema): JsonSchema => ({ type: 'array', items });
function object(properties: Readonly<Record<string, JsonSchema>>, optional: readonly string[] = []): JsonSchema {
  const required = Object.keys(properties).filter((key) => !optional.includes(key));
  return { type: 'object', properties, required, additionalProperties: false };
}
const orNull = (schema: JsonSchema): JsonSchema => ({ anyOf: [schema, { type: 'null' }] });

const helper = {
  ...{
    node: text,
    running: yesNo,
    port: { type: 'integer' } as const,
    urls: list(text),
    until: textOrNull,
    fingerprint: textOrNull,
  },
  issued: list(object({ name: text, use: { enum: ['server', 'user'] }, peer: text, at: text })),
} as const;

export const httpsSchemas = {
  HttpsFinding: object({ severity: { enum: ['error', 'warning'] }, code: text, message: text, remedy: text }),
  CertificateFacts: object({
    ...{ subject: text, issuer: text, names: list(text), validFrom: text, validTo: text, fingerprint: text, serial: text },
  }),
  HttpsStatus: object({
    ...{ node: text, on: yesNo, port: { type: 'integer' }, kind: { enum: ['private', 'own', null] }, tls12: yesNo },
    ...{ clientCertificates: yesNo, certificate: orNull(ref('CertificateFacts')), authority: orNull(ref('CertificateFacts')) },
    ...{
      authorityNode: textOrNull,
      also: list(text),
      wanted: list(text),
      renewAt: textOrNull,
      findings: list(ref('HttpsFinding')),
    },
  }),
  HttpsReport: object({ items: list(object({ node: text, ok: yesNo, message: text })), fingerprint: textOrNull }),
  HttpsSigned: object({ certificate: text }),
  CaHelperStatus: object(helper),
  CaHelperStarted: object({ ...helper, password: textOrNull }),
  UserCertificateFiles: object({
    ...{ certificate: text, key: textOrNull, pkcs12: textOrNull, fingerprint: text, validTo: text },
  }),
  AuthorityFile: object({ pem: text }),
  NodeInvitation: object({ token: text, expires: text, urls: list(text) }),
  JoinAnswer: object({ key: text, box: text }),
  JoinReport: object({ node: text, nodes: list(text), steps: list(object({ node: text, ok: yesNo, message: text })) }),
} as const satisfies Readonly<Record<string, JsonSchema>>;

export const httpsBodies = {
  HttpsSetupBody: object(
    { also: names, tls12: yesNo, clientCertificates: yesNo, name: { ...name, maxLength: 64 }, newAuthority: yesNo },
    ['also', 'tls12', 'clientCertificates', 'name', 'newAuthority'],
  ),
  HttpsInstallBody: object({ certificate: pem, key: pem, authority: pemOrNull, clientAuthority: pemOrNull, tls12: yesNo }, [
    'authority',
    'clientAuthority',
    'tls12',
  ]),
  HttpsOffBody: object({ local: yesNo, authority: yesNo }, ['local', 'authority']),
  CaHelperBody: object(
    { minutes: { type: 'integer', minimum: 1, maximum: 480 }, password: { ...password, type: ['string', 'null'] } },
    ['minutes', 'password'],
  ),
  CaHelperRequestBody: object(
    {
      ...{ url: { ...text, maxLength: 300 }, user: name, password: { type: 'string', minLength: 1, maxLength: 256 } },
      fingerprint: { type: ['string', 'null'], maxLength: 128 },
    },
    ['fingerprint'],
  ),
  HttpsEnrolBody: object({ authorityNode: name, authority: pem, also: names, tls12: yesNo, clientCertificates: yesNo }),
  HttpsSignBody: object({ node: name, hostname: name, request: pem }),
  UserCertificateBody: object({
    name: { ...name, maxLength: 64 },
    role: { enum: ['Admin', 'Control', 'Monitor'] },
    days: { type: 'integer', minimum: 1, maximum: 3650 },
    password: { ...password, type: ['string', 'null'] },
  }),
  AuthorityExportBody: object({ password, move: yesNo }, ['move']),
  AuthorityImportBody: object({ pem, password: { type: 'string', minLength: 1, maxLength: 256 } }),
  NodeInvitationBody: object({ minutes: { type: 'integer', minimum: 1, maximum: 1440 } }),
  JoinBody: object(
    {
      ...{
        url: { ...text, maxLength: 300 },
        token: { ...text, maxLength: 300 },
        name: { type: ['string', 'null'], maxLength: 64 },
      },
      ...{ addresses: names, modules: names },
    },
    ['name', 'addresses', 'modules'],
  ),
  JoinMessage: object({
    ...{ id: { ...text, maxLength: 32 }, key: { ...text, maxLength: 100 }, box: { ...text, maxLength: 40_000 } },
  }),
} as const satisfies Readonly<Record<string, JsonSchema>>;
