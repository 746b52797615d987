/** Agents of a configuration, looked at when it is applied, and what the module's scripts are told of them. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createModuleStore } from '../../../src/io/modules/store.js';
import { scriptVariables } from '../../../src/io/ocf/script-variables.js';
import { home, put, unwrap } from './support.js';

const skip = process.platform === 'linux' ? false : 'agents are shell scripts of Linux';
const meta = `<resource-agent name="web"><parameters>
<parameter name="configfile" required="1"><content type="string"/></parameter>
<parameter name="port"><content type="integer" default="80"/></parameter>
</parameters></resource-agent>`;

const fixture = async (t: Test) => {
  const made = home(t);
  const ocf = join(made.root, 'ocf');
  mkdirSync(join(ocf, 'resource.d', 'ours'), { recursive: true });
  const agent = (name: string, text: string, mode = 0o755): void => put(join(ocf, 'resource.d', 'ours', name), text, mode);
  agent('web', `#!/bin/sh\ncat <<END\n${meta}\nEND\n`);
  const store = createModuleStore({ ...made.options, extraEnv: { OCF_ROOT: ocf } });
  unwrap(await store.install('app', null, 'light', null, false));
  const file = join(made.options.safe, 'modules', 'app', 'conf', 'userconfig.xml');
  const apply = (config: string) => {
    writeFileSync(file, config);
    return store.apply('app');
  };
  return { ...made, ocf, agent, apply, bin: join(made.options.safe, 'modules', 'app', 'bin') };
};
const module = (checkers: string, user = '<user/>'): string => `<safe>
<service mode="light">
${user}
<check>
${checkers}
</check></service></safe>`;

t.test('unknown, missing and doubtful parameters, each in its line', { skip }, async (t) => {
  const { apply } = await fixture(t);
  const outcome = await apply(
    module(`<!-- <custom ident="one" ocf="ours:web" when="both"/> -->
<custom ident="one" ocf="ours:web" when="both">
  <param name="confgfile" value="/etc/web.conf"/>
  <param name="port"
    value="http"/>
</custom>
<custom ident="two" when="both" ocf="ours:web"><param name="configfile" value="x"/></custom>`),
  );
  t.match(outcome, {
    ok: false,
    failure: {
      code: 'CONF_INVALID',
      message: 'The scripts and agents of app have 2 errors.',
      problems: [
        {
          severity: 'error',
          code: 'CONF_AGENT',
          line: 7,
          element: 'safe/service/check/custom/param',
          attribute: 'name',
          value: 'confgfile',
          message: 'The agent ours:web has no parameter `confgfile`.',
          remedy: 'Did you mean `configfile`?',
        },
        { severity: 'warning', line: 8, value: 'port', message: /"http" is not a whole number/ },
        {
          severity: 'error',
          line: 6,
          element: 'safe/service/check/custom',
          message: 'The agent ours:web needs the parameter `configfile`.',
        },
      ],
    },
  });
});

t.test('an agent that is not on this node is a warning, with what was meant', { skip }, async (t) => {
  const { apply } = await fixture(t);
  const warningsOf = async (name: string) =>
    unwrap(await apply(module(`<custom ident="a" ocf="${name}" when="both"/>`))).warnings;
  t.match(await warningsOf('ours:wep'), [
    { severity: 'warning', line: 5, message: 'The agent ours:wep is not on this node.', remedy: 'Did you mean `ours:web`?' },
  ]);
  t.match(await warningsOf('ours:different'), [
    { remedy: /^It would be .*ours\/different; install it on the nodes that need it\.$/ },
  ]);
  t.match(await warningsOf('heartbeat:nginx'), [
    { remedy: /install the package with the agents of heartbeat \(resource-agents\), or set OCF_ROOT/ },
  ]);
  t.match(await warningsOf('other:x'), [{ remedy: /install the package with the agents of other, or set OCF_ROOT/ }]);
});

t.test('an agent that cannot be executed is an error, one that says nothing a warning', { skip }, async (t) => {
  const { apply, agent, ocf } = await fixture(t);
  agent('plain', '#!/bin/sh\n', 0o644);
  t.match(await apply(module('<custom ident="a" ocf="ours:plain" when="both"/>')), {
    failure: { problems: [{ severity: 'error', message: /plain is not an executable file/ }] },
  });
  agent('silent', '#!/bin/sh\nexit 4\n');
  t.match(unwrap(await apply(module('<custom ident="a" ocf="ours:silent" when="both"/>'))).warnings, [
    {
      severity: 'warning',
      message: 'The agent ours:silent does not say which parameters it has: it ended with code 4.',
      remedy: `Try it by hand: OCF_ROOT=${ocf} ${ocf}/resource.d/ours/silent meta-data`,
    },
  ]);
});

t.test(
  'a checker by an executable of the module: below bin, there and executable, with or without <user>',
  { skip },
  async (t) => {
    const { apply, bin } = await fixture(t);
    for (const user of ['', '<user/>']) {
      const problems = async (exec: string) => apply(module(`<custom ident="a" exec="${exec}" when="both"/>`, user));
      t.match(await problems('/bin/true'), {
        failure: { problems: [{ message: "The executable of checker custom.a is not below the module's bin folder." }] },
      });
      t.match(await problems('../x'), { failure: { problems: [{ value: '../x' }] } });
      t.match(await problems('absent'), {
        failure: { problems: [{ message: 'There is no bin/absent, which the configuration calls.' }] },
      });
      put(join(bin, 'check'), '#!/bin/sh\n', 0o644);
      t.match(await problems('check'), { failure: { problems: [{ message: 'bin/check is not executable.' }] } });
      chmodSync(join(bin, 'check'), 0o755);
      t.ok((await problems('./check')).ok);
    }
  },
);

t.test('what the scripts are told of the agents', { skip }, async (t) => {
  const { apply } = await fixture(t);
  const { active } = unwrap(
    await apply(
      module(
        `<custom ident="db" ocf="ours:web" when="both"><param name="configfile" value="a b"/><param name="OCF_CHECK_LEVEL" value="10"/></custom>
<custom ident="elsewhere" ocf="ours:web" when="pre"><param name="configfile" value="c"/></custom>
<custom ident="own" exec="start_both" when="both"/>
<tcp ident="t" when="both"><to addr="127.0.0.1" port="1"/></tcp>
<custom ident="web" ocf="ours:web" when="both"><param name="port" value="8"/><param name="configfile" value="d"/></custom>`,
        '<user nicestoptimeout="3s" forcestoptimeout="4s"><var name="HOLDFAST_OCF_STOP_MS" value="9000"/></user>',
      ),
    ),
  );
  const told = Object.fromEntries(Object.entries(active.env).filter(([name]) => name.startsWith('HOLDFAST_OCF_')));
  t.same(told, {
    HOLDFAST_OCF_COUNT: '2',
    HOLDFAST_OCF_START_MS: '0',
    HOLDFAST_OCF_STOP_MS: '9000',
    HOLDFAST_OCF_FORCE_MS: '4000',
    HOLDFAST_OCF_1_PROVIDER: 'ours',
    HOLDFAST_OCF_1_TYPE: 'web',
    HOLDFAST_OCF_1_INSTANCE: 'db',
    HOLDFAST_OCF_1_PARAMETERS: 'configfile',
    HOLDFAST_OCF_1_PARAMETER_configfile: 'a b',
    HOLDFAST_OCF_2_PROVIDER: 'ours',
    HOLDFAST_OCF_2_TYPE: 'web',
    HOLDFAST_OCF_2_INSTANCE: 'web',
    HOLDFAST_OCF_2_PARAMETERS: 'port configfile',
    HOLDFAST_OCF_2_PARAMETER_port: '8',
    HOLDFAST_OCF_2_PARAMETER_configfile: 'd',
  });
  t.same(scriptVariables({ ...active.config, check: null }), []);
  t.match(scriptVariables({ ...active.config, user: null }), [
    { name: 'HOLDFAST_OCF_COUNT', value: '2' },
    { value: '0' },
    { value: '0' },
  ]);
});
