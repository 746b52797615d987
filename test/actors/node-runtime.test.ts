import t from 'tap';
import type { Caller, ModuleCommand } from '../../src/actors/face.js';
import { leafPath } from '../../src/actors/module-host.js';
import type { NodeRuntime } from '../../src/actors/node-runtime.js';
import { createNodeRuntime } from '../../src/actors/node-runtime.js';
import type { ModuleConfig } from '../../src/config/types.js';
import type { FakePorts } from '../helpers/fake-ports.js';
import { activeModule, createFakePorts, serviceConfig } from '../helpers/fake-ports.js';
import { aProc, broken } from '../helpers/module-harness.js';

const root: Caller = { who: 'root', identity: null };
function node(ports: FakePorts = createFakePorts(), epoch = 1) {
  const runtime = createNodeRuntime({
    ports,
    node: 'n1',
    version: '0.1.0',
    epoch,
    compileMatcher: (proc) => (process) => process.name === proc.name,
  });
  return {
    ports,
    runtime,
    add: (name = 'farm', change: Partial<ModuleConfig> = {}) => runtime.addModule(activeModule(name, change)),
    command: (action: ModuleCommand, module = 'farm', caller = root) => runtime.command({ action, module, nodes: null, caller }),
    at: (name = 'farm') => {
      const status = runtime.hosts.get(name)?.status();
      return status ? `${status.state} ${status.quality}` : 'none';
    },
    scripts: () => ports.started.map(({ spec }) => (spec ? [spec.script, ...spec.args].join(' ') : 'adopted')),
  };
}
/** What the module's state is a second after the daemon that follows on the same disk has begun. */
async function stateOfNext(first: ReturnType<typeof node>, change: Partial<ModuleConfig>): Promise<string> {
  await first.runtime.leave();
  const second = node(first.ports, 2);
  await second.add('farm', change);
  await second.ports.clock.advance(1_000);
  return second.at();
}
const spoil = (runtime: NodeRuntime, name = 'farm'): void =>
  runtime.hosts.get(name)?.actor.send({
    type: 'resource.assign',
    value: 'up',
    by: 'x',
    atMs: 0,
    get name() {
      return broken();
    },
  });

t.test('a start, from command to UP (Ready), and what is told of it', async (t) => {
  const n = node();
  await n.add();
  t.equal(n.at(), 'STOP NotReady');
  const answer = n.command('start');
  t.match(answer, { ok: true, value: { id: '1-1', action: 'start', done: false, nodes: [{ node: 'n1', state: 'running' }] } });
  await n.ports.clock.advance(1_000);
  t.equal(n.at(), 'UP Ready');
  t.match(n.runtime.action('1-1'), { done: true, nodes: [{ state: 'done', message: 'UP (Ready)' }] });
  t.match(n.ports.commands, [
    { who: 'root', module: 'farm', phase: 'START', text: 'start' },
    { who: 'root', module: 'farm', phase: 'END', text: 'start: UP Ready' },
  ]);
  t.ok(n.ports.lines.includes('farm U Action start called by root'));
  t.ok(n.ports.lines.includes('farm E Local state UP Ready'));
  const events = n.runtime.ring.read(null).items;
  t.same([...new Set(events.map(({ type }) => type))].sort(), [
    'action',
    'log',
    'module.state',
    'module.status',
    'resource.changed',
    'script.ended',
    'script.started',
  ]);
  const told = events.filter(({ type }) => type === 'module.status').map(({ data }) => data);
  t.match(told[0], { wish: 'stop', share: 0, activeRule: null, budget: { used: 0 }, switches: { errd: true, boot: 'off' } });
  t.match(told[1], { wish: 'start' });
  t.equal(told.length, 2, 'told when it changes, and only then');
  const host = n.runtime.hosts.get('farm');
  t.equal(host?.resources.history('state.local')?.at(-1)?.value, 'UP Ready');
  t.match(host?.status(), { path: 'UP.ready', ready: true, wish: 'start', share: 0, tags: ['UP', 'Ready', 'serving'] });
  t.equal(n.runtime.membership(), null);
});

