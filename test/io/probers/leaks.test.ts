/** Nothing may be left of a check: 10,000 of every kind that opens something, ended in every way. */
import { readdirSync } from 'node:fs';
import t from 'tap';
import type { CheckerConfig } from '../../../src/config/types.js';
import { createAuthorities } from '../../../src/io/probers/authorities.js';
import { createProber } from '../../../src/io/probers/index.js';
import { freePort, http, httpPeer, intf, ip, otherModule, ping, place, systemd, tcp, tcpPeer, witness } from './harness.js';

const checks = 10_000;
const atOnce = 100;

const descriptors = (): number => (process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0);
/** Open things of the event loop by kind. */
function open(): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
/** Waits until nothing but what was there before is left, at most 10 s. */
async function settled(before: Readonly<Record<string, number>>): Promise<Readonly<Record<string, number>>> {
  const begun = performance.now();
  const more = (): Readonly<Record<string, number>> =>
    Object.fromEntries(Object.entries(open()).filter(([kind, count]) => kind !== 'Timeout' && count > (before[kind] ?? 0)));
  while (Object.keys(more()).length > 0 && performance.now() - begun < 10_000)
    await new Promise((resolve) => setTimeout(resolve, 50));
  return more();
}

t.test('10,000 checks leave nothing behind', async (t) => {
  const web = await httpPeer((_request, response) => response.end('text'));
  const mute = await tcpPeer((socket) => {
    socket.resume();
    socket.once('end', () => socket.end());
  });
  const nobody = await freePort();
  const prober = createProber({
    authorities: createAuthorities({ files: [] }),
    services: { states: async (names) => names.map((name) => ({ name, state: 'running', mainProcess: null })) },
    pingProgram: null,
  });
  const url = `http://127.0.0.1:${web.port}/`;
  const checkers: readonly CheckerConfig[] = [
    tcp('127.0.0.1', mute.port),
    tcp('127.0.0.1', nobody),
    tcp('localhost', web.port),
    http(url),
    http(url, { body: 'text' }),
    http(`http://127.0.0.1:${mute.port}/`),
    http(`https://127.0.0.1:${mute.port}/`),
    http(`https://127.0.0.1:${web.port}/`),
    otherModule(web.port),
    otherModule(nobody),
    ping('127.0.0.1'),
    ping('::1'),
    witness('127.0.0.1 ::1'),
    intf('127.0.0.1'),
    ip('::1'),
    systemd('a'),
  ];
  const one = (index: number): Promise<boolean> =>
    new Promise((resolve) => {
      const checker = checkers[index % checkers.length] ?? tcp('127.0.0.1', nobody);
      let results = 0;
      const check = prober.check(checker, place, () => {
        results += 1;
        clearTimeout(patience);
        setImmediate(() => {
          check.close();
          resolve(results === 1);
        });
      });
      // Some are closed at once, some in the middle, some (those to the mute port) when they would have waited for ever.
      const patience = setTimeout(
        () => {
          check.close();
          const before = results;
          setImmediate(() => resolve(results === before));
        },
        index % 3 === 0 ? index % 7 : 300,
      );
      if (index % 11 === 0) {
        clearTimeout(patience);
        check.close();
        setImmediate(() => resolve(results === 0));
      }
    });
  // What is made once and kept (lists of authorities, libraries) is made before the count.
  for (let index = 1; index <= checkers.length; index += 1) await one(index);
  await settled({ TCPServerWrap: 2, PipeWrap: 10, TTYWrap: 10 });
  const before = { open: open(), descriptors: descriptors() };
  let good = 0;
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < checks) {
      next += 1;
      if (await one(next)) good += 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  t.equal(good, checks, 'each told once, or not at all when it was closed');
  t.same(await settled(before.open), {});
  t.equal(web.sockets.size + mute.sockets.size, 0);
  t.ok(descriptors() <= before.descriptors, `${descriptors()} descriptors, ${before.descriptors} before`);
  await Promise.all([web.close(), mute.close()]);
});
