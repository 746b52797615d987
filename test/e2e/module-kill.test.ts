/**
 * kill -9 of a daemon while it takes over a module that is given to it (`-E`): it has the module as it was or as it will be, whole, its
 * edited files and its applied copy alike; and when it returns it gets the new one, and says so.
 */
import { existsSync, readdirSync, readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { RealDaemon } from './daemon.js';
import { pairOf } from './pair.js';
import { until } from './until.js';

t.setTimeout(900_000);
const skip = process.platform === 'linux' ? false : 'several loopback addresses are needed';

/** Where the kill comes: what is seen last before it, in the edited modules or in the applied copies. */
const steps = [
  { what: 'what is there is put aside', where: 'edited', name: /^\.web\.before/ },
  { what: 'the new files are written beside', where: 'edited', name: /^\.web\.new$/ },
  { what: 'the new files take their place', where: 'edited', name: /^\.web\.old$/ },
  { what: 'the applied copy is written beside', where: 'applied', name: /^\.web\.new$/ },
  { what: 'the applied copy takes its place', where: 'applied', name: /^\.web\.old$/ },
] as const;
/** Enough files that one that is torn would show. */
const scripts = Array.from({ length: 40 }, (_, index) => `part_${index}`);

t.test('killed at each step of taking a module over', { skip }, async (t) => {
  const { n1, n2, form } = await pairOf(t);
  await Promise.all([n1.start(), n2.start()]);
  await form();

  const places = {
    edited: join(n2.safe, 'modules'),
    applied: join(n2.safe, 'private', 'modules'),
  } as const;
  /** Every file of the module names its version. */
  const write = (version: number): void =>
    n1.writeModule('web', {
      userconfig: `<safe><service mode="light" boot="off"><user><var name="VERSION" value="v${version}"/></user></service></safe>\n`,
      scripts: Object.fromEntries(scripts.map((name) => [name, `#!/bin/sh\n# v${version}\n${'# more\n'.repeat(500)}`])),
    });
  /** The versions that the files of a copy are of; one alone where it is whole. */
  const versionsIn = (root: string): readonly string[] => {
    const conf = join(root, 'conf', 'userconfig.xml');
    const texts = [conf, ...scripts.map((name) => join(root, 'bin', name))].map((path) =>
      existsSync(path) ? readFileSync(path, 'utf8') : '',
    );
    return [...new Set(texts.map((text) => /\bv\d+\b/.exec(text)?.[0] ?? 'missing'))];
  };
  const has = (): readonly string[] => [...new Set(Object.values(places).flatMap((place) => versionsIn(join(place, 'web'))))];
  const leftOvers = (): readonly string[] =>
    Object.values(places).flatMap((place) => readdirSync(place).filter((name) => name.startsWith('.web.')));
  const generation = (daemon: RealDaemon): number =>
    Number(/"generation":(\d+)/.exec(readFileSync(join(daemon.safevar, 'exports', 'web.json'), 'utf8'))?.[1]);
  const caughtUp = (): number => n2.nodeLog().split('Module web caught up: this node was away').length - 1;

  const undoneTimes = (): number =>
    n2.nodeLog().split('being taken over from another node when the daemon ended: that was undone').length - 1;

  await n1.must('module', 'install', '-m', 'web', '--template', 'light');
  write(0);
  await n1.must('config', '-m', 'web');
  await until('n1 sees n2', async () => (await n1.cluster()).view?.members.join(' ') === 'n1 n2');
  await n1.must('-H', '*', '-E', 'web');
  t.same(has(), ['v0']);

  const seen: string[] = [];
  for (const [index, { what, where, name }] of steps.entries()) {
    const [old, next] = [`v${index}`, `v${index + 1}`];
    write(index + 1);
    await n1.must('config', '-m', 'web');
    const killed = new Promise<void>((resolve) => {
      const watcher = watch(places[where], (_event, changed) => {
        if (changed === null || !name.test(changed)) return;
        watcher.close();
        n2.signal('SIGKILL');
        resolve();
      });
    });
    const given = n1.cli('-H', '*', '-E', 'web');
    await killed;
    await n2.ended();
    await given;
    // Its giver is silent while it starts, so that what it recovers is seen before it is given anything.
    n1.signal('SIGSTOP');
    const [undone, took] = [undoneTimes(), caughtUp()];
    const begun = existsSync(join(places.edited, '.web.before', 'note.json'));
    try {
      await n2.start();
      const whole = has();
      seen.push(`${what}: ${whole.join(' and ')}`);
      t.ok(whole.length === 1 && [old, next].includes(whole[0] ?? ''), `the old or the new, whole, when ${what}: ${whole}`);
      t.same(leftOvers(), [], 'nothing half done is left');
      t.match(await n2.api('GET', '/modules/web/confinfo'), { status: 200 }, 'it can say which it has');
      if (begun && whole[0] === old) await until('what was undone is told', () => undoneTimes() > undone);
      if (whole[0] === old) t.ok(generation(n2) < generation(n1), 'it knows that it has the old one');
    } finally {
      n1.signal('SIGCONT');
    }
    await until(`n2 has ${next}`, () => has().join() === next && generation(n2) === generation(n1), 90_000, has);
    if (seen.at(-1)?.endsWith(old) === true) await until('it says that it was away', () => caughtUp() > took, 30_000);
    await until('both are members', async () => (await n1.cluster()).view?.members.join(' ') === 'n1 n2', 60_000);
    t.same(leftOvers(), []);
  }
  t.comment(seen.join('; '));
  t.equal(seen.length, steps.length, 'each step was met');
});
