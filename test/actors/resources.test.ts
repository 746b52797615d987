/** Resources with their history, maintenance switches and a changed configuration, in the node's actors. */
import t from 'tap';
import type { Caller } from '../../src/actors/face.js';
import type { ModuleHost } from '../../src/actors/module-host.js';
import { createNodeFace } from '../../src/actors/node-face.js';
import { createNodeRuntime } from '../../src/actors/node-runtime.js';
import type { ResourceEntry } from '../../src/actors/ports.js';
import { createResourceBook, historyLength, resourceLimit, stillTrue } from '../../src/actors/resource-book.js';
import type { CheckerConfig, ModuleConfig } from '../../src/config/types.js';
import type { FakePorts } from '../helpers/fake-ports.js';
import { activeModule, createFakePorts, serviceConfig } from '../helpers/fake-ports.js';
import { aProc } from '../helpers/module-harness.js';

const root: Caller = { who: 'root', identity: null };
const resource = (name: string, value: string) => ({ name, value, by: 'x', at: '', atMs: 0 });
const entry = (name: string, value: string, change: Partial<ResourceEntry> = {}): ResourceEntry => ({
  ...{ name, value, by: 'root', wallMs: 1_000, atMs: 5, boot: 'boot-1' },
  ...change,
});
const config: ModuleConfig = activeModule('farm').config;

function node(ports: FakePorts = createFakePorts(), wallJumps = 0) {
  const clock = { ...ports.clock, wallMs: () => ports.clock.wallMs() + wallJumps };
  const runtime = createNodeRuntime({
    ports: { ...ports, clock: wallJumps === 0 ? ports.clock : clock },
    node: 'n1',
    version: '0.1.0',
    epoch: 1,
    compileMatcher: (proc) => (process) => process.name === proc.name,
  });
  const nothing = (): never => {
    throw new Error('not asked for');
  };
  const face = createNodeFace({
    runtime,
    ports,
    version: '0.1.0',
    installed: () => [],
    cluster: () => null,
    install: new Proxy(Object.create(null), { get: nothing }),
    clusterAdministration: new Proxy(Object.create(null), { get: nothing }),
    notification: new Proxy(Object.create(null), { get: nothing }),
    support: new Proxy(Object.create(null), { get: nothing }),
    explain: nothing,
    kill: async ({ level }) =>
      level === '15'
        ? { ok: false, failure: { code: 'PROCESS_TABLE', message: 'EMFILE' } }
        : { ok: true, value: [{ pid: 7, name: 'app', args: ['app'], outcome: level === 'test' ? 'found' : 'signalled' }] },
    inspection: new Proxy(Object.create(null), { get: nothing }),
  });
  return {
    ports,
    runtime,
    face,
    add: (change: Partial<ModuleConfig> = {}) => runtime.addModule(activeModule('farm', change)),
    scripts: () => ports.started.map(({ spec }) => (spec ? [spec.script, ...spec.args].join(' ') : 'adopted')),
  };
}
const resourceOf = (host: ModuleHost, name: string): string | undefined => host.resources.last(name)?.value;

t.test('the book: pages with cursors that stay, within limits', async (t) => {
  const book = createResourceBook([resource('a.b', 'old'), resource('c.d', 'old')], { 'c.d': 'old' });
  t.equal(book.last('a.b'), null, 'a value of an earlier run is history');
  t.same(
    book.list().map(({ name }) => name),
    ['c.d'],
  );
  t.equal(book.last('c.d')?.value, 'old', 'unless it is true still');
  t.equal(book.last('no.such'), null);
  t.equal(book.page('no.such', null, 5), null);
  t.same(book.page('a.b', null, 5), { items: [resource('a.b', 'old')], next: null });
  for (let count = 1; count <= historyLength + 50; count += 1) book.set(resource('a.b', String(count)));
  const last = book.page('a.b', null, 150);
  t.equal(last?.items.at(-1)?.value, '250');
  t.equal(last?.items[0]?.value, '101');
  book.set(resource('a.b', '251'));
  const older = book.page('a.b', Number(last?.next), 150);
  t.equal(older?.items.at(-1)?.value, '100', 'what came meanwhile moves nothing');
  t.equal(older?.next, null);
  t.same(book.page('a.b', 3, 10)?.items, [], 'what was dropped is gone');
  for (let count = 0; count < resourceLimit; count += 1) book.set(resource(`many.${count}`, 'up'));
  t.equal(book.set(resource('one.more', 'up')), false);
  t.equal(book.set(resource('a.b', 'up')), true);
});

