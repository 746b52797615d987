/** kill -9 of a daemon while it takes over what it missed: it has the old configuration or the new one, whole, and gets the new one at last. */
import { readFileSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { RealDaemon } from './daemon.js';
import { pairOf } from './pair.js';
import { until } from './until.js';

t.setTimeout(600_000);
const skip = process.platform === 'linux' ? false : 'several loopback addresses are needed';

t.test('killed at each step of what is written', { skip }, async (t) => {
  const { n1, n2, file, form, ...pair } = await pairOf(t);
  const attributes = (pulse: number): string => `pulse="${pulse}"`;
  const xml = (pulse: number): string => pair.xml(attributes(pulse));
  await Promise.all([n1.start(), n2.start()]);
  await form(attributes(100));
  await n2.kill();
  writeFileSync(file, xml(101));
  t.match(await n1.cli('-H', '*', '-G', file), { code: 1, stderr: /CLUSTER_PARTIAL: not on n2/ });

  // Between two renames the directory that was there is put aside; the next start puts it back.
  const xmlOf = ({ safevar }: RealDaemon): string => {
    for (const place of ['cluster', '.cluster.old']) {
      try {
        return readFileSync(join(safevar, place, 'cluster.xml'), 'utf8');
      } catch {
        // It is not there.
      }
    }
    return '';
  };
  const killed: string[] = [];
  // First while it is written beside, then while the directories change places.
  for (const step of [/^\.cluster\.new$/, /^(cluster|\.cluster\.old)$/]) {
    const seen: string[] = [];
    const enough = new Promise<void>((resolve) => {
      const watcher = watch(n2.safevar, (_event, name) => {
        if (name === null || !/^\.?cluster(\.new|\.old)?$/.test(name)) return;
        seen.push(name);
        if (!step.test(name)) return;
        watcher.close();
        n2.signal('SIGKILL');
        resolve();
      });
    });
    n2.launch();
    await enough;
    await n2.ended();
    killed.push(seen.join(' '));
    t.ok([xml(100), xml(101)].includes(xmlOf(n2)), `the old or the new, whole, after ${seen.join(' ')}`);
  }
  t.comment(`killed after ${killed.join('; ')}`);
  await n2.start();
  await until('n2 has the new configuration', () => xmlOf(n2) === xml(101), 60_000);
  await until(
    'both are members',
    async () =>
      (await n2.cluster()).view?.members.join(' ') === 'n1 n2' && (await n1.cluster()).view?.members.join(' ') === 'n1 n2',
    60_000,
  );
  t.match(await n1.must('cluster', 'confinfo'), /n2 +yes/);
});
