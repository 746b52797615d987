/** Executables of custom checkers in a real daemon: the pattern that comes with the template `farm`, and what becomes of them with the daemon. */
import { readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { RealDaemon } from './daemon.js';
import { journalModule } from './modules.js';
import { daemonIn, place } from './place.js';
import { until } from './until.js';

t.setTimeout(150_000);
const skip = process.platform === 'linux' ? false : 'the scripts of this test are for Linux';
const pattern = readFileSync(new URL('../../conf/modules/farm/bin/check_fresh', import.meta.url), 'utf8');

/** Numbers of the processes that run the checker of that module. */
const running = (daemon: RealDaemon, name: string): readonly number[] => {
  const path = join(daemon.safe, 'private', 'modules', 'app', 'bin', name);
  return readdirSync('/proc').flatMap((entry) => {
    try {
      return readFileSync(`/proc/${entry}/cmdline`, 'latin1').split('\0').includes(path) ? [Number(entry)] : [];
    } catch {
      return [];
    }
  });
};
const resource = async (daemon: RealDaemon): Promise<string> =>
  (await daemon.cli('get', '-r', 'custom.fresh', '-m', 'app')).stdout.trim();
const is = (daemon: RealDaemon, value: string): Promise<unknown> =>
  until(
    `custom.fresh is ${value}`,
    async () => (await resource(daemon)) === value,
    40_000,
    () => resource(daemon),
  );

t.test(
  'the pattern of a checker: it sets its resource on changes, and survives neither the module nor the daemon',
  { skip },
  async (t) => {
    const daemon = await daemonIn(place(t));
    const file = join(daemon.spec.directory, 'heartbeat');
    writeFileSync(file, '');
    await daemon.start();
    const more = `<check><custom ident="fresh" when="both" exec="check_fresh" arg="${file} 3600" action="restart"/></check>`;
    await daemon.install('app', journalModule(daemon, 'app', { more, scripts: { check_fresh: pattern } }));
    await daemon.must('start', '-m', 'app', '--wait', '--timeout', '30s');
    await is(daemon, 'up');
    const [first = 0, ...others] = running(daemon, 'check_fresh');
    t.ok(first > 0);
    t.same(others, []);

    // An old file is down after two rounds; the module is restarted, its checker with it.
    utimesSync(file, 1, 1);
    await until(
      'it is restarted',
      async () => (await daemon.logged('app', 'Action restart from failover rule c_fresh')) > 0,
      40_000,
      () => resource(daemon),
    );
    utimesSync(file, new Date(), new Date());
    await is(daemon, 'up');
    await daemon.reaches('app', 'UP Ready');
    await until('one checker runs', () => running(daemon, 'check_fresh').length === 1);
    t.notOk(running(daemon, 'check_fresh').includes(first), 'another one');

    // A daemon that is killed leaves it behind; the next one ends it before it starts its own.
    const [orphan = 0] = running(daemon, 'check_fresh');
    await daemon.kill();
    t.same(running(daemon, 'check_fresh'), [orphan]);
    await daemon.start();
    await daemon.reaches('app', 'UP Ready');
    await until('only the new one runs', () => {
      const now = running(daemon, 'check_fresh');
      return now.length === 1 && now[0] !== orphan;
    });
    await is(daemon, 'up');

    // A daemon that leaves takes it along.
    const [second = 0] = running(daemon, 'check_fresh');
    daemon.signal('SIGTERM');
    await daemon.ended();
    await until('it is gone', () => !running(daemon, 'check_fresh').includes(second));
  },
);

t.test('one that dies is told in the log and started again; the resource stays as it was', { skip }, async (t) => {
  const daemon = await daemonIn(place(t));
  await daemon.start();
  const more = '<check><custom ident="fresh" when="both" exec="dies" action="restart"/></check>';
  const dies = '#!/bin/sh\nsafekit set -r "$2" -v up -i dies\necho begun >>"$SAFEUSERVAR/begun"\nexit 7\n';
  await daemon.install('app', journalModule(daemon, 'app', { more, scripts: { dies } }));
  await daemon.must('start', '-m', 'app', '--wait', '--timeout', '30s');
  const begun = (): number => {
    try {
      return readFileSync(join(daemon.safevar, 'modules', 'app', 'begun'), 'utf8').split('\n').length - 1;
    } catch {
      return 0;
    }
  };
  await until('it was started three times', () => begun() >= 3);
  const line = (await daemon.logs('app')).find(({ message }) => message === 'custom.fresh: dies ended with code 7');
  t.equal(line?.level, 'E');
  t.equal(line?.component, 'customcheck');
  t.equal(await resource(daemon), 'up');
  t.equal(await daemon.state('app'), 'UP Ready');
  await daemon.must('stop', '-m', 'app', '--wait', '--timeout', '30s');
  const at = begun();
  rmSync(join(daemon.safevar, 'modules', 'app', 'begun'));
  t.ok(at >= 3);
});
