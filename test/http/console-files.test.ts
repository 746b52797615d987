/** What is answered for the console's files: by name, by encoding, never out of the directory. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { contentPolicy, createConsoleFiles } from '../../src/http/console-files.js';

const directory = t.testdir({
  outside: 'secret',
  site: {
    'index.html': '<!doctype html>',
    'index.html.br': 'page, brotli',
    'index.html.gz': 'page, gzip',
    assets: { 'a-123.js': 'let a;', 'a-123.js.gz': 'script, gzip', 'i-9.svg': '<svg/>' },
  },
});
const files = createConsoleFiles(join(directory, 'site'));
const ask = (
  path: string,
  more: { method?: string; acceptEncoding?: string; ifNoneMatch?: string; hosts?: readonly string[] } = {},
) => files.answer({ method: 'GET', path, acceptEncoding: '', ifNoneMatch: '', hosts: [], ...more });

t.test('assets are kept for ever, the page is asked for each time', async (t) => {
  const asset = await ask('/console/assets/a-123.js');
  t.match(asset, {
    status: 200,
    headers: { 'Content-Type': 'text/javascript; charset=utf-8', 'Cache-Control': 'public, max-age=31536000, immutable' },
  });
  t.equal(String(asset.body), 'let a;');
  const page = await ask('/console/');
  t.match(page, {
    status: 200,
    headers: { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-cache', Vary: 'Accept-Encoding' },
  });
  const again = await ask('/console/', { ifNoneMatch: `W/"other", ${page.headers['ETag']}` });
  t.match(again, { status: 304, body: '' });
});

t.test('every page of the console is the page', async (t) => {
  for (const path of [
    '/console/en/monitoring',
    '/console/fr/monitoring/modules/farm/nodes/n1.example',
    '/console/first/AB_c-9',
    '/console/index.html',
  ])
    t.match(await ask(path), { status: 200, headers: { 'Content-Type': 'text/html; charset=utf-8' } }, path);
});

t.test('what was compressed at the build is sent to those who take it', async (t) => {
  t.match(await ask('/console/', { acceptEncoding: 'gzip, deflate, br' }), { headers: { 'Content-Encoding': 'br' } });
  t.match(await ask('/console/', { acceptEncoding: 'gzip;q=1.0, br;q=0' }), { headers: { 'Content-Encoding': 'gzip' } });
  t.match(await ask('/console/assets/a-123.js', { acceptEncoding: 'br, gzip' }), { headers: { 'Content-Encoding': 'gzip' } });
  t.notOk('Content-Encoding' in (await ask('/console/', { acceptEncoding: 'identity' })).headers);
});

t.test('nothing else is there', async (t) => {
  for (const path of [
    '/console/../outside',
    '/console/..%2Foutside.txt',
    '/console/assets/../../outside.txt',
    '/console//etc/passwd.txt',
    '/console/assets/b-1.js',
    '/console/constructor.js',
  ]) {
    const { status, body } = await ask(path);
    t.notMatch(String(body), /secret|root:/, path);
    t.ok(status === 404 || String(body).startsWith('<!doctype'), path);
  }
  t.match(await ask('/console/', { method: 'POST' }), { status: 405, headers: { Allow: 'GET, HEAD' } });
  const none = createConsoleFiles(join(directory, 'none'));
  t.match(await none.answer({ method: 'GET', path: '/console/', acceptEncoding: '', ifNoneMatch: '', hosts: [] }), {
    status: 404,
    body: /not built/,
  });
});

t.test('an update is found', async (t) => {
  const fresh = createConsoleFiles(join(directory, 'later'));
  const wanted = { method: 'GET', path: '/console/assets/n-1.js', acceptEncoding: '', ifNoneMatch: '', hosts: [] };
  t.equal((await fresh.answer(wanted)).status, 404);
  mkdirSync(join(directory, 'later', 'assets'), { recursive: true });
  writeFileSync(join(directory, 'later', 'assets', 'n-1.js'), '1');
  t.equal((await fresh.answer(wanted)).status, 404, 'not looked for again within a second, however often it is asked for');
  const real = performance.now.bind(performance);
  t.intercept(performance, 'now', { value: () => real() + 1500 });
  t.equal((await fresh.answer(wanted)).status, 200);
});

t.test('the policy', async (t) => {
  const policy = contentPolicy(['10.0.0.1', 'n2.example', 'fd00::1', "evil; script-src 'unsafe-inline'"]);
  t.match(policy, /default-src 'none'; script-src 'self'; style-src 'self';/);
  t.match(policy, /connect-src 'self' 10\.0\.0\.1:\* n2\.example:\*;/);
  t.notMatch(policy, /unsafe|evil|fd00/);
  t.match((await ask('/console/', { hosts: ['10.0.0.1'] })).headers['Content-Security-Policy'], /10\.0\.0\.1:\*/);
});