t.test('commands are answered before they are sent', async (t) => {
  const n = node();
  t.match(n.command('start', 'other'), { ok: false, failure: { code: 'MODULE_UNKNOWN' } });
  await n.add();
  t.match(n.command('stop'), { ok: true, value: { done: true, nodes: [{ state: 'already', message: 'STOP (NotReady)' }] } });
  const refused = n.command('restart');
  t.match(refused, { ok: false, failure: { code: 'MODULE_STATE', message: /restart needs UP/ } });
  t.match(n.runtime.action('1-2'), { done: true, nodes: [{ state: 'refused', code: 'MODULE_STATE' }] });
  t.same(n.ports.commands, [], 'nothing was begun');
  n.command('start');
  await n.ports.clock.advance(1_000);
  n.command('restart', 'farm', { who: 'root', identity: 'tcp_check' });
  t.ok(n.ports.lines.includes('farm E Action restart called by tcp_check'));
  t.match(n.runtime.hosts.get('farm')?.budget(), { max: 3, used: 1, causes: [{ action: 'restart', by: 'tcp_check' }] });
  t.match(n.runtime.hosts.get('farm')?.budget().expires, /^2026-01-02T/);
  await n.ports.clock.advance(1_000);
  t.equal(n.at(), 'UP Ready');
  t.not(n.runtime.hosts.get('farm')?.resources.history('heart.stopstartloop')?.at(-1)?.value, '0');
});

t.test('a stop that takes the last UP node of the farm says so first', async (t) => {
  const n = node();
  await n.add();
  n.command('start');
  await n.ports.clock.advance(1_000);
  t.match(n.command('stop'), { value: { nodes: [{ message: 'the last UP node of the farm is leaving' }] } });
  t.ok(n.ports.lines.some((line) => line.includes('This is the last UP node of the farm')));
  await n.ports.clock.advance(1_000);
  t.match(n.runtime.action('1-2'), { nodes: [{ state: 'done', message: 'STOP (NotReady)' }] });
  n.ports.lines.length = 0;
  n.command('start');
  n.command('stop');
  t.notOk(
    n.ports.lines.some((line) => line.includes('last UP')),
    'what is not UP is not the last',
  );
});

t.test('the probe turns before a script begins, and serves after the last has ended', async (t) => {
  const n = node();
  await n.add();
  n.command('start');
  await n.ports.clock.advance(1_000);
  const start = n.ports.order.splice(0);
  t.ok(start.indexOf('probe farm OK UP Ready') > start.indexOf('script start_both WAIT UP start'));
  for (const [command, script] of [
    ['restart', 'script stop_both UP UP restart'],
    ['stop', 'script stop_both UP STOP stop'],
  ] as const) {
    n.command(command);
    t.match(n.ports.order[0], /^probe farm NO UP Transient/, 'in the very step of the command');
    await n.ports.clock.advance(1_000);
    const order = n.ports.order.splice(0);
    t.ok(order.indexOf('save farm/state') < order.indexOf(script), 'and the place is on record before the script');
    t.ok(order.indexOf(script) > 0);
  }
});

t.test('records are saved in order, each place once', async (t) => {
  const n = node();
  const paths: unknown[] = [];
  const { save } = n.ports.records;
  const saves = Object.assign(n.ports.records, {
    save: (key: string, name: string, value: unknown) => {
      if (name === 'state' && typeof value === 'object' && value !== null && 'path' in value) paths.push(value.path);
      return save(key, name, value);
    },
  });
  t.ok(saves);
  await n.add();
  n.command('start');
  await n.ports.clock.advance(1_000);
  t.same(
    paths.filter((path, at) => path !== paths[at - 1]),
    [
      'STOP',
      'WAIT.preparing.announcing',
      'WAIT.preparing.prestart',
      'WAIT.evaluating',
      'UP.starting.announcing',
      'UP.starting.running',
      'UP.ready',
    ],
  );
});

t.test('a disk that refuses is reported once, and the module goes on', async (t) => {
  const n = node();
  await n.add();
  n.ports.disk.mood = 'refuses';
  n.command('start');
  await n.ports.clock.advance(500);
  t.equal(n.at(), 'UP Ready');
  const failures = (): number => n.ports.lines.filter((line) => line.includes('cannot be saved')).length;
  t.equal(failures(), 1);
  n.ports.disk.mood = 'well';
  await n.ports.clock.advance(2_000);
  t.match(n.ports.disk.saved.get('farm/state'), { path: 'UP.ready' }, 'what was refused is written when the disk takes it');
  n.ports.disk.mood = 'refuses';
  n.command('restart');
  await n.ports.clock.advance(500);
  t.equal(failures(), 2, 'and again when it begins again');
});

