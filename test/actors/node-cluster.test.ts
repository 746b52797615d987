import t from 'tap';
import { createNodeRuntime } from '../../src/actors/node-runtime.js';
import type { MembershipBody, PulseReport, TransportEvent } from '../../src/actors/ports.js';
import type { ClusterConfig } from '../../src/config/types.js';
import { activeModule, createFakePorts } from '../helpers/fake-ports.js';

const cluster: ClusterConfig = {
  port: 4_810,
  pulseMs: 100,
  mlostCount: 8,
  slostCount: 5,
  preset: 'lan',
  nodes: ['n1', 'n2'],
  lans: [
    {
      name: 'default',
      command: true,
      nodes: [
        { node: 'n1', addr: '127.0.0.1', laddr: null },
        { node: 'n2', addr: '127.0.0.2', laddr: null },
      ],
    },
  ],
};

/** A node in a cluster whose datagrams are the test's. */
async function member() {
  const ports = createFakePorts();
  const published: MembershipBody[] = [];
  const closed: boolean[] = [];
  let on: (event: TransportEvent) => void = () => undefined;
  let bootEpoch = 0;
  Object.assign(ports.transport, {
    open: (spec: { readonly bootEpoch: number }, listener: (event: TransportEvent) => void) => {
      on = listener;
      bootEpoch = spec.bootEpoch;
      return {
        publish: (body: MembershipBody) => published.push(body),
        renewLease: () => undefined,
        close: async (goodbye: boolean) => {
          closed.push(goodbye);
        },
      };
    },
  });
  const runtime = createNodeRuntime({ ports, node: 'alone', version: '0', epoch: 1, compileMatcher: () => () => false });
  await runtime.addModule(activeModule());
  await runtime.joinCluster({ self: 'n1', cluster, clusterId: '00'.repeat(16), keyHex: null, signature: 'aa' });
  await ports.clock.advance(0);
  const body: MembershipBody = {
    view: { epoch: 0, leader: '', members: [] },
    modules: [],
    shareMaps: [],
    lagMs: 0,
    pause: null,
    health: 1,
    mapsDigest: '811c9dc5',
  };
  let sequence = 0;
  return {
    ports,
    runtime,
    published,
    closed,
    send: (event: TransportEvent) => on(event),
    /** Ticks of the pulse for that long; n2 is heard while it is given. */
    pass: async (ms: number, n2: Partial<PulseReport> | null) => {
      for (let passed = 0; passed < ms; passed += 100) {
        await ports.clock.advance(100);
        const atMs = ports.clock.monotonicMs();
        sequence += 1;
        if (n2 !== null) {
          const heard = [{ node: 'n1', lan: 'default', bootEpoch, sequence: 1 }];
          const view = published.at(-1)?.view ?? body.view;
          const whole = { ...body, view };
          const pulse = {
            from: 'n2',
            lan: 'default',
            bootEpoch: 5,
            sequence,
            signature: 'aa',
            goodbye: false,
            body: whole,
            heard,
            rttMs: 1,
          };
          on({ type: 'pulse', atMs, pulse: { ...pulse, ...n2 } });
        }
        on({ type: 'tick', atMs, lateMs: 0 });
      }
      await ports.clock.advance(0);
    },
    types: () => runtime.ring.read(null).items.map(({ type }) => type),
  };
}

t.test('what membership tells is in the log of the node, of the module, and among the events', async (t) => {
  const n = await member();
  t.equal(n.runtime.node, 'n1', 'the name is that of the cluster');
  n.send({ type: 'ready', atMs: 1 });
  n.runtime.command({ action: 'start', module: 'farm', nodes: null, caller: { who: 'root', identity: null } });
  await n.pass(5_000, null);
  t.ok(n.ports.lines.some((line) => /^- E cluster membership: n1 \(leader n1/.test(line)));
  t.ok(n.ports.lines.some((line) => line.startsWith('farm E farm load: 256/256')));
  t.ok(n.ports.lines.some((line) => line.startsWith('farm I farm membership: n1')));
  const host = n.runtime.hosts.get('farm');
  t.equal(host?.status().share, 100);
  t.ok(host?.resources.list().some(({ name, value }) => name.endsWith('_0') && value === '100%'));
  t.ok(n.types().includes('view.changed'));
  t.match(n.published.at(-1)?.modules, [{ module: 'farm', state: 'UP', quality: 'Ready', signature: 'abcdef01' }]);

  await n.pass(5_000, {});
  t.ok(n.ports.lines.includes('- I Contact with n2'));
  await n.pass(5_000, null);
  t.ok(n.ports.lines.some((line) => line.startsWith('- I Lost contact from n2')));
  t.ok(n.types().includes('peer.changed'));

  n.send({ type: 'error', lan: 'default', code: 'EADDRINUSE', message: 'port 4810 is in use' });
  t.ok(n.ports.lines.includes('- C Lan default failed: port 4810 is in use'));
  const counts = { malformed: 2, unknownKey: 0, badTag: 0, stale: 0, replay: 0, foreign: 0, version: 0 };
  n.send({ type: 'dropped', counts, example: '10.0.0.9' });
  t.ok(n.ports.lines.some((line) => line.includes('2 datagrams dropped: malformed (10.0.0.9)')));
  t.notOk(n.ports.lines.some((line) => line.includes('0 datagrams')));
  await n.runtime.leave();
});

t.test('a peer with another configuration is named once', async (t) => {
  const n = await member();
  await n.pass(2_000, { signature: 'bb' });
  t.equal(n.ports.lines.filter((line) => line.includes('n2 has another cluster configuration')).length, 1);
  await n.pass(2_000, {});
  await n.pass(2_000, { signature: 'bb' });
  t.equal(
    n.ports.lines.filter((line) => line.includes('n2 has another cluster configuration')).length,
    2,
    'and again when it comes back',
  );
  await n.runtime.leave();
});

t.test('while another node is UP, the one that stops is not the last', async (t) => {
  const n = await member();
  const command = (action: 'start' | 'stop') =>
    n.runtime.command({ action, module: 'farm', nodes: null, caller: { who: 'root', identity: null } });
  const up = { module: 'farm', state: 'UP', quality: 'Ready', generation: 1, signature: 'abcdef01', share: 50 } as const;
  const body = {
    view: { epoch: 0, leader: '', members: [] },
    modules: [up],
    shareMaps: [],
    lagMs: 0,
    pause: null,
    health: 1,
    mapsDigest: '811c9dc5',
  };
  command('start');
  await n.pass(3_000, { body });
  command('stop');
  t.notOk(n.ports.lines.some((line) => line.includes('last UP node')));
  await n.pass(1_000, { body });
  command('start');
  await n.pass(5_000, null);
  command('stop');
  t.ok(
    n.ports.lines.some((line) => line.includes('last UP node')),
    'once it is gone, this one is',
  );
  await n.runtime.leave();
});

t.test('a shutdown says goodbye, a daemon that leaves does not, and another cluster replaces the first', async (t) => {
  const shutdown = await member();
  const ended = shutdown.runtime.shutdown('SYSTEM');
  await shutdown.ports.clock.advance(5_000);
  await ended;
  t.same(shutdown.closed, [true]);
  t.equal(shutdown.runtime.membership(), null);
  const leave = await member();
  await leave.runtime.leave();
  t.same(leave.closed, [false]);
  const again = await member();
  await again.runtime.joinCluster({ self: 'n2', cluster, clusterId: '00'.repeat(16), keyHex: null, signature: 'cc' });
  t.same(again.closed, [false]);
  t.equal(again.runtime.node, 'n2');
  await again.runtime.leave();
});
