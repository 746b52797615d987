/** OCF agents in a real daemon: the template `ocf` as an administrator fills it in, and an application that is killed under it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { applications } from '../io/ocf/applications.js';
import { daemonIn, place } from './place.js';
import { nowMs, until } from './until.js';

t.setTimeout(170_000);

for (const kind of applications) {
  t.test(`${kind.agent}: the module restarts what was killed`, { skip: kind.skip }, async (t) => {
    const application = await kind.prepare(t);
    t.teardown(() => application.kill().catch(() => undefined));
    const daemon = await daemonIn(place(t));
    await daemon.start();
    await daemon.must('module', 'install', '-m', 'app', '--template', 'ocf');
    const params = Object.entries(application.parameters).map(([name, value]) => `<param name="${name}" value="${value}"/>`);
    const configuration = (more: string): string => `<safe>
  <service mode="light" boot="off" maxloop="3" loop_interval="24h">
    <user starttimeout="60s" nicestoptimeout="60s" forcestoptimeout="60s"/>
    <check><custom ident="app" ocf="${application.agent}" when="both" action="restart" interval="1s" timeout="30s">
      ${params.join('\n      ')}${more}
    </custom></check>
  </service>
</safe>
`;
    const file = join(daemon.safe, 'modules', 'app', 'conf', 'userconfig.xml');
    const wrong = application.agent === 'heartbeat:Dummy' ? 'stat' : 'nonsense';
    writeFileSync(file, configuration(`\n      <param name="${wrong}" value="1"/>`));
    const refused = await daemon.cli('config', '-m', 'app');
    t.equal(refused.code, 2);
    t.match(refused.stderr, `has no parameter \`${wrong}\``);

    writeFileSync(file, configuration(''));
    await daemon.must('config', '-m', 'app');
    await daemon.must('start', '-m', 'app', '--wait', '--timeout', '60s');
    t.ok(await application.serves(), 'it serves');
    const value = async (): Promise<string> => (await daemon.cli('get', '-r', 'custom.app', '-m', 'app')).stdout.trim();
    await until('custom.app is up', async () => (await value()) === 'up', 20_000, value);

    await application.kill();
    const from = nowMs();
    await until(
      'it serves again',
      async () => (await daemon.logged('app', 'Action restart')) === 1 && (await application.serves()),
      60_000,
      () => daemon.logs('app'),
    );
    t.comment(`it served again ${Math.round(nowMs() - from)} ms after its end`);
    await daemon.reaches('app', 'UP Ready');
    await until('custom.app is up again', async () => (await value()) === 'up', 20_000, value);
    t.equal((await daemon.status('app')).budget.used, 1);
    t.ok(
      (await daemon.logs('app')).some(({ message }) => message.includes(`custom.app: ${application.agent} monitor: OCF_`)),
      'and why',
    );

    await daemon.must('stop', '-m', 'app', '--wait', '--timeout', '60s');
    t.notOk(await application.serves());
  });
}
