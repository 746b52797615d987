import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { createHost } from '../../src/io/host.js';
import { createPlatformPorts } from '../../src/io/platform.js';
import { SharedScan } from '../../src/io/shared-scan.js';
import { userlogName } from '../../src/io/userlog.js';
import { temporaryDirectory } from './real-processes.js';

const skip = process.platform === 'linux' ? false : 'needs Linux';

t.test('the facts of this machine', { skip }, async (t) => {
  const host = await createHost();
  t.ok(host.bootId.startsWith(readFileSync('/proc/sys/kernel/random/boot_id', 'ascii').trim()));
  t.equal((await createHost()).bootId, host.bootId);
  t.ok(host.hostname.length > 0);
  t.ok(host.addresses().includes('127.0.0.1'));
});

t.test('the ports of this machine work together', { skip }, async (t) => {
  const problems: string[] = [];
  const ports = await createPlatformPorts({
    version: '0',
    authorityFile: '/nowhere',
    recordsDir: join(temporaryDirectory(t), 'records'),
    onProblem: (message) => problems.push(message),
  });
  t.teardown(() => ports.scripts.close());
  await ports.records.save('node', 'boot', ports.host.bootId);
  t.equal(await ports.records.load('node', 'boot'), ports.host.bootId);
  const self = (await ports.processes.list()).find(({ pid }) => pid === process.pid);
  t.ok(self !== undefined && ports.processes.isAlive(self));
  t.same(await ports.services.states([]), []);
  t.match(ports.random.hex(4), /^[0-9a-f]{8}$/);
  t.same(problems, []);
});

t.test('a damaged record is reported in words', { skip }, async (t) => {
  const problems: string[] = [];
  const recordsDir = join(temporaryDirectory(t), 'records');
  const ports = await createPlatformPorts({
    authorityFile: '/nowhere',
    recordsDir,
    version: '0',
    onProblem: (message) => problems.push(message),
  });
  t.teardown(() => ports.scripts.close());
  await ports.records.save('node', 'boot', 1);
  const { truncateSync } = await import('node:fs');
  truncateSync(join(recordsDir, 'node', 'boot.json'), 10);
  t.equal(await ports.records.load('node', 'boot'), null);
  t.match(problems, [/^record .*boot\.json: damaged: .*; put aside as .*boot\.json\.damaged$/]);
});

t.test('names of userlogs', async (t) => {
  const at = new Date(2024, 6, 1, 3, 5, 9);
  t.equal(userlogName('stop_both', at, 1), 'userlog_2024-07-01T030509_stop_both.ulog');
  t.equal(userlogName('stop_both', at, 3), 'userlog_2024-07-01T030509_stop_both_3.ulog');
  t.equal(userlogName('../x y', at, 1), 'userlog_2024-07-01T030509_.._x_y.ulog');
});

t.test('a look that fails is told to those who asked for it, and the next begins', async (t) => {
  let looks = 0;
  const scan = new SharedScan(async () => {
    looks += 1;
    if (looks === 1) throw new Error('first');
    return looks;
  });
  const first = scan.next();
  await t.rejects(Promise.all([first, scan.next()]), /first/);
  t.equal(await scan.next(), 2);
  t.equal(await scan.next(), 3);
});
