import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { release } from 'node:os';
import t from 'tap';
import type { ExitStatus, Processes, ProcessIdentity } from '../../../src/actors/ports.js';
import { loadPidfds, type Pidfds } from '../../../src/io/linux/pidfd.js';
import { readProcStat } from '../../../src/io/linux/proc-table.js';
import { createLinuxProcesses } from '../../../src/io/linux/processes.js';
import { childOfStoppedShell, identityOf, killAndReap, script, start, temporaryDirectory, until } from '../real-processes.js';

const notLinux = process.platform === 'linux' ? false : 'needs Linux';
const noPidfd =
  loadPidfds() === null ? 'this kernel or its seccomp filter has no pidfd_open, or koffi is not built for this machine' : false;

/** Waits for the end of a process as the port tells it. */
function exitOf(processes: Processes, identity: ProcessIdentity): Promise<{ readonly exit: ExitStatus; readonly atMs: number }> {
  return new Promise((resolve, reject) => {
    // A watch alone does not keep the loop alive.
    const keep = setTimeout(() => reject(new Error('no exit seen within 10 s')), 10_000);
    const watch = processes.watchExit(identity, (exit, atMs) => {
      clearTimeout(keep);
      resolve({ exit, atMs });
    });
    if (watch === null) reject(new Error('no watch'));
  });
}
const openDescriptors = (): number => readdirSync('/proc/self/fd').length;

t.test('the table has this process, its names and arguments, and no zombie', { skip: notLinux }, async (t) => {
  const dir = temporaryDirectory(t);
  const processes = createLinuxProcesses();
  const long = start(t, script(dir, 'a_rather_long_script_name', '#!/bin/sh\nexec sleep 60 <&-\n'), []);
  const args = start(t, '/bin/sleep', ['61'], 'renamed with blanks');
  const zombie = await childOfStoppedShell(t, 'echo ready; exec sleep 60');
  process.kill(zombie, 'SIGKILL');
  const isZombie = (): boolean => {
    const entry = readProcStat(zombie);
    return entry.kind === 'found' && entry.stat.zombie;
  };
  await until('the child is a zombie', isZombie);
  const find = async (pid: number) => (await processes.list()).find((info) => info.pid === pid);
  await until('the first has become sleep', async () => (await find(long.pid))?.name === 'sleep');

  const self = await find(process.pid);
  t.match(self, { ...identityOf(process.pid), ppid: process.ppid });
  t.ok(self?.args[0]?.includes('node'));
  t.same((await find(args.pid))?.args, ['renamed with blanks', '61']);
  t.equal((await find(args.pid))?.name, 'sleep');
  t.equal(await find(zombie), undefined);
  t.equal(processes.isAlive(identityOf(zombie)), false);
});

t.test('a name is the first 15 characters, and arguments keep their blanks and empty ones', { skip: notLinux }, async (t) => {
  const dir = temporaryDirectory(t);
  const processes = createLinuxProcesses();
  const path = script(dir, 'a_rather_long) (name', '#!/bin/sh\nkill -STOP $$\n');
  const { pid } = start(t, path, ['first', '', 'a b']);
  await until('it has come to its own name', async () =>
    (await processes.list()).some((info) => info.pid === pid && info.args.length === 5),
  );
  const info = (await processes.list()).find((each) => each.pid === pid);
  t.equal(info?.name, 'a_rather_long) ');
  t.same(info?.args, ['/bin/sh', path, 'first', '', 'a b']);
});

t.test('very long arguments are read up to their limit', { skip: notLinux }, async (t) => {
  const { pid } = start(t, '/bin/sleep', ['60', '0', ...Array.from({ length: 3_000 }, () => `0.${'0'.repeat(97)}`)]);
  const info = (await createLinuxProcesses().list()).find((each) => each.pid === pid);
  t.equal(info?.args.join(' ').length, 128 * 1024, 'cut at 128 KiB');
});

t.test('kernel threads have no arguments', { skip: notLinux }, async (t) => {
  const all = await createLinuxProcesses().list();
  const kthreadd = all.find((info) => info.pid === 2 && info.name === 'kthreadd');
  if (kthreadd === undefined) t.comment('no kernel threads are visible in this namespace');
  else t.same(kthreadd.args, []);
  t.ok(all.length > 0);
});

