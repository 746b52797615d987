/** Four nodes, each on a machine of its own: how a cluster is made, given to all, rekeyed under traffic, and caught up with. */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import t from 'tap';
import type { RealDaemon, Run } from '../e2e/daemon.js';
import { nowMs, until } from '../e2e/until.js';
import { address, ClusterLab, type FourNode, fourNodes, labTools } from './cluster-lab.js';
import { whyNot } from './lab.js';

t.setTimeout(600_000);
const module = 'web';
const json = { 'content-type': 'application/json' };

const userconfig = (note: string): string => `<!DOCTYPE safe>
<safe>
  <!-- ${note} -->
  <service mode="farm" boot="off">
    <farm><lan name="default"/></farm>
    <user nicestoptimeout="10s" forcestoptimeout="10s"/>
  </service>
</safe>
`;
const script = (said: string): string => `#!/bin/sh\necho "${said}"\nexit 0\n`;
const lines = (daemon: RealDaemon, part: string): number =>
  daemon
    .nodeLog()
    .split('\n')
    .filter((line) => line.includes(part)).length;
/** The parts of what `-H`, `-G` and `-E` print: one for each node. */
const parts = ({ stdout }: Run): readonly string[] => stdout.split(/^-{16} Server=/m).slice(1);

t.test('four nodes', { skip: whyNot(labTools) }, async (t) => {
  const begun = nowMs();
  const lab = new ClusterLab(t);
  const { daemons } = lab;
  const { n1, n2, n3, n4 } = daemons;
  const all = Object.values(daemons);
  const step = (what: string): void => t.comment(`${((nowMs() - begun) / 1000).toFixed(1)} s: ${what}`);
  const sees = async (nodes: readonly FourNode[], members: readonly FourNode[] = nodes): Promise<unknown> =>
    until(`${nodes.join(' ')} see ${members.join(' ')}`, async () =>
      (await Promise.all(nodes.map((node) => daemons[node].cluster()))).every(
        ({ view }) => view?.members.join(' ') === members.join(' '),
      ),
    );
  const caFile = join(lab.directory, 'ca.crt');
  const url = (node: FourNode): string => `https://${address(node)}:9453`;
  for (const daemon of all) await daemon.start();
  step('four daemons run');

  await t.test('a cluster of one, and three that join it with one command each', async (t) => {
    await n1.must('cluster', 'create', '--names', 'n1', address('n1'));
    await n1.must('https', 'setup');
    await n1.must('https', 'ca', caFile);
    for (const [node, daemon] of [
      ['n2', n2],
      ['n3', n3],
      ['n4', n4],
    ] as const) {
      const token = join(lab.directory, `token-${node}`);
      writeFileSync(token, (await n1.must('cluster', 'invite')).split('\n')[0] ?? '');
      t.match(
        await daemon.must('join', url('n1'), '--token-file', token),
        new RegExp(`${node} is a member of the cluster of n1`),
      );
    }
    await sees(fourNodes);
    const info = await n1.must('cluster', 'confinfo');
    const signatures = new Set(info.match(/[0-9a-f]{64}/g));
    t.equal(signatures.size, 1, `one configuration: ${info}`);
    t.equal(info.match(/^n\d +yes/gm)?.length, 4);
    step('joined');
  });

  await t.test('-E gives a module to all, with the result of each, and -H starts it', async (t) => {
    await n1.install(module, {
      userconfig: userconfig('first'),
      scripts: { start_both: script('one'), stop_both: script('off') },
    });
    const exported = await n1.cli('-H', '*', '-E', module);
    t.equal(exported.code, 0, exported.stderr);
    t.equal(parts(exported).length, 4);
    t.equal(
      parts(exported).filter((part) => part.endsWith('Success\n') || part.includes('Success (')).length,
      4,
      exported.stdout,
    );
    t.equal((await n1.cli('-H', '*', 'start', '-m', module)).code, 0);
    await Promise.all(all.map((daemon) => daemon.reaches(module, 'UP Ready')));
    const state = await n2.must('state');
    for (const node of fourNodes) t.match(state, new RegExp(`${node}.*UP`));
    step('the module is UP everywhere');
  });

  await t.test('new keys under traffic: nobody is lost, nothing is refused', async (t) => {
    const prober = spawn(
      lab.in('client')[0] ?? '',
      [
        ...lab.in('client').slice(1),
        ...[process.execPath, join(import.meta.dirname, 'ready-prober.mjs'), module, '50'],
        ...fourNodes.map(address),
      ],
      { stdio: ['pipe', 'pipe', 'inherit'], env: { PROBER_OF: lab.directory } },
    );
    const said = text(prober.stdout);
    const before = await Promise.all(all.map((daemon) => daemon.cluster()));
    const views = all.map((daemon) => lines(daemon, 'cluster membership: '));
    const refusals = all.map((daemon) => lines(daemon, ' is refused: '));
    const first = readFileSync(join(n1.safevar, 'cluster', 'cluster.key'), 'utf8');

    // Two at once are two changes of different nodes; each is carried to all while commands go on between them.
    const rekeyed = [await n1.cli('cluster', 'rekey', '--accept-old', '15s')];
    const busy = await n3.cli('-H', '*', 'state', '-m', module);
    rekeyed.push(await n3.cli('cluster', 'rekey', '--accept-old', '15s'));
    const last = nowMs();
    t.same(
      rekeyed.map(({ code }) => code),
      [0, 0],
      rekeyed.map(({ stderr }) => stderr).join(''),
    );
    t.equal(busy.code, 0, busy.stderr);
    t.same(
      parts(busy).map((part) => /UP/.test(part)),
      [true, true, true, true],
    );
    const keys = new Set(all.map(({ safevar }) => readFileSync(join(safevar, 'cluster', 'cluster.key'), 'utf8')));
    t.equal(keys.size, 1, 'all have the same key');
    t.notOk(keys.has(first), 'it is another one');

    // Users meanwhile, until the keys before are accepted no more.
    await t.test('users and tokens are good on all nodes, and revoked on all', async (t) => {
      const password = 'correct horse battery staple';
      t.match(await n1.api('POST', '/users', { name: 'alice', role: 'admin', password }), { status: 201 });
      const created = await n1.must('token', 'create', 'probe', '--role', 'Monitor');
      const token = /hf_\S+/.exec(created)?.[0] ?? '';
      const login = (node: FourNode) => ({
        ...{ url: `${url(node)}/api/v1/session`, method: 'POST', headers: json },
        body: JSON.stringify({ user: 'alice', password }),
      });
      const read = (node: FourNode) => ({ url: `${url(node)}/api/v1/cluster`, headers: { authorization: `Bearer ${token}` } });
      await until('alice can log in at n2, and the token is good at n3', async () => {
        const got = await lab.ask([login('n2'), read('n3'), { url: `${url('n3')}/api/v1/cluster` }], caFile);
        return got.map(({ status }) => status).join(' ') === '200 200 401';
      });
      const id = token.split('_')[2] ?? '';
      await n2.must('token', 'revoke', id);
      await n4.must('user', 'delete', 'alice');
      await until('neither is good at n1', async () => {
        const got = await lab.ask([login('n1'), read('n1')], caFile);
        return got.every(({ status }) => status === 401 || status === 403);
      });
      step('users went round');
    });

    await until('the keys before are accepted no more', () => nowMs() > last + 15_500, 20_000);
    prober.stdin.end();
    const probed: { readonly sent: number; readonly bad: readonly string[] } = JSON.parse(await said);
    t.comment(`${probed.sent} probes`);
    t.ok(probed.sent > 800);
    t.same(probed.bad, [], 'every probe was answered with OK');
    t.same(
      all.map((daemon) => lines(daemon, 'cluster membership: ')),
      views,
      'no view changed',
    );
    t.same(
      all.map((daemon) => lines(daemon, ' is refused: ')),
      refusals,
      'nobody was refused',
    );
    const after = await Promise.all(all.map((daemon) => daemon.cluster()));
    t.same(
      after.map(({ view }) => view),
      before.map(({ view }) => view),
      'the same views',
    );
    // Once a second a node that has the new key offers it: whoever has not got it yet drops that, and is spoken to with the old one as well.
    const lost = (clusters: typeof after): unknown => clusters.map(({ dropped }) => ({ ...dropped, foreign: 0 }));
    t.same(lost(after), lost(before), 'no datagram was refused');
    t.comment(`offers of a key before it was there: ${after.map(({ dropped }) => dropped['foreign']).join(' ')}`);
    t.equal((await n2.cli('-H', '*', 'level')).code, 0, 'the nodes talk with the new key alone');
    step('rekeyed');
  });

  const caughtUp = (daemon: RealDaemon): number => lines(daemon, 'caught up: this node was away');
  const revision = async (daemon: RealDaemon): Promise<unknown> => {
    const { status, body } = await daemon.api('GET', '/cluster/info');
    const { revision: found }: { readonly revision?: unknown } = JSON.parse(body);
    if (status !== 200 || typeof found !== 'string') throw new Error(body);
    return found;
  };
  /** Another cluster.xml and another version of the module, given out by n1; what each node is left with is in the results. */
  async function change(note: string): Promise<readonly Run[]> {
    const file = join(lab.directory, 'cluster.xml');
    const xml = readFileSync(join(n1.safevar, 'cluster', 'cluster.xml'), 'utf8');
    const pulse = 100 + note.length;
    writeFileSync(file, xml.replace(/<lans[^>]*>/, `<lans pulse="${pulse}">`));
    n1.writeModule(module, { userconfig: userconfig(note), scripts: { start_both: script(note), stop_both: script('off') } });
    const given = await n1.cli('-H', '*', '-G', file);
    return [given, await n1.cli('cluster', 'rekey', '--accept-old', '15s'), await n1.cli('-H', '*', '-E', module)];
  }

  await t.test('a node that is away is said to be, and catches up when it returns', async (t) => {
    await Promise.all(all.map((daemon) => daemon.cli('stop', '-m', module, '--wait')));
    lab.cable('n4', 'down');
    await sees(['n1', 'n2', 'n3']);
    const results = await change('second');
    for (const result of results) {
      t.match(result, { code: 1, stderr: /CLUSTER_PARTIAL: not on n4/ });
      t.equal(parts(result).length, 4);
      t.match(parts(result)[3], /NODE_UNREACHABLE: .*catches up when it returns[\s\S]*Error\n$/, 'n4 is away');
      t.equal(parts(result).filter((part) => /Success/.test(part)).length, 3);
    }
    const everywhere = await n1.cli('-H', '*', 'level');
    t.match(everywhere, { code: 1 });
    t.equal(parts(everywhere).filter((part) => part.endsWith('Success\n')).length, 3);
    t.match(await n1.cli('-H', 'n1,n2', 'level'), { code: 0 });
    t.equal(caughtUp(n4), 0);
    lab.cable('n4', 'up');
    const back = nowMs();
    await until('n4 has what it missed', () => caughtUp(n4) === 2, 60_000);
    t.comment(`caught up ${(nowMs() - back).toFixed(0)} ms after its cable was plugged in`);
    await sees(fourNodes);
    t.equal(await revision(n4), await revision(n1));
    t.match(await n1.must('cluster', 'confinfo'), /n4 caught up at .* from n\d/);
    t.match(readFileSync(join(n4.safe, 'modules', module, 'bin', 'start_both'), 'utf8'), /second/);
    step('caught up');
  });
});
