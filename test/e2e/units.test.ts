/**
 * The units of conf/systemd as they are shipped, under a real systemd: it gives the daemon exactly those rights, starts it again, and leaves the
 * applications alone. Only paths and the user are those of the test.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { noSystemd, type RealSystemd, realSystemd } from '../helpers/real-systemd.js';
import { daemonFile, RealDaemon, run } from './daemon.js';
import { ask } from './http.js';
import { calls, journal, journalModule } from './modules.js';
import { chownTree } from './owner.js';
import { freeTcpPort, place } from './place.js';
import { until } from './until.js';

t.setTimeout(240_000);

const nobody = 65_534;
const module = 'web';

const unitText = (unit: string): string => readFileSync(new URL(`../../conf/systemd/${unit}.service`, import.meta.url), 'utf8');
/** What stands under `[Service]` of a unit; lines of the test after it replace those of the same name. */
function service(unit: string, replaced: Readonly<Record<string, string>>): string {
  const text = unitText(unit);
  const own = /\[Service\]\n([\s\S]*?)\n\[/.exec(text)?.[1];
  if (own === undefined) throw new Error(`${unit} has no [Service]`);
  return `${own}\n${Object.entries(replaced)
    .map(([name, value]) => `${name}=\n${name}=${value}`)
    .join('\n')}`;
}

const setting = (unit: string, name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(unitText(unit))?.[1] ?? '';

interface Unit {
  readonly systemd: RealSystemd;
  readonly daemon: RealDaemon;
  readonly answers: () => Promise<unknown>;
  /** Of the daemon, as the inner namespace numbers it. */
  readonly pid: () => Promise<number>;
  /** What a program beside the daemon prints. */
  readonly beside: (...command: readonly string[]) => Promise<string>;
  /** `CapEff`, `Seccomp` and the like of a process there. */
  readonly rights: (pid: number) => Promise<Readonly<Record<string, string>>>;
  /** Of the application; 0 while there is none. */
  readonly application: () => Promise<number>;
}

async function startUnit(t: Test, name: string, user: number, replaced: Readonly<Record<string, string>> = {}): Promise<Unit> {
  const directory = place(t);
  const daemon = new RealDaemon({ directory, node: 'n1', listen: ['127.0.0.1'], httpPort: await freeTcpPort() });
  if (user !== 0) chownTree(directory, user);
  const options = `--safe ${daemon.safe} --var ${daemon.safevar} --node n1 --http-port ${daemon.spec.httpPort} --listen 127.0.0.1`;
  const systemd = await realSystemd(t, {
    holdfastd: service(name, {
      ExecStart: `${process.execPath} ${daemonFile} ${options}`,
      Environment: `PATH=${process.env['PATH']}`,
      ...replaced,
      ...(user === 0 ? {} : { ReadWritePaths: directory }),
    }),
    'holdfast-modules': service('holdfast-modules', {
      ExecStop: setting('holdfast-modules', 'ExecStop').replace('/opt/holdfast/holdfast', join(daemon.safe, 'safekit')),
      Environment: `SAFE=${daemon.safe} SAFEVAR=${daemon.safevar} PATH=${process.env['PATH']}`,
    }),
  });
  const answers = (): Promise<unknown> =>
    until(
      'the daemon answers',
      async () => (await ask({ socketPath: daemon.socket, path: '/api/v1/cluster', timeoutMs: 2_000 })).status === 200,
      60_000,
      () => daemon.nodeLog(),
    );
  const beside = async (...command: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await run([...systemd.wrap, ...command]);
    if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${stderr}`);
    return stdout.trim();
  };
  await systemd.systemctl('start', 'holdfastd');
  await answers();
  await daemon.must('module', 'install', '-m', module, '--template', 'light');
  daemon.writeModule(module, moduleFiles(daemon));
  if (user !== 0) chownTree(join(daemon.safe, 'modules', module), user);
  await daemon.must('config', '-m', module);
  await daemon.must('start', '-m', module, '--wait', '--timeout', '60s');
  await daemon.reaches(module, 'UP Ready');
  return {
    ...{ systemd, daemon, answers, beside },
    pid: async () => Number(await systemd.systemctl('show', '--value', '--property=MainPID', 'holdfastd')),
    rights: async (pid) =>
      Object.fromEntries(
        [...(await beside('cat', `/proc/${pid}/status`)).matchAll(/^(Cap\w+|NoNewPrivs|Seccomp|Uid):\s*(\S+)/gm)].map(
          ([, key, value]) => [key, value],
        ),
      ),
    application: async () =>
      Number(
        await beside(
          'sh',
          '-c',
          `pid=$(cat ${daemon.safevar}/modules/${module}/app.pid); [ -d "/proc/$pid" ] && echo "$pid" || echo 0`,
        ),
      ),
  };
}
/** A module that tells what its scripts may do. */
function moduleFiles(daemon: RealDaemon) {
  const check = `<check><ping ident="self" when="both" action="noaction" interval="1s" timeout="2s"><to addr="127.0.0.1"/></ping></check>`;
  const files = journalModule(daemon, module, { more: check });
  const told = `${files.scripts['prestart']}{ touch /etc/hf-test 2>&1 && rm -f /etc/hf-test && echo written; cat /proc/self/status; } > "$SAFEUSERVAR/rights" 2>&1\nexit 0\n`;
  return { ...files, scripts: { ...files.scripts, prestart: told } };
}
const told = (daemon: RealDaemon): string => readFileSync(join(daemon.safevar, 'modules', module, 'rights'), 'utf8');
const pinged = (daemon: RealDaemon): Promise<unknown> =>
  until('ping.self is up', async () => (await daemon.cli('get', '-m', module, '-r', 'ping.self')).stdout.trim() === 'up', 30_000);
/** Names behind a mask, as systemd's own tool has them; here the numbers that `linux/capability.h` gives. */
const taken: Readonly<Record<string, number>> = {
  ...{ CAP_SYS_MODULE: 16, CAP_SYS_RAWIO: 17, CAP_SYS_BOOT: 22, CAP_SYS_TIME: 25, CAP_AUDIT_CONTROL: 30, CAP_MAC_OVERRIDE: 32 },
  ...{ CAP_MAC_ADMIN: 33, CAP_SYSLOG: 34, CAP_WAKE_ALARM: 35, CAP_BLOCK_SUSPEND: 36, CAP_AUDIT_READ: 37 },
};

t.test('holdfastd.service under systemd', { skip: noSystemd }, async (t) => {
  const { systemd, daemon, answers, pid, rights, application } = await startUnit(t, 'holdfastd', 0);
  const first = await pid();
  const all = BigInt(`0x${/^CapBnd:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]}`);
  const gone = Object.values(taken).reduce((mask, bit) => mask | (1n << BigInt(bit)), 0n);
  const mine = await rights(first);
  t.equal(BigInt(`0x${mine['CapBnd']}`), all & ~gone, 'all but what the unit takes away');
  t.equal(mine['CapEff'], mine['CapBnd']);
  t.match(told(daemon), new RegExp(`CapEff:\\s*${mine['CapEff']}`), 'scripts have the same');
  t.match(told(daemon), /^written/, 'and write where root may');
  await pinged(daemon);

  const app = await application();
  t.ok(app > 0);
  await systemd.systemctl('kill', '--kill-who=main', '--signal=KILL', 'holdfastd');
  await until('systemd starts it again', async () => ![0, first].includes(await pid()), 30_000);
  await answers();
  await daemon.reaches(module, 'UP Ready');
  t.equal(await application(), app, 'after kill -9 the application is the same process');

  await systemd.systemctl('start', 'holdfast-modules');
  await systemd.systemctl('stop', 'holdfast-modules');
  t.equal(await daemon.state(module), 'STOP NotReady', 'the machine goes down: modules are stopped before their daemon');
  t.equal(await application(), 0);
  const stopped = ['prestart', 'start_both', 'stop_both', 'stop_both!', 'poststop'];
  t.same(calls(journal(daemon, module)), stopped);

  await daemon.must('start', '-m', module, '--wait', '--timeout', '60s');
  t.ok((await application()) > 0);
  await systemd.systemctl('stop', 'holdfastd');
  t.equal(await pid(), 0);
  t.equal(await application(), 0, 'stopping the unit stops the modules in order');
  t.same(calls(journal(daemon, module)), [...stopped, ...stopped]);
});

t.test('holdfastd-unprivileged.service under systemd', { skip: noSystemd }, async (t) => {
  const { daemon, pid, rights } = await startUnit(t, 'holdfastd-unprivileged', nobody, {
    User: String(nobody),
    Group: String(nobody),
  });
  const netRaw = (1n << 13n).toString(16).padStart(16, '0');
  t.match(await rights(await pid()), {
    ...{ CapEff: netRaw, CapPrm: netRaw, CapBnd: netRaw, CapAmb: netRaw },
    ...{ NoNewPrivs: '1', Seccomp: '2', Uid: String(nobody) },
  });
  t.match(told(daemon), new RegExp(`CapEff:\\s*${netRaw}`));
  t.notMatch(told(daemon), /^written/, 'the system is read-only for scripts');
  await pinged(daemon);
  await daemon.must('stop', '-m', module, '--wait', '--timeout', '30s');
});
