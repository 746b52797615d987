/**
 * The CA helper (sections 1.6 and 6.4 of the compatibility page, ADR 0042): issues certificates on a port of its own to whoever has its password, for
 * servers and people that no node of the cluster can ask for. It listens only while certificates are issued: until it is stopped, or its time is over, or
 * too many wrong passwords came.
 */
import type { Caller, Outcome } from '../../actors/face.js';
import type { CaHelper, CaHelperIssued, CaHelperStarted, CaHelperStatus } from '../../actors/face-https.js';
import type { Clock } from '../../actors/ports.js';
import { type Message, messages } from '../../machines/messages.js';
import type { ForeignRequest } from '../pki/https-authority.js';
import { failed, fingerprint, type ManagedHttps } from '../pki/https-parts.js';
import type { Issuer } from '../pki/issuer.js';
import { isCertifiable, sortNames } from '../pki/names.js';
import { formPage } from './form.js';
import type { CaservAnswer, CaservRequest } from './messages.js';
import { makePassword, same } from './password.js';
import { requestAt } from './request.js';
import type { OpenCaserv } from './thread.js';

export interface CaHelperOptions {
  readonly https: Pick<ManagedHttps, 'takeAuthority' | 'signForeign' | 'adopt' | 'status' | 'authority'>;
  readonly issuer: Pick<Issuer, 'request' | 'server'>;
  readonly clock: Clock;
  readonly node: () => string;
  readonly hostname: string;
  readonly port: number;
  /** Addresses to listen on. */
  readonly hosts: () => readonly string[];
  readonly open: OpenCaserv;
  readonly log: (line: Message) => void;
  readonly note: (caller: Caller, text: string) => void;
}
export interface ManagedCaHelper extends CaHelper {
  close(): Promise<void>;
}

/** The user of the password, as in the classic product. */
export const helperUser = 'CA_admin';
const defaultMinutes = 30;
const windowMs = 60_000;
/** Wrong passwords within a minute of one address, and of all; and of all since the start, where it ends. */
const failuresPerPeer = 5;
const failuresInAll = 20;
const mostFailures = 100;
const mostIssued = 500;
const certificateName = /^[A-Za-z0-9][\w.-]{0,63}$/;
const roles = ['Admin', 'Control', 'Monitor'] as const;

