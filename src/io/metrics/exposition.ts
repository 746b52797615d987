/** The metrics as text for Prometheus, made anew at each scrape by prom-client. docs/metrics.md lists them all; a test holds it to this. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ModuleSummary } from '../../actors/face.js';
import type { LoopTimes, MetricsSource } from './metrics.js';
import { type Duration, scriptBuckets, type Tally } from './tally.js';

/** Resources that are shown, of all modules together; the rest is counted in `holdfast_resources_omitted`. */
export const mostResources = 2_000;

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

const qualities = ['Ready', 'Transient', 'NotReady'] as const;
const statesOf = (mode: ModuleSummary['mode']): readonly string[] =>
  mode === 'mirror' ? ['STOP', 'WAIT', 'PRIM', 'SECOND', 'ALONE'] : ['STOP', 'WAIT', 'UP'];
const resourceValues: Readonly<Record<string, number>> = { up: 1, down: 0, init: -1, unknown: -2 };

const durationName = 'holdfast_script_duration_seconds';
const durationHelp = 'How long scripts of modules took.';

/** A histogram that was counted elsewhere. */
class CountedHistogram extends Histogram<string> {
  #durations: readonly Duration[] = [];

  fill(durations: readonly Duration[]): void {
    this.#durations = durations;
  }
  /** What the library asks a histogram for, its own counts left out. */
  async getForPromString(): Promise<unknown> {
    const values = this.#durations.flatMap(({ labels, buckets, sum, count }) => {
      let reached = 0;
      const steps = scriptBuckets.map((limit, index) => {
        reached += buckets[index] ?? 0;
        return { metricName: `${durationName}_bucket`, labels: { ...labels, le: limit }, value: reached };
      });
      return [
        ...steps,
        { metricName: `${durationName}_bucket`, labels: { ...labels, le: '+Inf' }, value: count },
        { metricName: `${durationName}_sum`, labels: { ...labels }, value: sum },
        { metricName: `${durationName}_count`, labels: { ...labels }, value: count },
      ];
    });
    return { name: durationName, help: durationHelp, type: 'histogram', values, aggregator: 'sum' };
  }
}

class Page {
  readonly registry = new Registry();

  gauge(name: string, help: string, labelNames: readonly string[], samples: readonly Sample[]): void {
    const metric = new Gauge({ name, help, labelNames, registers: [this.registry] });
    for (const [labels, value] of samples) metric.set({ ...labels }, value);
  }
  counter(name: string, help: string, labelNames: readonly string[], samples: readonly Sample[]): void {
    const metric = new Counter({ name, help, labelNames, registers: [this.registry] });
    for (const [labels, value] of samples) metric.inc({ ...labels }, value);
  }
}

function modules(page: Page, { face }: MetricsSource): void {
  const all = face.modules().flatMap((module) => module.nodes.slice(0, 1).map((status) => ({ module, status })));
  const configured = all.filter(({ module }) => module.configured);
  page.gauge(
    'holdfast_module_state',
    'State and quality of a module on this node: 1 for the one that it is in, 0 for the others of its mode.',
    ['module', 'state', 'quality'],
    configured.flatMap(({ module: { name, mode }, status }) =>
      statesOf(mode).flatMap((state) =>
        qualities.map(
          (quality): Sample => [{ module: name, state, quality }, status.state === state && status.quality === quality ? 1 : 0],
        ),
      ),
    ),
  );
  const each = (value: (one: (typeof all)[number]) => number): readonly Sample[] =>
    configured.map((one): Sample => [{ module: one.module.name }, value(one)]);
  page.gauge(
    'holdfast_module_info',
    'A module that is installed on this node, with its mode; configured is no before its configuration was applied.',
    ['module', 'mode', 'configured'],
    all.map(
      ({ module }): Sample => [{ module: module.name, mode: module.mode ?? '', configured: module.configured ? 'yes' : 'no' }, 1],
    ),
  );
  page.gauge(
    'holdfast_module_ready',
    'Whether the health probe answers 200 (ready.txt).',
    ['module'],
    each(({ status }) => (status.ready ? 1 : 0)),
  );
  page.gauge(
    'holdfast_module_wanted',
    'Whether the module is meant to run (1: started last, 0: stopped last).',
    ['module'],
    each(({ status }) => (status.wish === 'start' ? 1 : 0)),
  );
  page.gauge(
    'holdfast_module_share_ratio',
    'Part of the traffic that this node has, 0 to 1.',
    ['module'],
    each(({ status }) => status.share / 100),
  );
  page.gauge(
    'holdfast_module_state_since_seconds',
    'When the module came into its state, in seconds since 1970.',
    ['module'],
    each(({ status }) => Date.parse(status.since) / 1000),
  );
  page.gauge(
    'holdfast_module_restarts_used',
    'Restarts that count against maxloop in the window that is open.',
    ['module'],
    each(({ status }) => status.budget.used),
  );
  page.gauge(
    'holdfast_module_restarts_allowed',
    'maxloop: the restart beyond it stops the module. 0: there is no limit.',
    ['module'],
    each(({ status }) => status.budget.max),
  );
  const resources = configured.flatMap(({ module: { name } }) =>
    (face.resources(name) ?? []).flatMap((one): readonly Sample[] => {
      const value = resourceValues[one.value];
      return value === undefined ? [] : [[{ module: name, resource: one.name }, value]];
    }),
  );
  page.gauge(
    'holdfast_resource_value',
    'A resource: 1 up, 0 down, -1 init (not checked yet), -2 unknown. Resources with other values are not shown.',
    ['module', 'resource'],
    resources.slice(0, mostResources),
  );
  page.gauge(
    'holdfast_resources_omitted',
    'Resources that holdfast_resource_value had no room for.',
    [],
    [[{}, Math.max(0, resources.length - mostResources)]],
  );
}