t.test('killed and begun again: no script runs, the state is as it was', async (t) => {
  const first = node();
  const change = { errd: { pollTimerMs: 10_000, procs: [aProc] } };
  await first.add('farm', change);
  first.ports.running.push({ pid: 9, startTime: 9, ppid: 1, name: 'app', args: [] });
  first.command('start');
  await first.ports.clock.advance(1_000);
  t.equal(first.at(), 'UP Ready');
  const generation = first.runtime.hosts.get('farm')?.generation() ?? 0;
  await first.runtime.leave();
  const count = first.ports.started.length;
  t.ok(first.ports.started.every(({ signals }) => signals.length === 0));
  const second = node(first.ports, 2);
  await second.add('farm', change);
  await second.ports.clock.advance(1);
  t.equal(second.at(), 'UP Ready');
  t.equal(second.ports.started.length, count, 'no script');
  t.ok(second.ports.lines.some((line) => line.includes('the daemon was restarted, the module was in UP.ready')));
  t.ok((second.runtime.hosts.get('farm')?.generation() ?? 0) > generation, 'generations go on');
});

t.test('killed in the middle of a script: it is found and taken over, whatever is known of it', async (t) => {
  for (const [known, alive] of [
    ['process', true],
    ['process', false],
    ['path', true],
    ['path', false],
  ] as const) {
    const first = node();
    first.ports.obedient = false;
    await first.add();
    first.command('start');
    await first.ports.clock.advance(10);
    t.equal(first.runtime.hosts.get('farm')?.status().path, 'WAIT.preparing.announcing');
    const [script] = first.ports.started;
    await first.runtime.leave();
    t.same(script?.signals, [], 'it goes on without the daemon');
    if (known === 'path') {
      const run = first.ports.disk.saved.get('farm/run');
      first.ports.disk.saved.set('farm/run', { ...(typeof run === 'object' ? run : {}), process: null });
    }
    const process = script?.process ?? { pid: 0, startTime: 0 };
    if (alive)
      first.ports.running.push({ ...process, ppid: 1, name: 'sh', args: ['/bin/sh', '/modules/farm/bin/transition', 'STOP'] });
    first.ports.started.length = 0;
    const second = node(first.ports, 2);
    await second.add();
    await second.ports.clock.advance(10);
    if (alive) t.same(second.scripts(), ['adopted'], known);
    else if (known === 'path') t.same(second.scripts(), ['transition STOP WAIT start'], 'it may never have begun: run');
    else t.same(second.scripts(), ['prestart STOP WAIT start'], 'it has ended: on to the next');
    await second.runtime.leave();
  }
});

t.test('a record of a script of another boot says nothing', async (t) => {
  const n = node();
  n.ports.disk.saved.set('farm/run', {
    bootId: 'boot-0',
    script: 'start_both',
    force: false,
    path: '',
    process: { pid: 1, startTime: 1 },
  });
  await n.add();
  t.equal(n.at(), 'STOP NotReady');
});

t.test('boot: after its delay, unless somebody commands before', async (t) => {
  const service = { ...serviceConfig, boot: 'on', bootDelayMs: 30_000 } as const;
  const n = node();
  await n.add('farm', { service });
  await n.add('now', { service: { ...service, bootDelayMs: 0 } });
  t.equal(n.at('now'), 'WAIT Transient');
  t.ok(n.ports.lines.includes('now E Action start called at boot time'));
  await n.ports.clock.advance(29_999);
  t.equal(n.at(), 'STOP NotReady');
  await n.ports.clock.advance(1_000);
  t.equal(n.at(), 'UP Ready');

  const other = node();
  await other.add('farm', { service });
  t.match(other.command('stop'), { value: { nodes: [{ state: 'already' }] } });
  await other.ports.clock.advance(60_000);
  t.equal(other.at(), 'STOP NotReady', 'an administrator who says stop means it');
});

t.test('boot: a daemon that ends before the start leaves it to the next, unless somebody has commanded', async (t) => {
  const change = { service: { ...serviceConfig, boot: 'on', bootDelayMs: 30_000 } } as const;
  for (const [action, expected] of [
    [null, 'UP Ready'],
    ['shutdown', 'UP Ready'],
    ['stop', 'STOP NotReady'],
  ] as const) {
    const first = node();
    await first.add('farm', change);
    if (action !== null) first.command(action);
    await first.ports.clock.advance(10);
    await first.runtime.leave();
    const second = node(first.ports, 2);
    await second.add('farm', change);
    await second.ports.clock.advance(60_000);
    t.equal(second.at(), expected, String(action));
  }
});

t.test('boot: what is refused, and update, decide nothing', async (t) => {
  const change = { service: { ...serviceConfig, boot: 'on', bootDelayMs: 30_000 } } as const;
  for (const action of ['restart', 'update'] as const) {
    const first = node();
    await first.add('farm', change);
    t.match(first.command(action), { ok: false, failure: { code: 'MODULE_STATE' } });
    await first.ports.clock.advance(60_000);
    t.equal(first.at(), 'UP Ready', `the start after the boot delay comes in spite of ${action}`);
  }
});