interface Running {
  readonly caller: Caller;
  readonly password: string;
  readonly fingerprint: string;
  readonly urls: readonly string[];
  readonly untilWallMs: number;
  readonly timer: unknown;
  readonly issued: CaHelperIssued[];
  readonly certificates: Map<string, string>;
  readonly failures: { readonly peer: string; readonly atMs: number }[];
  failed: number;
  close(): Promise<void>;
}
const text = (status: number, body: string, headers: Readonly<Record<string, string>> = {}): CaservAnswer => ({
  ...{ status, type: 'text/plain', body: `${body}\n` },
  headers,
});
const pem = (status: number, body: string, headers: Readonly<Record<string, string>> = {}): CaservAnswer => ({
  ...{ status, type: 'application/x-pem-file', body },
  headers,
});
/** The password of a Basic authorization; null: there is none, or of another user. */
function passwordOf(authorization: string): string | null {
  const encoded = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(authorization)?.[1];
  if (encoded === undefined) return null;
  const decoded = Buffer.from(encoded, 'base64').toString('utf8');
  return decoded.startsWith(`${helperUser}:`) ? decoded.slice(helperUser.length + 1) : null;
}
const urlHost = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/** Makes it; it does not run before `start`. */
export function createCaHelper(options: CaHelperOptions): ManagedCaHelper {
  const { https, issuer, clock, node, log, note } = options;
  let running: Running | null = null;
  let queue: Promise<unknown> = Promise.resolve();
  /** One at a time: each takes a thread. */
  function serial<T>(work: () => Promise<T>): Promise<T> {
    const next = queue.then(work);
    queue = next.catch(() => undefined);
    return next;
  }
  function status(): CaHelperStatus {
    const base = { node: node(), port: options.port };
    return running === null
      ? { ...base, running: false, urls: [], until: null, fingerprint: null, issued: [] }
      : {
          ...{ ...base, running: true, urls: running.urls, until: new Date(running.untilWallMs).toISOString() },
          ...{ fingerprint: running.fingerprint, issued: [...running.issued] },
        };
  }
  async function end(line: Message): Promise<void> {
    const ending = running;
    if (ending === null) return;
    running = null;
    clock.clearTimeout(ending.timer);
    log(line);
    await ending.close();
  }
  /** Null: it is the administrator who asks. */
  function refusal(now: Running, { authorization, peer }: CaservRequest): CaservAnswer | null {
    const nowMs = clock.monotonicMs();
    while ((now.failures[0]?.atMs ?? nowMs) < nowMs - windowMs) now.failures.shift();
    const tried = now.failures.filter((one) => one.peer === peer).length;
    if (tried >= failuresPerPeer || now.failures.length >= failuresInAll)
      return text(429, 'Too many wrong passwords: try again in a minute.', { 'Retry-After': '60' });
    const password = passwordOf(authorization);
    if (password !== null && same(password, now.password)) return null;
    if (authorization !== '') {
      now.failures.push({ peer, atMs: nowMs });
      now.failed += 1;
      if (now.failed >= mostFailures) void end(messages.caHelperEnded(`${now.failed} wrong passwords came`));
    }
    return text(401, `The user is ${helperUser}, with the password of holdfast startcaserv.`, {
      'WWW-Authenticate': 'Basic realm="Holdfast CA helper", charset="UTF-8"',
    });
  }
  function readOrder(fields: CaservRequest['fields']): ForeignRequest | string {
    if (fields === null) return 'The form cannot be read: send it as browsers do, or with curl -F.';
    const { action, name = '', servercsr, usercsr, role = '' } = fields;
    if (action !== 'signrequest') return 'The field action is signrequest.';
    if (!certificateName.test(name)) return 'The field name is a name of letters, digits, dots, dashes, 64 at most.';
    if ((servercsr === undefined || servercsr === '') === (usercsr === undefined || usercsr === ''))
      return 'One of the fields servercsr and usercsr holds a certificate request in PEM.';
    if (servercsr !== undefined && servercsr !== '') return { use: 'server', name, request: servercsr };
    const known = roles.find((one) => one.toLowerCase() === role.toLowerCase());
    return known === undefined
      ? 'The field role is Admin, Control or Monitor.'
      : { use: 'user', name, request: usercsr ?? '', role: known };
  }
  async function sign(now: Running, { fields, peer }: CaservRequest): Promise<CaservAnswer> {
    const order = readOrder(fields);
    if (typeof order === 'string') return text(422, order);
    if (now.issued.length >= mostIssued) return text(409, 'Enough was issued; start the CA helper anew.');
    const signed = await serial(() => https.signForeign(order));
    if (!signed.ok) return text(422, `${signed.failure.code}: ${signed.failure.message}`);
    now.certificates.set(order.name, signed.value);
    now.issued.push({ name: order.name, use: order.use, peer, at: new Date(clock.wallMs()).toISOString() });
    note(now.caller, `CA helper: certificate for ${order.use} ${order.name} to ${peer}`);
    log(messages.caHelperIssued(order.name, order.use, peer));
    return pem(201, signed.value, { Location: `/certs/${order.name}.crt`, 'X-Holdfast-Node': node() });
  }
  async function answer(now: Running, authority: string, request: CaservRequest): Promise<CaservAnswer> {
    const { method, path } = request;
    const reads = method === 'GET' || method === 'HEAD';
    if (running !== now) return text(503, 'The CA helper has ended.');
    // Everybody may see the authority, and has to compare its fingerprint.
    if (reads && path === '/certs/cacert.crt') return pem(200, authority);
    const refused = refusal(now, request);
    if (refused !== null) return refused;
    if (path === '/caserv' || path === '/') {
      if (reads) return { status: 200, type: 'text/html', body: formPage(node()) };
      return method === 'POST' && path === '/caserv'
        ? sign(now, request)
        : text(405, 'The form is sent with POST to /caserv.', { Allow: 'GET, POST' });
    }
    const name = /^\/certs\/([\w.-]+)\.crt$/.exec(path)?.[1];
    const found = name === undefined ? undefined : now.certificates.get(name);
    return reads && found !== undefined ? pem(200, found) : text(404, 'There is nothing here.');
  }

  return {
    status,
    async start({ minutes = defaultMinutes, password = null }, caller): Promise<Outcome<CaHelperStarted>> {
      return serial(async () => {
        const taken = await https.takeAuthority();
        if (!taken.ok) return taken;
        const authority = taken.value;
        const print = fingerprint(authority.certificate) ?? '';
        const hosts = options.hosts();
        const short = options.hostname.split('.')[0] ?? '';
        const names = sortNames([node(), options.hostname, short, 'localhost', ...hosts].filter(isCertifiable));
        // A key of its own, in memory alone: it works before HTTPS is on, and its certificate ends with it.
        const own = await issuer.request({ name: node(), names });
        const certificate = await issuer.server({
          ...{ authority, request: own.request, name: node(), names, days: 1, nowWallMs: clock.wallMs() },
        });
        await end(messages.caHelper(false, caller.who));
        const opened = await options.open(
          { hosts, port: options.port, certificate: `${certificate}${authority.certificate}`, key: own.key },
          async (request) =>
            running === null ? text(503, 'The CA helper has ended.') : answer(running, authority.certificate, request),
          (reason) => {
            if (running?.close === opened.close) void end(messages.caHelperEnded(reason));
          },
        );
        if (opened.bound.length === 0) {
          await opened.close();
          return failed('HTTP_LISTEN', `Port ${options.port} cannot be listened on: ${opened.failed.join(', ')}.`);
        }
        const runsMs = minutes * 60_000;
        const secret = password ?? makePassword(print);
        running = {
          ...{ caller, password: secret, fingerprint: print, issued: [], certificates: new Map(), failures: [], failed: 0 },
          urls: opened.bound.map((host) => `https://${urlHost(host)}:${opened.port}`),
          untilWallMs: clock.wallMs() + runsMs,
          timer: clock.setTimeout(() => void end(messages.caHelperEnded(`its ${minutes} minutes are over`)), runsMs),
          close: opened.close,
        };
        note(caller, `CA helper started for ${minutes} minutes`);
        log(messages.caHelper(true, caller.who));
        return { ok: true, value: { ...status(), password: password === null ? secret : null } };
      });
    },
    async stop(caller) {
      return serial(async () => {
        if (running !== null) note(caller, 'CA helper stopped');
        await end(messages.caHelper(false, caller.who));
        return status();
      });
    },
    async request(order, caller) {
      const known = https.authority();
      const adopted = await https.adopt(
        (name, request) => requestAt(order, name, request, known === null ? null : fingerprint(known)),
        caller,
      );
      return adopted.ok ? { ok: true, value: https.status() } : adopted;
    },
    close: () => end(messages.caHelperEnded('the daemon ends')),
  };
}