function happenings(page: Page, tally: Tally): void {
  const samples = (list: readonly { readonly labels: Labels; readonly value: number }[]): readonly Sample[] =>
    list.map(({ labels, value }): Sample => [labels, value]);
  page.counter(
    'holdfast_module_transitions_total',
    'How often a module came into a state.',
    ['module', 'state', 'quality'],
    samples(tally.transitions()),
  );
  page.counter(
    'holdfast_module_restarts_total',
    'Restarts and stopstarts, by who asked: admin, errd, rule, automatic or component.',
    ['module', 'action', 'origin'],
    samples(tally.restarts()),
  );
  page.counter(
    'holdfast_module_maxloop_stops_total',
    'Stops because maxloop was reached.',
    ['module'],
    samples(tally.limitStops()),
  );
  page.counter(
    'holdfast_critical_lines_total',
    'Critical lines in the logs; without a module: the log of the node.',
    ['module'],
    samples(tally.criticalLines()),
  );
  const durations = new CountedHistogram({
    ...{ name: durationName, help: durationHelp, labelNames: ['module', 'script'] },
    ...{ buckets: [...scriptBuckets], registers: [page.registry] },
  });
  durations.fill(tally.scriptDurations());
  page.counter(
    'holdfast_script_ends_total',
    'Ends of scripts, by outcome: ok, code (not 0), signal, timeout, failed (not started), abandoned, unknown.',
    ['module', 'script', 'outcome'],
    samples(tally.scriptEnds()),
  );
}

function cluster(page: Page, source: MetricsSource, tally: Tally): void {
  const { view, dropped, configured } = source.face.cluster();
  const peers = source.face.nodes().filter((node) => !node.self);
  page.gauge('holdfast_cluster_configured', 'Whether a cluster configuration is applied.', [], [[{}, configured ? 1 : 0]]);
  page.gauge(
    'holdfast_view_members',
    'Nodes in the view of this node; 0 before it has joined.',
    [],
    [[{}, view?.members.length ?? 0]],
  );
  page.gauge('holdfast_view_epoch', 'Epoch of the view; all members of a view have the same.', [], [[{}, view?.epoch ?? 0]]);
  page.gauge(
    'holdfast_view_leader',
    'Whether this node leads its view.',
    [],
    [[{}, view !== null && view.leader === source.face.node ? 1 : 0]],
  );
  page.counter('holdfast_view_changes_total', 'Changes of the view.', [], [[{}, tally.views()]]);
  page.gauge(
    'holdfast_peer_up',
    'Whether a node is heard, on at least one lan.',
    ['peer'],
    peers.map((one): Sample => [{ peer: one.name }, one.online ? 1 : 0]),
  );
  page.counter(
    'holdfast_peer_losses_total',
    'How often a node was lost from the view.',
    ['peer'],
    tally.losses().map(({ labels, value }): Sample => [labels, value]),
  );
  const lans = peers.flatMap((peer) => peer.lans.map((lan) => ({ labels: { peer: peer.name, lan: lan.lan }, ...lan })));
  page.gauge(
    'holdfast_peer_lan_up',
    'Whether a node is heard on a lan.',
    ['peer', 'lan'],
    lans.map((one): Sample => [one.labels, one.up ? 1 : 0]),
  );
  page.gauge(
    'holdfast_peer_round_trip_seconds',
    'Round-trip time of pulses.',
    ['peer', 'lan'],
    lans.flatMap((one): readonly Sample[] => (one.rttMs === null ? [] : [[one.labels, one.rttMs / 1000]])),
  );
  page.gauge(
    'holdfast_peer_silence_seconds',
    'Time since the last pulse of a node on a lan.',
    ['peer', 'lan'],
    lans.flatMap((one): readonly Sample[] =>
      one.lastHeardMs === null ? [] : [[one.labels, Math.max(0, source.monotonicMs() - one.lastHeardMs) / 1000]],
    ),
  );
  const pulses = source.pulses();
  page.counter(
    'holdfast_peer_pulses_received_total',
    'Pulses of a node that came on a lan.',
    ['peer', 'lan'],
    pulses.map((one): Sample => [{ peer: one.node, lan: one.lan }, one.received]),
  );
  page.counter(
    'holdfast_peer_pulses_missed_total',
    'Pulses of a node that were sent on a lan, by their numbers, but did not come.',
    ['peer', 'lan'],
    pulses.map((one): Sample => [{ peer: one.node, lan: one.lan }, one.missed]),
  );
  page.counter(
    'holdfast_datagrams_dropped_total',
    'Datagrams to the cluster port that were dropped, by reason.',
    ['reason'],
    Object.entries(dropped).map(([reason, value]): Sample => [{ reason }, value]),
  );
  page.counter(
    'holdfast_sealed_requests_refused_total',
    'Requests of other nodes that were not carried out, by reason.',
    ['reason'],
    source.refusedRequests().map(({ reason, count }): Sample => [{ reason }, count]),
  );
}

