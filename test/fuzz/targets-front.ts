/** HTTP as it comes in: connections' bytes through the front's parser and rules, and headers by themselves. */
import { createServer, type IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';
import { crossSiteProblem, formProblem, hostName, isPublicPage, originProblem } from '../../src/http/access-rules.js';
import { cookieOf, sessionCookieName } from '../../src/http/auth-cookies.js';
import { type ClientCertificate, encodeCertificate, readClaims } from '../../src/http/front/claims.js';
import { handedOn } from '../../src/http/front/handed-on.js';
import { serverSettings } from '../../src/http/front/listeners.js';
import { certificateHeader, defaultFrontLimits, frontHeader, peerHeader, secureHeader } from '../../src/http/front/messages.js';
import { secureUrl } from '../../src/http/front/redirect.js';
import { mutateBytes, mutateText, pickFrom } from './mutate.js';
import { must, type Target } from './target.js';

const settings = serverSettings(defaultFrontLimits);
const secret = 'what-only-the-front-knows';
const vouched = { peer: '192.0.2.9', secret, secure: true, certificate: null };

const requests = [
  'GET /var/modules/farm/ready.txt HTTP/1.0\r\n\r\n',
  'GET /api/v1/cluster?local=true HTTP/1.1\r\nHost: n1:9010\r\nAccept: */*\r\nCookie: holdfast_session=abc; a=b\r\n\r\n',
  'POST /api/v1/session HTTP/1.1\r\nHost: [::1]:9010\r\nContent-Type: application/json\r\nContent-Length: 27\r\n\r\n{"user":"a","password":"b"}',
  'PUT /api/v1/x HTTP/1.1\r\nHost: n1\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive, X-A\r\nX-A: 1\r\n\r\n5\r\nabcde\r\n0\r\nT: 1\r\n\r\n',
  `GET / HTTP/1.1\r\nHost: n1\r\n${frontHeader}: guess\r\n${peerHeader}: 127.0.0.1\r\n${secureHeader}: 1\r\n\r\n`,
  'DELETE /api/v1/tokens/x HTTP/1.1\r\nHost: a\r\nOrigin: http://a\r\nExpect: 100-continue\r\nUpgrade: h2c\r\n\r\nGET / HTTP/1.1\r\nHost: b\r\n\r\n',
];
const words = [
  ...['\r\n', '\n', '\r', ' ', '\t', ':', '\0', ' HTTP/1.1', 'Content-Length: 5\r\n', 'Content-Length: +5\r\n', 'Host: b\r\n'],
  ...[
    'Transfer-Encoding: chunked\r\n',
    'Transfer-Encoding : chunked\r\n',
    'Transfer-Encoding: xchunked\r\n',
    '\r\n\r\n',
    '0\r\n\r\n',
  ],
  ...[
    'fffffffffffffffff\r\n',
    'Connection: host, content-length\r\n',
    'GET ',
    'CONNECT ',
    'http://x/',
    '//x',
    '/../',
    '%2e%2e/',
    '*',
  ],
  ...[`${peerHeader}: ::1\r\n`, `${frontHeader}: ${secret}\r\n`, 'Cookie: holdfast_session=x\r\n', ' folded\r\n', '\u00e9'],
];

/** A connection in memory, that ends when all was read. */
class MemoryConnection extends Duplex {
  readonly ended: Promise<void>;
  constructor(bytes: Buffer, cut: number) {
    super({ allowHalfOpen: true });
    this.on('error', () => undefined);
    this.ended = new Promise((resolve) => this.once('close', resolve));
    this.push(bytes.subarray(0, cut));
    setImmediate(() => {
      this.push(bytes.subarray(cut));
      setImmediate(() => {
        this.push(null);
        // What waits for more of a body than comes would wait for ever; the front has times for that.
        setImmediate(() => this.destroy());
      });
    });
  }
  override _read(): void {}
  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    done();
  }
}