t.test('who says stop to what was shut down means it to stay so', async (t) => {
  const change = { service: { ...serviceConfig, boot: 'on', bootDelayMs: 0 } } as const;
  for (const [commands, configured, expected] of [
    [['shutdown'], false, 'UP Ready'],
    [['shutdown', 'stop'], false, 'STOP NotReady'],
    [['shutdown', 'stop'], true, 'STOP NotReady'],
    [['shutdown', 'forcestop'], true, 'STOP NotReady'],
    [['shutdown', 'stop', 'start', 'shutdown'], false, 'UP Ready'],
  ] as const) {
    const first = node();
    await first.add('farm', change);
    await first.ports.clock.advance(1_000);
    for (const [index, command] of commands.entries()) {
      if (index === 1 && configured) await first.runtime.addModule(activeModule('farm', change), 'configured');
      first.command(command);
      await first.ports.clock.advance(1_000);
    }
    t.equal(first.at(), 'STOP NotReady');
    t.equal(await stateOfNext(first, change), expected, `${commands.join(', ')}${configured ? ', configured' : ''}`);
  }
});

t.test('a configuration that is applied in STOP does not forget that the module was shut down', async (t) => {
  const change = { service: { ...serviceConfig, boot: 'on', bootDelayMs: 0 } } as const;
  const first = node();
  await first.add('farm', change);
  await first.ports.clock.advance(1_000);
  first.command('shutdown');
  await first.ports.clock.advance(1_000);
  for (let time = 0; time < 2; time += 1) await first.runtime.addModule(activeModule('farm', change), 'configured');
  await first.ports.clock.advance(1_000);
  t.equal(first.at(), 'STOP NotReady');
  t.equal(await stateOfNext(first, change), 'UP Ready');
});

t.test('shutdown: all modules stop, their records are kept, then the daemon ends', async (t) => {
  const n = node();
  await n.add('a');
  await n.add('b');
  await n.add('c', { service: { ...serviceConfig, boot: 'on', bootDelayMs: 5 } });
  for (const name of ['a', 'b']) n.command('start', name);
  await n.ports.clock.advance(1);
  n.ports.order.length = 0;
  const ended = n.runtime.shutdown('SYSTEM');
  let done = false;
  void ended.then(() => {
    done = true;
  });
  await n.ports.clock.advance(2_000);
  t.ok(done);
  const { order } = n.ports;
  for (const name of ['a', 'b']) {
    t.match(n.ports.disk.saved.get(`${name}/state`), { path: 'STOP', lastIntent: 'shutdown', wish: 'start' });
    t.ok(order.indexOf(`probe ${name} NO STOP NotReady`) < order.indexOf(`probe ${name} gone`));
  }
  t.match(n.ports.disk.saved.get('c/state'), { path: 'STOP', wish: 'stop' }, 'none is started meanwhile');
  t.equal(n.ports.clock.pending(), 0, 'nothing is left');
  const after = [n.ports.ticks, n.ports.lines.length, n.ports.order.length];
  await n.ports.clock.advance(60_000);
  t.same([n.ports.ticks, n.ports.lines.length, n.ports.order.length], after, 'after its end nothing is said');
});

t.test('shutdown does not wait for a module that was taken away, nor for one whose chart threw', async (t) => {
  const n = node();
  n.ports.obedient = false;
  await n.add('a');
  await n.add('b');
  n.command('start', 'a');
  n.command('start', 'b');
  await n.ports.clock.advance(10);
  let done = false;
  void n.runtime.shutdown('SYSTEM').then(() => {
    done = true;
  });
  await n.runtime.removeModule('a');
  spoil(n.runtime, 'b');
  await n.ports.clock.advance(10);
  t.ok(done);
});

t.test('a disk that hangs does not hold the end of the daemon', async (t) => {
  const n = node();
  await n.add();
  n.ports.disk.mood = 'hangs';
  n.runtime.hosts.get('farm')?.actor.send({ type: 'loop.increment', by: 'x', atMs: 5 });
  let done = false;
  void n.runtime.leave().then(() => {
    done = true;
  });
  await n.ports.clock.advance(60_000);
  t.ok(done);
});

t.test('the control loop says that it is alive until it ends', async (t) => {
  const n = node();
  await n.ports.clock.advance(1_000);
  t.equal(n.ports.ticks, 3);
  await n.runtime.leave();
  await n.ports.clock.advance(1_000);
  t.equal(n.ports.ticks, 3);
});

