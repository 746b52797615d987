/** Both ends of a join in one process: what gets in, and what does not. */
import t from 'tap';
import type { JoinOrder } from '../../../src/actors/face-https.js';
import type { AppliedCluster } from '../../../src/actors/stores.js';
import { parseClusterXml } from '../../../src/config/cluster-config.js';
import { placeNode } from '../../../src/io/join/addresses.js';
import { openRequest, readToken, sealAnswer, sealRequest, tokenText } from '../../../src/io/join/exchange.js';
import { createJoin, type JoinOptions } from '../../../src/io/join/join.js';
import { readAdmitted, readArrival } from '../../../src/io/join/said.js';
import { createVirtualClock } from '../../helpers/virtual-clock.js';

const root = { who: 'root', identity: null };
const keyHex = 'ab'.repeat(32);
const start =
  '<cluster><lans><lan name="a"><node name="n1" addr="10.0.0.11"/><node name="n2" addr="10.0.0.12"/></lan><lan name="b"><node name="n1" addr="192.168.9.11"/></lan></lans></cluster>';
const enrol = { authorityNode: 'n1', authority: 'PEM', also: [], tls12: false, clientCertificates: false };
const parse = (xml: string) => {
  const parsed = parseClusterXml(xml, 'cluster.xml');
  if (!parsed.ok) throw new Error('cluster.xml');
  return parsed.value;
};
const applied = (xml: string): AppliedCluster => ({
  ...{ config: parse(xml), signature: 'aa', appliedWallMs: 0, encrypted: true, locked: false, clusterId: 'id', keyHex },
  ...{ generation: 1, revision: 'r1', distributed: true, history: [], older: [], caughtUp: null },
});

/** A node with a cluster (or none), whose bundles are texts. */
function nodeOf(name: string, xml: string | null, more: Partial<JoinOptions> = {}) {
  const clock = createVirtualClock();
  const state = {
    xml,
    lines: [] as readonly string[],
    handed: [] as readonly string[],
    enrolled: 0,
    installed: [] as readonly string[],
    online: new Set<string>(),
    on: false,
  };
  const unused = () => Promise.reject(new Error('not in this test'));
  const options: JoinOptions = {
    clock,
    hostname: `${name}.example.org`,
    named: null,
    node: () => name,
    cluster: () => (state.xml === null ? null : applied(state.xml)),
    administration: {
      xml: async () => ({ ok: true, value: state.xml ?? '' }),
      check: (text) => {
        const parsed = parseClusterXml(text, 'cluster.xml');
        return parsed.ok
          ? { ok: true, value: { config: parsed.value, warnings: [] } }
          : { ok: false, failure: { code: 'CONF_INVALID', message: 'x', problems: parsed.problems } };
      },
      exportBundle: async () => ({ ok: true, value: Buffer.from(`${keyHex}\n${state.xml}`) }),
      async importBundle(bundle) {
        state.xml = Buffer.from(bundle).toString().split('\n').slice(1).join('\n');
        return {
          ok: true,
          value: {
            ...{
              configured: true,
              self: name,
              view: null,
              signature: null,
              configuredAt: null,
              encrypted: true,
              locked: false,
              port: 4800,
              dropped: {},
              version: '0',
            },
          },
        };
      },
    },
    https: {
      status: () => ({
        ...{
          node: name,
          on: state.on,
          port: 9453,
          kind: state.on ? 'private' : null,
          tls12: false,
          clientCertificates: false,
          certificate: null,
        },
        authority: state.on
          ? { subject: '', issuer: '', names: [], validFrom: '', validTo: '', serial: '', fingerprint: 'cd'.repeat(32) }
          : null,
        ...{ authorityNode: state.on ? 'n1' : null, also: [], wanted: [], renewAt: null, findings: [] },
      }),
      authority: () => (state.on ? 'PEM' : null),
      async enrol() {
        state.enrolled += 1;
        return { ok: true, value: options.https.status() };
      },
    },
    modules: {
      async install(module, _archive, _template, id) {
        state.installed = [...state.installed, `${module} ${id}`];
        return {
          ok: true,
          value: { name: module, id: id ?? 0, mode: 'farm', configured: false, signature: null, appliedAt: null, nodes: [] },
        };
      },
      async apply(module) {
        return {
          ok: true,
          value: { name: module, id: 1, mode: 'farm', configured: true, signature: 'x', appliedAt: null, nodes: [] },
        };
      },
    },
    installed: () => [{ name: 'web', id: 3 }],
    isOnline: (node) => state.online.has(node),
    async distribute(text, nodes) {
      state.xml = text;
      state.handed = [...nodes];
      const items = nodes.map((node) => ({ node, state: node === 'n3' ? 'away' : 'done', message: `of ${node}` }));
      return { ok: true, value: { items } };
    },
    fetchModule: async () => ({ ok: true, value: Buffer.from('PK') }),
    networks: () => ['127.0.0.1/8', '10.0.0.13/24', '192.168.9.13/24', 'fd00::13/64'],
    ports: { http: 9010, https: 9453 },
    knock: unused,
    log: ({ message }) => {
      state.lines = [...state.lines, message];
    },
    note: () => undefined,
    ...more,
  };
  return { join: createJoin(options), state, clock };
}
type Node = ReturnType<typeof nodeOf>;
/** A new node that knocks at that one directly. */
const comer = (name: string, at: Node, more: Partial<JoinOptions> = {}): Node =>
  nodeOf(name, null, { knock: (_url, message) => at.join.admit(message, '10.0.0.13'), ...more });
