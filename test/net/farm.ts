/** The farm of these tests: the classic userconfig.xml of a 7.x farm for AWS, nginx on three nodes, HAProxy before them, a client. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { RequestCounts } from '../../src/demo/traffic.js';
import { RealDaemon } from '../e2e/daemon.js';
import { until } from '../e2e/until.js';
import { type Haproxy, startHaproxy } from './haproxy.js';
import { addressOf, Lab, type NodeName, nodeNames } from './lab.js';
import { type Load, startLoad } from './load.js';

export const module = 'farm';

/** The file as it stands, with only the name of the process filled in. */
export function classicUserconfig(): string {
  const text = readFileSync(join(import.meta.dirname, '..', 'config', 'fixtures', 'farm-aws-7.xml'), 'utf8');
  const filled = text.replace('name="webapp"', 'name="nginx"');
  if (filled === text) throw new Error('the fixture has no process name to fill in');
  return filled;
}

/** The scripts as they are written for the classic product: everything is asked of $SAFE/safekit. */
const scripts: Readonly<Record<string, string>> = {
  prestart: `#!/bin/sh
# Certainly stopped before anything else.
"$SAFEUSERBIN/stop_both" "$@"
"$SAFEUSERBIN/stop_both" force "$@"
`,
  start_both: `#!/bin/sh
# $1 current state, $2 next state, $3 action
WEB="\${SAFE%/safe}/web"
echo "Running start_both $*"
nginx -p "$WEB" -c "$WEB/nginx.conf"
res=$?
if [ $res -ne 0 ]; then
  $SAFE/safekit printe "start_both failed: nginx ended with $res"
  $SAFE/safekit stop -i "start_both"
  exit 1
fi
$SAFE/safekit printi "nginx started"
$SAFE/safekit set -r custom.web -v up -i "start_both"
exit 0
`,
  stop_both: `#!/bin/sh
# [force] $1 current state, $2 next state, $3 action
WEB="\${SAFE%/safe}/web"
echo "Running stop_both $*"
if [ "$1" = "force" ]; then
  for pid in $(pidof nginx); do kill -KILL "$pid"; done
  n=50
  while [ $n -gt 0 ] && pidof nginx >/dev/null; do n=$((n - 1)); sleep 0.1; done
  rm -f "$WEB/nginx.pid"
  exit 0
fi
[ -f "$WEB/nginx.pid" ] && nginx -p "$WEB" -c "$WEB/nginx.conf" -s quit
n=50
while [ $n -gt 0 ] && pidof nginx >/dev/null; do n=$((n - 1)); sleep 0.1; done
$SAFE/safekit printi "nginx stopped"
exit 0
`,
};

/** nginx's own configuration: its answer names the node; nothing outside its directory is used. */
const nginxConf = (node: NodeName, prefix: string): string => `user root;
daemon on;
worker_processes 1;
pid ${prefix}/nginx.pid;
error_log ${prefix}/error.log;
events { worker_connections 512; }
http {
  access_log off;
  client_body_temp_path ${prefix}/t1; proxy_temp_path ${prefix}/t2; fastcgi_temp_path ${prefix}/t3;
  uwsgi_temp_path ${prefix}/t4; scgi_temp_path ${prefix}/t5;
  server { listen 80; location / { default_type application/json; return 200 '{"node":"${node}"}\\n'; } }
}
`;

const clusterXml = `<cluster>
  <lans port="4800">
    <lan name="default" command="on">
${nodeNames.map((name) => `      <node name="${name}" addr="${addressOf[name]}"/>`).join('\n')}
    </lan>
  </lans>
</cluster>
`;

export class Farm {
  readonly lab: Lab;
  readonly daemons: Readonly<Record<NodeName, RealDaemon>>;
  readonly haproxy: Haproxy;
  readonly load: Load;
  /** The cluster's configuration and key, as `cluster package` wrote it. */
  readonly bundle: string;

  private constructor(lab: Lab, daemons: Readonly<Record<NodeName, RealDaemon>>, haproxy: Haproxy, load: Load, bundle: string) {
    this.lab = lab;
    this.daemons = daemons;
    this.haproxy = haproxy;
    this.load = load;
    this.bundle = bundle;
  }

