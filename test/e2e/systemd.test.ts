/** Checkers `<systemd>` and errd's `service="yes"` with a real systemd: the daemon runs beside one in namespaces of its own. */
import t from 'tap';
import { noSystemd, realSystemd } from '../helpers/real-systemd.js';
import { RealDaemon } from './daemon.js';
import { calls, journal, journalModule } from './modules.js';
import { freeTcpPort, place } from './place.js';
import { until } from './until.js';

t.setTimeout(180_000);

const tail = 'ExecStart=/usr/bin/tail -f /dev/null\n';
const script = (verb: string): string => `#!/bin/sh
echo "0 \${0##*/} $*" >> "$SAFEUSERVAR/journal"
systemctl ${verb} hf-app hf-back
`;
const check = (ident: string, action: string): string =>
  `<systemd ident="${ident}" unit="hf-${ident}.service" when="both" action="${action}" interval="1s" timeout="5s"/>`;
const module = 'unit';

t.test(
  'systemd: a unit that goes away restarts the application, one that systemd starts again does not',
  { skip: noSystemd },
  async (t) => {
    const { wrap, systemctl } = await realSystemd(t, {
      'hf-app': tail,
      'hf-back': tail,
      'hf-again': `${tail}Restart=always\nRestartSec=1`,
      'hf-broken': 'ExecStart=/bin/false',
    });
    const directory = place(t);
    const daemon = new RealDaemon({ directory, node: 'n1', listen: ['127.0.0.1'], httpPort: await freeTcpPort(), wrap });
    await daemon.start();
    await systemctl('start', '--no-block', 'hf-again', 'hf-broken');
    const checks = `${check('back', 'restart')}${check('again', 'stopstart')}${check('broken', 'noaction')}`;
    const files = journalModule(daemon, module, { scripts: { start_both: script('start'), stop_both: script('stop') } });
    const userconfig = files.userconfig
      .replace(/<errd.*<\/errd>/, '<errd polltimer="1"><proc name="hf-app" service="yes" action="restart" class="both"/></errd>')
      .replace('</service>', `<failover handle_time="0s"/><check>${checks}</check></service>`);
    await daemon.install(module, { ...files, userconfig });
    await daemon.must('start', '-m', module, '--wait', '--timeout', '30s');
    await daemon.reaches(module, 'UP Ready');
    const value = async (name: string): Promise<string> => (await daemon.cli('get', '-m', module, '-r', name)).stdout.trim();
    const holds = (name: string, wanted: string): Promise<unknown> =>
      until(
        `${name} is ${wanted}`,
        async () => (await value(name)) === wanted,
        20_000,
        () => value(name),
      );
    const starts = (): number => calls(journal(daemon, module)).filter((one) => one === 'start_both').length;
    const restarts = (count: number): Promise<unknown> => until(`${count} starts`, () => starts() === count, 20_000, starts);
    await holds('proc.hf-app', 'up');
    await holds('systemd.back', 'up');
    await holds('systemd.again', 'up');
    await holds('systemd.broken', 'down');
    t.ok((await daemon.logs(module)).some(({ message }) => message.includes('hf-broken.service has failed')));
    t.equal(starts(), 1);

    // errd: the service's process is killed.
    await systemctl('kill', '--signal=KILL', 'hf-app');
    await restarts(2);
    await daemon.reaches(module, 'UP Ready');
    t.equal(await daemon.logged(module, 'Service hf-app not running'), 1);
    t.equal(await daemon.logged(module, 'Action restart called by errd'), 1);
    t.equal(await systemctl('is-active', 'hf-app'), 'active');

    // The checker: a unit is stopped behind our back.
    await holds('systemd.back', 'up');
    await systemctl('stop', 'hf-back');
    await restarts(3);
    await daemon.reaches(module, 'UP Ready');
    t.equal(await daemon.logged(module, 'Action restart from failover rule s_back'), 1);
    t.ok((await daemon.logs(module)).some(({ message }) => message.includes('hf-back.service is not active')));
    await holds('systemd.back', 'up');

    // A unit that dies and that systemd starts again within the timeout is up all the time.
    const before = await systemctl('show', '--property=MainPID', '--value', 'hf-again');
    await holds('systemd.again', 'up');
    await systemctl('kill', '--signal=KILL', 'hf-again');
    await until('it runs again', async () => {
      const pid = await systemctl('show', '--property=MainPID', '--value', 'hf-again');
      return pid !== '0' && pid !== before;
    });
    await until('it was looked at', async () => (await systemctl('is-active', 'hf-again')) === 'active');
    t.equal(await daemon.logged(module, 'Resource systemd.again set to down'), 0);
    t.equal(starts(), 3, 'nothing was done');
    await daemon.must('stop', '-m', module, '--wait', '--timeout', '30s');
    t.equal(await systemctl('is-active', 'hf-app'), 'inactive');
  },
);