t.test('processes that come and go while the table is read do no harm', { skip: notLinux, timeout: 60_000 }, async (t) => {
  const processes = createLinuxProcesses();
  const stayed = start(t, '/bin/sleep', ['120']);
  const before = openDescriptors();
  let running = true;
  let started = 0;
  const churn = async (): Promise<void> => {
    while (started < 500) {
      started += 1;
      const child = spawn('/bin/sleep', ['5'], { stdio: 'ignore' });
      await new Promise((resolve) => setImmediate(resolve));
      await killAndReap(child);
    }
  };
  const churning = Promise.all(Array.from({ length: 5 }, churn)).then(() => {
    running = false;
  });
  let lists = 0;
  while (running) {
    const all = await processes.list();
    lists += 1;
    if (!all.some((info) => info.pid === stayed.pid)) t.fail('a process that was there all the time is missing');
    if (all.some((info) => info.name === '')) t.fail('a process without a name');
  }
  await churning;
  t.ok(lists > 5, `${lists} lists`);
  t.equal(openDescriptors(), before, 'no descriptor left open');
});

t.test('arguments are read of those only whom somebody wants', { skip: notLinux }, async (t) => {
  const processes = createLinuxProcesses();
  const { pid } = start(t, '/bin/sleep', ['60']);
  const argsOf = (all: readonly { readonly pid: number; readonly args: readonly string[] }[]): readonly string[] | undefined =>
    all.find((info) => info.pid === pid)?.args;
  await until('sleep runs', async () => argsOf(await processes.list())?.[1] === '60');
  t.same(argsOf(await processes.list(() => false)), [], 'listed all the same');
  t.same(argsOf(await processes.list((name) => name === 'sleep')), ['/bin/sleep', '60']);
  const [quick, whole] = await Promise.all([processes.list(() => false), processes.list()]);
  t.equal(quick, whole, 'they share one look');
  t.same(argsOf(quick), ['/bin/sleep', '60'], 'which reads what any of them wants');
});

t.test('those who ask together share a look, and nobody gets one from before the question', { skip: notLinux }, async (t) => {
  const processes = createLinuxProcesses();
  const [a, b] = await Promise.all([processes.list(), processes.list()]);
  t.equal(a, b, 'the very same list');
  const running = processes.list();
  await new Promise((resolve) => setImmediate(resolve));
  const { pid } = start(t, '/bin/sleep', ['60']);
  const [first, second, third] = await Promise.all([running, processes.list(), processes.list()]);
  t.not(first, second);
  t.equal(second, third);
  t.ok(second.some((info) => info.pid === pid));
});

const kernel = /^(\d+)\.(\d+)/.exec(release());
const keepsStatus = Number(kernel?.[1]) * 1000 + Number(kernel?.[2]) >= 6015;
const noStatus = noPidfd || (keepsStatus ? false : 'needs Linux 6.15, which keeps exit statuses after reaping');

t.test('a descriptor still has the status after the process was reaped', { skip: notLinux || noStatus }, async (t) => {
  const pidfds = loadPidfds();
  const child = start(t, '/bin/sleep', ['60']);
  const opened = pidfds?.open(child.pid);
  if (pidfds === null || opened === undefined || 'error' in opened) throw new Error('no descriptor');
  t.equal(pidfds.exitStatus(opened.fd), 'pending');
  await killAndReap(child.child);
  t.same(pidfds.exitStatus(opened.fd), { kind: 'signal', signal: 'SIGKILL' });
  t.equal(pidfds.signalGroup(opened.fd, 0), 'gone');
  pidfds.close(opened.fd);
});

