import { existsSync, readdirSync } from 'node:fs';
import t from 'tap';
import { createProgramRunner } from '../../../src/io/check-program.js';
import { createClock } from '../../../src/io/clock.js';
import { createLinuxScriptPlatform } from '../../../src/io/linux/scripts.js';
import { agentCall, agentPath, findAgent, ocfRoot, parseAgentName } from '../../../src/io/ocf/agent.js';
import { checkParameters, parseMetaData, readMetaData } from '../../../src/io/ocf/meta-data.js';
import { script, temporaryDirectory } from '../real-processes.js';

const xml = `<?xml version="1.0"?>
<!DOCTYPE resource-agent SYSTEM "ra-api-1.dtd">
<resource-agent name="web" version="1.0">
<version>1.1</version>
<longdesc lang="en">Runs a &amp; b.</longdesc>
<parameters>
<parameter name="configfile" unique="1" required="1"><longdesc lang="en">File</longdesc><content type="string" default="/etc/web.conf"/></parameter>
<parameter name="data" required="1"><content type="string"/></parameter>
<parameter name="port"><content type="integer" default="80"/></parameter>
<parameter name="verbose" required="0"><content type="boolean" default="false"/></parameter>
<parameter name="bare"/>
</parameters>
<actions><action name="start" timeout="20s"/></actions>
</resource-agent>`;

t.test('parameters of the meta-data', async (t) => {
  t.same(parseMetaData(xml), [
    { name: 'configfile', required: true, type: 'string', fallback: '/etc/web.conf' },
    { name: 'data', required: true, type: 'string', fallback: null },
    { name: 'port', required: false, type: 'integer', fallback: '80' },
    { name: 'verbose', required: false, type: 'boolean', fallback: 'false' },
    { name: 'bare', required: false, type: 'string', fallback: null },
  ]);
  t.same(parseMetaData('<resource-agent name="x"><parameters/></resource-agent>'), []);
  for (const text of ['', 'no XML', '<other/>', '<resource-agent>', `<resource-agent>${' '.repeat(600_000)}</resource-agent>`]) {
    t.equal(parseMetaData(text), null);
  }
});

t.test('parameters of a configuration against them', async (t) => {
  const declared = parseMetaData(xml) ?? [];
  const check = (parameters: Readonly<Record<string, string>>) =>
    checkParameters(
      'ours:web',
      declared,
      Object.entries(parameters).map(([name, value]) => ({ name, value })),
    );
  t.same(check({ data: '/srv', port: '8080', verbose: 'yes', OCF_CHECK_LEVEL: '10' }), []);
  t.match(check({ data: '/srv', confgfile: 'x' }), [
    {
      severity: 'error',
      name: 'confgfile',
      message: 'The agent ours:web has no parameter `confgfile`.',
      remedy: 'Did you mean `configfile`?',
    },
  ]);
  t.match(check({ data: '/srv', unlike: 'x' }), [
    { severity: 'error', remedy: 'Its parameters: configfile, data, port, verbose, bare.' },
  ]);
  t.match(check({}), [{ severity: 'error', name: null, message: 'The agent ours:web needs the parameter `data`.' }]);
  t.match(check({ data: '/srv', port: 'http', verbose: 'perhaps' }), [
    { severity: 'warning', name: 'port', message: 'Parameter `port` of the agent ours:web: "http" is not a whole number.' },
    { severity: 'warning', name: 'verbose', message: 'Parameter `verbose` of the agent ours:web: "perhaps" is not on or off.' },
  ]);
  t.match(checkParameters('ours:none', [], [{ name: 'x', value: '' }]), [{ remedy: 'It has none.' }]);
});

t.test('names, places and what they are called with', async (t) => {
  t.same(parseAgentName('heartbeat:IPaddr2'), { provider: 'heartbeat', type: 'IPaddr2' });
  t.same(parseAgentName('ocf:heartbeat:pgsql'), { provider: 'heartbeat', type: 'pgsql' });
  t.equal(parseAgentName('heartbeat:.hidden'), null);
  t.equal(ocfRoot({}), '/usr/lib/ocf');
  t.equal(ocfRoot({ OCF_ROOT: '/opt/ocf' }), '/opt/ocf');
  t.equal(agentPath('/usr/lib/ocf', { provider: 'heartbeat', type: 'nginx' }), '/usr/lib/ocf/resource.d/heartbeat/nginx');
  t.match(agentCall({ provider: 'p', type: 't' }, 'i', [], { X: '1', OCF_ROOT: '' }), {
    path: '/usr/lib/ocf/resource.d/p/t',
    env: { X: '1', OCF_ROOT: '/usr/lib/ocf', OCF_CHECK_LEVEL: '0' },
  });
  const dir = temporaryDirectory(t);
  t.equal(await findAgent(`${dir}/none`), 'missing');
  t.equal(await findAgent(dir), 'forbidden');
  t.equal(await findAgent(script(dir, 'plain', '', 0o644)), 'forbidden');
  t.equal(await findAgent(script(dir, 'agent', '')), 'found');
});

t.test('an agent that does not say what it is', { skip: process.platform === 'linux' ? false : 'needs Linux' }, async (t) => {
  const dir = temporaryDirectory(t);
  const run = createProgramRunner(createLinuxScriptPlatform(), createClock());
  const ask = (body: string) =>
    readMetaData(run, script(dir, `agent-${body.length}`, `#!/bin/sh\n${body}\n`), { PATH: '/usr/bin:/bin' });
  t.equal(await ask('exit 3'), 'it ended with code 3');
  t.equal(await ask('kill -KILL $$'), 'it was ended by SIGKILL');
  t.equal(await ask('echo hello'), 'its meta-data are not those of a resource agent');
  t.match(await readMetaData(run, `${dir}/none`, {}), /does not exist/);
  t.same(await ask('echo \'<resource-agent name="x"><parameters/></resource-agent>\''), []);
});

const agents = '/usr/lib/ocf/resource.d/heartbeat';
t.test(
  'every agent of the package says what it is',
  { skip: existsSync(agents) ? false : 'needs the package resource-agents' },
  async (t) => {
    const run = createProgramRunner(createLinuxScriptPlatform(), createClock());
    const names = readdirSync(agents).filter((name) => !name.startsWith('.'));
    let read = 0;
    for (const name of names) {
      const { path, env } = agentCall({ provider: 'heartbeat', type: name }, 'i', [], { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' });
      const found = await readMetaData(run, path, env);
      if (typeof found === 'string') t.comment(`${name}: ${found}`);
      else read += 1;
    }
    t.ok(read >= names.length * 0.9, `${read} of ${names.length}`);
  },
);
