/** Signed JSON to real HTTP and HTTPS servers. */
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import t, { type Test } from 'tap';
import type { Attempt } from '../../../src/io/notify/attempt.js';
import type { WebhookChannel } from '../../../src/io/notify/config.js';
import { type Message, testMessage } from '../../../src/io/notify/message.js';
import { createWebhookSender } from '../../../src/io/notify/webhook.js';
import { certificate, noOpenssl, secretFile } from './certificates.js';

t.setTimeout(60_000);
const secret = 's1gning-key-that-nobody-sees';
const message: Message = testMessage('9.1.n1', 'n1', '2026-01-01T00:00:00.000Z', 'root');

interface Post {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}
const remember =
  (posts: Post[], answer: RequestListener): RequestListener =>
  (request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      posts.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers, body });
      answer(request, response);
    });
  };
async function listen(t: Test, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
const channel = (over: Partial<WebhookChannel>): WebhookChannel => ({
  ...{ kind: 'webhook', name: 'hook', timeoutMs: 10_000, url: null, urlFile: null, secretFile: null, caFile: null, ...over },
});
const send = (config: WebhookChannel, limitMs = 10_000): Promise<Attempt> =>
  createWebhookSender(config)(message, AbortSignal.timeout(limitMs));
function failure(t: Test, attempt: Attempt): string {
  t.notOk(attempt.ok, 'it failed');
  const words = attempt.ok ? '' : `${attempt.reason}; ${attempt.remedy}`;
  t.notMatch(words, /s1gning|T0KEN/, 'no secret in it');
  return words;
}

t.test('over HTTPS, signed; the receiver can check it', { skip: noOpenssl }, async (t) => {
  const dir = t.testdir({});
  const { key, cert, caFile } = certificate(dir);
  const posts: Post[] = [];
  const port = await listen(
    t,
    createSecureServer(
      { key, cert },
      remember(posts, (_request, response) => void response.writeHead(204).end()),
    ),
  );
  const config = channel({
    urlFile: secretFile(dir, 'url', `https://localhost:${port}/in/T0KEN?x=1\n`),
    secretFile: secretFile(dir, 'key', secret),
    caFile,
  });
  t.same(await send(config), { ok: true, note: null });
  const [post] = posts;
  t.match(post, {
    method: 'POST',
    path: '/in/T0KEN?x=1',
    headers: { 'content-type': 'application/json', 'x-holdfast-delivery': '9.1.n1' },
  });
  const timestamp = String(post?.headers['x-holdfast-timestamp']);
  t.ok(Math.abs(Number(timestamp) - Date.now() / 1000) < 60);
  const expected = createHmac('sha256', secret).update(`${timestamp}.${post?.body}`).digest('hex');
  t.equal(post?.headers['x-holdfast-signature'], `sha256=${expected}`);
  t.same(JSON.parse(post?.body ?? ''), message);
  t.match(failure(t, await send({ ...config, caFile: null })), /certificate of https:\/\/localhost:\d+ is not accepted/);
  t.equal(posts.length, 1);
});

t.test('without a secret there is no signature', async (t) => {
  const posts: Post[] = [];
  const port = await listen(t, createServer(remember(posts, (_request, response) => void response.end('ok'))));
  t.same(await send(channel({ url: `http://127.0.0.1:${port}/` })), { ok: true, note: null });
  t.notOk('x-holdfast-signature' in (posts[0]?.headers ?? {}));
});

t.test('answers that are none', async (t) => {
  let status = 500;
  let headers: Readonly<Record<string, string>> = {};
  const dir = t.testdir({});
  const port = await listen(
    t,
    createServer(
      remember([], (request, response) => void response.writeHead(status, headers).end(`I got ${request.url} and ${secret}`)),
    ),
  );
  const config = channel({ url: `http://127.0.0.1:${port}/in/T0KEN`, secretFile: secretFile(dir, 'key', secret) });
  t.match(failure(t, await send(config)), /answered 500: I got \*\*\* and \*\*\*; look at the log of the receiver/);
  status = 302;
  headers = { Location: `http://127.0.0.1:${port}/elsewhere` };
  t.match(failure(t, await send(config)), /answered 302: redirections are not followed; write the final address/);
  status = 401;
  t.match(failure(t, await send(config)), /answered 401.*; correct the secret/);
  status = 404;
  t.match(failure(t, await send(config)), /answered 404.*; correct the address/);
  status = 429;
  headers = { 'Retry-After': '120' };
  t.match(await send(config), { ok: false, retryAfterMs: 120_000 });
  status = 503;
  headers = { 'Retry-After': '999999' };
  t.match(await send(config), { ok: false, retryAfterMs: 3_600_000 });
  headers = { 'Retry-After': 'Wed, 21 Oct 2026 07:28:00 GMT' };
  t.match(await send(config), { ok: false, retryAfterMs: null });
});

t.test('a receiver that hangs, breaks off, floods, or is not there', async (t) => {
  const hung = await listen(
    t,
    createServer(() => undefined),
  );
  t.match(
    failure(t, await send(channel({ url: `http://127.0.0.1:${hung}/`, timeoutMs: 200 }), 200)),
    /did not answer within 0\.2 s/,
  );
  const rude = await listen(
    t,
    createServer((request) => void request.socket.destroy()),
  );
  t.match(failure(t, await send(channel({ url: `http://127.0.0.1:${rude}/` }))), /broke the connection off/);
  const flood = await listen(
    t,
    createServer((_request, response) => {
      response.writeHead(500);
      const timer = setInterval(() => response.write('x'.repeat(64 * 1024)), 1);
      response.on('close', () => clearInterval(timer));
    }),
  );
  t.match(failure(t, await send(channel({ url: `http://127.0.0.1:${flood}/` }))), /answered 500: x+; /);
  t.match(
    failure(t, await send(channel({ url: 'http://127.0.0.1:1/' }))),
    /nobody listens on http:\/\/127\.0\.0\.1:1; start the server/,
  );
  const dir = t.testdir({});
  t.match(
    failure(t, await send(channel({ urlFile: secretFile(dir, 'url', 'http://far.org/T0KEN') }))),
    /the address in .* is not right; It must begin with https/,
  );
  t.match(failure(t, await send(channel({ urlFile: `${dir}/none` }))), /is not there: make it/);
});
