import fc from 'fast-check';
import t from 'tap';
import { decodeWaitStatus, signalName } from '../../../src/io/linux/exit-status.js';
import { parseProcStat, readProcStat } from '../../../src/io/linux/proc-table.js';
import { splitArguments } from '../../../src/io/linux/processes.js';

const rest =
  ' 1 100 100 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 123456 1000 10 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 9\n';

t.test('the fields are those of proc_pid_stat(5)', async (t) => {
  t.same(parseProcStat(`42 (nginx) S${rest}`), {
    pid: 42,
    startTime: 123456,
    name: 'nginx',
    ppid: 1,
    processGroup: 100,
    session: 100,
    kernelThread: false,
    zombie: false,
    waitStatus: 9,
  });
});

t.test('a name may hold anything', async (t) => {
  for (const name of ['a b', '(sd-pam)', ') S 1 (', ')', '', 'new\nline', '))))'])
    t.match(parseProcStat(`7 (${name}) R${rest}`), { pid: 7, name, ppid: 1 }, JSON.stringify(name));
  fc.assert(
    fc.property(fc.string({ maxLength: 15 }), (name) => {
      const stat = parseProcStat(`7 (${name}) R${rest}`);
      return stat?.name === name && stat.startTime === 123456;
    }),
  );
});

t.test('a zombie is one of which no thread is left', async (t) => {
  const withThreads = (state: string, threads: number) =>
    parseProcStat(`7 (x) ${state}${rest.replace(' 20 0 1 0 123456', ` 20 0 ${threads} 0 123456`)}`)?.zombie;
  t.equal(withThreads('Z', 1), true);
  t.equal(withThreads('Z', 0), true);
  t.equal(withThreads('Z', 3), false, 'its first thread has ended, others run');
  t.equal(withThreads('X', 0), true);
  t.equal(withThreads('D', 1), false);
  t.equal(withThreads('T', 1), false);
});

t.test('what is no entry is none', async (t) => {
  for (const text of ['', '42', '42 (', '42 (x', 'x (y) S 1', '42 (x) S 1 2 3', '(x) S'])
    t.equal(parseProcStat(text), null, text);
  t.equal(
    parseProcStat(`7 (x) S${rest.split(' ').slice(0, 40).join(' ')}`)?.waitStatus,
    0,
    'kernels before 3.5 have no field 52',
  );
});

t.test('kernel threads are known by their flag', async (t) => {
  t.equal(parseProcStat(`2 (kthreadd) S 0 0 0 0 -1 2129984${rest.slice(rest.indexOf(' 1 2 3 4'))}`)?.kernelThread, true);
});

t.test('an entry is read, or it is gone', async (t) => {
  t.match(readProcStat(process.pid), { kind: 'found', stat: { pid: process.pid, ppid: process.ppid, zombie: false } });
  t.same(readProcStat(2 ** 22 + 1), { kind: 'gone' });
});

t.test('wait statuses are decoded as wait(2) has them', async (t) => {
  t.same(decodeWaitStatus(0), { kind: 'code', code: 0 });
  t.same(decodeWaitStatus(256 * 3), { kind: 'code', code: 3 });
  t.same(decodeWaitStatus(9), { kind: 'signal', signal: 'SIGKILL' });
  t.same(decodeWaitStatus(11 | 0x80), { kind: 'signal', signal: 'SIGSEGV' }, 'with a core dump');
  t.equal(signalName(15), 'SIGTERM');
  t.equal(signalName(40), 'SIG40');
});

t.test('arguments are split at NULs', async (t) => {
  t.same(splitArguments(Buffer.from('a\0b c\0\0d\0')), ['a', 'b c', '', 'd']);
  t.same(splitArguments(Buffer.from('nginx: worker process\0\0\0\0')), ['nginx: worker process']);
  t.same(splitArguments(Buffer.alloc(0)), []);
});
