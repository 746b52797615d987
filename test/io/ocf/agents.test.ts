/**
 * The agents of Debian's package `resource-agents`, with the template `ocf`: what a configuration says is what starts, stops and watches.
 * Scripts and checks run for real; what the scripts tell the daemon is written down.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { CheckResult } from '../../../src/actors/ports.js';
import { createProgramRunner } from '../../../src/io/check-program.js';
import { createClock } from '../../../src/io/clock.js';
import { createLinuxScriptPlatform } from '../../../src/io/linux/scripts.js';
import { realCompiler } from '../../../src/io/modules/compiling.js';
import { createModuleStore } from '../../../src/io/modules/store.js';
import { createCustomProbe } from '../../../src/io/probers/custom.js';
import { home, put, unwrap } from '../modules/support.js';
import { type Application, applications, missing } from './applications.js';

interface Module {
  /** Exit code and output of a script. */
  script(name: string, ...args: readonly string[]): Promise<{ readonly code: number | null; readonly output: string }>;
  monitor(): Promise<CheckResult>;
  /** What the scripts told the daemon, since this was asked last. */
  told(): string;
}

async function moduleOf(t: Test, userconfig: string): Promise<Module> {
  const { options } = home(t);
  const safekit = join(options.safe, 'safekit');
  const told = join(options.safe, 'told');
  put(safekit, `#!/bin/sh\necho "$@" >>'${told}'\n`, 0o755);
  const store = createModuleStore({ ...options, compiler: { ...realCompiler, unsupported: () => [] } });
  unwrap(await store.install('app', null, 'ocf', null, false));
  writeFileSync(join(options.safe, 'modules', 'app', 'conf', 'userconfig.xml'), userconfig);
  const { active } = unwrap(await store.apply('app'));
  const checker = active.config.check?.checkers[0];
  if (checker?.kind !== 'custom') throw new Error('no custom checker');
  const probe = createCustomProbe(createProgramRunner(createLinuxScriptPlatform(), createClock()));
  return {
    script: async (name, ...args) => {
      const path = active.scripts[name];
      if (path === undefined) throw new Error(`no script ${name}`);
      const child = spawn(path, [...args], { env: { ...active.env }, cwd: active.binDir, stdio: ['ignore', 'pipe', 'pipe'] });
      let output = '';
      const take = (chunk: Buffer): void => {
        output += String(chunk);
      };
      child.stdout.on('data', take);
      child.stderr.on('data', take);
      const [code] = await once(child, 'exit');
      child.stdout.destroy();
      child.stderr.destroy();
      return { code: typeof code === 'number' ? code : null, output };
    },
    monitor: () =>
      new Promise((resolve) => {
        const check = probe(checker, { module: 'app', binDir: active.binDir, env: active.env }, resolve);
        t.teardown(() => check.close());
      }),
    told: () => {
      const text = existsSync(told) ? readFileSync(told, 'utf8') : '';
      rmSync(told, { force: true });
      return text;
    },
  };
}

const configuration = ({ agent, parameters }: Pick<Application, 'agent' | 'parameters'>): string => `<safe>
  <service mode="light">
    <user starttimeout="60s" nicestoptimeout="30s" forcestoptimeout="30s"/>
    <check>
      <custom ident="app" ocf="${agent}" when="both" action="restart" interval="1s" timeout="30s">
        ${Object.entries(parameters)
          .map(([name, value]) => `<param name="${name}" value="${value}"/>`)
          .join('\n        ')}
      </custom>
    </check>
  </service>
</safe>
`;