t.test('which values of earlier runs are true still', async (t) => {
  const check: CheckerConfig = {
    kind: 'tcp',
    ident: 'db',
    when: 'both',
    action: 'restart',
    grace: 1,
    addr: 'x',
    port: 1,
    intervalMs: 1,
    timeoutMs: 1,
  };
  const entries = [
    entry('custom.disk', 'up'),
    entry('custom.disk', 'down'),
    entry('script.start_both', 'up', { by: 'userplug' }),
    entry('custom.old', 'down', { boot: 'boot-0' }),
    entry('tcp.db', 'down'),
    entry('intf.10.0.0.0', 'down', { by: 'intfcheck' }),
    entry('proc.app', 'down', { by: 'errd' }),
    entry('state.local', 'UP Ready', { by: 'heart' }),
    entry('usersetting.errd', 'off'),
    entry('Farm_0', '50%', { by: 'vipd' }),
  ];
  t.same(stillTrue(entries, { ...config, check: { checkers: [check] } }, 'boot-1'), {
    'custom.disk': 'down',
    'script.start_both': 'up',
  });
});

const start = async (n: ReturnType<typeof node>): Promise<void> => {
  n.runtime.command({ action: 'start', module: 'farm', nodes: null, caller: root });
  await n.ports.clock.advance(1_000);
};

t.test('what people set is a value again after a restart of the daemon; what is looked at begins anew', async (t) => {
  const first = node();
  const host = await first.add();
  await first.face.setResource('farm', 'intf.a', 'down', root, 'none');
  await start(first);
  t.match(host.status(), { state: 'WAIT', quality: 'NotReady', activeRule: 'interface_failure' });
  await first.runtime.leave();
  const second = node(first.ports);
  const again = await second.add();
  await second.ports.clock.advance(5_000);
  t.match(again.status(), { state: 'WAIT', quality: 'NotReady', activeRule: 'interface_failure' }, 'nobody has to set it again');
  t.equal(resourceOf(again, 'intf.a'), 'down');
  t.match(second.face.resourceHistory('farm', 'intf.a', null, 10), { items: [{ value: 'down', by: 'root' }], next: null });
  t.equal(second.face.resourceHistory('farm', 'no.such', null, 10), null);
  const states = second.face.resourceHistory('farm', 'state.local', null, 100)?.items.map(({ value }) => value);
  t.same(states, ['WAIT Transient', 'WAIT NotReady', 'WAIT NotReady'], 'the history is that of both runs');
  await second.runtime.leave();
  const booted = node(Object.assign(first.ports, { host: { ...first.ports.host, bootId: 'boot-2' } }));
  const after = await booted.add();
  t.equal(resourceOf(after, 'intf.a'), undefined, 'after a reboot nothing is taken for granted');
  t.equal(booted.face.resourceHistory('farm', 'intf.a', null, 10)?.items[0]?.atMs, 0, 'a monotonic time of another boot');
  await booted.runtime.leave();
});

t.test('too many resources are refused, and that is said once', async (t) => {
  const n = node();
  const host = await n.add();
  for (let count = 0; count < resourceLimit + 5; count += 1) {
    host.actor.send({ type: 'resource.assign', name: `many.${count}`, value: 'up', by: 'x', atMs: 0, quiet: true });
  }
  t.equal(n.ports.lines.filter((line) => line.includes('too many resources')).length, 1);
  t.match(await n.face.setResource('farm', 'one.more', 'up', root, 'none'), { ok: false, failure: { code: 'RESOURCE_UNKNOWN' } });
  await n.runtime.leave();
});

t.test('heart.stopstartloop is the epoch of the window, whatever the wall clock does', async (t) => {
  const n = node();
  const host = await n.add();
  t.equal(resourceOf(host, 'heart.stopstartloop'), '0');
  const epoch = Math.floor(n.ports.clock.wallMs() / 1000);
  await n.face.loop('farm', 'increment', { who: 'root', identity: 'handler' });
  t.equal(resourceOf(host, 'heart.stopstartloop'), String(epoch));
  await n.ports.clock.advance(3_000);
  await n.face.loop('farm', 'increment', { who: 'root', identity: 'handler' });
  t.equal(resourceOf(host, 'heart.stopstartloop'), String(epoch));
  const { items = [] } = n.face.resourceHistory('farm', 'heart.stopstartloop', null, 10) ?? {};
  t.match(
    items.map(({ value, by }) => `${value} ${by}`),
    ['0 heart', `${epoch} handler`, `${epoch} handler`],
    'each increment is in the history',
  );
  await n.runtime.leave();
  const second = node(n.ports, 7_777);
  const again = await second.add();
  t.equal(resourceOf(again, 'heart.stopstartloop'), String(epoch), 'also after a restart with another wall time');
  await second.face.loop('farm', 'reset', root);
  t.equal(resourceOf(again, 'heart.stopstartloop'), '0');
  await second.runtime.leave();
});

