/** The metrics as an independent parser and promtool read them; docs/metrics.md and conf/monitoring are held to them. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import parsePrometheusText from 'parse-prometheus-text-format';
import t, { type Test } from 'tap';
import { createEventRing, type EventRing } from '../../../src/actors/event-ring.js';
import type { NodeFace, Resource } from '../../../src/actors/face.js';
import { createReadyTable } from '../../../src/http/ready-table.js';
import { startHttpService } from '../../../src/http/service.js';
import { mostResources } from '../../../src/io/metrics/exposition.js';
import { createMetrics, type Metrics } from '../../../src/io/metrics/metrics.js';
import { fakeFace, status } from '../../http/fake-face.js';
import { ask } from '../../http/harness.js';

const file = (path: string): string => readFileSync(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), 'utf8');
const noPromtool =
  spawnSync('promtool', ['--version']).status === 0 ? false : "promtool (Debian's prometheus package) is not installed here";

interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly metrics: readonly {
    readonly labels?: Readonly<Record<string, string>>;
    readonly value?: string;
    readonly buckets?: Readonly<Record<string, string>>;
    readonly count?: string;
    readonly sum?: string;
  }[];
}
const parseText = (text: string): readonly Family[] => parsePrometheusText(text);

interface Scene {
  readonly metrics: Metrics;
  readonly ring: EventRing;
  readonly resources: Resource[];
  emit(module: string | null, type: string, data: Readonly<Record<string, unknown>>, atMs?: number): void;
  scrape(): Promise<readonly Family[]>;
}
function scene(t: Test): Scene {
  const ring = createEventRing(7);
  const resources: Resource[] = [];
  const face: NodeFace = {
    ...fakeFace({ nodes: ['n1', 'n2'], modules: ['farm', 'db', 'fresh'] }),
    subscribe: (onEvent) => ring.subscribe(onEvent),
    resources: (module) => (module === 'farm' ? resources : null),
    modules: () => [
      { name: 'farm', id: 1, mode: 'farm', configured: true, signature: 'ab', appliedAt: null, nodes: [status('farm', 'n1')] },
      {
        ...{ name: 'db', id: 2, mode: 'mirror', configured: true, signature: 'ab', appliedAt: null },
        nodes: [{ ...status('db', 'n1'), state: 'ALONE', quality: 'Transient', ready: false, wish: 'stop' }],
      },
      { name: 'fresh', id: 3, mode: null, configured: false, signature: null, appliedAt: null, nodes: [status('fresh', 'n1')] },
    ],
  };
  const metrics = createMetrics({
    ...{ face, version: '0.1.0', monotonicMs: () => 1_500, logLinesLost: () => 4 },
    pulses: () => [{ node: 'n2', lan: 'default', received: 90, missed: 10 }],
    probeAnswers: async () => [
      { module: 'farm', ready: 5, refused: 2 },
      { module: '', ready: 0, refused: 7 },
    ],
    refusedRequests: () => [{ reason: 'seenBefore', count: 3 }],
    notifications: () => [{ channel: 'ops', kind: 'email', sent: 3, failed: 2, lost: 1, queued: 6 }],
  });
  t.teardown(() => metrics.close());
  return {
    ...{ metrics, ring, resources },
    emit: (module, type, data, atMs = 0) => void ring.append({ node: 'n1', module, type, at: '', atMs, cause: null, data }),
    scrape: async () => parseText((await metrics.scrape()).text),
  };
}
/** `name{a="b"} value` of one family, sorted. */
const samples = (families: readonly Family[], name: string): readonly string[] => {
  const family = families.find((one) => one.name === name);
  return (family?.metrics ?? [])
    .map(({ labels = {}, value }) =>
      `${Object.entries(labels)
        .map(([key, one]) => `${key}=${one}`)
        .join(' ')} ${value}`.trim(),
    )
    .sort();
};

t.test('states, one-hot, for each mode', async (t) => {
  const families = await scene(t).scrape();
  const states = samples(families, 'holdfast_module_state');
  t.equal(states.filter((one) => one.startsWith('module=farm')).length, 9);
  t.equal(states.filter((one) => one.startsWith('module=db')).length, 15);
  t.same(
    states.filter((one) => one.endsWith(' 1')),
    ['module=db state=ALONE quality=Transient 1', 'module=farm state=UP quality=Ready 1'],
  );
  t.same(samples(families, 'holdfast_module_ready'), ['module=db 0', 'module=farm 1']);
  t.same(samples(families, 'holdfast_module_wanted'), ['module=db 0', 'module=farm 1']);
  t.same(samples(families, 'holdfast_module_share_ratio'), ['module=db 0.5', 'module=farm 0.5']);
  t.same(samples(families, 'holdfast_module_info'), [
    'module=db mode=mirror configured=yes 1',
    'module=farm mode=farm configured=yes 1',
    'module=fresh mode= configured=no 1',
  ]);
  t.same(samples(families, 'holdfast_module_restarts_used'), ['module=db 1', 'module=farm 1']);
  t.same(samples(families, 'holdfast_module_restarts_allowed'), ['module=db 3', 'module=farm 3']);
});

