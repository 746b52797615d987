/** Logins by a real OpenID provider, which runs here, by HTTPS with a private CA. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { Provider } from 'oidc-provider';
import t, { type Test } from 'tap';
import { createAuth } from '../../../src/io/auth/auth.js';
import type { OidcConfig } from '../../../src/io/auth/config.js';
import { createOidc, roleOfClaims } from '../../../src/io/auth/oidc.js';

const root = { who: 'root', identity: null } as const;
const redirectUri = 'https://n1.example:9453/openid';
const base: OidcConfig = {
  ...{ issuer: '', clientId: 'holdfast', clientSecretFile: null, caFile: null, scopes: ['openid', 'profile'] },
  ...{ userClaim: 'preferred_username', timeoutMs: 10_000, admin: ['groups:ops'], control: [], monitor: ['realm.role:viewer'] },
};
const openssl = (args: readonly string[], cwd: string): void => void execFileSync('openssl', args, { cwd, stdio: 'ignore' });
const hasOpenssl = (): boolean => {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

interface Running {
  readonly issuer: string;
  readonly caFile: string;
  readonly secretFile: string;
  /** Logs in as that account, as a browser would; the address where the provider sends the browser back to. */
  browse(url: string, account: string): Promise<string>;
  close(): Promise<void>;
}