async function surroundings(page: Page, source: MetricsSource, times: LoopTimes): Promise<void> {
  const answers = await source.probeAnswers();
  page.counter(
    'holdfast_probe_answers_total',
    'Health probes (ready.txt and /health/MODULE/ready) by answer; without a module: modules that this node does not have.',
    ['module', 'status'],
    answers.flatMap(({ module, ready, refused }): readonly Sample[] => [
      [{ module, status: '200' }, ready],
      [{ module, status: '404' }, refused],
    ]),
  );
  const channels = source.notifications();
  const each = (value: (one: (typeof channels)[number]) => number): readonly Sample[] =>
    channels.map((one): Sample => [{ channel: one.channel, kind: one.kind }, value(one)]);
  const labels = ['channel', 'kind'];
  page.counter(
    'holdfast_notifications_sent_total',
    'Notifications handed over.',
    labels,
    each((one) => one.sent),
  );
  page.counter(
    'holdfast_notification_failures_total',
    'Attempts to hand a notification over that failed.',
    labels,
    each((one) => one.failed),
  );
  page.counter(
    'holdfast_notification_events_lost_total',
    'Events that were never told.',
    labels,
    each((one) => one.lost),
  );
  page.gauge(
    'holdfast_notification_queue_events',
    'Events that wait to be told.',
    labels,
    each((one) => one.queued),
  );
  page.counter('holdfast_log_lines_lost_total', 'Log lines that the disk refused.', [], [[{}, source.logLinesLost()]]);

  page.gauge(
    'holdfast_event_loop_delay_seconds',
    'How late the main loop ran since the scrape before; absent at the first scrape.',
    ['quantile'],
    times.delay === null
      ? []
      : [
          [{ quantile: '0.5' }, times.delay.p50],
          [{ quantile: '0.99' }, times.delay.p99],
          [{ quantile: '1' }, times.delay.max],
        ],
  );
  page.gauge(
    'holdfast_event_loop_utilization_ratio',
    'Part of the time since the scrape before in which the main loop was busy.',
    [],
    [[{}, times.utilization]],
  );
  const [memory, cpu] = [process.memoryUsage(), process.cpuUsage()];
  page.gauge('process_resident_memory_bytes', 'Resident memory of the daemon, all threads.', [], [[{}, memory.rss]]);
  page.gauge('nodejs_heap_used_bytes', 'Heap of the main thread that is used.', [], [[{}, memory.heapUsed]]);
  page.counter(
    'process_cpu_user_seconds_total',
    'Processor time of the daemon in its own code, all threads.',
    [],
    [[{}, cpu.user / 1e6]],
  );
  page.counter(
    'process_cpu_system_seconds_total',
    'Processor time of the daemon in the system, all threads.',
    [],
    [[{}, cpu.system / 1e6]],
  );
  page.gauge(
    'process_start_time_seconds',
    'When the daemon was started, in seconds since 1970.',
    [],
    [[{}, Date.now() / 1000 - process.uptime()]],
  );
  page.gauge(
    'holdfast_build_info',
    'Version of the daemon and of Node.js, and the name of this node.',
    ['version', 'runtime', 'node'],
    [[{ version: source.version, runtime: process.version, node: source.face.node }, 1]],
  );
}

/** The text of one scrape, with its content type. */
export async function expose(
  source: MetricsSource,
  tally: Tally,
  times: LoopTimes,
): Promise<{ readonly type: string; readonly text: string }> {
  const page = new Page();
  modules(page, source);
  happenings(page, tally);
  cluster(page, source, tally);
  await surroundings(page, source, times);
  return { type: page.registry.contentType, text: await page.registry.metrics() };
}
