/** The classic farm when nodes lose their power, the network breaks, and strangers knock. */
import { setTimeout as wait } from 'node:timers/promises';
import t from 'tap';
import { run } from '../e2e/daemon.js';
import { nowMs, until } from '../e2e/until.js';
import { Farm, figures, module } from './farm.js';
import { addressOf, whyNot } from './lab.js';

t.setTimeout(240_000);
const skip = whyNot();
const all = ['n1', 'n2', 'n3'] as const;

/** Sends requests from the client's machine, one after the other, and returns what was answered. */
async function fromClient(farm: Farm, requests: readonly Readonly<Record<string, unknown>>[]): Promise<readonly Stranger[]> {
  const program = `
    const answers = [];
    for (const { url, ...options } of JSON.parse(process.argv[1])) {
      const answer = await fetch(url, options);
      answers.push({ status: answer.status, headers: Object.fromEntries(answer.headers), body: await answer.text() });
    }
    console.log(JSON.stringify(answers));`;
  const command = [
    ...farm.lab.client.inNetwork,
    process.execPath,
    '--input-type=module',
    '-e',
    program,
    JSON.stringify(requests),
  ];
  const { code, stdout, stderr } = await run(command);
  if (code !== 0) throw new Error(stderr);
  const answers: unknown = JSON.parse(stdout);
  if (!Array.isArray(answers)) throw new Error(stdout);
  return answers;
}
interface Stranger {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

t.test('the classic AWS farm: power, network, strangers', { skip }, async (t) => {
  const farm = await Farm.create(t);
  const { lab, daemons, haproxy, load } = farm;
  const { n1, n2, n3 } = daemons;
  await farm.startAll();
  await farm.view(all);
  await farm.evenShares(all);

  /** What must stay as it is while only the network is broken: the applications' processes and the runs of their scripts. */
  const applications = async (): Promise<unknown> =>
    Promise.all(
      all.map(async (name) => [
        lab.nodes[name].processes('nginx'),
        await farm.scriptRuns(name, 'start_both'),
        await farm.scriptRuns(name, 'stop_both'),
      ]),
    );
  const allUp = async (): Promise<readonly string[]> => Promise.all(all.map((name) => daemons[name].state(module)));
  const up = ['UP Ready', 'UP Ready', 'UP Ready'];

  await t.test('what another machine may ask on port 9010', async (t) => {
    const base = `http://${addressOf.n1}:9010`;
    const json = { 'content-type': 'application/json' };
    const [api, ready, head, unknown, stop, forged, empty, spoofed] = await fromClient(farm, [
      { url: `${base}/api/v1/cluster` },
      { url: `${base}/var/modules/${module}/ready.txt` },
      { url: `${base}/var/modules/${module}/ready.txt`, method: 'HEAD' },
      { url: `${base}/var/modules/nothing/ready.txt` },
      { url: `${base}/api/v1/modules/${module}/actions`, method: 'POST', headers: json, body: '{"action":"stop"}' },
      {
        url: `${base}/api/v1/sealed`,
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream' },
        body: 'x'.repeat(300),
      },
      { url: `${base}/api/v1/sealed`, method: 'POST', body: '' },
      { url: `${base}/api/v1/cluster`, headers: { 'x-forwarded-for': '127.0.0.1', 'x-holdfast-request': '1' } },
    ]);
    t.match(api, { status: 403, headers: { 'content-type': /problem\+json/ } });
    t.match(api?.body, /HTTP_FORBIDDEN/);
    t.match(ready, { status: 200, body: 'OK', headers: { 'content-type': /^text\/plain/, 'cache-control': /no-store/ } });
    t.notOk(ready?.headers['set-cookie'], 'no cookies');
    t.match(head, { status: 200, body: '' });
    t.match(unknown, {
      status: 404,
      body: 'NOT FOUND',
      headers: { 'content-type': /^text\/plain/, 'cache-control': /no-store/ },
    });
    t.equal(stop?.status, 403, 'no command without authentication');
    t.equal(forged?.status, 401, 'a forged sealed request');
    t.ok([400, 401].includes(empty?.status ?? 0), `an empty sealed request: ${empty?.status}`);
    t.equal(spoofed?.status, 403, 'headers do not make it a local request');
    t.same(await allUp(), up, 'nothing of that did anything');
  });

  await t.test('n2 loses its power: the view without it, its part to the others, HAProxy leaves it out', async (t) => {
    let viewMs = 0;
    const { counts, tookMs } = await load.during(async () => {
      const off = nowMs();
      await lab.nodes.n2.powerOff();
      await farm.view(['n1', 'n3']);
      viewMs = nowMs() - off;
      await haproxy.sendsTo(['n1', 'n3']);
    });
    t.comment(figures(`power off, view without n2 after ${viewMs.toFixed(0)} ms`, counts, tookMs));
    t.ok(viewMs <= 3_000, `the others' view without n2 after ${viewMs.toFixed(0)} ms`);
    t.ok(counts.failed <= 50, `failed until noticed: ${counts.failed}`);
    t.same(await farm.evenShares(['n1', 'n3']), [128, 128]);
    const after = await load.during(() => wait(1_000));
    t.equal(after.counts.failed, 0, 'two nodes serve everybody');

    const asked = nowMs();
    const state = await n1.must('state');
    const stateMs = nowMs() - asked;
    t.comment(`state on n1 with a dead node: ${stateMs.toFixed(0)} ms\n${state}`);
    t.match(state, /n1.*UP/);
    t.match(state, /n2.*ERROR/);
    t.match(state, /n3.*UP/);
    t.ok(stateMs <= 4_000, 'a dead node delays it by 2 s at most, beside its own start');
    const summary = await n1.module(module);
    t.equal(summary.nodes.length, 3, 'three items');
    t.type(summary.nodes.find(({ node }) => node === 'n2')?.error, 'string', 'the dead one has an error');
  });

  await t.test('n2 has power again: started at boot, a third again', async (t) => {
    const { counts, tookMs } = await load.during(async () => {
      await lab.nodes.n2.powerOn();
      await n2.start();
      await n2.reaches(module, 'UP Ready');
      await haproxy.sendsTo(all);
    });
    t.comment(figures('n2 is back', counts, tookMs));
    t.equal(counts.failed, 0);
    t.equal(await n2.logged(module, 'Action start called at boot time'), 1);
    await farm.view(all);
    await farm.evenShares(all);
  });

  await t.test('the network is cut between n1 and the others: each part has everything, nothing is restarted', async (t) => {
    const before = await applications();
    const cut = await load.during(async () => {
      lab.split(['n1']);
      await farm.view(['n1']);
      await farm.view(['n2', 'n3']);
      t.same(await farm.evenShares(['n1']), [256]);
      t.same(await farm.evenShares(['n2', 'n3']), [128, 128]);
    });
    t.comment(figures('network cut', cut.counts, cut.tookMs));
    t.equal(cut.counts.failed, 0, 'the balancer reaches all');
    t.same(await allUp(), up);
    let healMs = 0;
    const heal = await load.during(async () => {
      const whole = nowMs();
      lab.split([]);
      await farm.view(all);
      healMs = nowMs() - whole;
      await farm.evenShares(all);
    });
    t.comment(figures(`healed, one view after ${healMs.toFixed(0)} ms`, heal.counts, heal.tookMs));
    t.ok(healMs <= 5_000, `one view after ${healMs.toFixed(0)} ms`);
    t.equal(heal.counts.failed, 0);
    t.same(await allUp(), up);
    t.same(await applications(), before, 'no application was restarted, no script was run');
  });

  await t.test("n3's cable is pulled and plugged in again", async (t) => {
    const before = await applications();
    const { counts, tookMs } = await load.during(async () => {
      lab.nodes.n3.cable('down');
      await farm.view(['n1', 'n2']);
      await farm.view(['n3']);
      await haproxy.sendsTo(['n1', 'n2']);
    });
    t.comment(figures('cable of n3 pulled', counts, tookMs));
    t.ok(counts.failed <= 50, `failed until noticed: ${counts.failed}`);
    t.same(await farm.evenShares(['n3']), [256]);
    t.same(await farm.evenShares(['n1', 'n2']), [128, 128]);
    t.same(await allUp(), up);
    lab.nodes.n3.cable('up');
    await farm.view(all);
    await farm.evenShares(all);
    await haproxy.sendsTo(all);
    t.same(await applications(), before, 'no application was restarted, no script was run');
  });

  await t.test('n1 does not hear n2, which hears n1: nobody is restarted, one view when it is over', async (t) => {
    const before = await applications();
    const { counts, tookMs } = await load.during(async () => {
      lab.nodes.n1.filter([{ chain: 'in', rule: `ip saddr ${addressOf.n2} udp dport 4800 drop` }]);
      await until('n1 has n2 no more', async () => !(await n1.cluster()).view?.members.includes('n2'));
      await wait(2_000);
    });
    const views = await Promise.all(all.map(async (name) => (await daemons[name].cluster()).view?.members.join(' ')));
    t.comment(figures(`one-way loss; views: ${views.join(', ')}`, counts, tookMs));
    t.same(views, ['n1 n3', 'n2', 'n1 n3'], 'n2 knows that it is not heard');
    t.same(await farm.evenShares(['n1', 'n3']), [128, 128]);
    t.equal(counts.failed, 0);
    t.same(await allUp(), up);
    lab.nodes.n1.filter([]);
    await farm.view(all);
    await farm.evenShares(all);
    t.same(await applications(), before, 'no application was restarted, no script was run');
  });

  await t.test('n3 has another key: dropped and counted, never a member', async (t) => {
    const before = await applications();
    const badTags = async (): Promise<number> => sum((await n1.cluster()).dropped);
    const dropped = await badTags();
    await n3.must('cluster', 'genkey', '--accept-old', '0s');
    await farm.view(['n1', 'n2']);
    await farm.view(['n3']);
    await until('n1 counts what it drops', async () => (await badTags()) > dropped + 10);
    const joined = await sampleFor(1_000, async () => (await n1.cluster()).view?.members.includes('n3') === true);
    t.notOk(joined, 'never a member');
    t.comment(`dropped by n1: ${JSON.stringify((await n1.cluster()).dropped)}`);
    const state = await n1.must('state');
    t.match(state, /n3.*ERROR/, 'nor is its state believed');
    t.same(await allUp(), up);
    await n3.must('cluster', 'config', farm.bundle);
    await farm.view(all);
    await farm.evenShares(all);
    t.same(await applications(), before, 'no application was restarted, no script was run');
  });
});

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((total, count) => total + count, 0);

/** Whether it was so at any look within that time. */
async function sampleFor(ms: number, look: () => Promise<boolean>): Promise<boolean> {
  const end = nowMs() + ms;
  while (nowMs() < end) {
    if (await look()) return true;
    await wait(20);
  }
  return false;
}