t.test('a module that is applied again begins anew from its record; one that is removed leaves nothing', async (t) => {
  const n = node();
  const first = await n.add();
  let changes = 0;
  const subscription = n.runtime.onChange(() => {
    changes += 1;
  });
  const second = await n.add();
  t.not(first, second);
  t.equal(n.runtime.hosts.size, 1);
  t.ok(changes >= 2);
  n.command('start');
  await n.ports.clock.advance(1_000);
  t.equal(n.at(), 'UP Ready');
  t.equal(first.status().state, 'STOP', 'the old host is told nothing more');
  subscription.close();
  await n.runtime.removeModule('farm');
  t.equal(n.at(), 'none');
  t.notOk([...n.ports.disk.saved.keys()].some((key) => key.startsWith('farm/')));
  t.equal(n.ports.order.filter((line) => line === 'probe farm gone').length, 2);
});

t.test('a chart that throws: the module is STOP with the reason, others go on, a start begins it anew', async (t) => {
  const n = node();
  await n.add();
  await n.add('other');
  n.command('start');
  n.command('start', 'other');
  await n.ports.clock.advance(1_000);
  spoil(n.runtime);
  t.equal(n.at(), 'STOP NotReady');
  t.match(n.runtime.hosts.get('farm')?.status(), { ready: false, path: 'STOP', reason: /broken/ });
  t.equal(n.ports.order.filter((line) => line.startsWith('probe farm')).at(-1), 'probe farm NO STOP NotReady');
  t.ok(n.ports.lines.some((line) => line.startsWith('farm C Module farm stopped by a defect')));
  t.equal(n.at('other'), 'UP Ready');
  const count = n.ports.started.length;
  const answer = n.command('start');
  t.match(answer, { ok: true });
  await n.ports.clock.advance(1_000);
  t.equal(n.at(), 'UP Ready');
  t.equal(n.ports.started.length, count, 'the application was not touched: it goes on from its record');
  t.match(n.runtime.action(answer.ok ? answer.value.id : ''), { done: true, nodes: [{ state: 'done' }] });

  spoil(n.runtime);
  n.ports.disk.saved.delete('farm/state');
  n.command('start');
  await n.ports.clock.advance(1_000);
  t.equal(n.at(), 'UP Ready', 'and where there is no record, by an ordinary start');

  spoil(n.runtime);
  Object.assign(n.ports.records, { load: () => Promise.reject(new Error('EIO')) });
  const failed = n.command('start');
  await n.ports.clock.advance(10);
  t.match(n.runtime.action(failed.ok ? failed.value.id : ''), { nodes: [{ state: 'failed', message: 'Error: EIO' }] });
});

t.test('an action on a module that is then taken away ends', async (t) => {
  const n = node();
  n.ports.obedient = false;
  await n.add();
  const answer = n.command('start');
  await n.ports.clock.advance(10);
  await n.runtime.removeModule('farm');
  await n.ports.clock.advance(10);
  t.match(n.runtime.action(answer.ok ? answer.value.id : ''), { done: true });
});

t.test('resources: told on change, limited in number; the counter is one of them', async (t) => {
  const n = node();
  const host = await n.add();
  const set = (name: string, value: string, quiet?: boolean): void =>
    host.actor.send({ type: 'resource.assign', name, value, by: 'x', atMs: 1, ...(quiet === undefined ? {} : { quiet }) });
  set('custom.a', 'down');
  set('custom.a', 'down');
  set('custom.b', 'up', true);
  const changed = n.runtime.ring.read(null).items.filter(({ type }) => type === 'resource.changed');
  t.match(
    changed.filter(({ data }) => String(data['name']).startsWith('custom')),
    [{ data: { name: 'custom.a', value: 'down', before: null } }, { data: { name: 'custom.b' } }],
  );
  t.equal(n.ports.lines.filter((line) => line.includes('Resource custom')).length, 1, 'quiet ones are not logged');
  for (let count = 0; count < 1_100; count += 1) set(`n.${count}`, 'up', true);
  t.ok(n.ports.lines.some((line) => line.includes('too many resources')));
  host.setShare(50);
  t.equal(host.status().share, 50);
});

t.test('paths of states', async (t) => {
  t.equal(leafPath('STOP'), 'STOP');
  t.equal(leafPath({ UP: { restarting: 'graceful' } }), 'UP.restarting.graceful');
  t.equal(leafPath(null), '');
  t.equal(leafPath(undefined), '');
});
