/**
 * The private authority of this node beyond certificates of the cluster's nodes: people, whoever asks at the CA helper, a backup; and a certificate
 * for this node that an authority elsewhere signs.
 */
import type { Caller, Outcome } from '../../actors/face.js';
import type { HttpsAdministration, HttpsNodeResult } from '../../actors/face-https.js';
import { messages } from '../../machines/messages.js';
import { openAuthority, sealAuthority } from './authority-file.js';
import { authorityDays, failed, fingerprint, type HttpsOptions, serverDays, textOf, validTo } from './https-parts.js';
import { fingerprintOf, inspect, readCertificates } from './inspect.js';
import type { Authority } from './issuing.types.js';
import { clusterNames, ownCertificateNames, serverNames } from './names.js';
import type { StoredHttps } from './store.js';

/** What is kept, and how it is replaced. */
export interface Kept {
  get(): StoredHttps | null;
  keep(next: StoredHttps | null): Promise<void>;
}
interface Around {
  serial<T>(work: () => Promise<Outcome<T>>): Promise<Outcome<T>>;
  others(): readonly string[];
  enrolNode(node: string): Promise<HttpsNodeResult>;
}
/** A request that came by another way than from a node of the cluster; PEM, PKCS #10. */
export type ForeignRequest =
  | { readonly use: 'server'; readonly name: string; readonly request: string }
  | {
      readonly use: 'user';
      readonly name: string;
      readonly request: string;
      readonly role: 'Admin' | 'Control' | 'Monitor';
    };
/** What an authority elsewhere made of this node's request; PEM. */
export interface ForeignCertificate {
  readonly certificate: string;
  readonly authority: string;
  /** The node with the authority, by its own word. */
  readonly node: string | null;
}
/** The authority, as the CA helper uses it. */
export interface AuthorityKeeper {
  /** The authority of this node; one is made where the cluster has none. Failures: HTTPS_AUTHORITY, DISK. */
  takeAuthority(): Promise<Outcome<Authority>>;
  /** Failures: HTTPS_AUTHORITY, HTTPS_CERTIFICATE. */
  signForeign(of: ForeignRequest): Promise<Outcome<string>>;
  /** Makes a key and a request, has it signed by somebody, and shows what came of it. */
  adopt(certify: (name: string, request: string) => Promise<Outcome<ForeignCertificate>>, caller: Caller): Promise<Outcome<null>>;
}

