/** The demo's module scripts, run for real with the environment that the daemon gives them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { packModule } from '../../src/demo/module-archive.js';
import { findMarked, identify, isAlive, killMarked, signal } from '../../src/demo/processes.js';
import { unpackArchive } from '../../src/io/modules/archive.js';

const module = new URL('../../src/demo/module/', import.meta.url).pathname;
const skip = process.platform === 'linux' ? false : 'the scripts and the process table of the demo are those of Linux';

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('not listening');
  return address.port;
}
interface Place {
  readonly port: number;
  readonly pidFile: string;
  readonly commands: string;
  readonly mark: string;
  /** Exit code and output of a script. */
  script(name: string, ...args: string[]): Promise<{ readonly code: number | null; readonly output: string }>;
}
async function place(t: Test): Promise<Place> {
  const dir = t.testdir({ safe: {}, var: {} });
  const port = await freePort();
  const bin = join(dir, 'bin');
  cpSync(join(module, 'bin'), bin, { recursive: true });
  const commands = join(dir, 'commands');
  // What the scripts tell the daemon is written down.
  writeFileSync(join(dir, 'safe', 'safekit'), `#!/bin/sh\necho "$@" >> '${commands}'\n`);
  chmodSync(join(dir, 'safe', 'safekit'), 0o755);
  mkdirSync(join(dir, 'var'), { recursive: true });
  const env = {
    PATH: process.env['PATH'] ?? '',
    SAFE: join(dir, 'safe'),
    SAFEUSERBIN: bin,
    SAFEUSERVAR: join(dir, 'var'),
    DEMO_NODE: 'n1',
    DEMO_LISTEN: `127.0.0.1:${port}`,
    DEMO_RUNTIME: process.execPath,
    DEMO_MARK: dir,
  };
  t.teardown(() => killMarked(dir));
  return {
    port,
    pidFile: join(dir, 'var', 'web.pid'),
    commands,
    mark: dir,
    script: async (name, ...args) => {
      const child = spawn(join(bin, name), args, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
      let output = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8');
        stream.on('data', (chunk: string) => {
          output += chunk;
        });
      }
      const [code]: (number | null)[] = await once(child, 'close');
      return { code: code ?? null, output };
    },
  };
}
function ask(port: number): Promise<string> {
  return new Promise((resolve) => {
    get({ host: '127.0.0.1', port, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve(body));
    }).on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}
const pidIn = (file: string): number => Number(readFileSync(file, 'utf8'));

t.test('start, start again, stop, stop again', { skip }, async (t) => {
  const here = await place(t);
  t.match(await here.script('start_both', 'WAIT', 'UP', 'start'), { code: 0, output: /^started: pid \d+/ });
  const pid = pidIn(here.pidFile);
  t.match(JSON.parse(await ask(here.port)), { node: 'n1', pid, requests: 1 }, 'it serves when the script has ended');
  t.match(await here.script('start_both', 'WAIT', 'UP', 'start'), { code: 0, output: `already running: pid ${pid}` });
  t.equal(findMarked(here.mark).length, 1, 'only the application is left of the scripts');
  t.match(await here.script('stop_both', 'UP', 'STOP', 'stop'), { code: 0, output: `stopping pid ${pid}` });
  t.equal(await ask(here.port), 'ECONNREFUSED');
  t.notOk(existsSync(here.pidFile));
  t.same(await here.script('stop_both', 'force', 'UP', 'STOP', 'stop'), { code: 0, output: '' });
  t.notOk(existsSync(here.commands), 'the daemon was told nothing');
});

t.test('the application is stopped by force when it does not listen to reason', { skip }, async (t) => {
  const here = await place(t);
  await here.script('start_both', 'WAIT', 'UP', 'start');
  const pid = pidIn(here.pidFile);
  t.match(await here.script('stop_both', 'force', 'UP', 'STOP', 'stop'), { code: 0, output: `killing pid ${pid}` });
  t.equal(identify(pid), null);
  t.notOk(existsSync(here.pidFile));
});

t.test('a pid file of a killed application, or of another process, misleads nobody', { skip }, async (t) => {
  const here = await place(t);
  await here.script('start_both', 'WAIT', 'UP', 'start');
  const mark = identify(pidIn(here.pidFile));
  if (mark === null) throw new Error('it does not run');
  t.ok(signal(mark, 'SIGKILL'));
  while (isAlive(mark)) await new Promise((resolve) => setTimeout(resolve, 5));
  t.notOk(signal(mark, 'SIGKILL'), 'a process that is gone gets no signal');
  t.match(await here.script('start_both', 'WAIT', 'UP', 'start'), { code: 0, output: /^started/ }, 'after kill -9');
  await here.script('stop_both', 'force', 'UP', 'STOP', 'stop');
  writeFileSync(here.pidFile, `${process.pid}\n`);
  t.match(await here.script('stop_both', 'force', 'UP', 'STOP', 'stop'), { code: 0, output: '' }, 'this test is not killed');
});

t.test('prestart leaves nothing running', { skip }, async (t) => {
  const here = await place(t);
  await here.script('start_both', 'WAIT', 'UP', 'start');
  t.match(await here.script('prestart', 'STOP', 'WAIT', 'start'), { code: 0 });
  t.same(findMarked(here.mark), []);
});

t.test('an application that cannot listen is an error, and the module is stopped', { skip }, async (t) => {
  const here = await place(t);
  const server = createServer();
  server.listen(here.port, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  // It gives up before the script's ten seconds are over: the application has ended.
  t.match(await here.script('start_both', 'WAIT', 'UP', 'start'), { code: 1, output: /does not listen on 127\.0\.0\.1/ });
  t.match(readFileSync(here.commands, 'utf8'), /^printe .*\nstop -i start_both\n$/);
});

t.test('the archive is one that the installer takes, with executable scripts', async (t) => {
  const files = await unpackArchive(await packModule());
  t.same(files.map((file) => [file.path, file.executable]).sort(), [
    ['bin/prestart', true],
    ['bin/start_both', true],
    ['bin/stop_both', true],
    ['bin/web.mjs', false],
    ['bin/web.sh', false],
    ['conf/userconfig.xml', false],
  ]);
});
