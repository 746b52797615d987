/** `update` of a running module: what is asked before, what is done, and how its end is told. */
import t from 'tap';
import type { ModuleCommand } from '../../src/actors/face.js';
import { createNodeRuntime } from '../../src/actors/node-runtime.js';
import type { ActiveModule } from '../../src/actors/ports.js';
import type { ClusterConfig, FarmConfig } from '../../src/config/types.js';
import { activeModule, createFakePorts, serviceConfig, userConfig } from '../helpers/fake-ports.js';

const withUpdate = (active: ActiveModule): ActiveModule => ({
  ...active,
  scripts: { ...active.scripts, update: `${active.binDir}/update` },
});
const farm: FarmConfig = {
  port: null,
  pulseMs: 100,
  mlostCount: 20,
  slostCount: 10,
  lans: [{ name: 'default' }, { name: 'back' }],
};

/** A node with a module that is UP; `disk` is what is read when the applied copy is asked for. */
async function node(module = withUpdate(activeModule('web', { farm }))) {
  const ports = createFakePorts();
  const disk: { active: ActiveModule | null; fails: boolean } = { active: module, fails: false };
  const runtime = createNodeRuntime({
    ports,
    node: 'n1',
    version: '0',
    epoch: 1,
    compileMatcher: () => () => false,
    readActive: async () => {
      if (disk.fails) throw new Error('EIO');
      return disk.active;
    },
  });
  const host = await runtime.addModule(module);
  const command = (action: ModuleCommand, identity: string | null = null) =>
    runtime.command({ action, module: 'web', nodes: null, caller: { who: 'root', identity } });
  command('start');
  await ports.clock.advance(1_000);
  ports.started.length = 0;
  ports.lines.length = 0;
  return {
    ports,
    disk,
    runtime,
    host,
    command,
    scripts: () => ports.started.map(({ spec }) => [spec?.script, ...(spec?.args ?? [])].join(' ')),
    last: () => {
      const end = runtime.ring
        .read(null)
        .items.filter(({ type }) => type === 'action')
        .at(-1);
      return end?.data;
    },
  };
}

t.test('UP: names are looked up anew, the update script is called, the application goes on', async (t) => {
  const n = await node();
  n.disk.active = {
    ...withUpdate(activeModule('web', { farm, user: userConfig && { ...userConfig, nicestopTimeoutMs: 5_000 } })),
    env: { NEW: '1' },
  };
  n.ports.obedient = false;
  const answer = n.command('update');
  t.match(answer, { ok: true, value: { action: 'update', done: false, nodes: [{ state: 'running' }] } });
  await n.ports.clock.advance(1);
  t.match(n.host.status(), { state: 'UP', quality: 'Ready', path: 'UP.updating', ready: true, reason: 'update' });
  n.ports.obedient = true;
  n.ports.started[0]?.exit(0);
  await n.ports.clock.advance(100);
  t.same(n.scripts(), ['update UP UP'], 'no start or stop script');
  t.match(n.ports.started[0]?.spec?.env, { NEW: '1' });
  t.equal(n.host.snapshot().context.plan.nicestopTimeoutMs, 5_000);
  t.match(n.last(), { action: 'update', state: 'done', message: 'UP (Ready)' });
  t.ok(n.ports.lines.includes('web U Action update called by root'));
  t.ok(n.ports.order.includes('names are forgotten'));
  t.match(n.ports.commands.at(-1), { phase: 'END', text: 'update: UP (Ready)' });
  n.command('update', 'dns-watch');
  await n.ports.clock.advance(100);
  t.ok(n.ports.lines.includes('web E Action update called by dns-watch'));
  t.equal(n.host.budget().used, 0, 'it does not count');
});

t.test('the wrong moment is refused, with what the right one is', async (t) => {
  const n = await node();
  n.ports.obedient = false;
  n.command('update');
  await n.ports.clock.advance(10);
  t.match(n.command('update'), { ok: false, failure: { code: 'MODULE_STATE', message: /is being updated/ } });
  n.ports.started[0]?.exit(0);
  await n.ports.clock.advance(10);
  n.command('restart');
  await n.ports.clock.advance(10);
  t.match(n.command('update'), { ok: false, failure: { code: 'MODULE_STATE', message: /needs a Ready state.*UP Transient/ } });
  n.ports.obedient = true;
  n.ports.started.at(-1)?.exit(0);
  await n.ports.clock.advance(1_000);
  n.host.actor.send({ type: 'module.handle', handler: '/h', proc: 'p', atMs: 0 });
  t.match(n.command('update'), { ok: false, failure: { message: /handler runs/ } });
  await n.ports.clock.advance(1_000);
  n.command('stop');
  await n.ports.clock.advance(1_000);
  t.match(n.command('update'), { ok: false, failure: { message: /needs a running module/ } });
});