t.test('switches: told, kept over restarts and reboots, and warned of', async (t) => {
  const n = node();
  const host = await n.add();
  t.match(host.status().switches, { errd: true, checker: true, failover: true, boot: 'off' });
  t.same(n.face.switches('farm'), {
    ok: true,
    value: { errd: true, checker: true, failover: true, boot: false, bootRule: 'ignore' },
  });
  for (const name of ['errd', 'checker', 'failover'] as const) {
    t.match(await n.face.setSwitch('farm', name, false, root), { ok: true, value: { [name]: false } });
    t.equal(resourceOf(host, `usersetting.${name}`), 'off');
    t.match(await n.face.setSwitch('farm', name, false, root), { ok: true, value: { [name]: false } }, 'already');
  }
  t.equal(n.ports.lines.filter((line) => line.includes('disabled by root')).length, 3);
  t.match(await n.face.setSwitch('farm', 'boot', true, { who: 'root', identity: 'tool' }), { ok: true, value: { boot: true } });
  t.equal(resourceOf(host, 'usersetting.boot'), 'on');
  t.equal(resourceOf(host, 'usersetting.encryption'), 'off');
  t.match(n.face.switches('no'), { ok: false, failure: { code: 'MODULE_UNKNOWN' } });
  t.match(await n.face.setSwitch('no', 'errd', true, root), { ok: false });
  await n.runtime.leave();
  const booted = node(Object.assign(n.ports, { host: { ...n.ports.host, bootId: 'boot-2' } }));
  const after = await booted.add();
  t.match(after.status().switches, { errd: false, checker: false, failover: false, boot: 'on' });
  t.ok(booted.ports.lines.includes('farm E Switched off for maintenance: errd checker failover'));
  t.equal(
    booted.face.resourceHistory('farm', 'usersetting.errd', null, 10)?.items.length,
    2,
    'on, off: a restart is no assignment',
  );
  await booted.ports.clock.advance(2_000);
  t.match(after.status(), { state: 'UP', quality: 'Ready' }, 'boot on');
  await booted.face.setSwitch('farm', 'boot', false, root);
  t.equal(resourceOf(after, 'usersetting.boot'), 'off');
  await booted.runtime.leave();
});

t.test('kill: what was signalled is in the log of the module, who asked for what in the command log', async (t) => {
  const n = node();
  await n.add();
  const ask = { name: 'app', argRegex: '-x', level: 'test', asker: null } as const;
  t.match(await n.face.kill('no', ask, root), { ok: false, failure: { code: 'MODULE_UNKNOWN' } });
  t.match(await n.face.kill('farm', ask, root), { ok: true, value: [{ pid: 7, outcome: 'found' }] });
  t.match(await n.face.kill('farm', { ...ask, level: '15' }, root), { ok: false, failure: { code: 'PROCESS_TABLE' } });
  const killed = (): readonly string[] => n.ports.lines.filter((line) => line.includes('Kill'));
  t.same(killed(), [], 'nothing was signalled');
  t.match(await n.face.kill('farm', { ...ask, argRegex: null, level: '9' }, { who: 'root', identity: 'stop_both' }), {
    ok: true,
  });
  t.same(killed(), ['farm U Kill (9) of app called by stop_both: process 7']);
  t.same(
    n.ports.commands.map(({ text }) => text),
    ['kill -name="app" -argregex="-x" -level=test', 'kill -name="app" -argregex="-x" -level=15', 'kill -name="app" -level=9'],
  );
});

t.test('another configuration while the module runs', async (t) => {
  const n = node();
  const host = await n.add();
  await start(n);
  const errd = { pollTimerMs: 10_000, procs: [{ ...aProc, action: { kind: 'noaction' as const } }] };
  const next = { ...activeModule('farm', { service: { ...serviceConfig, maxloop: 9, boot: 'on' }, errd }), signature: 'ffff' };
  n.runtime.reconfigure(next, 'root');
  host.configured(true, ['safe/service@maxloop']);
  n.runtime.reconfigure({ ...next, name: 'unknown' }, 'root');
  await n.ports.clock.advance(15_000);
  t.match(host.status(), { state: 'UP', quality: 'Ready', signature: 'ffff', budget: { max: 9 } });
  t.equal(resourceOf(host, 'usersetting.boot'), 'on');
  t.equal(resourceOf(host, 'proc.app'), 'down');
  t.same(
    n.scripts().map((line) => line.split(' ')[0]),
    ['transition', 'prestart', 'transition', 'start_both'],
    'no script but update, which this module has not',
  );
  const events = n.runtime.ring.read(null).items.filter(({ type }) => type === 'module.configured');
  t.match(events, [{ data: { signature: 'ffff', configurations: 1, dynamic: true, changes: ['safe/service@maxloop'] } }]);
  await n.runtime.leave();
});