async function token(at: Node, minutes = 15): Promise<string> {
  const invitation = await at.join.invite(minutes, root);
  if (!invitation.ok) throw new Error(invitation.failure.message);
  return invitation.value.token;
}
const order = (text: string, more: Partial<JoinOrder> = {}): JoinOrder => ({ url: 'http://n1:9010', token: text, ...more });

t.test('a third node', async (t) => {
  const n1 = nodeOf('n1', start);
  n1.state.on = true;
  const n3 = comer('n3', n1);
  const invitation = await n1.join.invite(15, root);
  t.match(invitation, { ok: true, value: { urls: ['https://10.0.0.11:9453', 'https://192.168.9.11:9453'] } });
  const text = invitation.ok ? invitation.value.token : '';
  t.equal(readToken(text)?.fingerprint, 'cd'.repeat(32), 'the token pins the authority');
  t.match(await n3.join.join(order(text, { modules: ['*', 'x'] }), root), {
    ok: true,
    value: {
      node: 'n3',
      nodes: ['n1', 'n2', 'n3'],
      steps: [
        { node: 'n1' },
        { node: 'n2', ok: true },
        { node: 'n3', ok: true },
        { message: 'HTTPS is on.' },
        { message: /Module web: installed/ },
      ],
    },
  });
  t.same(
    parse(n3.state.xml ?? '').lans.map((lan) => lan.nodes.find(({ node }) => node === 'n3')?.addr),
    ['10.0.0.13', '192.168.9.13'],
  );
  t.equal(n1.state.xml, n3.state.xml);
  t.same([n1.state.handed, n3.state.enrolled, n3.state.installed], [['n1', 'n2'], 1, ['web 3']]);
  for (const { state } of [n1, n3]) t.notOk(state.lines.join().includes(text.split('.')[2] ?? ''), 'the token is in no log');
  t.match(await comer('n4', n1).join.join(order(text), root), { ok: false, failure: { code: 'JOIN_USED' } });
  t.match(await n3.join.join(order(text), root), { ok: false, failure: { code: 'CONF_STATE' } });
  t.match(
    await comer('n4', n1, { networks: () => ['10.0.0.14/24'] }).join.join(order(await token(n1)), root),
    {
      ok: true,
      value: { steps: [{ node: 'n1' }, { node: 'n2' }, { node: 'n3', ok: false, message: /not have .* yet: of n3/ }, {}, {}] },
    },
    'a member that is away is named; it gets the configuration when it returns',
  );
  const stale = { ok: false, failure: { code: 'CONF_STALE', message: 'Node n2 has something newer.' } } as const;
  const behind = nodeOf('n1', start, { distribute: async () => stale });
  const kept = await token(behind);
  t.match(await comer('n3', behind).join.join(order(kept), root), {
    ok: false,
    failure: { code: 'JOIN_REFUSED', message: /Node n2 has something newer/ },
  });
  t.match(
    await comer('n3', behind).join.join(order(kept), root),
    { ok: false, failure: { message: /something newer/ } },
    'a refusal does not spend the token',
  );
});
t.test('tokens that are too old, changed, foreign, none; and too many of them', async (t) => {
  const n1 = nodeOf('n1', start);
  const n3 = comer('n3', n1);
  const foreign = await token(nodeOf('n1', start));
  t.match(await n3.join.join(order(foreign), root), { ok: false, failure: { code: 'JOIN_NONE' } });
  const text = await token(n1);
  t.match(await n3.join.join(order(foreign), root), { ok: false, failure: { code: 'JOIN_TOKEN' } });
  const [head, id, secret] = text.split('.');
  const changed = `${head}.${id}.${'A'.repeat(10)}${secret?.slice(10)}`;
  t.match(await n3.join.join(order(changed), root), { ok: false, failure: { code: 'JOIN_TOKEN' } });
  t.match(await n3.join.join(order('hfj1.x'), root), { ok: false, failure: { code: 'JOIN_TOKEN' } });
  n1.clock.run(15 * 60_000 + 1);
  t.match(await n3.join.join(order(text), root), { ok: false, failure: { code: 'JOIN_EXPIRED' } });
  for (let count = 0; count < 10; count += 1) await n3.join.join(order(changed), root);
  t.match(await n3.join.join(order(changed), root), { ok: false, failure: { code: 'JOIN_THROTTLED' } });
  const fresh = await token(n1);
  t.match(
    await n3.join.join(order(fresh), root),
    { ok: false, failure: { code: 'JOIN_THROTTLED' } },
    'a good one from there waits too',
  );
  n1.clock.run(61_000);
  t.match(await n3.join.join(order(fresh), root), { ok: true }, 'a minute later it is let in');
  n1.clock.run(25 * 3_600_000);
  t.match(
    await comer('n4', n1).join.join(order(fresh), root),
    { ok: false, failure: { code: 'JOIN_NONE' } },
    'forgotten after a day',
  );
  for (let count = 0; count < 64; count += 1) await token(n1);
  t.match(await n1.join.invite(15, root), { ok: false, failure: { code: 'JOIN_REFUSED' } });
});
t.test('names and addresses that are taken', async (t) => {
  const n1 = nodeOf('n1', start);
  const text = await token(n1);
  const refused = async (
    name: string,
    more: Partial<JoinOrder>,
    pattern: RegExp,
    networks: readonly string[] = ['10.0.0.13/24'],
  ) =>
    t.match(await comer(name, n1, { networks: () => networks }).join.join(order(text, more), root), {
      ok: false,
      failure: { code: 'JOIN_REFUSED', message: pattern },
    });
  await refused('n3', { addresses: ['10.0.0.12'] }, /another node has the address/);
  await refused('n3', { addresses: ['c=10.0.0.13'] }, /names no lan/);
  n1.state.online.add('n2');
  await refused('n2', { addresses: ['10.0.0.12'] }, /member and online/);
  n1.state.online.clear();
  await refused('n2', { addresses: ['10.0.0.99'] }, /other addresses/);
  await refused('n 3', {}, /not valid/);
  t.equal(n1.state.xml, start, 'nothing was changed');
  t.match(
    await comer('n2', n1, { networks: () => [] }).join.join(order(text, { addresses: ['10.0.0.12'] }), root),
    { ok: true, value: { steps: [{ node: 'n2', message: /Has the key/ }] } },
    'a node that was installed anew',
  );
  t.equal(n1.state.xml, start);
  t.match(await comer('n3', n1, { named: 'n3' }).join.join(order(text, { name: 'n4' }), root), {
    ok: false,
    failure: { code: 'CONF_NODE' },
  });
  t.match(await nodeOf('n1', null).join.invite(1, root), { ok: false, failure: { code: 'CONF_NONE' } });
  t.match(await nodeOf('n1', start, { cluster: () => ({ ...applied(start), locked: true }) }).join.invite(1, root), {
    ok: false,
    failure: { code: 'CONF_LOCKED' },
  });
  t.match(await nodeOf('n1', start, { cluster: () => ({ ...applied(start), keyHex: null }) }).join.invite(1, root), {
    ok: false,
    failure: { code: 'CONF_NONE' },
  });
});
t.test('an answer that was lost is given again; one that is not ours opens nothing', async (t) => {
  const n1 = nodeOf('n1', start);
  const text = await token(n1);
  const mine = readToken(text);
  if (mine === null) throw new Error('token');
  t.equal(tokenText(mine), text);
  const { message, read } = sealRequest(mine, { name: 'n3', addresses: [], networks: ['10.0.0.13/24'] });
  const first = await n1.join.admit(message, '10.0.0.13');
  const second = await n1.join.admit(message, '10.0.0.13');
  t.same(second, first);
  if (!first.ok) throw new Error('not let in');
  t.match(readAdmitted(read(first.value)), { name: 'n3', enrol: null });
  t.equal(read({ ...first.value, key: message.key }), null, 'another key');
  t.equal(read({ ...first.value, key: 'AAAA' }), null);
  t.equal(read({ ...first.value, key: Buffer.alloc(32).toString('base64url') }), null, 'a point that gives no secret');
  t.equal(read({ ...first.value, box: 'AAAA' }), null);
  const foreign = sealRequest({ ...mine, secret: Buffer.alloc(32) }, {});
  t.equal(openRequest(mine, foreign.message), null);
  t.equal(foreign.read(first.value), null);
  t.equal(sealAnswer(mine, { ...message, key: 'AAAA' }, {}), null);
  const liar = comer('n4', n1, { knock: async () => ({ ok: true, value: first.value }) });
  t.match(await liar.join.join(order(text), root), {
    ok: false,
    failure: { code: 'JOIN_UNREACHABLE', message: /does not know the token/ },
  });
  const odd = sealRequest(readToken(await token(n1)) ?? mine, { name: 1 });
  t.match(await n1.join.admit(odd.message, '10.0.0.13'), {
    ok: false,
    failure: { code: 'JOIN_REFUSED', message: /not complete/ },
  });
  t.equal(readArrival([]), null);
  t.equal(readArrival({ name: 'a', addresses: Array(65).fill('x'), networks: [] }), null);
  t.equal(readAdmitted({ name: 'a' }), null);
  t.equal(readAdmitted({ name: 'a', inviter: 'b', nodes: [], bundle: '', enrol, modules: [{ name: 1 }], steps: [] }), null);
  t.equal(readAdmitted(null), null);
});
t.test('where a node stands', async (t) => {
  const config = parse(start);
  const at = (networks: readonly string[], peer: string, addresses: readonly string[] = []) =>
    placeNode(config, { name: 'n3', addresses, networks, peer });
  t.same(at(['10.0.0.13/24'], '10.9.9.9'), { ok: true, addresses: [{ lan: 'a', addr: '10.0.0.13' }] });
  t.same(at([], '::ffff:10.9.9.9'), { ok: true, addresses: [{ lan: 'a', addr: '10.9.9.9' }] }, 'where it comes from');
  t.same(
    at(['10.0.0.13/24', '10.0.0.14/24'], '127.0.0.1'),
    {
      ok: false,
      message: at([], '127.0.0.1').ok
        ? ''
        : 'It is not clear which address the node has on the lan a: name it with --addr a=ADDRESS.',
    },
    'two in one network',
  );
  t.same(at(['10.0.0.13/99', 'x/y', '10.0.0.13'], '127.0.0.1').ok, false, 'rubbish');
  t.same(at([], '127.0.0.1', ['b=[fd00::1]', '10.0.0.20']), {
    ok: true,
    addresses: [
      { lan: 'a', addr: '10.0.0.20' },
      { lan: 'b', addr: 'fd00::1' },
    ],
  });
});
