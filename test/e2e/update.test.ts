/** `update` in a real daemon: a name gets another address, and the module looks there from then on without being stopped. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { RealDaemon } from './daemon.js';
import { calls, journal, journalModule } from './modules.js';
import { freeTcpPort, place } from './place.js';
import { until } from './until.js';

t.setTimeout(120_000);
const skip =
  process.getuid?.() !== 0
    ? 'a hosts file of its own needs root'
    : spawnSync('unshare', ['--mount', 'true']).status !== 0
      ? 'namespaces cannot be made here'
      : false;

/** A server that counts who comes. */
async function counting(t: Test, host: string, port: number): Promise<{ readonly count: () => number; close(): void }> {
  let count = 0;
  const server = createServer((socket) => {
    count += 1;
    socket.destroy();
  }).listen(port, host);
  await once(server, 'listening');
  t.teardown(() => server.close());
  return { count: () => count, close: () => void server.close() };
}

t.test('a name has another address: update takes it, calls the script, and stops nothing', { skip }, async (t) => {
  const directory = place(t);
  const hosts = join(directory, 'hosts');
  const point = (address: string): void => writeFileSync(hosts, `127.0.0.1 localhost\n${address} service.test\n`);
  point('127.0.0.1');
  const port = await freeTcpPort();
  const [before, after] = [await counting(t, '127.0.0.1', port), await counting(t, '127.0.0.2', port)];
  const wrap = ['unshare', '--mount', 'sh', '-c', 'mount --bind "$0" /etc/hosts && exec "$@"', hosts];
  const daemon = new RealDaemon({ directory, node: 'n1', listen: ['127.0.0.1'], httpPort: await freeTcpPort(), wrap });
  await daemon.start();
  const to = `<to addr="service.test" port="${port}" interval="1s" timeout="1s"/>`;
  const files = journalModule(daemon, 'web', {
    more: `<check><tcp ident="db" when="both" action="restart">${to}</tcp></check>`,
    scripts: { update: '#!/bin/sh\necho "0 update $*" >> "$SAFEUSERVAR/journal"\n' },
  });
  await daemon.install('web', files);
  await daemon.must('start', '-m', 'web', '--wait', '--timeout', '30s');
  await until('the first address is looked at', () => before.count() > 1);
  t.equal(after.count(), 0);

  point('127.0.0.2');
  await daemon.must('update', '-m', 'web', '--wait', '--timeout', '30s');
  await until('the other address is looked at', () => after.count() > 0);
  const last = before.count();
  // Where it was, nobody answers any more: nobody asks.
  before.close();
  await until('it goes on there', () => after.count() > 3, 30_000);
  t.equal(before.count(), last, 'nobody comes to the first one any more');
  t.match(journal(daemon, 'web').at(-1), { script: 'update', args: ['UP', 'UP'] });
  t.same(calls(journal(daemon, 'web')), ['prestart', 'start_both', 'update'], 'nothing was stopped');
  t.equal(await daemon.logged('web', 'Action update called by root'), 1);
  t.match(await daemon.status('web'), { state: 'UP', quality: 'Ready', budget: { used: 0 } });
});