t.test('resources, with a bound', async (t) => {
  const { resources, scrape } = scene(t);
  const add = (name: string, value: string): void => void resources.push({ name, value, at: '', atMs: 0, by: 'x' });
  for (const [name, value] of [
    ['tcp.a', 'up'],
    ['tcp.b', 'down'],
    ['ip.c', 'init'],
    ['ip.d', 'unknown'],
    ['farm_0', '50%'],
  ] as const)
    add(name, value);
  t.same(samples(await scrape(), 'holdfast_resource_value'), [
    'module=farm resource=ip.c -1',
    'module=farm resource=ip.d -2',
    'module=farm resource=tcp.a 1',
    'module=farm resource=tcp.b 0',
  ]);
  for (let index = 0; index < mostResources; index += 1) add(`custom.${index}`, 'up');
  const families = await scrape();
  t.equal(samples(families, 'holdfast_resource_value').length, mostResources);
  t.same(samples(families, 'holdfast_resources_omitted'), ['4']);
});

t.test('what happened: transitions, restarts by origin, scripts, critical lines', async (t) => {
  const { emit, metrics } = scene(t);
  const state = (quality: string) => emit('farm', 'module.state', { state: 'UP', quality, path: 'x' });
  for (const quality of ['Ready', 'Transient', 'Transient', 'Ready']) state(quality);
  const action = (message: string, data: Readonly<Record<string, unknown>>) =>
    emit('farm', 'log', { level: 'E', message, ...data });
  action('Action restart called by root', { action: 'restart', by: 'root', automatic: false });
  action('Action restart called by errd', { action: 'restart', by: 'errd', automatic: true });
  action('Action restart called by errd', { action: 'restart', by: 'errd', automatic: true });
  action('Action stopstart from failover rule t_db', { action: 'stopstart', by: 't_db', automatic: true });
  action('Action restart called by modulecheck', { action: 'restart', by: 'modulecheck', automatic: true });
  action('Action restart called automatically', { action: 'restart', by: 'automatic', automatic: true });
  action('Action restart called by root refused: no', { action: 'restart', by: 'root' });
  action('Action start called by root', { action: 'start', by: 'root', automatic: false });
  action('Action stop called by maxloop', { level: 'C', action: 'stop', by: 'maxloop', automatic: true });
  emit(null, 'node.log', { level: 'C', message: 'x' });
  const script = (outcome: Readonly<Record<string, unknown>>, fromMs: number, toMs: number) => {
    emit('farm', 'script.started', { script: 'start_both', userlog: null }, fromMs);
    emit('farm', 'script.ended', { script: 'start_both', timedOut: false, ...outcome }, toMs);
  };
  script({ kind: 'code', code: 0 }, 0, 200);
  script({ kind: 'code', code: 3 }, 0, 7_000);
  script({ kind: 'signal', timedOut: true, code: null }, 0, 4_000_000);
  emit('farm', 'script.ended', { script: 'prestart', kind: 'absent', code: null, timedOut: false });
  emit('farm', 'script.ended', { script: 'stop_both', kind: 'unknown', code: null, timedOut: false });
  emit(null, 'view.changed', { lost: [{ node: 'n2', evidence: 'x' }, 'odd'], joined: [] });
  emit(null, 'view.changed', { lost: 'odd' });
  emit(null, 'peer.changed', {});
  const { text } = await metrics.scrape();
  const families = parseText(text);
  t.same(samples(families, 'holdfast_module_transitions_total'), [
    'module=farm state=UP quality=Ready 2',
    'module=farm state=UP quality=Transient 1',
  ]);
  t.same(samples(families, 'holdfast_module_restarts_total'), [
    'module=farm action=restart origin=admin 1',
    'module=farm action=restart origin=automatic 1',
    'module=farm action=restart origin=component 1',
    'module=farm action=restart origin=errd 2',
    'module=farm action=stopstart origin=rule 1',
  ]);
  t.same(samples(families, 'holdfast_module_maxloop_stops_total'), ['module=farm 1']);
  t.same(samples(families, 'holdfast_critical_lines_total'), ['module= 1', 'module=farm 1']);
  t.same(samples(families, 'holdfast_script_ends_total'), [
    'module=farm script=start_both outcome=code 1',
    'module=farm script=start_both outcome=ok 1',
    'module=farm script=start_both outcome=timeout 1',
    'module=farm script=stop_both outcome=unknown 1',
  ]);
  const [histogram] = families.find((one) => one.name === 'holdfast_script_duration_seconds')?.metrics ?? [];
  t.match(text, /^holdfast_script_duration_seconds_sum\{module="farm",script="start_both"\} 4007\.2$/m);
  t.match(text, /^holdfast_script_duration_seconds_count\{module="farm",script="start_both"\} 3$/m);
  t.match(histogram?.buckets, { '0.1': '0', '0.25': '1', '5': '1', '10': '2', '1800': '2', '+Inf': '3' });
  t.same(samples(families, 'holdfast_view_changes_total'), ['2']);
  t.same(samples(families, 'holdfast_peer_losses_total'), ['peer=n2 1']);
});

