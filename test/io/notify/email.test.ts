/** E-mail to a real SMTP server: STARTTLS, TLS, passwords, refusals, and servers that hang. */
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import t, { type Test } from 'tap';
import type { Attempt } from '../../../src/io/notify/attempt.js';
import type { EmailChannel } from '../../../src/io/notify/config.js';
import { createEmailSender } from '../../../src/io/notify/email.js';
import { type Message, messageOf } from '../../../src/io/notify/message.js';
import { certificate, noOpenssl, secretFile } from './certificates.js';

t.setTimeout(60_000);
const password = 'p4ssw0rd-that-nobody-sees';
const message: Message = messageOf({
  ...{ id: '9.1.n1', node: 'n1', lost: 0 },
  items: [
    {
      ...{ id: '7.1', module: 'farm', at: '2026-01-01T00:00:00.000Z', kind: 'critical', text: 'errd: Prozess „wéb“ not running' },
      ...{ before: null, after: null, explanation: null },
    },
  ],
});

interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly user: string | undefined;
  readonly secure: boolean;
  readonly text: string;
}
interface Server {
  readonly port: number;
  readonly mails: Mail[];
}

async function serve(t: Test, options: SMTPServerOptions = {}): Promise<Server> {
  const mails: Mail[] = [];
  const server = new SMTPServer({
    ...{ authOptional: true, logger: false, disableReverseLookup: true, closeTimeout: 100 },
    onAuth: ({ username, password: given }, _session, done) =>
      given === password ? done(null, { user: username }) : done(new Error(`Invalid password ${given}`)),
    onData(stream, session, done) {
      let text = '';
      stream.on('data', (chunk) => {
        text += String(chunk);
      });
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          ...{ from: mailFrom === false ? '' : mailFrom.address, to: rcptTo.map((one) => one.address) },
          ...{ user: session.user, secure: session.secure, text },
        });
        done();
      });
    },
    ...options,
  });
  server.on('error', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  t.teardown(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const address = server.server.address();
  return { port: typeof address === 'object' && address !== null ? address.port : 0, mails };
}
const channel = (port: number, over: Partial<EmailChannel> = {}): EmailChannel => ({
  ...{
    kind: 'email',
    name: 'email',
    timeoutMs: 10_000,
    from: 'Holdfast <hf@example.org>',
    to: ['ops@example.org', 'Night <night@example.org>'],
  },
  ...{ host: '127.0.0.1', port, security: 'none', credentialsFile: null, caFile: null, ...over },
});
const send = (config: EmailChannel, limitMs = 10_000): Promise<Attempt> =>
  createEmailSender(config)(message, AbortSignal.timeout(limitMs));
/** Reason and remedy of what must have failed. */
function failure(t: Test, attempt: Attempt): string {
  t.notOk(attempt.ok, 'it failed');
  const words = attempt.ok ? '' : `${attempt.reason}; ${attempt.remedy}`;
  t.notMatch(
    words,
    new RegExp(`${password}|${Buffer.from(password).toString('base64').replaceAll('=', '')}`),
    'no password in it',
  );
  return words;
}

t.test('STARTTLS with a password, to several', { skip: noOpenssl }, async (t) => {
  const dir = t.testdir({});
  const { key, cert, caFile } = certificate(dir);
  const server = await serve(t, { key, cert, authOptional: false });
  const credentialsFile = secretFile(dir, 'credentials', JSON.stringify({ user: 'n1', password }));
  t.same(await send(channel(server.port, { security: 'starttls', caFile, credentialsFile })), { ok: true, note: null });
  const [mail] = server.mails;
  t.match(mail, { from: 'hf@example.org', to: ['ops@example.org', 'night@example.org'], user: 'n1', secure: true });
  t.match(mail?.text, /^Subject: \[holdfast n1\] CRITICAL farm: 1 critical line/m);
  t.match(mail?.text, /^Message-ID: <9\.1\.n1@example\.org>/m);
  t.match(mail?.text, /^Auto-Submitted: auto-generated/m);
  t.match(mail?.text, /^X-Priority: 1/m);
});

t.test('TLS from the first byte', { skip: noOpenssl }, async (t) => {
  const { key, cert, caFile } = certificate(t.testdir({}));
  const server = await serve(t, { key, cert, secure: true });
  t.same(await send(channel(server.port, { security: 'tls', caFile })), { ok: true, note: null });
  t.equal(server.mails[0]?.secure, true);
});

t.test('a certificate that nobody vouches for is refused, and nothing is sent', { skip: noOpenssl }, async (t) => {
  const { key, cert } = certificate(t.testdir({}));
  for (const security of ['starttls', 'tls'] as const) {
    const server = await serve(t, { key, cert, secure: security === 'tls' });
    t.match(
      failure(t, await send(channel(server.port, { security }))),
      /certificate of 127\.0\.0\.1:\d+ is not accepted.*name its authority with caFile/,
    );
    t.equal(server.mails.length, 0);
  }
});

t.test('STARTTLS is required: a server without it is given nothing', async (t) => {
  const server = await serve(t, { disabledCommands: ['STARTTLS'] });
  t.match(
    failure(t, await send(channel(server.port, { security: 'starttls' }))),
    /does not speak TLS as it is asked to.*correct security/,
  );
  t.equal(server.mails.length, 0);
});

t.test('a wrong password: what the server repeats is not told', { skip: noOpenssl }, async (t) => {
  const dir = t.testdir({});
  const { key, cert, caFile } = certificate(dir);
  const server = await serve(t, {
    ...{ key, cert },
    onAuth: ({ password: given }, _session, done) =>
      done(new Error(`No user with password ${given} (${Buffer.from(given ?? '').toString('base64')})`)),
  });
  const credentialsFile = secretFile(dir, 'credentials', JSON.stringify({ user: 'n1', password }));
  t.match(
    failure(t, await send(channel(server.port, { security: 'starttls', caFile, credentialsFile }))),
    /does not accept the user and password: .*\*\*\* \(\*\*\*\).*; correct them in credentialsFile/,
  );
});

t.test(
  'files of secrets: absent, readable by others, of another shape',
  { skip: process.platform === 'win32' ? 'modes are of Unix' : false },
  async (t) => {
    const dir = t.testdir({});
    const server = await serve(t);
    const with_ = (credentialsFile: string): Promise<Attempt> => send(channel(server.port, { credentialsFile }));
    t.match(failure(t, await with_(`${dir}/none`)), /is not there: make it, with mode 0600/);
    const file = secretFile(dir, 'open', JSON.stringify({ user: 'n1', password }));
    chmodSync(file, 0o640);
    t.match(failure(t, await with_(file)), /has mode 0640, others may read it: chmod 0600/);
    t.match(failure(t, await with_(secretFile(dir, 'text', `n1:${password}`))), /must hold \{"user"/);
    t.match(failure(t, await with_(secretFile(dir, 'half', '{"user": 1, "password": 2}'))), /must hold \{"user"/);
    t.match(failure(t, await with_(secretFile(dir, 'empty', ''))), /is empty/);
    t.match(failure(t, await with_(secretFile(dir, 'large', 'x'.repeat(20_000)))), /larger than/);
    t.match(failure(t, await with_(dir)), /is no regular file|cannot be read/);
    t.match(failure(t, await send(channel(server.port, { caFile: `${dir}/none` }))), /caFile cannot be read: ENOENT/);
    t.equal(server.mails.length, 0);
  },
);

t.test('refused: the sender, all recipients, the message; one recipient alone is a note', async (t) => {
  const refuse = (words: string) => Object.assign(new Error(words), { responseCode: 550 });
  const sender = await serve(t, { onMailFrom: (_address, _session, done) => done(refuse('who are you')) });
  t.match(failure(t, await send(channel(sender.port))), /refused the message: .*who are you.*; correct from and to/);
  const all = await serve(t, { onRcptTo: (_address, _session, done) => done(refuse('no such user')) });
  t.match(failure(t, await send(channel(all.port))), /refused the message.*no such user/);
  const spam = await serve(t, {
    onData: (stream, _session, done) => {
      stream.resume();
      stream.on('end', () => done(refuse('spam')));
    },
  });
  t.match(failure(t, await send(channel(spam.port))), /refused the message: .*spam.*; look at the log of the mail server/);
  const one = await serve(t, {
    onRcptTo: ({ address }, _session, done) => (address.startsWith('night') ? done(refuse('no such user')) : done()),
  });
  t.same(await send(channel(one.port)), { ok: true, note: '127.0.0.1 took it, but not for night@example.org: correct "to"' });
  t.same(one.mails[0]?.to, ['ops@example.org']);
});

/** A server that is no SMTP server. */
async function raw(
  t: Test,
  talk: (socket: Socket) => void,
): Promise<{ readonly port: number; readonly ended: Promise<unknown> }> {
  let over: (value: unknown) => void = () => undefined;
  const ended = new Promise((resolve) => {
    over = resolve;
  });
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('close', over);
    talk(socket);
    t.teardown(() => socket.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const address = server.address();
  return { port: typeof address === 'object' && address !== null ? address.port : 0, ended };
}

t.test('a server that says nothing, one that dribbles, one that hangs up, none at all', async (t) => {
  const silent = await raw(t, () => undefined);
  t.match(
    failure(t, await send(channel(silent.port, { timeoutMs: 300 }), 300)),
    /did not answer within 0\.3 s; look at the server/,
  );
  await silent.ended;
  t.pass('and its connection is closed');
  const dribbling = await raw(t, (socket) => {
    socket.write('220-wait');
    const timer = setInterval(() => socket.write('.'), 20);
    socket.on('close', () => clearInterval(timer));
  });
  t.match(failure(t, await send(channel(dribbling.port, { timeoutMs: 300 }), 300)), /did not answer within 0\.3 s/);
  await dribbling.ended;
  const rude = await raw(t, (socket) => void socket.end('554 no\r\n'));
  t.match(failure(t, await send(channel(rude.port))), /127\.0\.0\.1:\d+/);
  const { port } = await raw(t, () => undefined);
  const gone = await raw(t, (socket) => void socket.resetAndDestroy());
  t.match(failure(t, await send(channel(gone.port))), /127\.0\.0\.1:\d+/);
  t.match(failure(t, await send(channel(port === 1 ? 2 : 1))), /nobody listens on 127\.0\.0\.1:\d+; start the server/);
  t.match(
    failure(t, await send(channel(25, { host: 'no-such-host.invalid' }))),
    /no-such-host\.invalid:25 has no address|cannot be resolved/,
  );
});