t.test('WAIT (NotReady): it goes on waiting', async (t) => {
  const n = await node();
  n.host.actor.send({ type: 'module.wait', origin: { kind: 'admin', by: 'root' }, atMs: 0 });
  await n.ports.clock.advance(1_000);
  t.equal(n.host.status().path, 'WAIT.blocked');
  n.command('update');
  await n.ports.clock.advance(100);
  t.equal(n.scripts().at(-1), 'update WAIT WAIT');
  t.match(n.last(), { state: 'done', message: 'WAIT (NotReady)' });
});

t.test('what goes wrong is told', async (t) => {
  const n = await node();
  n.disk.active = null;
  n.command('update');
  await n.ports.clock.advance(10);
  t.match(n.last(), { state: 'failed', message: /cannot be read: holdfast config -m web/ });
  n.disk.active = withUpdate(activeModule('web', { farm: { ...farm, pulseMs: 300 }, service: serviceConfig }));
  n.command('update');
  await n.ports.clock.advance(10);
  t.match(n.last(), { state: 'failed', message: /changed by hand: line 1, `pulse` was changed from 100 to 300/ });
  n.disk.fails = true;
  n.command('update');
  await n.ports.clock.advance(10);
  t.match(n.last(), { state: 'failed', message: /EIO/ });
  t.same(n.scripts(), []);

  n.disk.fails = false;
  n.disk.active = n.host.active;
  n.ports.obedient = false;
  n.command('update');
  await n.ports.clock.advance(10);
  n.ports.started[0]?.exit(3);
  await n.ports.clock.advance(10);
  t.match(n.last(), { state: 'failed', message: 'UP (Ready): the update script has failed' });
  n.command('update');
  await n.ports.clock.advance(10);
  n.ports.started.at(-1)?.exit(3);
  await n.ports.clock.advance(10);
  t.match(n.last(), { state: 'failed', message: 'UP (Ready): the update script has failed' }, 'also when it failed before');
  n.command('update');
  n.command('stop');
  n.ports.obedient = true;
  await n.ports.clock.advance(1_000);
  t.equal(n.host.status().state, 'STOP', 'the stop came first');
});

t.test('another command while the script runs: the module leaves, and the update is told as not done', async (t) => {
  const n = await node();
  n.ports.obedient = false;
  n.command('update');
  await n.ports.clock.advance(10);
  n.command('stop');
  n.ports.obedient = true;
  await n.ports.clock.advance(1_000);
  const ends = n.runtime.ring.read(null).items.filter(({ type, data }) => type === 'action' && data['action'] === 'update');
  t.match(ends.at(-1)?.data, { state: 'failed' });
  t.equal(n.host.status().state, 'STOP');
});

t.test('a change of the cluster updates what runs, and names the networks that are gone', async (t) => {
  const n = await node();
  const cluster: ClusterConfig = {
    ...{ port: 4_810, pulseMs: 100, mlostCount: 8, slostCount: 5, preset: 'lan' },
    nodes: ['n1'],
    lans: [{ name: 'default', command: true, nodes: [{ node: 'n1', addr: '127.0.0.1', laddr: null }] }],
  };
  await n.runtime.joinCluster({ self: 'n1', cluster, clusterId: '00'.repeat(16), keyHex: null, signature: 'aa' });
  await n.ports.clock.advance(1);
  n.runtime.updateAll('root');
  await n.ports.clock.advance(100);
  t.same(n.scripts(), ['update UP UP']);
  t.ok(n.ports.order.includes('names are looked up'));
  t.same(
    n.ports.lines.filter((line) => line.includes('Network')),
    ["web C Network back of the module is not in the cluster's configuration any more"],
  );
  n.command('stop');
  await n.ports.clock.advance(1_000);
  n.ports.started.length = 0;
  n.runtime.updateAll('root');
  await n.ports.clock.advance(100);
  t.same(n.scripts(), [], 'a module that is stopped takes everything anew when it starts');
});