async function startProvider(t: Test): Promise<Running> {
  const dir = t.testdir({ secret: 'a client secret of thirty-two characters\n' });
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  openssl(
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '1',
      '-keyout',
      'key.pem',
      '-out',
      'cert.pem',
      ...subject,
    ],
    dir,
  );
  execFileSync('chmod', ['0600', join(dir, 'secret')]);
  const cert = readFileSync(join(dir, 'cert.pem'));
  let handle: ReturnType<Provider['callback']> | null = null;
  const server = createServer(
    { key: readFileSync(join(dir, 'key.pem')), cert },
    (incoming, outgoing) => void handle?.(incoming, outgoing),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound: AddressInfo | string | null = server.address();
  const issuer = `https://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'holdfast',
        client_secret: 'a client secret of thirty-two characters',
        redirect_uris: [redirectUri],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    claims: { profile: ['preferred_username', 'groups'] },
    cookies: { keys: ['only for a test'] },
    features: { devInteractions: { enabled: true } },
    pkce: { required: () => true },
    findAccount: (_ctx, id) => ({
      accountId: id,
      claims: () => ({ sub: id, preferred_username: id, groups: id === 'olga' ? ['staff', 'ops'] : ['staff'] }),
    }),
  });
  handle = provider.callback();
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });

  function once(
    url: string,
    cookies: Map<string, string>,
    form?: string,
  ): Promise<{ readonly location: string; readonly text: string }> {
    return new Promise((resolve, reject) => {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const type = form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
      const outgoing = request(
        url,
        { ca: cert, agent: false, method: form === undefined ? 'GET' : 'POST', headers: { cookie, ...type } },
        (response) => {
          for (const line of response.headers['set-cookie'] ?? []) {
            const [pair = ''] = line.split(';');
            cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
          }
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => {
            text += chunk;
          });
          response.on('end', () => resolve({ location: response.headers.location ?? '', text }));
        },
      );
      outgoing.on('error', reject);
      outgoing.end(form);
    });
  }
  return {
    issuer,
    caFile: join(dir, 'cert.pem'),
    secretFile: join(dir, 'secret'),
    async browse(url, account) {
      const cookies = new Map<string, string>();
      let next = url;
      for (let step = 0; step < 12; step += 1) {
        const page = await once(next, cookies);
        if (page.location.startsWith(redirectUri)) return page.location;
        if (page.location !== '') {
          next = new URL(page.location, issuer).href;
          continue;
        }
        const action = /action="([^"]+)"/.exec(page.text)?.[1];
        const prompt = /name="prompt" value="(\w+)"/.exec(page.text)?.[1] ?? '';
        if (action === undefined) throw new Error(`the provider shows: ${page.text.slice(0, 300)}`);
        const sent = await once(new URL(action, issuer).href, cookies, `prompt=${prompt}&login=${account}&password=x`);
        next = new URL(sent.location, issuer).href;
        if (next.startsWith(redirectUri)) return next;
      }
      throw new Error('the provider does not come to an end');
    },
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

t.test('claims give the greatest role', (t) => {
  t.equal(roleOfClaims(base, { groups: ['staff', 'ops'] }), 'admin');
  t.equal(roleOfClaims(base, { groups: 'ops' }), 'admin');
  t.equal(roleOfClaims(base, { realm: { role: ['viewer'] } }), 'monitor');
  t.equal(roleOfClaims(base, { 'realm.role': 'viewer' }), 'monitor', 'a claim with a dot in its name');
  t.equal(roleOfClaims({ ...base, control: ['level:7'] }, { level: 7 }), 'control');
  for (const claims of [{}, null, { groups: ['OPS'] }, { groups: { ops: true } }, { realm: ['role'] }])
    t.equal(roleOfClaims(base, claims), null);
  t.end();
});

t.test('a real provider', { skip: hasOpenssl() ? false : 'openssl is not installed' }, async (t) => {
  const provider = await startProvider(t);
  const config = { ...base, issuer: provider.issuer, caFile: provider.caFile, clientSecretFile: provider.secretFile };
  const oidc = createOidc(config);
  t.equal(await oidc.check(), provider.issuer);

  const first = await oidc.begin(redirectUri);
  t.match(first.url, /code_challenge_method=S256/);
  const back = await provider.browse(first.url, 'olga');
  const other = await oidc.begin(redirectUri);
  t.match(await oidc.finish(back, other.pending), { kind: 'refused' }, "another login's state");
  t.match(
    await oidc.finish(back, { ...first.pending, verifier: other.pending.verifier }),
    { kind: 'refused' },
    'another verifier',
  );
  const second = await oidc.begin(redirectUri);
  const answer = await provider.browse(second.url, 'olga');
  t.same(await oidc.finish(answer, second.pending), { kind: 'in', name: 'olga', role: 'admin' });
  t.match(await oidc.finish(answer, second.pending), { kind: 'refused' }, 'a code is good once');
  const third = await oidc.begin(redirectUri);
  t.match(await oidc.finish(await provider.browse(third.url, 'paul'), third.pending), {
    kind: 'refused',
    why: /no claim of paul/,
  });
  const fourth = await oidc.begin(redirectUri);
  const code = await provider.browse(fourth.url, 'olga');
  t.match(await oidc.finish(code, { ...fourth.pending, nonce: 'another' }), { kind: 'refused' }, 'another nonce');
  t.match(await oidc.finish(`${redirectUri}?error=access_denied&state=${fourth.pending.state}`, fourth.pending), {
    kind: 'refused',
  });

  // The whole: configuration, begin, finish, and what becomes of it when the configuration changes.
  const problems: string[] = [];
  const auth = createAuth({
    ...{ safevar: join(dirname(provider.secretFile), 'var'), node: () => 'n1', wallMs: () => Date.now(), note: () => undefined },
    onProblem: (why) => void problems.push(why),
  });
  await auth.load();
  t.equal(auth.required(), false);
  const { issuer, clientId, caFile, clientSecretFile, admin, monitor } = config;
  const file = (change: object) =>
    JSON.stringify({ oidc: { issuer, clientId, caFile, clientSecretFile, admin, monitor, ...change } });
  t.match(await auth.configure(file({}), root), { ok: true });
  t.equal(auth.required(), true);
  t.match(auth.offer(), { methods: ['password', 'oidc'], oidcUrl: '/openid/login' });
  const begun = await auth.oidcBegin(redirectUri);
  if (!begun.ok) throw new Error(begun.failure.message);
  const login = await auth.oidcFinish(await provider.browse(begun.value.url, 'olga'), begun.value.pending);
  t.match(login, { ok: true, value: { name: 'olga', role: 'admin', method: 'oidc' } });
  if (login.ok) t.same(auth.current(login.value), login.value);
  t.match(await auth.test(null, null, root), { value: [{ what: 'oidc', ok: true }] });
  const paul = await auth.oidcBegin(redirectUri);
  if (!paul.ok) throw new Error(paul.failure.message);
  t.match(await auth.oidcFinish(await provider.browse(paul.value.url, 'paul'), paul.value.pending), {
    failure: { code: 'AUTH_FAILED' },
  });
  t.match(problems, [/no claim of paul/]);
  t.match(await auth.configure(file({ monitor: ['groups:staff'] }), root), { ok: true });
  if (login.ok) t.equal(auth.current(login.value), null, 'who came in by the old configuration has ended');

  // A provider that is not there, or that is somebody else.
  await provider.close();
  t.match(await auth.oidcBegin(redirectUri), { failure: { code: 'AUTH_UNAVAILABLE' } });
  t.match(await auth.test(null, null, root), { value: [{ what: 'oidc', ok: false }] });
  t.match(
    auth.status().ways.find((way) => way.name === 'oidc'),
    { state: 'failing' },
  );
  t.match(await auth.configure('{}', root), { ok: true });
  t.match(await auth.oidcBegin(redirectUri), { failure: { code: 'AUTH_FAILED' } });
});