t.test('an exit is told within milliseconds, with its status', { skip: notLinux || noPidfd }, async (t) => {
  const processes = createLinuxProcesses();
  const latencies: number[] = [];
  for (let round = 0; round < 20; round += 1) {
    // Not our child: as an application is that a script has left in the background.
    const shell = spawn('/bin/sh', ['-c', 'sleep 60 >/dev/null & echo $!'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const [text]: unknown[] = await once(shell.stdout, 'data');
    const identity = identityOf(Number(String(text)));
    const seen = exitOf(processes, identity);
    const killedMs = Number(process.hrtime.bigint()) / 1e6;
    process.kill(identity.pid, 'SIGKILL');
    const { exit, atMs } = await seen;
    latencies.push(Number(process.hrtime.bigint()) / 1e6 - killedMs);
    t.ok(atMs >= killedMs);
    t.match(exit, keepsStatus ? { kind: 'signal', signal: 'SIGKILL' } : { kind: /signal|unknown/ });
  }
  latencies.sort((x, y) => x - y);
  const median = latencies[10] ?? Number.NaN;
  t.comment(`kill to callback: median ${median.toFixed(2)} ms, worst ${latencies.at(-1)?.toFixed(2)} ms`);
  t.ok(median < 50, `median ${median} ms`);
});

t.test('code and signal are told, from the zombie and after it was reaped', { skip: notLinux || noPidfd }, async (t) => {
  const processes = createLinuxProcesses();
  const child = await childOfStoppedShell(t, 'trap "exit 7" TERM; echo ready; while :; do sleep 0.02; done');
  const ended = exitOf(processes, identityOf(child));
  process.kill(child, 'SIGTERM');
  t.same((await ended).exit, { kind: 'code', code: 7 });

  const killed = start(t, '/bin/sleep', ['60']);
  const seen = exitOf(processes, identityOf(killed.pid));
  process.kill(killed.pid, 'SIGTERM');
  const { exit } = await seen;
  // Node reaps its children itself, perhaps before we look: then only Linux 6.15 and later still know.
  t.match(exit, { kind: /^(signal|unknown)$/ });
  if (exit.kind === 'signal') t.equal(exit.signal, 'SIGTERM');
});

t.test(
  'an exit status that comes late is waited for a few milliseconds, and no longer',
  { skip: notLinux || noPidfd },
  async (t) => {
    const real = loadPidfds();
    if (real === null) return;
    let asked = 0;
    const slow = (readyAt: number): Pidfds => ({
      ...real,
      exitStatus: () => {
        asked += 1;
        return asked >= readyAt ? { kind: 'code', code: 3 } : 'pending';
      },
    });
    for (const [readyAt, expected] of [
      [3, { kind: 'code', code: 3 }],
      [1_000, { kind: 'unknown' }],
    ] as const) {
      asked = 0;
      const child = start(t, '/bin/sleep', ['60']);
      const identity = identityOf(child.pid);
      let reaped = false;
      child.child.once('exit', () => {
        reaped = true;
      });
      // The end is told by hand, once the process is gone from the table.
      let end = (): void => undefined;
      const processes = createLinuxProcesses({
        pidfds: {
          ...slow(readyAt),
          onEnd: (_fd, callback) => {
            end = callback;
            return { close: () => undefined };
          },
        },
      });
      const seen = exitOf(processes, identity);
      child.child.kill('SIGKILL');
      await until('reaped', () => reaped);
      const beganMs = performance.now();
      end();
      t.same((await seen).exit, expected);
      t.ok(performance.now() - beganMs < 100);
    }
  },
);

t.test('a process that is gone, or whose number another has, is told at once', { skip: notLinux || noPidfd }, async (t) => {
  const processes = createLinuxProcesses();
  const { child, pid } = start(t, '/bin/sleep', ['60']);
  const identity = identityOf(pid);
  t.equal(processes.isAlive(identity), true);
  const other = { pid, startTime: identity.startTime - 1 };
  t.equal(processes.isAlive(other), false);
  t.same((await exitOf(processes, other)).exit, { kind: 'unknown' });
  await killAndReap(child);
  t.equal(processes.isAlive(identity), false);
  t.same((await exitOf(processes, identity)).exit, { kind: 'unknown' });
  const closed = processes.watchExit(identity, () => t.fail('was closed'));
  closed?.close();
  closed?.close();
  await new Promise((resolve) => setTimeout(resolve, 20));
});

t.test(
  'five hundred watches: each is told once, all descriptors are given back',
  { skip: notLinux || noPidfd, timeout: 60_000 },
  async (t) => {
    const processes = createLinuxProcesses();
    const { pid } = start(t, '/bin/sleep', ['60']);
    const identity = identityOf(pid);
    const before = openDescriptors();
    let calls = 0;
    const keep = setTimeout(() => undefined, 30_000);
    const watches = Array.from({ length: 500 }, () =>
      processes.watchExit(identity, () => {
        calls += 1;
      }),
    );
    t.notOk(watches.includes(null));
    t.equal(openDescriptors(), before + 500);
    for (const watch of watches.slice(0, 250)) {
      watch?.close();
      watch?.close();
    }
    process.kill(pid, 'SIGKILL');
    await until('all are told', () => calls >= 250);
    await new Promise((resolve) => setTimeout(resolve, 50));
    clearTimeout(keep);
    t.equal(calls, 250);
    t.equal(openDescriptors(), before);
    for (const watch of watches) watch?.close();
  },
);

t.test('a callback that throws does not end quietly', { skip: notLinux || noPidfd }, async (t) => {
  const source = new URL('../../../src/io/linux/processes.ts', import.meta.url).href;
  const run = runModule(`
    import { spawn } from 'node:child_process';
    const { createLinuxProcesses } = await import(${JSON.stringify(source)});
    const { readProcStat } = await import(${JSON.stringify(source.replace('processes', 'proc-table'))});
    const child = spawn('/bin/sleep', ['60'], { stdio: 'ignore' });
    process.on('uncaughtException', (error) => { console.log('caught ' + error.message); process.exit(0); });
    createLinuxProcesses().watchExit(readProcStat(child.pid).stat, () => { throw new Error('mine'); });
    child.kill('SIGKILL'); setTimeout(() => process.exit(9), 5000);`);
  t.match(run.stdout, /caught mine/, run.stderr);
  t.equal(run.status, 0);
});

t.test(
  'a watch does not keep the process from ending, and its end is clean even while a watched process dies',
  { skip: notLinux || noPidfd },
  async (t) => {
    const { pid } = start(t, '/bin/sleep', ['60']);
    const source = new URL('../../../src/io/linux/processes.ts', import.meta.url).href;
    const watching = (then: string): string => `
    const { createLinuxProcesses } = await import(${JSON.stringify(source)});
    const watch = createLinuxProcesses().watchExit({ pid: ${pid}, startTime: ${identityOf(pid).startTime} }, () => console.log('told'));
    console.log(watch === null ? 'no watch' : 'watching'); ${then}`;
    for (const then of ['', 'process.exitCode = 0;', 'process.exit(0);']) {
      const run = runModule(watching(then));
      t.equal(run.status, 0, `${then} ${run.signal} ${run.stderr}`);
      t.equal(run.stdout, 'watching\n');
    }
    // The process dies when nothing but the teardown of the loop is left to see it.
    const dying = runModule(watching(`process.on('exit', () => process.kill(${pid}, 'SIGKILL'));`));
    t.equal(dying.status, 0, `${dying.signal} ${dying.stderr}`);
  },
);

function runModule(code: string) {
  return spawnSync(process.execPath, [...process.execArgv, '--input-type=module', '-e', code], {
    encoding: 'utf8',
    timeout: 20_000,
  });
}

t.test('without process descriptors there is no watch, and an error of one is no exit', { skip: notLinux }, async (t) => {
  const self = identityOf(process.pid);
  const fail = () => t.fail('this process has not ended');
  t.equal(createLinuxProcesses({ pidfds: null }).watchExit(self, fail), null);
  const closed: number[] = [];
  const fake = (settings: Partial<Pidfds>): Pidfds => ({
    open: () => ({ fd: 99 }),
    onEnd: () => null,
    exitStatus: () => 'pending',
    signalGroup: () => 'unsupported',
    signal: () => 'unsupported',
    close: (fd) => closed.push(fd),
    ...settings,
  });
  t.equal(createLinuxProcesses({ pidfds: fake({ open: () => ({ error: 'EMFILE' }) }) }).watchExit(self, fail), null);
  t.same(closed, []);
  t.equal(createLinuxProcesses({ pidfds: fake({}) }).watchExit(self, fail), null);
  t.same(closed, [99]);
});

t.test('a signal meets the process that was meant, and no other', { skip: notLinux }, async (t) => {
  for (const pidfds of [null, ...(noPidfd ? [] : [loadPidfds()])]) {
    const processes = createLinuxProcesses({ pidfds });
    const way = pidfds === null ? 'by number' : 'by descriptor';
    const child = start(t, '/bin/sleep', ['60']);
    const identity = identityOf(child.pid);
    t.equal(
      processes.signal({ ...identity, startTime: identity.startTime - 1 }, 'SIGKILL'),
      'gone',
      `${way}: had that number before`,
    );
    t.ok(processes.isAlive(identity), `${way}: it was left alone`);
    const ended = once(child.child, 'exit');
    t.equal(processes.signal(identity, 'SIGTERM'), 'sent', way);
    t.same(await ended, [null, 'SIGTERM'], way);
    t.equal(processes.signal(identity, 'SIGTERM'), 'gone', way);
  }
  const old = loadPidfds();
  if (old === null) return;
  const child = start(t, '/bin/sleep', ['60']);
  const ended = once(child.child, 'exit');
  const filtered = createLinuxProcesses({ pidfds: { ...old, signal: () => 'unsupported' } });
  t.equal(filtered.signal(identityOf(child.pid), 'SIGKILL'), 'sent', 'where the call itself is refused');
  t.same(await ended, [null, 'SIGKILL']);
});

t.test('a table that cannot be read is an error, never an empty table', { skip: notLinux }, async (t) => {
  const source = new URL('../../../src/io/linux/processes.ts', import.meta.url).href;
  const code = `
    const fs = await import('node:fs');
    const { createLinuxProcesses } = await import(${JSON.stringify(source)});
    const processes = createLinuxProcesses();
    const all = await processes.list();
    const self = all.find((info) => info.pid === process.pid);
    const fds = []; try { for (;;) fds.push(fs.openSync('/dev/null')); } catch {}
    const alive = processes.isAlive(self);
    const watch = processes.watchExit(self, () => console.log('exit told'));
    const result = await processes.list().then((list) => 'list of ' + list.length, (error) => error.code);
    for (const fd of fds) fs.closeSync(fd);
    console.log(result, alive, watch);`;
  const run = spawnSync(
    '/bin/sh',
    ['-c', 'ulimit -n 200; exec "$@"', 'sh', process.execPath, ...process.execArgv, '--input-type=module', '-e', code],
    {
      encoding: 'utf8',
      timeout: 20_000,
    },
  );
  t.match(run.stdout, /^EMFILE true null\n$/, run.stderr);
});