  /** Everything is there and runs, the module is configured on all nodes and not started. Removed at the end of the test. */
  static async create(t: Test): Promise<Farm> {
    const lab = await Lab.create();
    t.teardown(() => lab.remove());
    const daemon = (name: NodeName): RealDaemon =>
      new RealDaemon({
        directory: lab.nodes[name].directory,
        node: name,
        httpPort: 9010,
        get wrap() {
          return lab.nodes[name].inside;
        },
      });
    const daemons = { n1: daemon('n1'), n2: daemon('n2'), n3: daemon('n3') };
    const clusterFile = join(lab.directory, 'cluster.xml');
    const bundle = join(lab.directory, 'cluster.zip');
    writeFileSync(clusterFile, clusterXml);
    for (const name of nodeNames) {
      const web = join(lab.nodes[name].directory, 'web');
      mkdirSync(web);
      writeFileSync(join(web, 'nginx.conf'), nginxConf(name, web));
    }
    await Promise.all(nodeNames.map((name) => daemons[name].start()));
    await daemons.n1.must('cluster', 'config', clusterFile);
    await daemons.n1.must('cluster', 'package', bundle);
    await Promise.all([daemons.n2, daemons.n3].map((each) => each.must('cluster', 'config', bundle)));
    const files = { userconfig: classicUserconfig(), scripts };
    await Promise.all(nodeNames.map((name) => daemons[name].install(module, files)));
    const haproxy = await startHaproxy(lab.balancer.inNetwork, lab.balancer.directory, module);
    t.teardown(() => haproxy.close());
    const load = await startLoad(lab.client.inNetwork, addressOf.lb, 80, 50);
    t.teardown(() => load.close());
    return new Farm(lab, daemons, haproxy, load, bundle);
  }

  /** Applies another userconfig.xml on a node whose module is stopped. */
  async reconfigure(name: NodeName, userconfig: string): Promise<void> {
    this.daemons[name].writeModule(module, { userconfig, scripts });
    await this.daemons[name].must('config', '-m', module);
  }

  async startAll(): Promise<void> {
    await this.daemons.n1.must('start', '-m', module, '--nodes', '*');
    await Promise.all(nodeNames.map((name) => this.daemons[name].reaches(module, 'UP Ready')));
    await this.haproxy.sendsTo(nodeNames);
  }

  /** Waits until each of these nodes has the view of exactly these. */
  async view(of: readonly NodeName[], boundMs = 20_000): Promise<void> {
    let last: readonly string[] = [];
    await until(
      `the view of ${of.join(' ')}`,
      async () => {
        const views = await Promise.all(of.map(async (name) => (await this.daemons[name].cluster()).view));
        last = views.map((view) => `${view?.members.join(' ')} (leader ${view?.leader}, ${view?.epoch})`);
        return views.every((view) => view?.members.join(' ') === of.join(' ') && view.epoch === views[0]?.epoch);
      },
      boundMs,
      () => last,
    );
  }

  /** The buckets (of 256) that each node said it has, by its resource `default_0` in percent and its log. */
  async buckets(name: NodeName): Promise<number> {
    const lines = (await this.daemons[name].logs(module)).filter((line) => line.message.startsWith('farm load: '));
    return Number(/farm load: (\d+)\/256/.exec(lines.at(-1)?.message ?? '')?.[1]);
  }

  /** Waits until the shares of these nodes sum up to all 256 buckets, as evenly as can be, by their logs and their states. */
  async evenShares(of: readonly NodeName[], boundMs = 20_000): Promise<readonly number[]> {
    let last: readonly number[] = [];
    return until(
      `shares of ${of.join(' ')}`,
      async () => {
        last = await Promise.all(of.map((name) => this.buckets(name)));
        const percents = await Promise.all(of.map(async (name) => (await this.daemons[name].status(module)).share));
        const agreed = percents.every((percent, index) => percent === Math.round(((last[index] ?? -1) / 256) * 100));
        const even = Math.max(...last) - Math.min(...last) <= 1;
        return agreed && even && last.reduce((sum, part) => sum + part, 0) === 256 ? last : null;
      },
      boundMs,
      () => last,
    );
  }

  /** How often a script was run on a node, by its userlogs. */
  async scriptRuns(name: NodeName, script: string): Promise<number> {
    return this.daemons[name].logged(module, `Script ${script} >`);
  }
}

/** One line of figures for the test's output. */
export function figures(what: string, counts: RequestCounts, tookMs: number): string {
  const reasons = Object.entries(counts.failures).map(([reason, count]) => `${count} ${reason}`);
  const nodes = Object.entries(counts.byNode)
    .sort()
    .map(([node, count]) => `${node} ${count}`);
  return `${what}: ${(tookMs / 1000).toFixed(1)} s, ${counts.sent} requests, ${counts.failed} failed${
    reasons.length === 0 ? '' : ` (${reasons.join(', ')})`
  }; answered by ${nodes.join(', ')}`;
}