for (const kind of applications) {
  t.test(`${kind.agent}: start, monitor, its end is seen, restart, stop`, { skip: kind.skip, timeout: 110_000 }, async (t) => {
    const application = await kind.prepare(t);
    const module = await moduleOf(t, configuration(application));
    t.teardown(() => module.script('stop_both', 'force', 'UP', 'STOP', 'stop'));

    t.match(await module.script('prestart', 'STOP', 'WAIT', 'start'), { code: 0 });
    t.match(await module.monitor(), { up: false, detail: /OCF_NOT_RUNNING: not running/ });
    t.match(await module.script('start_both', 'WAIT', 'UP', 'start'), { code: 0, output: /is running/ });
    t.match(await module.monitor(), { up: true, detail: `${application.agent} monitor: OCF_SUCCESS: running` });
    t.ok(await application.serves(), 'it serves');
    t.match(await module.script('start_both', 'WAIT', 'UP', 'start'), { code: 0 }, 'started again, it goes on');

    await application.kill();
    t.match(await module.monitor(), { up: false, detail: /OCF_NOT_RUNNING|OCF_ERR_GENERIC/ });
    t.notOk(await application.serves());

    t.match(await module.script('stop_both', 'UP', 'UP', 'restart'), { code: 0 });
    t.match(await module.script('stop_both', 'force', 'UP', 'UP', 'restart'), { code: 0, output: /is stopped/ });
    t.match(await module.script('start_both', 'UP', 'UP', 'restart'), { code: 0 });
    t.match(await module.monitor(), { up: true });
    t.ok(await application.serves(), 'it serves again');

    t.match(await module.script('stop_both', 'UP', 'STOP', 'stop'), { code: 0 });
    t.match(await module.monitor(), { up: false, detail: /OCF_NOT_RUNNING/ });
    t.notOk(await application.serves());
    t.match(await module.script('stop_both', 'UP', 'STOP', 'stop'), { code: 0 }, 'what does not run is stopped');
    t.equal(module.told(), '', 'nothing was reported');
  });
}

t.test('the template as it comes can be applied', { skip: missing([]) }, async (t) => {
  const { options } = home(t);
  const store = createModuleStore(options);
  const described = (await store.templates()).find(({ name }) => name === 'ocf');
  t.match(described?.description, /OCF resource agents/);
  unwrap(await store.install('app', null, 'ocf', null, false));
  const { active, warnings } = unwrap(await store.apply('app'));
  t.same(Object.keys(active.scripts).sort(), ['prestart', 'start_both', 'stop_both']);
  t.match(active.config.check?.checkers, [
    { kind: 'custom', ident: 'app', ocf: 'heartbeat:Dummy', mode: 'oneshot', timeoutMs: 30_000 },
  ]);
  // Where the package is not installed that is said, and no more.
  t.ok(warnings.every(({ message }) => message === 'The agent heartbeat:Dummy is not on this node.'));
});

/** An agent of our own whose actions end as a test says. */
const ownAgent = (t: Test) => {
  const dir = t.testdir({ resource: {} });
  const agent = join(dir, 'resource.d', 'ours', 'agent');
  mkdirSync(join(dir, 'resource.d', 'ours'), { recursive: true });
  const set = (codes: Readonly<Record<string, number>>): void => {
    const lines = Object.entries(codes).map(([action, code]) => `${action}) exit ${code} ;;`);
    const meta =
      '<resource-agent name="agent"><parameters><parameter name="a"/><parameter name="long_name"/></parameters></resource-agent>';
    writeFileSync(
      agent,
      `#!/bin/sh\necho "$1 $OCF_RESOURCE_INSTANCE [$OCF_RESKEY_a] [$OCF_RESKEY_long_name] $OCF_RESKEY_CRM_meta_timeout" >>'${dir}/calls'\ncase $1 in\nmeta-data) echo '${meta}' ;;\n${lines.join('\n')}\nesac\n`,
    );
    chmodSync(agent, 0o755);
    rmSync(join(dir, 'calls'), { force: true });
  };
  set({});
  const custom = (ident: string, parameters: string): string =>
    `<custom ident="${ident}" ocf="ours:agent" when="both">${parameters}</custom>`;
  const module = (checkers: string): Promise<Module> =>
    moduleOf(
      t,
      `<safe><service mode="light"><user nicestoptimeout="7s" forcestoptimeout="8s" starttimeout="9s"><var name="OCF_ROOT" value="${dir}"/></user><check>${checkers}</check></service></safe>`,
    );
  const calls = (): string => {
    const text = existsSync(join(dir, 'calls')) ? readFileSync(join(dir, 'calls'), 'utf8') : '';
    rmSync(join(dir, 'calls'), { force: true });
    return text;
  };
  return { set, custom, module, calls };
};
const skip = missing([]);

