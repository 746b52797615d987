/** What must not harm the daemon: garbage on its sockets, malformed and huge configurations, many modules at once. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import t from 'tap';
import { createSeededRandom } from '../../src/sim/random.js';
import type { RealDaemon } from './daemon.js';
import { ask } from './http.js';
import { application, calls, journal, journalModule } from './modules.js';
import { daemonIn, place } from './place.js';
import { nowMs, until } from './until.js';

t.setTimeout(150_000);
const skip = process.platform === 'linux' ? false : 'the scripts of this test are for Linux';
const module = 'web';

const probe = (daemon: RealDaemon, name = module) =>
  ask({ host: '127.0.0.1', port: daemon.spec.httpPort, path: `/var/modules/${name}/ready.txt`, timeoutMs: 5_000 });

t.test('garbage on the CLI socket and on the port of the probe', { skip }, async (t) => {
  const random = createSeededRandom('garbage');
  const daemon = await daemonIn(place(t));
  await daemon.start();
  await daemon.install(module, journalModule(daemon, module));
  await daemon.must('start', '-m', module, '--wait', '--timeout', '30s');
  const pid = daemon.pid();
  const running = application(daemon, module);

  const bytes = (length: number): Buffer => Buffer.from(Array.from({ length }, () => random.between(0, 255)));
  const requests: readonly [() => Buffer | string, ...(() => Buffer | string)[]] = [
    () => bytes(random.between(1, 2_000)),
    () => `GET /${'a'.repeat(100_000)} HTTP/1.1\r\n\r\n`,
    () => `GET / HTTP/1.1\r\nHost: x\r\n${'X-Y: z\r\n'.repeat(5_000)}\r\n`,
    () =>
      'POST /api/v1/modules/web/actions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\n\r\n{',
    () =>
      'POST /api/v1/modules/web/actions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nzz\r\n',
    () => 'GET /var/modules/../../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n',
    () => 'GET /api/v1/modules/%00%ff/nodes/%2e%2e HTTP/1.1\r\nHost: localhost\r\n\r\n',
    () => '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    () => 'GET /var/modules/web/ready.txt HTTP/1.1\r\nHost:',
  ];
  const open = new Set<Socket>();
  const throwAt = (target: { readonly path: string } | { readonly host: string; readonly port: number }): void => {
    const socket = connect(target);
    open.add(socket);
    socket.on('error', () => undefined).on('close', () => open.delete(socket));
    socket.on('data', () => undefined);
    socket.write(random.pick(requests)());
    // A part stays open, as an attacker's would.
    if (random.chance(0.7)) setTimeout(() => socket.destroy(), random.between(0, 300));
  };
  let slowestMs = 0;
  for (let round = 0; round < 25; round += 1) {
    for (let each = 0; each < 12; each += 1) {
      throwAt({ path: daemon.socket });
      throwAt({ host: '127.0.0.1', port: daemon.spec.httpPort });
    }
    await wait(20);
    const asked = nowMs();
    const answer = await probe(daemon);
    slowestMs = Math.max(slowestMs, nowMs() - asked);
    t.match(answer, { status: 200, body: 'OK' }, `round ${round}: the probe is answered`);
  }
  t.comment(`600 connections of garbage, ${open.size} still open; slowest probe ${slowestMs.toFixed(0)} ms`);
  t.ok(slowestMs < 2_000, `slowest probe ${slowestMs.toFixed(0)} ms`);
  for (const socket of open) socket.destroy();
  t.match(await daemon.must('state', '-m', module), /UP \(Ready\)/, 'the command line works');
  t.equal(daemon.pid(), pid, 'the same process');
  t.same(application(daemon, module), running);
  t.same(calls(journal(daemon, module)), ['prestart', 'start_both'], 'no command came of it');
});

t.test('malformed and huge configurations: every error at once, the applied one stays', { skip }, async (t) => {
  const daemon = await daemonIn(place(t));
  await daemon.start();
  const good = journalModule(daemon, module);
  await daemon.install(module, good);
  const file = `/modules/${module}/config/${encodeURIComponent('conf/userconfig.xml')}`;
  const write = async (text: string | Uint8Array): Promise<number> => {
    const { headers } = await daemon.api('GET', file);
    const etag = String(headers['etag']);
    const answer = await ask({
      ...{ socketPath: daemon.socket, method: 'PUT', path: `/api/v1${file}`, body: text },
      headers: { 'content-type': 'application/xml', 'if-match': etag },
    });
    return answer.status;
  };
  interface Refusal {
    readonly code: string;
    readonly problems: readonly { readonly line: number | null; readonly severity: string; readonly message: string }[];
  }
  const check = async (): Promise<{ readonly status: number; readonly refusal: Refusal; readonly tookMs: number }> => {
    const began = nowMs();
    const { status, body } = await daemon.api('POST', `/modules/${module}/config/check`);
    const refusal: Refusal = JSON.parse(body);
    return { status, refusal, tookMs: nowMs() - began };
  };

  const many = readFileSync(join(import.meta.dirname, '..', 'config', 'fixtures', 'many-errors.xml'));
  t.equal(await write(many), 204);
  const { status, refusal } = await check();
  t.equal(status, 422);
  t.equal(refusal.code, 'CONF_INVALID');
  t.ok(refusal.problems.length >= 15, `${refusal.problems.length} problems at once`);
  t.ok(
    refusal.problems.every(({ line }) => line === null || line > 0),
    'with their lines',
  );
  t.ok(new Set(refusal.problems.map(({ line }) => line)).size >= 10, 'of many lines');
  const cli = await daemon.cli('config', '-m', module);
  t.equal(cli.code, 2);
  t.ok(cli.stderr.trim().split('\n').length >= 15, 'the command line shows them all');

  const entity = `<!DOCTYPE safe [<!ENTITY a "aaaaaaaaaa">${'bcdefgh'
    .split('')
    .map((name, index) => `<!ENTITY ${name} "${`&${'abcdefgh'[index]};`.repeat(10)}">`)
    .join('')}]>`;
  for (const [name, text] of [
    ['no XML', 'this is none'],
    ['empty', ' '],
    ['cut off', good.userconfig.slice(0, 150)],
    ['entities', `${entity}<safe><service mode="light"><user logging="&h;"/></service></safe>`],
    ['an external entity', '<!DOCTYPE safe [<!ENTITY x SYSTEM "file:///etc/passwd">]><safe><service mode="&x;"/></safe>'],
    ['deep', `<safe>${'<service>'.repeat(20_000)}${'</service>'.repeat(20_000)}</safe>`],
    ['wide', `<safe><service mode="light"><errd>${'<proc name="x"/>'.repeat(150_000)}</errd></service></safe>`],
    ['one huge attribute', `<safe><service mode="light" boot="${'x'.repeat(3_000_000)}"/></safe>`],
    ['zeros', new Uint8Array(100_000)],
  ] as const) {
    daemon.writeModule(module, good);
    const large = text.length > 1024 * 1024;
    t.equal(await write(text), large ? 413 : 204, name);
    // What the API does not take an editor may write.
    if (large) writeFileSync(join(daemon.safe, 'modules', module, 'conf', 'userconfig.xml'), text);
    const answer = await check();
    t.match(answer, { status: 422, refusal: { code: 'CONF_INVALID' } }, name);
    t.ok(
      answer.refusal.problems.length > 0 && answer.refusal.problems.length < 10_000,
      `${name}: ${answer.refusal.problems.length} problems`,
    );
    t.notMatch(JSON.stringify(answer.refusal), /root:/, `${name}: nothing of another file`);
    t.ok(answer.tookMs < 10_000, `${name}: ${answer.tookMs.toFixed(0)} ms`);
    t.ok(JSON.stringify(answer.refusal).length < 2_000_000, `${name}: the answer is not huge itself`);
  }
  t.equal(await write('x'.repeat(5 * 1024 * 1024)).catch(() => 413), 413, 'larger than a body may be');
  await daemon.must('start', '-m', module, '--wait', '--timeout', '30s');
  t.equal(await daemon.state(module), 'UP Ready', 'the applied configuration is as it was');
});

t.test('32 modules at once on one daemon: started, kept over a kill -9, stopped', { skip }, async (t) => {
  const daemon = await daemonIn(place(t));
  await daemon.start();
  const names = Array.from({ length: 32 }, (_, index) => `m${String(index + 1).padStart(2, '0')}`);
  for (const name of names) {
    mkdirSync(join(daemon.safe, 'modules', name), { recursive: true });
    const files = journalModule(daemon, name);
    daemon.writeModule(name, files);
  }
  daemon.signal('SIGHUP');
  await until('all are known', async () => (await daemon.api('GET', `/modules/${names.at(-1)}`)).status === 200);
  for (const name of names) {
    const { status, body } = await daemon.api('POST', `/modules/${name}/config/apply`);
    if (status !== 200) throw new Error(`${name}: ${status} ${body}`);
  }
  const began = nowMs();
  await Promise.all(names.map((name) => daemon.api('POST', `/modules/${name}/actions`, { action: 'start' })));
  for (const name of names) await daemon.reaches(name, 'UP Ready', 60_000);
  t.comment(`32 modules started in ${(nowMs() - began).toFixed(0)} ms`);
  t.same(
    await Promise.all(names.map(async (name) => (await probe(daemon, name)).status)),
    names.map(() => 200),
  );

  const before = names.map((name) => application(daemon, name));
  t.ok(before.every((mark) => mark !== null));
  await daemon.kill();
  const killed = nowMs();
  await daemon.start();
  for (const name of names) await daemon.reaches(name, 'UP Ready', 60_000);
  t.comment(`all resumed ${(nowMs() - killed).toFixed(0)} ms after kill -9`);
  t.same(
    names.map((name) => application(daemon, name)),
    before,
    'all applications are left alone',
  );

  // Half of them die at the same moment.
  const half = names.filter((_, index) => index % 2 === 0);
  for (const name of half) {
    const mark = application(daemon, name);
    if (mark !== null) process.kill(mark.pid, 'SIGKILL');
  }
  await until(
    'each is counted once',
    async () =>
      (await Promise.all(half.map((name) => daemon.status(name)))).every(
        ({ budget, state, quality }) => budget.used === 1 && state === 'UP' && quality === 'Ready',
      ),
    60_000,
  );
  t.same(
    names.filter((_, index) => index % 2 === 1).map((name) => calls(journal(daemon, name)).length),
    half.map(() => 2),
    'the others are left alone',
  );
  const stopping = nowMs();
  daemon.signal('SIGTERM');
  t.same(await daemon.ended(), { code: 0, signal: null });
  t.comment(`all stopped in ${(nowMs() - stopping).toFixed(0)} ms`);
  t.same(
    names.filter((name) => application(daemon, name) !== null),
    [],
    'nothing runs any more',
  );
});