/** What holds for whatever the parser let through. */
function judge(incoming: IncomingMessage): void {
  const headers = handedOn(incoming, vouched);
  const host = incoming.headers.host ?? '';
  const location = secureUrl(host, incoming.url ?? '', 9453);
  if (location !== null) {
    must(!/[\r\n\0]/.test(location), 'a redirect of two lines');
    const { port, protocol, hostname, username } = new URL(location);
    must(port === '9453' && protocol === 'https:' && username === '', `a redirect elsewhere: ${location}`);
    must(hostName(host) === null || hostname.length > 0, 'a redirect to nobody');
  }
  if (headers === null) return;
  const names = headers.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
  const times = (name: string): number => names.filter((one) => one === name).length;
  must(times('host') <= 1 && times('content-length') + times('transfer-encoding') === 1, `framing: ${names.join(' ')}`);
  for (const name of [frontHeader, peerHeader, secureHeader]) must(times(name) === 1, `${name} is there ${times(name)} times`);
  must(times(certificateHeader) === 0, 'a forged certificate');
  must(headers[headers.findIndex((name) => name.toLowerCase() === peerHeader) + 1] === vouched.peer, 'a forged address');
  must(!headers.some((text) => /[\r\n\0]/.test(text)), 'a header of two lines');
}

/** Bytes of connections: what the parser lets through is one request with one length, and says nothing that only the front may say. */
export const httpConnections: Target = {
  name: 'HTTP connections',
  weight: 8,
  limitMs: 100,
  begin: () => {
    let broken: unknown = null;
    const server = createServer(settings, (incoming, response) => {
      try {
        judge(incoming);
      } catch (error) {
        broken ??= error;
      }
      incoming.on('error', () => undefined).resume();
      response.end('x');
    });
    server.on('connect', (_, socket) => void socket.destroy()).on('upgrade', (_, socket) => void socket.destroy());
    return (random) => {
      const base = pickFrom(random, requests);
      const bytes = random.chance(0.6)
        ? Buffer.from(mutateText(random, base, requests, words), random.chance(0.8) ? 'latin1' : 'utf8')
        : mutateBytes(
            random,
            Buffer.from(base, 'latin1'),
            requests.map((one) => Buffer.from(one)),
          );
      const cut = random.between(0, bytes.length);
      return {
        show: () => JSON.stringify(bytes.toString('latin1')),
        feed: async () => {
          broken = null;
          const connection = new MemoryConnection(bytes, cut);
          server.emit('connection', connection);
          await connection.ended;
          if (broken !== null) throw broken;
        },
      };
    };
  },
};

const certificate: ClientCertificate = {
  ...{ name: 'ops', units: ['Admin'], fingerprint: 'ab', serial: '01', issuer: 'x', validTo: '2026-01-01T00:00:00.000Z' },
};
const encoded =
  encodeCertificate({
    subject: { CN: 'ops', OU: ['Admin', 'x'] },
    issuer: { CN: 'a' },
    fingerprint256: 'AB:CD',
    serialNumber: '1F',
  }) ?? '';
const values = [
  'localhost:9010',
  '[::1]',
  'http://n1:9010',
  'holdfast_session=abcdef; x=y',
  'same-origin',
  'application/json; charset=x',
  encoded,
];

/** Headers that are read by rules of our own: hosts, origins, cookies, the front's claims. */
export const requestHeaders: Target = {
  name: 'HTTP headers',
  weight: 2,
  limitMs: 50,
  begin: () => (random) => {
    const draw = (): string =>
      mutateText(random, pickFrom(random, values), values, ['=', ';', ':', '[', ']', '.', '127.0.0.1', '::1', '__Host-']);
    const [host, origin, cookie, claim, site, type] = [draw(), draw(), draw(), draw(), draw(), draw()];
    const method = random.pick(['GET', 'POST', 'HEAD', 'DELETE', 'OPTIONS', '']);
    return {
      show: () => JSON.stringify({ method, host, origin, cookie, claim, site, type }),
      feed: () => {
        const about = { method, host, origin, fetchSite: site, contentType: type, custom: false, secure: random.chance(0.5) };
        const name = hostName(host);
        must(name === null || /^[a-z0-9._:-]+$/.test(name), `a host of ${name ?? ''}`);
        if (originProblem(about, new Set(['n1'])) === null) {
          must(
            name === 'n1' ||
              name === 'localhost' ||
              name === '::1' ||
              name?.startsWith('127.') === true ||
              name?.startsWith('::ffff:127.') === true,
            'another host is ours',
          );
          must(crossSiteProblem(about) === null && formProblem(about) === null, 'let in against a rule');
        }
        isPublicPage(method, origin);
        const value = cookieOf(cookie, sessionCookieName(false));
        must(value === null || (/^[A-Za-z0-9_-]{1,200}$/.test(value) && cookie.includes(value)), 'a cookie that is none');
        const claims = readClaims((header) => (header === certificateHeader ? claim : host));
        must(
          claims.certificate === null || Object.keys(certificate).every((key) => key in (claims.certificate ?? {})),
          'half a certificate',
        );
      },
    };
  },
};