t.test('several agents start in order and stop in reverse, each with its own parameters as they stand', { skip }, async (t) => {
  const { set, custom, module, calls } = ownAgent(t);
  const quoted = '<param name="a" value="x &quot;y&quot; $(id) `id` \\ &#39;z&#39;"/>';
  const { script, told } = await module(`${custom('db', quoted)}${custom('web', '<param name="long_name" value="2"/>')}`);
  calls();
  t.match(await script('start_both', 'WAIT', 'UP', 'start'), { code: 0 });
  const value = '[x "y" $(id) `id` \\ \'z\'] []';
  t.equal(
    calls(),
    `validate-all db ${value} 9000\nstart db ${value} 9000\nvalidate-all web [] [2] 9000\nstart web [] [2] 9000\n`,
  );
  t.match(await script('stop_both', 'UP', 'STOP', 'stop'), { code: 0 });
  t.equal(calls(), `stop web [] [2] 7000\nstop db ${value} 7000\n`);
  set({ monitor: 7 });
  t.match(await script('stop_both', 'force', 'UP', 'STOP', 'stop'), { code: 0 });
  t.equal(calls(), `monitor web [] [2] 30000\nmonitor db ${value} 30000\n`);
  t.equal(told(), '');
});

t.test('exit codes of a start: what may pass is tried again, what will not stops the module', { skip }, async (t) => {
  const { set, custom, module } = ownAgent(t);
  const { script, told } = await module(custom('app', ''));
  const start = () => script('start_both', 'WAIT', 'UP', 'start');
  set({ 'validate-all': 3 });
  t.match(await start(), { code: 0 }, 'an agent that cannot validate');
  for (const code of [2, 3, 4, 5, 6]) {
    set({ start: code });
    t.match(await start(), { code: 1 });
    t.match(told(), /^printe ours:agent \(app\) cannot be started here: OCF_ERR_\w+ \(.*\)\nstop -i start_both\n$/);
  }
  set({ start: 1 });
  t.match(await start(), { code: 1 });
  t.equal(told(), 'printe ours:agent (app) could not be started: OCF_ERR_GENERIC (it failed)\nstopstart -i start_both\n');
  set({ 'validate-all': 6 });
  t.match(await start(), { code: 1 });
  t.match(told(), /refuses its configuration: OCF_ERR_CONFIGURED .*\nstop -i start_both\n$/);
});

t.test('a stop that fails is tried again by force, and believed only when nothing runs', { skip }, async (t) => {
  const { set, custom, module, calls } = ownAgent(t);
  const { script, told } = await module(custom('app', ''));
  set({ stop: 1, monitor: 0 });
  t.match(await script('stop_both', 'UP', 'STOP', 'stop'), { code: 1 });
  t.equal(told(), 'printe ours:agent (app) is not stopped: OCF_ERR_GENERIC (it failed)\n');
  calls();
  t.match(await script('stop_both', 'force', 'UP', 'STOP', 'stop'), { code: 1 });
  t.equal(calls(), 'monitor app [] [] 30000\nstop app [] [] 8000\nmonitor app [] [] 30000\n');
  t.match(told(), /is not stopped/);
  set({ stop: 1, monitor: 7 });
  t.match(await script('stop_both', 'UP', 'STOP', 'stop'), { code: 0 }, 'it failed, but nothing runs');
  set({ stop: 0, monitor: 1 });
  t.match(await script('prestart', 'STOP', 'WAIT', 'start'), { code: 1 });
  t.match(told(), /still runs, or cannot say: the module does not start\nstop -i prestart\n$/);
});

t.test('no agent, or one that is not there', { skip }, async (t) => {
  const { custom, module } = ownAgent(t);
  const pre = await module(custom('app', '').replace('when="both"', 'when="pre"'));
  t.match(await pre.script('start_both', 'WAIT', 'UP', 'start'), { code: 1 });
  t.match(pre.told(), /there is nothing to start\nstop -i start_both/);
  const none = await module(custom('app', '').replace('ours:agent', 'ours:none'));
  t.match(await none.script('prestart', 'STOP', 'WAIT', 'start'), { code: 0 }, 'nothing of it can run');
  t.match(await none.script('start_both', 'WAIT', 'UP', 'start'), { code: 1 });
  t.match(none.told(), /OCF_ERR_INSTALLED .*\nstop -i start_both/);
  t.match(await none.monitor(), { up: false, detail: /does not exist/ });
});
