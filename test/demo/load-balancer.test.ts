import { once } from 'node:events';
import { createServer, get, type Server } from 'node:http';
import t, { type Test } from 'tap';
import { probe } from '../../src/demo/http-probe.js';
import { type BalancerEvent, type BalancerTarget, type LoadBalancer, startLoadBalancer } from '../../src/demo/load-balancer.js';
import { type HealthPolicy, healthPresets } from '../../src/demo/target-health.js';

const policy: HealthPolicy = { ...healthPresets.demo, intervalMs: 20, timeoutMs: 2_000 };

interface Node {
  readonly target: BalancerTarget;
  readonly probes: { url: string | undefined; host: string | undefined }[];
  status: number;
}
async function listen(t: Test, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('not listening');
  return address.port;
}
/** An application that says its name, and a probe beside it whose status the test sets. */
async function node(t: Test, name: string): Promise<Node> {
  const probes: Node['probes'] = [];
  const made = { status: 200 };
  const port = await listen(
    t,
    createServer((_request, response) => response.end(name)),
  );
  const probePort = await listen(
    t,
    createServer((request, response) => {
      probes.push({ url: request.url, host: request.headers.host });
      response.writeHead(made.status).end();
    }),
  );
  return Object.assign(made, { target: { name, address: '127.0.0.1', port, probePort }, probes });
}
async function balance(
  t: Test,
  nodes: readonly Node[],
  rules: HealthPolicy = policy,
): Promise<{ balancer: LoadBalancer; until: (test: (event: BalancerEvent) => boolean) => Promise<BalancerEvent> }> {
  const seen: BalancerEvent[] = [];
  const waiting = new Set<(event: BalancerEvent) => void>();
  const balancer = await startLoadBalancer(
    {
      address: '127.0.0.1',
      port: 0,
      probePath: '/var/modules/web/ready.txt',
      policy: rules,
      targets: nodes.map((each) => each.target),
    },
    (event) => {
      seen.push(event);
      for (const tell of waiting) tell(event);
    },
  );
  t.teardown(() => balancer.close());
  return {
    balancer,
    /** The first event, from the start on, that was not asked for yet. */
    until: (test) =>
      new Promise((resolve) => {
        const tell = (): void => {
          const index = seen.findIndex(test);
          const found = seen[index];
          if (found === undefined) return;
          seen.splice(index, 1);
          waiting.delete(tell);
          resolve(found);
        };
        waiting.add(tell);
        tell();
      }),
  };
}
function becomes(target: string, to: string): (event: BalancerEvent) => boolean {
  return (event) => event.type === 'target.changed' && event.target === target && event.to === to;
}
function ask(balancer: LoadBalancer): Promise<string> {
  return new Promise((resolve) => {
    get({ host: '127.0.0.1', port: balancer.port, agent: false }, (response) => {
      response.setEncoding('utf8');
      let body = '';
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve(body));
      response.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    }).on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}
async function askMany(balancer: LoadBalancer, times: number): Promise<string> {
  const answers: string[] = [];
  for (let index = 0; index < times; index += 1) answers.push(await ask(balancer));
  return answers.sort().join(' ');
}

t.test('only healthy targets get connections, in turn', async (t) => {
  const nodes = [await node(t, 'n1'), await node(t, 'n2')] as const;
  const { balancer, until } = await balance(t, nodes);
  t.equal(await ask(balancer), 'ECONNRESET', 'nothing before the first verdict');
  await Promise.all([until(becomes('n1', 'healthy')), until(becomes('n2', 'healthy'))]);
  t.equal(await askMany(balancer, 4), 'n1 n1 n2 n2');

  nodes[0].status = 404;
  t.match(await until(becomes('n1', 'unhealthy')), { from: 'healthy', reason: 'HTTP 404' });
  t.equal(await askMany(balancer, 4), 'n2 n2 n2 n2');
  t.equal(balancer.stateOf('n1'), 'unhealthy');
  t.throws(() => balancer.stateOf('n3'), /n3/);

  nodes[0].status = 200;
  await until(becomes('n1', 'healthy'));
  t.equal(await askMany(balancer, 4), 'n1 n1 n2 n2');
  t.match(balancer.status(), { failOpen: false, counts: { accepted: 13, forwarded: { n1: 4, n2: 8 }, failed: 1 } });
  t.same(
    nodes[0].probes[0],
    { url: '/var/modules/web/ready.txt', host: `127.0.0.1:${balancer.port}` },
    "the probe's Host is the balancer's",
  );
});

t.test('when all are unhealthy AWS sends to all, and Azure to none', async (t) => {
  for (const [rules, expected] of [
    [policy, 'n1 n1 n2 n2'],
    [{ ...policy, whenAllUnhealthy: 'none' }, 'ECONNRESET ECONNRESET ECONNRESET ECONNRESET'],
  ] as const) {
    const nodes = [await node(t, 'n1'), await node(t, 'n2')] as const;
    nodes[0].status = 404;
    nodes[1].status = 503;
    const { balancer, until } = await balance(t, nodes, rules);
    await Promise.all([until(becomes('n1', 'unhealthy')), until(becomes('n2', 'unhealthy'))]);
    t.equal(balancer.status().failOpen, rules.whenAllUnhealthy === 'all');
    t.equal(await askMany(balancer, 4), expected);
  }
});

t.test('a target that turns unhealthy loses its connections only under a policy that says so', async (t) => {
  for (const established of ['reset', 'keep'] as const) {
    const one = await node(t, 'n1');
    const slow = createServer((_request, response) => {
      response.write('begun ');
      one.status = 404;
      finish = () => response.end('done');
    });
    let finish = (): void => {};
    const port = await listen(t, slow);
    const two = { ...one, target: { ...one.target, port } };
    const { balancer, until } = await balance(t, [two], {
      ...policy,
      establishedConnections: established,
      whenAllUnhealthy: 'none',
    });
    await until(becomes('n1', 'healthy'));
    const answer = ask(balancer);
    await until(becomes('n1', 'unhealthy'));
    finish();
    t.equal(await answer, established === 'keep' ? 'begun done' : 'ECONNRESET');
  }
});

t.test('a probe that is answered too late, or not at all, is a failure', async (t) => {
  const silent = createServer(() => {});
  const port = await listen(t, silent);
  const spec = { address: '127.0.0.1', port, path: '/', host: 'x', timeoutMs: 20 };
  t.same(await probe(spec, new AbortController().signal), { kind: 'timeout' });
  const aborting = new AbortController();
  const aborted = probe({ ...spec, timeoutMs: 5_000 }, aborting.signal);
  aborting.abort();
  t.match(await aborted, { kind: 'error' });
  const gone = createServer();
  const gonePort = await listen(t, gone);
  await new Promise((resolve) => gone.close(resolve));
  t.same(await probe({ ...spec, port: gonePort, timeoutMs: 5_000 }, new AbortController().signal), {
    kind: 'error',
    message: 'ECONNREFUSED',
  });
});
