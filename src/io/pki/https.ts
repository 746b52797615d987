/**
 * HTTPS of a node: who has the authority, when certificates are made and renewed, and what the others are told.
 *
 * Keys never travel: each node makes its own and sends a request, sealed as all that nodes ask each other, to the node with the authority.
 * That node looks after the others: one that was away when HTTPS was set up is told when it is back.
 */
import type { Outcome } from '../../actors/face.js';
import type { HttpsEnrol, HttpsFinding, HttpsNodeResult, HttpsReport, HttpsStatus } from '../../actors/face-https.js';
import { messages } from '../../machines/messages.js';
import { createAuthorityPart } from './https-authority.js';
import {
  authorityDays,
  failed,
  field,
  fingerprint,
  type HttpsOptions,
  type ManagedHttps,
  renewAtMs,
  serverDays,
  servingOf,
  textOf,
  validTo,
} from './https-parts.js';
import { factsOf, inspect, readCertificates } from './inspect.js';
import { clusterNames, isCertifiable, ownCertificateNames, serverNames } from './names.js';
import type { StoredHttps } from './store.js';

const checkMs = 6 * 3_600_000;
/** While something is not as it should be. */
const soonMs = 60_000;
const askMs = 30_000;

/** Makes it; nothing happens before `follow`. */
export function createHttps(options: HttpsOptions): ManagedHttps {
  const { store, issuer, clock, log, note, ask } = options;
  let stored: StoredHttps | null = null;
  let problem: string | null = null;
  let pending = false;
  let closed = false;
  let timer: unknown = null;
  let queue: Promise<unknown> = Promise.resolve();
  const now = (): number => clock.wallMs();

  /** One change at a time. */
  function serial<T>(work: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
    const next = queue.then(work).catch((error: unknown): Outcome<T> => failed('DISK', `HTTPS cannot be kept: ${textOf(error)}`));
    queue = next;
    return next;
  }
  async function keep(next: StoredHttps | null): Promise<void> {
    await store.save(next);
    stored = next;
    options.onChange(servingOf(stored));
    plan();
  }
  function plan(): void {
    clock.clearTimeout(timer);
    if (!closed) timer = clock.setTimeout(() => void watch(), pending || problem !== null ? soonMs : checkMs);
  }
  function others(): readonly string[] {
    return (options.cluster()?.config.nodes ?? []).filter((node) => node !== options.node());
  }
  function wantedNames(also: readonly string[]): readonly string[] {
    const config = options.cluster()?.config;
    return [...(config === undefined ? [] : clusterNames(config, options.node())), ...also].filter(isCertifiable);
  }

  /** Everything that a certificate of this node is made for. */
  function ownNames(): readonly string[] {
    const { dns, ip } = ownCertificateNames(
      options.cluster()?.config ?? null,
      options.node(),
      options.hostname,
      stored?.also ?? [],
    );
    return [...dns, ...ip];
  }
  /** Has the request of a node signed here. */
  async function signHere(of: {
    readonly node: string;
    readonly hostname: string;
    readonly request: string;
  }): Promise<Outcome<string>> {
    const config = options.cluster()?.config;
    const ca = stored?.ca ?? null;
    if (stored === null || ca === null) return failed('HTTPS_AUTHORITY', `The authority is not on ${options.node()}.`);
    if (config === undefined || !config.nodes.includes(of.node))
      return failed('NODE_UNKNOWN', `No node ${JSON.stringify(of.node.slice(0, 64))} is in the cluster configuration.`);
    try {
      const names = serverNames(config, of.node, of.hostname, stored.also);
      const certificate = await issuer.server({
        ...{ authority: ca, request: of.request, name: of.node, names, days: serverDays, nowWallMs: now() },
      });
      return { ok: true, value: certificate };
    } catch (error) {
      return failed('HTTPS_CERTIFICATE', textOf(error));
    }
  }
  /** A new key and a certificate for it from the authority, here or on its node. */
  async function issue(
    of: Pick<StoredHttps, 'authorityNode' | 'also' | 'authority'>,
  ): Promise<Outcome<{ certificate: string; key: string }>> {
    const node = options.node();
    const config = options.cluster()?.config;
    if (config === undefined || of.authorityNode === null || of.authority === null)
      return failed('CONF_NONE', 'There is no cluster configuration yet.');
    const { request, key } = await issuer.request({ name: node, names: serverNames(config, node, options.hostname, of.also) });
    const order = { node, hostname: options.hostname, request };
    let certificate: Outcome<string>;
    if (of.authorityNode === node) certificate = await signHere(order);
    else {
      const answer = await ask(of.authorityNode, 'POST', '/https/sign', order, askMs);
      const text = answer.ok ? field(answer.value, 'certificate') : null;
      certificate = !answer.ok
        ? answer
        : text === null
          ? failed('HTTPS_CERTIFICATE', `${of.authorityNode} answered without a certificate.`)
          : { ok: true, value: text };
    }
    if (!certificate.ok) return certificate;
    const wrong = inspect({
      ...{ certificate: certificate.value, key, authority: of.authority, names: wantedNames([]), nowWallMs: now() },
    }).filter(({ severity }) => severity === 'error');
    if (wrong.length > 0) return failed('HTTPS_CERTIFICATE', wrong.map(({ message }) => message).join(' '));
    return { ok: true, value: { certificate: certificate.value, key } };
  }
  async function renewNow(): Promise<Outcome<null>> {
    if (stored === null || stored.certificate === null) return failed('HTTPS_NONE', 'HTTPS is not on here.');
    if (stored.kind === 'own')
      return failed('HTTPS_AUTHORITY', 'The certificate is one of your own: install a new one (holdfast https install).');
    const made = await issue(stored);
    if (!made.ok) return made;
    await keep({ ...stored, ...made.value });
    log(messages.httpsRenewed(new Date(validTo(made.value.certificate)).toISOString()));
    return { ok: true, value: null };
  }
  function uncovered(): readonly HttpsFinding[] {
    if (stored === null || stored.certificate === null || stored.key === null) return [];
    const also = stored.kind === 'private' ? stored.also : [];
    return inspect({
      ...{ certificate: stored.certificate, key: stored.key, authority: stored.authority },
      ...{ names: wantedNames(also), nowWallMs: now() },
    });
  }
  function due(): boolean {
    if (stored?.kind !== 'private' || stored.certificate === null) return false;
    return now() >= renewAtMs(stored.certificate) || uncovered().some(({ code }) => code === 'NAMES' || code === 'DATES');
  }
  /** Tells one node to have a certificate of our authority. */
  async function enrolNode(node: string): Promise<HttpsNodeResult> {
    if (stored === null || stored.authority === null) return { node, ok: false, message: 'There is no authority here.' };
    const { authority, also, tls12, clientCertificates } = stored;
    const order: HttpsEnrol = { authorityNode: options.node(), authority, also, tls12, clientCertificates };
    const answer = await ask(node, 'POST', '/https/enrol', order, askMs);
    return answer.ok
      ? { node, ok: true, message: 'HTTPS is on.' }
      : { node, ok: false, message: `${answer.failure.code}: ${answer.failure.message}` };
  }
  async function isEnrolled(node: string): Promise<boolean> {
    const answer = await ask(node, 'GET', '/https', null, 2000);
    if (!answer.ok || typeof answer.value !== 'object' || answer.value === null) return false;
    const theirs = new Map<string, unknown>(Object.entries(answer.value));
    return (
      theirs.get('on') === true &&
      (theirs.get('kind') === 'own' || field(theirs.get('authority'), 'fingerprint') === fingerprint(stored?.authority ?? null))
    );
  }
  async function lookAfterOthers(): Promise<void> {
    if (stored?.kind !== 'private' || stored.ca === null || stored.certificate === null) {
      pending = false;
      return;
    }
    const results = await Promise.all(others().map(async (node) => (await isEnrolled(node)) || (await enrolNode(node)).ok));
    pending = results.includes(false);
  }
  async function watch(): Promise<void> {
    await serial(async () => {
      if (due()) {
        const renewed = await renewNow();
        const reason = renewed.ok ? null : `${renewed.failure.message}`;
        if (reason !== null && reason !== problem) log(messages.httpsProblem(`the certificate cannot be renewed: ${reason}`));
        problem = reason;
      } else {
        problem = null;
        for (const { code, message, remedy } of uncovered())
          if (code !== 'EXPIRES' || stored?.kind === 'own') log(messages.httpsProblem(`${message} ${remedy}`));
      }
      return { ok: true, value: null };
    });
    await lookAfterOthers().catch((error: unknown) => log(messages.httpsProblem(textOf(error))));
    plan();
  }
  function status(): HttpsStatus {
    const [leaf] = stored?.certificate == null ? [] : readCertificates(stored.certificate);
    const [authority] = stored?.authority == null ? [] : readCertificates(stored.authority);
    const renewal: HttpsFinding[] =
      problem === null
        ? []
        : [
            {
              severity: 'error',
              code: 'RENEWAL',
              message: `The certificate cannot be renewed: ${problem}`,
              remedy: `See to it that ${stored?.authorityNode ?? 'the node with the authority'} answers.`,
            },
          ];
    return {
      node: options.node(),
      on: leaf !== undefined,
      port: options.port,
      kind: leaf === undefined ? null : (stored?.kind ?? null),
      tls12: stored?.tls12 ?? false,
      clientCertificates: stored?.clientCertificates ?? false,
      certificate: leaf === undefined ? null : factsOf(leaf),
      authority: authority === undefined ? null : factsOf(authority),
      authorityNode: stored?.authorityNode ?? null,
      also: stored?.also ?? [],
      wanted: ownNames(),
      renewAt:
        leaf === undefined || stored?.kind !== 'private' ? null : new Date(renewAtMs(stored.certificate ?? '')).toISOString(),
      findings: [...renewal, ...uncovered()],
    };
  }
  const good = (): Outcome<HttpsStatus> => ({ ok: true, value: status() });

  return {
    status,
    authority: () => (stored?.certificate == null ? null : stored.authority),
    serving: () => servingOf(stored),
    setup: (settings, who) =>
      serial(async (): Promise<Outcome<HttpsReport>> => {
        const node = options.node();
        if (options.cluster() === null) return failed('CONF_NONE', 'There is no cluster configuration yet.');
        if (
          stored?.kind === 'private' &&
          stored.ca === null &&
          stored.authorityNode !== null &&
          stored.authorityNode !== node &&
          settings.newAuthority !== true
        )
          return failed(
            'HTTPS_AUTHORITY',
            `The authority is on ${stored.authorityNode}: run the command there, or make a new one here with --new-ca.`,
          );
        const wrong = (settings.also ?? []).filter((name) => !isCertifiable(name));
        if (wrong.length > 0)
          return failed('HTTPS_CERTIFICATE', `${wrong.join(', ')} is neither an address nor a name of a host.`);
        const ca =
          stored?.ca != null && settings.newAuthority !== true
            ? stored.ca
            : await issuer.authority({ name: settings.name ?? `Holdfast CA of ${node}`, days: authorityDays, nowWallMs: now() });
        const base: StoredHttps = {
          kind: 'private',
          tls12: settings.tls12 ?? stored?.tls12 ?? false,
          clientCertificates: settings.clientCertificates ?? stored?.clientCertificates ?? false,
          also: settings.also ?? stored?.also ?? [],
          authorityNode: node,
          certificate: null,
          key: null,
          authority: ca.certificate,
          clientAuthority: null,
          ca,
        };
        const before = stored;
        stored = base;
        const made = await issue(base);
        if (!made.ok) {
          stored = before;
          return made;
        }
        await keep({ ...base, ...made.value });
        note(who, 'https setup');
        log(messages.httpsOn(who.who, new Date(validTo(made.value.certificate)).toISOString()));
        const results = await Promise.all(others().map(enrolNode));
        pending = results.some(({ ok }) => !ok);
        plan();
        return {
          ok: true,
          value: { items: [{ node, ok: true, message: 'HTTPS is on.' }, ...results], fingerprint: fingerprint(ca.certificate) },
        };
      }),
    install: (given, who) =>
      serial(async () => {
        const authority = given.authority ?? null;
        const findings = inspect({
          certificate: given.certificate,
          key: given.key,
          authority,
          names: wantedNames([]),
          nowWallMs: now(),
        });
        const wrong = findings.filter(({ severity }) => severity === 'error');
        if (wrong.length > 0)
          return failed('HTTPS_CERTIFICATE', wrong.map(({ message, remedy }) => `${message} ${remedy}`).join('\n'));
        const clientAuthority = given.clientAuthority ?? null;
        await keep({
          ...{ kind: 'own', tls12: given.tls12 ?? false, clientCertificates: clientAuthority !== null, also: [] },
          ...{ authorityNode: null, certificate: given.certificate, key: given.key, authority, clientAuthority },
          ca: stored?.ca ?? null,
        });
        note(who, 'https install');
        log(messages.httpsOn(who.who, new Date(validTo(given.certificate)).toISOString()));
        return good();
      }),
    renew: (who) =>
      serial(async () => {
        const renewed = await renewNow();
        problem = renewed.ok ? null : problem;
        note(who, `https renew${renewed.ok ? '' : `: ${renewed.failure.message}`}`);
        return renewed.ok ? good() : renewed;
      }),
    off: (local, who, authority = false) =>
      serial(async () => {
        const node = options.node();
        if (stored !== null) await keep(stored.ca === null || authority ? null : { ...stored, certificate: null, key: null });
        pending = false;
        note(who, `https off${authority ? ', authority removed' : ''}`);
        log(messages.httpsOff(who.who));
        const results = local
          ? []
          : await Promise.all(
              others().map(async (other): Promise<HttpsNodeResult> => {
                const answer = await ask(other, 'POST', '/https/off', { local: true }, askMs);
                return {
                  node: other,
                  ok: answer.ok,
                  message: answer.ok ? 'HTTPS is off.' : `${answer.failure.code}: ${answer.failure.message}`,
                };
              }),
            );
        return { ok: true, value: { items: [{ node, ok: true, message: 'HTTPS is off.' }, ...results], fingerprint: null } };
      }),
    enrol: (order, who) =>
      serial(async () => {
        const { authorityNode, authority, also, tls12, clientCertificates } = order;
        const made = await issue({ authorityNode, authority, also });
        if (!made.ok) return made;
        await keep({
          ...{ kind: 'private', tls12, clientCertificates, also, authorityNode, authority, clientAuthority: null },
          ...made.value,
          ca: null,
        });
        note(who, `https setup (authority of ${authorityNode})`);
        log(messages.httpsOn(who.who, new Date(validTo(made.value.certificate)).toISOString()));
        return good();
      }),
    async sign(request) {
      const signed = await signHere(request);
      return signed.ok ? { ok: true, value: { certificate: signed.value } } : signed;
    },
    ...createAuthorityPart({ get: () => stored, keep }, { serial, others, enrolNode }, options),
    async load() {
      stored = await store.load();
    },
    follow() {
      clock.clearTimeout(timer);
      if (!closed) timer = clock.setTimeout(() => void watch(), 0);
    },
    close() {
      closed = true;
      clock.clearTimeout(timer);
    },
  };
}