/** The part of HTTPS that this file is about. */
export function createAuthorityPart(
  kept: Kept,
  { serial, others, enrolNode }: Around,
  { issuer, clock, node, hostname, cluster, log, note }: HttpsOptions,
): Pick<HttpsAdministration, 'userCertificate' | 'exportAuthority' | 'importAuthority'> & AuthorityKeeper {
  const now = (): number => clock.wallMs();
  const notHere = (): Outcome<never> => {
    const where = kept.get()?.authorityNode ?? null;
    return failed(
      'HTTPS_AUTHORITY',
      where === null
        ? 'There is no private authority; holdfast https setup makes one.'
        : `The authority is on ${where}: run the command there.`,
    );
  };
  return {
    async userCertificate({ name, role, days, password }, who) {
      const ca = kept.get()?.ca ?? null;
      if (ca === null) return notHere();
      const made = await issuer.user({ authority: ca, name, role, days, nowWallMs: now(), password });
      const [certificate] = readCertificates(made.certificate);
      if (certificate === undefined) return failed('INTERNAL', 'No certificate was made.');
      note(who, `https usercert ${name} ${role}`);
      return {
        ok: true,
        value: {
          certificate: made.certificate,
          key: password === null ? made.key : null,
          pkcs12: made.pkcs12 === null ? null : Buffer.from(made.pkcs12).toString('base64'),
          fingerprint: fingerprintOf(certificate),
          validTo: new Date(certificate.validTo).toISOString(),
        },
      };
    },
    exportAuthority: (password, move, who) =>
      serial(async () => {
        const stored = kept.get();
        if (stored?.ca == null) return failed('HTTPS_AUTHORITY', 'There is no authority on this node.');
        const pem = sealAuthority(stored.ca, password);
        if (move) await kept.keep({ ...stored, ca: null });
        note(who, `https export-ca${move ? ' (moved away)' : ''}`);
        return { ok: true, value: { pem } };
      }),
    importAuthority: (pem, password, who) =>
      serial(async () => {
        const opened = openAuthority(pem, password);
        if (!opened.ok) return opened;
        const stored = kept.get();
        const known =
          stored?.kind === 'private' && fingerprint(stored.authority) === fingerprint(opened.value.certificate) ? stored : null;
        const base: StoredHttps = {
          ...{
            kind: 'private',
            tls12: known?.tls12 ?? false,
            clientCertificates: known?.clientCertificates ?? false,
            also: known?.also ?? [],
          },
          ...{ authorityNode: node(), certificate: known?.certificate ?? null, key: known?.key ?? null },
          ...{ authority: opened.value.certificate, clientAuthority: null, ca: opened.value },
        };
        await kept.keep(base);
        note(who, 'https import-ca');
        const results = base.certificate === null ? [] : await Promise.all(others().map(enrolNode));
        return {
          ok: true,
          value: {
            items: [{ node: node(), ok: true, message: 'The authority is here.' }, ...results],
            fingerprint: fingerprint(opened.value.certificate),
          },
        };
      }),
    takeAuthority: () =>
      serial(async (): Promise<Outcome<Authority>> => {
        const stored = kept.get();
        if (stored?.ca != null) return { ok: true, value: stored.ca };
        if (stored?.kind === 'private' && stored.authorityNode !== null) return notHere();
        const ca = await issuer.authority({ name: `Holdfast CA of ${node()}`, days: authorityDays, nowWallMs: now() });
        const off: StoredHttps = {
          ...{ kind: 'private', tls12: false, clientCertificates: false, also: [], authorityNode: node() },
          ...{ certificate: null, key: null, authority: ca.certificate, clientAuthority: null, ca },
        };
        await kept.keep(stored === null ? off : { ...stored, ca });
        return { ok: true, value: ca };
      }),
    async signForeign(of) {
      const stored = kept.get();
      if (stored?.ca == null) return notHere();
      const base = { authority: stored.ca, request: of.request, name: of.name, days: serverDays, nowWallMs: now() };
      try {
        if (of.use === 'user') return { ok: true, value: await issuer.userRequest({ ...base, role: of.role }) };
        // A node of the cluster is certified for what cluster.xml says of it, never for what it asks for.
        const config = cluster()?.config;
        const names = config?.nodes.includes(of.name) === true ? serverNames(config, of.name, '', stored.also) : null;
        return { ok: true, value: await issuer.server({ ...base, names }) };
      } catch (error) {
        return failed('HTTPS_CERTIFICATE', textOf(error));
      }
    },
    adopt: (certify, who) =>
      serial(async () => {
        const config = cluster()?.config;
        const own = node();
        if (kept.get()?.ca != null)
          return failed(
            'HTTPS_AUTHORITY',
            'The private authority is on this node: holdfast https setup uses it, holdfast rmcerts CA removes it.',
          );
        const names = ownCertificateNames(config ?? null, own, hostname, kept.get()?.also ?? []);
        const { request, key } = await issuer.request({ name: own, names });
        const made = await certify(own, request);
        if (!made.ok) return made;
        const { certificate, authority } = made.value;
        const wanted = config === undefined ? [] : clusterNames(config, own);
        const wrong = inspect({ certificate, key, authority, names: wanted, nowWallMs: now() });
        const errors = wrong.filter(({ severity }) => severity === 'error');
        if (errors.length > 0) return failed('HTTPS_CERTIFICATE', errors.map(({ message }) => message).join(' '));
        // A node of the cluster renews by itself, sealed, at the node with the authority. With one elsewhere the administrator does.
        const authorityNode = config?.nodes.find((one) => one === made.value.node && one !== own) ?? null;
        const stored = kept.get();
        await kept.keep({
          ...{ kind: authorityNode === null ? 'own' : 'private', tls12: stored?.tls12 ?? false, clientCertificates: false },
          ...{ also: stored?.also ?? [], authorityNode, certificate, key, authority, clientAuthority: null, ca: null },
        });
        note(who, `https request (authority of ${made.value.node ?? 'another cluster'})`);
        log(messages.httpsOn(who.who, new Date(validTo(certificate)).toISOString()));
        return { ok: true, value: null };
      }),
  };
}
