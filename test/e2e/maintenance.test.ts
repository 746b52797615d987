/** Maintenance switches, the history of resources and dynamic configuration, with a real daemon that is killed in between. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import t from 'tap';
import type { HistoryPage, Resource, SwitchStates } from '../../src/http/api-types.js';
import type { RealDaemon } from './daemon.js';
import { application, calls, journal, journalModule } from './modules.js';
import { daemonIn, place } from './place.js';
import { until } from './until.js';

t.setTimeout(240_000);
const skip = process.platform === 'linux' ? false : 'the scripts of this test are for Linux';
const module = 'upkeep';

const started = async (t: Parameters<typeof place>[0], service = ''): Promise<RealDaemon> => {
  const daemon = await daemonIn(place(t));
  await daemon.start();
  await daemon.install(module, journalModule(daemon, module, { service, scripts: { update: journalScript } }));
  await daemon.must('start', '-m', module, '--wait', '--timeout', '30s');
  return daemon;
};
const journalScript = '#!/bin/sh\necho "0 update $*" >> "$SAFEUSERVAR/journal"\n';
const edited = (daemon: RealDaemon): string => join(daemon.safe, 'modules', module, 'conf', 'userconfig.xml');
const edit = (daemon: RealDaemon, change: (xml: string) => string): void =>
  writeFileSync(edited(daemon), change(readFileSync(edited(daemon), 'utf8')));
const resourceOf = async (daemon: RealDaemon, name: string): Promise<string> =>
  (await daemon.must('get', '-m', module, '-r', name)).trim();

t.test('errd off survives kill -9 of the daemon, and the end of the application has no consequence', { skip }, async (t) => {
  const daemon = await started(t);
  t.match(await daemon.must('errd', 'off', '-m', module), /errd of upkeep is off/);
  await until('the update script has run', () => journal(daemon, module).some(({ script }) => script === 'update'));
  t.same(journal(daemon, module).at(-1), { script: 'update', args: ['UP', 'UP'] });
  await daemon.kill();
  await daemon.start();
  await daemon.reaches(module, 'UP Ready');
  t.equal((await daemon.status(module)).switches.errd, false);
  t.equal(await resourceOf(daemon, 'usersetting.errd'), 'off');
  t.match(await daemon.must('state'), /WARNING: errd of upkeep on \S+ is switched off/);
  const status = await daemon.cli('errd', 'status', '-m', module);
  t.same([status.code, status.stdout], [1, 'off\n']);
  const entries = journal(daemon, module).length;
  const running = application(daemon, module);
  if (running === null) throw new Error('the application does not run');
  process.kill(running.pid, 'SIGKILL');
  await wait(1_500);
  t.equal(journal(daemon, module).length, entries, 'no script is run');
  t.equal((await daemon.status(module)).state, 'UP');
  await daemon.must('errd', 'on', '-m', module);
  await until('it is started again', () => application(daemon, module) !== null, 40_000);
  await daemon.reaches(module, 'UP Ready');
  t.notMatch(await daemon.must('state', '-m', module, '-v'), /WARNING/);
});

t.test('kill: by name and arguments, and errd starts again what it watches', { skip }, async (t) => {
  const daemon = await started(t);
  const before = application(daemon, module);
  if (before === null) throw new Error('the application does not run');
  const watched = `-argregex=${join(daemon.safevar, 'modules', module).replaceAll('.', '[.]')}`;
  const kill = (level: string, name = 'tail') => daemon.cli('kill', '-m', module, `-name=${name}`, watched, `-level=${level}`);
  const listed = await kill('test');
  t.equal(listed.code, 0);
  t.match(listed.stdout, new RegExp(`${before.pid} +tail +found`));
  t.same(application(daemon, module), before, 'only listed');
  t.match(await kill('test', 'nothing'), { code: 0, stdout: 'no process nothing with such arguments\n' });
  t.match(await daemon.cli('kill', '-m', module, '-name=tail', '-argregex=(', '-level=9'), {
    code: 2,
    stderr: /PROCESS_PATTERN/,
  });
  t.notMatch((await daemon.cli('kill', '-m', module, '-name=node', '-level=test')).stdout, / holdfast|dist\/main\.js/);
  t.match((await kill('terminate')).stdout, new RegExp(`${before.pid} +tail +ended`));
  t.equal(await daemon.logged(module, 'Kill (terminate) of tail called by'), 1);
  await until('it is started again', () => application(daemon, module) !== null, 40_000);
  await daemon.reaches(module, 'UP Ready');
});

t.test('values and their history survive kill -9', { skip }, async (t) => {
  const daemon = await started(t);
  for (const value of ['up', 'down', 'up', 'down'])
    await daemon.must('set', '-m', module, '-r', 'custom.disk', '-v', value, '-i', 'me');
  // A value is on disk half a second after it was set.
  await wait(1_100);
  await daemon.kill();
  await daemon.start();
  await daemon.reaches(module, 'UP Ready');
  t.equal(await resourceOf(daemon, 'custom.disk'), 'down', 'set by people, and true still');
  const { body } = await daemon.api('GET', `/modules/${module}/resources/custom.disk/history?limit=3`);
  t.match(JSON.parse(body), { items: [{ value: 'down', by: 'me' }, { value: 'up' }, { value: 'down' }], next: /\d/ });
  const text = await daemon.must('get', '-m', module, '-r', 'custom.disk', '--history');
  t.equal(text.split('\n').filter((line) => line.endsWith(' me')).length, 4);
  const list: HistoryPage = JSON.parse(await daemon.must('get', '-m', module, '-r', 'proc.tail', '--history', '--json'));
  t.ok(list.items.length >= 2, 'what is looked at has a history of both runs');
  const all: { resources: { items: readonly Resource[] } } = JSON.parse(await daemon.must('state', '-m', module, '-v', '--json'));
  const names = all.resources.items.map(({ name }) => name);
  for (const name of ['errd', 'checker', 'failover', 'boot', 'encryption']) t.ok(names.includes(`usersetting.${name}`), name);
  for (const name of ['state.local', 'heart.stopstartloop', 'script.start_both', 'proc.tail']) t.ok(names.includes(name), name);
});

t.test('config while UP: limits and processes are taken over, and nothing is stopped', { skip }, async (t) => {
  const daemon = await started(t);
  const before = application(daemon, module);
  const watched = join(daemon.safevar, 'modules', module, 'second.wait').replaceAll('.', '\\.');
  edit(daemon, (xml) =>
    xml
      .replace('maxloop="3"', 'maxloop="7"')
      .replace(
        '</errd>',
        `<proc name="second" nameregex="tail" argregex="${watched}" atleast="1" action="noaction" class="both"/></errd>`,
      ),
  );
  t.match(await daemon.must('config', '-m', module), /is configured/);
  await until('the update script has run', () => journal(daemon, module).some(({ script }) => script === 'update'));
  t.same(calls(journal(daemon, module)), ['prestart', 'start_both', 'update']);
  t.same(application(daemon, module), before, 'the application goes on');
  t.equal((await daemon.status(module)).budget.max, 7);
  await until('the new process is looked at', async () => (await resourceOf(daemon, 'proc.second')) === 'down', 30_000);
  t.equal(await resourceOf(daemon, 'proc.tail'), 'up', 'the other is as it was');
  t.match(await daemon.must('confinfo', '-m', module), /up to date: +yes/);

  await daemon.kill();
  await daemon.start();
  await daemon.reaches(module, 'UP Ready');
  t.equal((await daemon.status(module)).budget.max, 7, 'it is the applied one now');

  const scripts = journal(daemon, module).length;
  t.match(await daemon.must('update', '-m', module, '--wait', '--timeout', '30s'), /update done: UP \(Ready\)/);
  t.same(journal(daemon, module).slice(scripts), [{ script: 'update', args: ['UP', 'UP'] }]);
  t.equal(await daemon.logged(module, 'Action update called by'), 1);
  t.same(application(daemon, module), before);
  const cluster = join(daemon.safevar, 'cluster-next.xml');
  const node = `<node name="${(await daemon.cluster()).self}" addr="127.0.0.1"/>`;
  const lans = `<lans port="${4_899}"><lan name="default">${node}<node name="other" addr="127.0.0.9"/></lan></lans>`;
  writeFileSync(cluster, `<cluster>${lans}</cluster>`);
  await daemon.must('cluster', 'config', cluster);
  await until('a change of the cluster updates it too', () => journal(daemon, module).length === scripts + 2, 20_000);
  t.same(application(daemon, module), before);

  const applied = (await daemon.status(module)).signature;
  edit(daemon, (xml) => xml.replace('mode="light"', 'mode="farm"').replace('<user ', '<farm><lan name="default"/></farm><user '));
  const refused = await daemon.cli('config', '-m', module);
  t.equal(refused.code, 1);
  t.match(refused.stderr, /userconfig\.xml:3.*mode/s, 'file, line and attribute');
  t.match(refused.stderr, /holdfast stop -m upkeep/, 'and what to do');
  t.equal((await daemon.status(module)).signature, applied, 'the old one is whole');
  const invalid = '<safe><service mode="farm"';
  writeFileSync(edited(daemon), invalid);
  t.equal((await daemon.cli('config', '-m', module)).code, 2);
  t.equal((await daemon.status(module)).signature, applied);
  t.same(application(daemon, module), before);
});

t.test('boot on is kept, and says where it has no effect', { skip }, async (t) => {
  const daemon = await started(t);
  t.match(await daemon.must('boot', 'on', '-m', module), /boot of upkeep is on; without effect: .*boot="off"/);
  await daemon.kill();
  await daemon.start();
  const states: SwitchStates = JSON.parse(await daemon.must('boot', 'status', '-m', module, '--json'));
  t.same(states, { errd: true, checker: true, failover: true, boot: true, bootRule: 'off' });
});
