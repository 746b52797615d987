import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { createHookRunner } from '../../../src/io/modules/hooks.js';
import { installShims } from '../../../src/io/modules/shims.js';
import { put } from './support.js';

const skip = process.platform === 'win32' ? 'shell scripts' : false;

t.test('safekit and holdfast call the command line with the same arguments', { skip }, async (t) => {
  const root = mkdtempSync(join(tmpdir(), "holdfast it's "));
  t.teardown(() => rmSync(root, { recursive: true }));
  const cli = join(root, "a cli's entry.mjs");
  put(cli, 'console.log(JSON.stringify([process.argv.slice(2), process.env.SAFE, process.env.SAFEVAR])); process.exitCode = 7;');
  await installShims(join(root, 'safe'), join(root, 'var'), cli, process.execPath);
  const args = ['printe', '-m', 'web', 'two words', '', "it's", '$HOME', '*'];
  for (const name of ['safekit', 'holdfast']) {
    const result = spawnSync(name, args, { encoding: 'utf8', env: { PATH: `${join(root, 'safe')}:/usr/bin:/bin` } });
    t.same(JSON.parse(result.stdout), [args, join(root, 'safe'), join(root, 'var')], name);
    t.equal(result.status, 7);
  }
  const named = spawnSync('holdfast', [], {
    encoding: 'utf8',
    env: { PATH: `${join(root, 'safe')}:/usr/bin:/bin`, SAFE: '/a', SAFEVAR: '/b' },
  });
  t.same(JSON.parse(named.stdout), [[], '/a', '/b'], 'another installation can be named');
  const before = statSync(join(root, 'safe/safekit')).ino;
  await installShims(join(root, 'safe'), join(root, 'var'), cli, process.execPath);
  t.equal(statSync(join(root, 'safe/safekit')).ino, before, 'what is right already is left alone');
  put(join(root, 'safe/safekit'), 'broken', 0o600);
  await installShims(join(root, 'safe'), join(root, 'var'), cli, process.execPath);
  t.equal(statSync(join(root, 'safe/safekit')).mode & 0o777, 0o755);
  t.equal(spawnSync(join(root, 'safe/safekit'), ['x'], { encoding: 'utf8' }).status, 7);
});

t.test(
  'boundcmd',
  { skip: spawnSync('timeout', ['--version']).error === undefined ? skip : 'timeout is not installed' },
  async (t) => {
    const root = mkdtempSync(join(tmpdir(), 'holdfast-shims-'));
    t.teardown(() => rmSync(root, { recursive: true }));
    await installShims(root, '/var', '/cli', '/node');
    const bound = (...args: readonly string[]) => spawnSync(join(root, 'private/bin/boundcmd'), [...args]).status;
    t.equal(bound('10', 'sh', '-c', 'exit 3'), 3);
    t.equal(bound('10', 'true'), 0);
    t.equal(bound('0.1', 'sleep', '30'), 2);
    t.equal(bound('0.1', 'sh', '-c', 'trap "" TERM; sleep 30'), 2);
    t.equal(bound('10'), 1);
  },
);

t.test("scripts of the configuration's steps", { skip }, async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'holdfast-hooks-'));
  t.teardown(() => rmSync(root, { recursive: true }));
  const run = (text: string, timeoutMs = 20_000) => {
    put(join(root, 'hook'), text, 0o755);
    return createHookRunner(timeoutMs)({
      script: 'config',
      path: join(root, 'hook'),
      args: ['one', 'two'],
      env: { PATH: '/usr/bin:/bin', A: 'b' },
      cwd: root,
    });
  };
  t.same(await run('#!/bin/sh\necho "$1 $2 $A"; echo err >&2; exit 4\n'), { code: 4, output: 'one two b\nerr\n' });
  t.match(await run('#!/bin/sh\nkill -TERM $$\n'), { code: null, output: /ended by SIGTERM/ });
  t.match(await run('#!/nowhere/sh\n'), { code: null, output: /ENOENT/ });
  const hanging = await run(`#!/bin/sh\nsleep 300 & echo $! >${join(root, 'child')}\nwait\n`, 500);
  t.match(hanging, { code: null, output: /not ended after 500 ms: killed/ });
  const flood = await run('#!/bin/sh\nyes | head -c 3000000\n');
  t.equal(flood.code, 0);
  t.ok(flood.output.length <= 64 * 1024 + 10, 'output is bounded');
  const begin = performance.now();
  t.equal((await run('#!/bin/sh\nsleep 5 &\nexit 0\n')).code, 0);
  t.ok(performance.now() - begin < 4000, 'what it leaves in the background is not waited for');
});
