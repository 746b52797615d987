/** The whole demo while it runs: two nodes, the balancer, the load; set up in order and cleaned up whatever happens. */
import { mkdirSync, rmSync } from 'node:fs';
import { DemoError, messageOf } from './demo-error.js';
import { clusterXml, type Layout, type NodeName } from './layout.js';
import { type Ledger, openLedger, sweepLeftovers } from './ledger.js';
import { type BalancerEvent, type LoadBalancer, startLoadBalancer } from './load-balancer.js';
import { packModule } from './module-archive.js';
import { createNode, type DemoNode } from './node-control.js';
import type { DemoOptions } from './options.js';
import { preflight } from './preflight.js';
import { signal } from './processes.js';
import { startTraffic, type Traffic } from './traffic.js';

/** Everything that plays a part. */
export interface Stage {
  readonly layout: Layout;
  readonly nodes: Readonly<Record<NodeName, DemoNode>>;
  readonly balancer: LoadBalancer;
  readonly traffic: Traffic;
  /** Calls back for what the balancer sees from now on. */
  onBalancer(listener: (event: BalancerEvent) => void): void;
  /** Records a process that the demo, or one of its nodes, runs. */
  record(what: string, pid: number): void;
}

/** How the setting up goes on, one line each. */
export type Say = (line: string) => void;

/** What has been started, to be ended in the opposite order. */
export interface CleanUp {
  /** Ends everything; a second call waits for the first. Never rejects: what went wrong is returned, one line each. */
  run(): Promise<readonly string[]>;
}

const forceStopMs = 4_000;
const daemonStopMs = 3_000;

/**
 * Sets the demo up: sweeps leftovers, checks ports, starts the daemons, configures the cluster on one node and carries it to the
 * other, installs and applies the module on both, starts it, and puts the balancer and the load in front.
 * `register` gets the clean-up before anything is started.
 * @throws DemoError, or the CliError of a daemon that refuses.
 */
export async function setStage(
  options: DemoOptions,
  layout: Layout,
  say: Say,
  register: (cleanUp: CleanUp) => void,
): Promise<Stage> {
  const swept = await sweepLeftovers(layout);
  if (swept > 0) say(`swept ${swept} process${swept === 1 ? '' : 'es'} that an earlier demo left behind`);
  await preflight(layout);
  for (const node of layout.nodes) rmSync(node.dir, { recursive: true, force: true });
  mkdirSync(layout.dir, { recursive: true });
  const ledger = openLedger(layout);
  const record = (what: string, pid: number): void => ledger.add(what, pid);
  const [first, second] = layout.nodes;
  if (first === undefined || second === undefined) throw new Error('a demo has two nodes');
  const nodes: Readonly<Record<NodeName, DemoNode>> = {
    n1: createNode(layout, first, record),
    n2: createNode(layout, second, record),
  };
  const listeners = new Set<(event: BalancerEvent) => void>();
  const front: { balancer: LoadBalancer | null; traffic: Traffic | null } = { balancer: null, traffic: null };
  register(cleanUpOf(layout, [nodes.n1, nodes.n2], front, ledger));

  say('starting the daemons of n1 and n2');
  await Promise.all([nodes.n1.startDaemon(), nodes.n2.startDaemon()]);
  say('configuring the cluster: on n1, then its key and configuration on n2');
  await nodes.n1.configureCluster(clusterXml(layout));
  await nodes.n2.importCluster(await nodes.n1.exportCluster());
  say(`installing, applying and starting the farm module '${layout.module}'`);
  const archive = await packModule();
  await Promise.all([nodes.n1.installModule(archive), nodes.n2.installModule(archive)]);
  await Promise.all([nodes.n1.command('start'), nodes.n2.command('start')]);
  front.balancer = await startBalancer(options, layout, (event) => {
    for (const listener of listeners) listener(event);
  });
  front.traffic = await startTraffic(layout.balancerAddress, front.balancer.port, 0);
  record('client', front.traffic.pid);
  return {
    layout,
    nodes,
    balancer: front.balancer,
    traffic: front.traffic,
    onBalancer: (listener) => listeners.add(listener),
    record,
  };
}

async function startBalancer(
  options: DemoOptions,
  layout: Layout,
  onEvent: (event: BalancerEvent) => void,
): Promise<LoadBalancer> {
  try {
    return await startLoadBalancer(
      {
        address: layout.balancerAddress,
        port: layout.ports.balancer,
        probePath: `/var/modules/${layout.module}/ready.txt`,
        policy: options.policy,
        targets: layout.nodes.map((node) => ({
          name: node.name,
          address: node.address,
          port: layout.ports.application,
          probePort: layout.ports.http,
        })),
      },
      onEvent,
    );
  } catch (error) {
    throw new DemoError(
      `the load balancer cannot listen on ${layout.balancerAddress}:${layout.ports.balancer}: ${messageOf(error)}`,
    );
  }
}

function cleanUpOf(
  layout: Layout,
  nodes: readonly DemoNode[],
  front: { readonly balancer: LoadBalancer | null; readonly traffic: Traffic | null },
  ledger: Ledger,
): CleanUp {
  let running: Promise<readonly string[]> | null = null;
  const run = async (): Promise<readonly string[]> => {
    const problems: string[] = [];
    const attempt = async (what: string, action: () => Promise<unknown>): Promise<void> => {
      try {
        await action();
      } catch (error) {
        problems.push(`${what}: ${messageOf(error)}`);
      }
    };
    await attempt('the load', async () => front.traffic?.close());
    await attempt('the load balancer', async () => front.balancer?.close());
    await Promise.all(nodes.map((node) => attempt(node.layout.name, () => endNode(node))));
    for (const node of layout.nodes) rmSync(node.socket, { force: true });
    if (problems.length === 0) ledger.clear();
    return problems;
  };
  return {
    run: () => {
      running ??= run();
      return running;
    },
  };
}

/** Stops the application through its module, then the daemon, then, by force, whatever of the node is left. */
async function endNode(node: DemoNode): Promise<void> {
  const daemon = node.daemon();
  if (daemon !== null) {
    try {
      await node.command('forcestop');
      await until(forceStopMs, async () => (await node.status()).state === 'STOP');
    } catch {
      // It does not answer, or refuses: its processes are ended all the same, below.
    }
    if (signal(daemon, 'SIGTERM')) await until(daemonStopMs, async () => node.daemon() === null);
  }
  await node.powerOff();
}

async function until(withinMs: number, test: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (Date.now() < deadline && !(await test())) await new Promise((resolve) => setTimeout(resolve, 30));
}
