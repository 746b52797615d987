/** HTTPS and joining made of plain values, for tests of the HTTP surface alone. */
import type {
  CaHelper,
  CaHelperStatus,
  CertificateFacts,
  HttpsAdministration,
  HttpsStatus,
  JoinAdministration,
} from '../../src/actors/face-https.js';
import type { AddressPort } from '../../src/actors/face-network.js';

const at = '2027-01-31T14:22:33.123Z';
const facts: CertificateFacts = {
  ...{
    subject: 'CN=n1',
    issuer: 'CN=CA',
    names: ['n1', '10.0.0.11'],
    validFrom: at,
    validTo: at,
    fingerprint: 'ab',
    serial: '1',
  },
};
const status: HttpsStatus = {
  ...{ node: 'n1', on: true, port: 9453, kind: 'private', tls12: false, clientCertificates: false, certificate: facts },
  ...{ authority: facts, authorityNode: 'n1', also: [], wanted: ['n1', '10.0.0.11'], renewAt: at },
  findings: [{ severity: 'warning', code: 'EXPIRES', message: 'It expires.', remedy: 'Renew it.' }],
};
const step = { node: 'n1', ok: true, message: 'HTTPS is on.' };
const report = { ok: true, value: { items: [step], fingerprint: 'ab' } } as const;
const state = { ok: true, value: status } as const;

export const fakeHttps: HttpsAdministration = {
  status: () => status,
  authority: () => '-----BEGIN CERTIFICATE-----\n',
  setup: async () => report,
  install: async () => state,
  renew: async () => state,
  off: async () => report,
  enrol: async () => state,
  sign: async () => ({ ok: true, value: { certificate: 'PEM' } }),
  userCertificate: async () => ({
    ok: true,
    value: { certificate: 'PEM', key: null, pkcs12: 'MII=', fingerprint: 'ab', validTo: at },
  }),
  exportAuthority: async () => ({ ok: true, value: { pem: 'PEM' } }),
  importAuthority: async () => report,
};
const helper: CaHelperStatus = {
  ...{ node: 'n1', running: true, port: 9001, urls: ['https://10.0.0.11:9001'], until: at, fingerprint: 'ab' },
  issued: [{ name: 'n2', use: 'server', peer: '10.0.0.12', at }],
};
export const fakeCaHelper: CaHelper = {
  status: () => helper,
  start: async () => ({ ok: true, value: { ...helper, password: 'hfca1.x.y' } }),
  stop: async () => ({ ...helper, running: false, urls: [], until: null }),
  request: async () => state,
};
export const fakeJoin: JoinAdministration = {
  invite: async () => ({ ok: true, value: { token: 'hfj1.x', expires: at, urls: ['https://10.0.0.11:9453'] } }),
  admit: async () => ({ ok: true, value: { key: 'k', box: 'b' } }),
  join: async () => ({ ok: true, value: { node: 'n3', nodes: ['n1', 'n3'], steps: [step] } }),
};

/** Finds everybody; twice at once is too much. */
export const fakeAddresses: AddressPort = {
  look: async (address) =>
    address === 'busy'
      ? null
      : { address, addresses: [address], state: 'node', name: 'n2', message: 'The daemon of node n2 answers.' },
};
