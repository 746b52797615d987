import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import {
  createSystemLog,
  journalDatagram,
  priorityOf,
  stderrLine,
  syslogDatagram,
  systemText,
} from '../../../src/io/logs/system-log.js';
import { createUnixDatagram, unixAddress } from '../../../src/io/logs/unix-datagram.js';
import { entry } from './support.js';

/** A receiver of local datagrams, through libc like the sender: Node has none. Null where there are no such sockets. */
const receiver = (path: string): { receive(): string | null; close(): void } | null => {
  if (process.platform !== 'linux') return null;
  const koffi: typeof import('koffi') = createRequire(import.meta.url)('koffi');
  const libc = koffi.load(null);
  const socket = libc.func('int socket(int domain, int type, int protocol)');
  const bind = libc.func('int bind(int fd, const void *address, uint32_t length)');
  const recv = libc.func('intptr_t recv(int fd, _Out_ uint8_t *bytes, size_t length, int flags)');
  const close = libc.func('int close(int fd)');
  const address = unixAddress(path);
  const fd = Number(socket(1, 2 | 0o4000 | 0o2000000, 0));
  if (address === null || fd < 0 || Number(bind(fd, address, address.length)) !== 0) return null;
  const buffer = Buffer.alloc(65_536);
  return {
    receive: () => {
      const count = Number(recv(fd, buffer, buffer.length, 0));
      return count < 0 ? null : buffer.toString('utf8', 0, count);
    },
    close: () => close(fd),
  };
};
const dir = mkdtempSync(join(tmpdir(), 'holdfast-socket-'));
t.teardown(() => rmSync(dir, { recursive: true }));
const journal = join(dir, 'journal');
const received = receiver(journal);
t.teardown(() => received?.close());
const skip = process.platform === 'linux' ? false : 'local datagrams are for Linux';

t.test('texts and priorities', async (t) => {
  t.equal(systemText('farm', entry('Local state UP Ready')), 'farm | heart | Local state UP Ready');
  t.equal(systemText(null, entry('a\nPRIORITY=0\n')), 'holdfast | heart | a PRIORITY=0 ', 'no message can add a field');
  t.same((['C', 'E', 'U', 'S', 'I', 'D'] as const).map(priorityOf), [2, 5, 5, 6, 6, 7]);
  t.equal(stderrLine('farm', entry('x', 'C')), '<2>farm | heart | x\n');
  t.match(
    syslogDatagram('farm', entry('x', 'C')).toString(),
    /^<26>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d holdfast\[\d+\]: farm \| heart \| x$/,
  );
  t.match(journalDatagram('farm', entry('x')).toString().split('\n'), [
    'MESSAGE=farm | heart | x',
    'PRIORITY=5',
    'SYSLOG_IDENTIFIER=holdfast',
    /^SYSLOG_PID=\d+$/,
    'HOLDFAST_MODULE=farm',
    'HOLDFAST_COMPONENT=heart',
    'HOLDFAST_LEVEL=E',
    '',
  ]);
});

t.test('addresses of sockets', async (t) => {
  t.equal(unixAddress('/a')?.subarray(2).toString(), '/a\0');
  t.equal(unixAddress('@a')?.subarray(2).toString(), '\0a');
  t.equal(unixAddress('x'.repeat(200)), null);
  t.equal(createUnixDatagram('x'.repeat(200)), null);
});

t.test("a datagram reaches the journal's socket", { skip }, async (t) => {
  const log = createSystemLog('auto', { journal, syslog: join(dir, 'none') });
  t.equal(log.kind, 'journal');
  log.write('farm', entry('Local state UP Ready'));
  t.match(received?.receive(), /^MESSAGE=farm \| heart \| Local state UP Ready\nPRIORITY=5\n/);
  t.equal(log.dropped(), 0);
  log.close();
  log.close();
  log.write('farm', entry('after close'));
  t.equal(log.dropped(), 1);
});

t.test('a receiver that does not read holds nobody up', { skip }, async (t) => {
  const log = createSystemLog('syslog', { journal: join(dir, 'none'), syslog: journal });
  t.equal(log.kind, 'syslog');
  const begin = performance.now();
  for (let index = 0; index < 20_000; index += 1) log.write('farm', entry(`line ${index}`));
  t.ok(log.dropped() > 0, 'what there is no room for is dropped and counted');
  t.ok(performance.now() - begin < 10_000);
  t.match(received?.receive(), /holdfast\[\d+\]: farm \| heart \| line 0$/);
  log.close();
});

t.test('where there is no such socket', async (t) => {
  const paths = { journal: join(dir, 'none'), syslog: join(dir, 'neither') };
  t.equal(createSystemLog('auto', paths).kind, 'none');
  t.equal(createSystemLog('none', paths).kind, 'none');
  const log = createSystemLog('journal', paths);
  log.write(null, entry('nobody hears it'));
  if (log.kind === 'journal') t.equal(log.dropped(), 1);
  log.close();
  t.notOk(existsSync(paths.journal));
});