t.test('a counter that is scraped goes on; what it counts has a bound', async (t) => {
  const { emit, scrape } = scene(t);
  for (let index = 0; index < 2_500; index += 1) emit('farm', 'module.state', { state: `S${index}`, quality: 'x' });
  t.match(samples(await scrape(), 'holdfast_module_transitions_total').length, 2_001);
  emit('farm', 'module.state', { state: 'S0', quality: 'x' });
  const after = samples(await scrape(), 'holdfast_module_transitions_total');
  t.ok(after.includes('module=farm state=S0 quality=x 2'));
  t.ok(after.includes('module=other state=other quality=other 500'));
});

t.test('cluster, probes, notifications, the daemon itself', async (t) => {
  const { scrape } = scene(t);
  await scrape();
  await new Promise((resolve) => setTimeout(resolve, 100));
  const families = await scrape();
  t.same(samples(families, 'holdfast_peer_up'), ['peer=n2 1']);
  t.same(samples(families, 'holdfast_peer_round_trip_seconds'), ['peer=n2 lan=default 0.0004']);
  t.same(samples(families, 'holdfast_peer_pulses_missed_total'), ['peer=n2 lan=default 10']);
  t.same(samples(families, 'holdfast_peer_pulses_received_total'), ['peer=n2 lan=default 90']);
  t.same(samples(families, 'holdfast_datagrams_dropped_total'), ['reason=malformed 2']);
  t.same(samples(families, 'holdfast_sealed_requests_refused_total'), ['reason=seenBefore 3']);
  t.same(samples(families, 'holdfast_view_members'), ['2']);
  t.same(samples(families, 'holdfast_view_leader'), ['1']);
  t.same(samples(families, 'holdfast_probe_answers_total'), [
    'module= status=200 0',
    'module= status=404 7',
    'module=farm status=200 5',
    'module=farm status=404 2',
  ]);
  t.same(samples(families, 'holdfast_notification_queue_events'), ['channel=ops kind=email 6']);
  t.same(samples(families, 'holdfast_notifications_sent_total'), ['channel=ops kind=email 3']);
  t.same(samples(families, 'holdfast_log_lines_lost_total'), ['4']);
  const number = (name: string): number => Number(samples(families, name)[0]?.split(' ').at(-1));
  t.ok(number('process_resident_memory_bytes') > 10e6);
  t.ok(number('process_cpu_user_seconds_total') > 0);
  t.ok(Math.abs(number('process_start_time_seconds') - (Date.now() / 1000 - process.uptime())) < 5);
  t.equal(samples(families, 'holdfast_event_loop_delay_seconds').length, 3);
  for (const line of samples(families, 'holdfast_event_loop_delay_seconds')) t.ok(Number(line.split(' ')[1]) < 5, line);
  t.ok(number('holdfast_event_loop_utilization_ratio') <= 1);
  t.same(samples(families, 'holdfast_build_info'), [`version=0.1.0 runtime=${process.version} node=n1 1`]);
});

t.test('docs/metrics.md has every metric with its type and labels, and no other', async (t) => {
  const { scrape, metrics } = scene(t);
  const { text } = await metrics.scrape();
  const families = await scrape();
  const docs = file('docs/metrics.md');
  const rows = new Map(
    [...docs.matchAll(/^\| `(\w+)` \| (\w+) \|([^|]*)\|/gm)].map(([, name = '', type = '', labels = '']) => [
      name,
      { type, labels: labels.trim() },
    ]),
  );
  const exposed = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name = '', type = '']) => ({ name, type }));
  t.same([...rows.keys()].sort(), exposed.map(({ name }) => name).sort());
  for (const { name, type } of exposed) {
    t.equal(rows.get(name)?.type, type, name);
    const labels = Object.keys(families.find((one) => one.name === name)?.metrics[0]?.labels ?? {});
    if (labels.length > 0) t.equal(rows.get(name)?.labels, labels.map((one) => `\`${one}\``).join(', '), name);
  }
});

