import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createProgramRunner, lastLine, type ProgramEnd, type ProgramSpec } from '../../src/io/check-program.js';
import { createClock } from '../../src/io/clock.js';
import { readProcStat } from '../../src/io/linux/proc-table.js';
import { createLinuxScriptPlatform } from '../../src/io/linux/scripts.js';
import type { ScriptPlatform } from '../../src/io/script-runner.js';
import { script, temporaryDirectory, until } from './real-processes.js';

const skip = process.platform === 'linux' ? false : 'needs Linux';

function fixture(t: Test, platform: ScriptPlatform = createLinuxScriptPlatform()) {
  const dir = temporaryDirectory(t);
  const run = createProgramRunner(platform, createClock());
  let count = 0;
  const begin = (body: string, settings: Partial<ProgramSpec> = {}) => {
    count += 1;
    const path = script(dir, `program.${count}`, body);
    let isBegun = false;
    let handle = { close: (): void => undefined };
    const ended = new Promise<ProgramEnd>((resolve, reject) => {
      handle = run({ path, args: [], env: { PATH: '/usr/bin:/bin' }, cwd: dir, ...settings }, (end) =>
        isBegun ? resolve(end) : reject(new Error('called back synchronously')),
      );
      isBegun = true;
    });
    t.teardown(() => handle.close());
    return { ended, close: () => handle.close() };
  };
  const pidIn = async (name: string): Promise<number> => {
    const read = (): number => {
      try {
        return Number(readFileSync(join(dir, name), 'utf8').trim());
      } catch {
        return 0;
      }
    };
    await until(`${name} holds a number`, () => read() > 0);
    return read();
  };
  return { dir, begin, pidIn };
}
const isGone = (pid: number): boolean => {
  const found = readProcStat(pid);
  return found.kind !== 'found' || found.stat.zombie;
};

t.test('a program ends with its code, and the end of all it wrote', { skip }, async (t) => {
  const { begin, dir } = fixture(t);
  const end = await begin('#!/bin/sh\necho "$PWD $# $1 $NAME"\necho trouble >&2\nexit 3\n', {
    args: ['$(id); *'],
    env: { PATH: '/usr/bin:/bin', NAME: 'web' },
    keepOutput: true,
  }).ended;
  t.match(end, { kind: 'code', code: 3, output: `${dir} 1 $(id); * web\n` });
  t.match(end.kind === 'code' && end.tail.split('\n').sort(), ['', `${dir} 1 $(id); * web`, 'trouble']);
});

t.test('a file without a first line for an interpreter is run by the shell', { skip }, async (t) => {
  const { begin } = fixture(t);
  t.match(await begin('exit 4\n').ended, { kind: 'code', code: 4 });
});

t.test('a signal, a file that is not there, one that is not executable', { skip }, async (t) => {
  const { begin, dir } = fixture(t);
  t.match(await begin('#!/bin/sh\necho dying\nkill -SEGV $$\n').ended, { kind: 'signal', signal: 'SIGSEGV', tail: 'dying\n' });
  t.match(await begin('', { path: join(dir, 'none') }).ended, { kind: 'failed', message: /none does not exist/ });
  t.match(await begin('', { path: script(dir, 'plain', '#!/bin/sh\n', 0o644) }).ended, {
    kind: 'failed',
    message: /not executable/,
  });
});

t.test('close ends the whole group, nothing is called back, and what ignores SIGTERM is killed', { skip }, async (t) => {
  const { begin, pidIn } = fixture(t);
  const running = begin('#!/bin/sh\ntrap "" TERM\n(trap "" TERM; sleep 60) &\necho $! >child\necho $$ >own\nwait\n');
  let isTold = false;
  void running.ended.then(() => {
    isTold = true;
  });
  const own = await pidIn('own');
  const child = await pidIn('child');
  const from = Date.now();
  running.close();
  running.close();
  await until('both are gone', () => isGone(own) && isGone(child));
  t.ok(Date.now() - from >= 900, 'after a second');
  await until('it was waited for', () => readProcStat(own).kind !== 'found');
  t.notOk(isTold);
});

t.test('what a program leaves behind in its group is ended with it, and does not hold the verdict up', { skip }, async (t) => {
  const { begin, pidIn } = fixture(t);
  const from = Date.now();
  const end = await begin('#!/bin/sh\nsleep 60 &\necho $! >child\nexit 0\n').ended;
  t.match(end, { kind: 'code', code: 0 });
  t.ok(Date.now() - from < 3_000);
  const child = await pidIn('child');
  await until('the child is gone', () => isGone(child));
});

t.test('a program that writes without end is ended', { skip }, async (t) => {
  const { begin } = fixture(t);
  t.match(await begin('#!/bin/sh\nexec yes\n').ended, { kind: 'failed', message: 'it wrote more than 1024 KB and was ended' });
});

t.test('the same without process descriptors', { skip }, async (t) => {
  const { begin, pidIn } = fixture(t, createLinuxScriptPlatform(null));
  t.match(await begin('#!/bin/sh\nsleep 60 &\necho $! >left\nexit 1\n').ended, { kind: 'code', code: 1 });
  const left = await pidIn('left');
  await until('what was left is gone', () => isGone(left));
  const running = begin('#!/bin/sh\necho $$ >own\nsleep 60\n');
  const own = await pidIn('own');
  running.close();
  await until('it is gone', () => isGone(own));
});

t.test('many runs, ended and closed, leave no descriptor and no zombie', { skip }, async (t) => {
  const { begin } = fixture(t);
  const descriptors = (): number => readdirSync('/proc/self/fd').length;
  await begin('#!/bin/sh\nexit 0\n').ended;
  const before = descriptors();
  for (let round = 0; round < 10; round += 1) {
    const runs = Array.from({ length: 10 }, (_, index) =>
      begin(index % 2 === 0 ? '#!/bin/sh\nexit 0\n' : '#!/bin/sh\nsleep 60\n'),
    );
    await Promise.all(runs.filter((_, index) => index % 2 === 0).map((one) => one.ended));
    for (const one of runs) one.close();
  }
  await until('all descriptors are closed', () => descriptors() <= before);
  const zombies = readdirSync('/proc').filter((name) => {
    const found = readProcStat(Number(name));
    return found.kind === 'found' && found.stat.ppid === process.pid && found.stat.zombie;
  });
  t.same(zombies, []);
});

t.test('the last line of an output', async (t) => {
  t.equal(lastLine(''), null);
  t.equal(lastLine('\n \r\n'), null);
  t.equal(lastLine('one\ntwo\r\n\n'), 'two');
  t.equal(lastLine('\u001b[31mred\u001b[0m\u0007'), 'red');
  t.equal(lastLine('x'.repeat(300)), `${'x'.repeat(199)}…`);
});