t.test('the dashboard and the alert rules name only metrics that there are', async (t) => {
  const { text } = await scene(t).metrics.scrape();
  const known = new Set([...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name = '']) => name));
  for (const path of ['conf/monitoring/holdfast-alerts.yml', 'conf/monitoring/holdfast-dashboard.json']) {
    const used = [...file(path).matchAll(/\b(?:holdfast|process|nodejs)_[a-z_]+\b/g)].map(([name]) =>
      name.replace(/_bucket$/, ''),
    );
    t.ok(used.length > 5, path);
    for (const name of used) t.ok(known.has(name), `${path}: ${name}`);
  }
  const dashboard: unknown = JSON.parse(file('conf/monitoring/holdfast-dashboard.json'));
  t.match(dashboard, { title: 'Holdfast', panels: Array, schemaVersion: Number });
});

t.test('promtool finds nothing to complain about', { skip: noPromtool }, async (t) => {
  const { emit, metrics, resources } = scene(t);
  emit('farm', 'module.state', { state: 'UP', quality: 'Ready' });
  emit('farm', 'script.started', { script: 'start_both' }, 0);
  emit('farm', 'script.ended', { script: 'start_both', kind: 'code', code: 0, timedOut: false }, 100);
  resources.push({ name: 'custom.a"b\\c\nd', value: 'up', at: '', atMs: 0, by: 'x' });
  const { text } = await metrics.scrape();
  const checked = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  t.same([checked.status, checked.stdout + checked.stderr], [0, '']);
  const rules = fileURLToPath(new URL('../../../conf/monitoring/', import.meta.url));
  const ruled = spawnSync('promtool', ['check', 'rules', join(rules, 'holdfast-alerts.yml')], { encoding: 'utf8' });
  t.equal(ruled.status, 0, ruled.stdout + ruled.stderr);
  const tried = spawnSync('promtool', ['test', 'rules', fileURLToPath(new URL('alerts.test.yml', import.meta.url))], {
    encoding: 'utf8',
  });
  t.equal(tried.status, 0, tried.stdout + tried.stderr);
});

t.test('over HTTP: to this machine and on the socket, as every reading request', async (t) => {
  const { metrics } = scene(t);
  const runDir = mkdtempSync(join(tmpdir(), 'holdfast-metrics-'));
  const cliSocket = join(runDir, 'cli.sock');
  const table = createReadyTable();
  table.set('farm', true, 'UP', 'Ready');
  table.tick();
  let listening: (port: number) => void = () => undefined;
  const port = new Promise<number>((resolve) => {
    listening = resolve;
  });
  const service = await startHttpService({
    ...{ face: fakeFace(), table, runDir, cliSocket, version: '0.1.0', seal: () => null },
    metrics: () => metrics.scrape(),
    onDefect: (error) => t.fail(error.message),
    onFrontEvent: (event) => {
      if (event.type === 'listening') listening(event.port);
    },
  });
  t.teardown(async () => {
    await service.close();
    rmSync(runDir, { recursive: true, force: true });
  });
  service.listen([{ host: '127.0.0.1', port: 0 }]);
  const place = { host: '127.0.0.1', port: await port };
  for (const target of [place, { socketPath: cliSocket }]) {
    const answer = await ask(target, '/metrics');
    t.equal(answer.status, 200);
    t.match(answer.headers['content-type'], /^text\/plain; version=0\.0\.4/);
    t.ok(parseText(answer.text).length > 30);
  }
  t.equal((await ask(place, '/metrics', { headers: { host: 'evil.example.org' } })).status, 403, 'a page that rebinds its name');
  t.equal((await ask(place, '/metrics', { method: 'POST', json: {} })).status, 404);
  table.tick();
  await ask(place, '/var/modules/farm/ready.txt');
  await ask(place, '/var/modules/nobody/ready.txt');
  await ask(place, '/health/farm/ready');
  t.same(
    [...(await service.answers())].sort((a, b) => (a.module < b.module ? -1 : 1)),
    [
      { module: '', ready: 0, refused: 1 },
      { module: 'farm', ready: 2, refused: 0 },
    ],
  );
});
