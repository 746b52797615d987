import t from 'tap';
import { DemoError } from '../../src/demo/demo-error.js';
import { clusterXml, layOut } from '../../src/demo/layout.js';
import { parseOptions, usage } from '../../src/demo/options.js';
import { endpoints, platformProblem, portProblem } from '../../src/demo/preflight.js';
import { healthPresets } from '../../src/demo/target-health.js';

t.test('defaults', (t) => {
  t.same(parseOptions([], '/somewhere'), {
    scenario: null,
    json: false,
    dir: '/somewhere/.demo',
    portsBase: null,
    preset: 'demo',
    policy: healthPresets.demo,
    rate: 5,
    patience: 1,
    help: false,
  });
  t.match(parseOptions(['--scenario', 'failover', '--json'], '/'), { scenario: 'failover', json: true, rate: 50 });
  t.end();
});

t.test('what can be chosen', (t) => {
  const options = parseOptions(
    [
      '--dir',
      'x',
      '--ports-base',
      '20000',
      '--preset',
      'aws-nlb',
      '--probe-interval',
      '5000',
      '--rate',
      '0',
      '--patience',
      '3',
      '-h',
    ],
    '/a',
  );
  t.match(options, { dir: '/a/x', portsBase: 20_000, preset: 'aws-nlb', rate: 0, patience: 3, help: true });
  t.match(
    options.policy,
    { intervalMs: 5_000, timeoutMs: 5_000, unhealthyThreshold: 2 },
    'a probe ends before the next one begins',
  );
  t.end();
});

t.test('what is wrong is named, with what is allowed', (t) => {
  const rows: readonly [readonly string[], RegExp][] = [
    [['--scenario', 'other'], /other.*failover/],
    [['--json'], /--scenario/],
    [['--preset', 'f5'], /f5.*aws-alb/],
    [['--rate', '1e2'], /--rate 1e2: a whole number from 0 to 200/],
    [['--rate', '5', '--scenario', 'failover'], /from 10 to 200/],
    [['--probe-interval', '99'], /from 100 to 300000/],
    [['--ports-base', '80'], /from 1024 to 65532/],
    [['--patience', '0'], /from 1 to 20/],
    [['--unknown'], /--unknown/],
    [['word'], /word/],
  ];
  for (const [args, message] of rows) {
    try {
      parseOptions(args, '/');
      t.fail(`${args.join(' ')} was taken`);
    } catch (error) {
      if (!(error instanceof DemoError)) throw error;
      t.equal(error.exit, 2, args.join(' '));
      t.match(error.message, message);
      t.notMatch(error.message, /\n/, 'one line');
    }
  }
  for (const name of ['scenario', 'json', 'dir', 'ports-base', 'preset', 'probe-interval', 'rate', 'patience', 'help']) {
    t.match(usage, `--${name}`);
  }
  t.end();
});

t.test('layout and cluster.xml', (t) => {
  const layout = layOut('/d', null);
  t.same(layout.ports, { balancer: 8080, application: 8081, http: 9010, cluster: 4800 });
  t.same(
    layout.nodes.map((node) => [node.name, node.address, node.socket]),
    [
      ['n1', '127.0.0.1', '/d/n1/var/holdfast.sock'],
      ['n2', '127.0.0.2', '/d/n2/var/holdfast.sock'],
    ],
  );
  t.same(layOut('/d', 20_000).ports, { balancer: 20_000, application: 20_001, http: 20_002, cluster: 20_003 });
  for (const part of ['<lans port="4800">', '<node name="n1" addr="127.0.0.1"/>', '<node name="n2" addr="127.0.0.2"/>']) {
    t.match(clusterXml(layout), part);
  }
  t.end();
});

t.test('what is in the way, and what to do', (t) => {
  const layout = layOut('/d', null);
  t.same(
    endpoints(layout).map((each) => `${each.address}:${each.port}/${each.protocol}`),
    [
      '127.0.0.1:8080/tcp',
      '127.0.0.1:8081/tcp',
      '127.0.0.1:9010/tcp',
      '127.0.0.1:4800/udp',
      '127.0.0.2:8081/tcp',
      '127.0.0.2:9010/tcp',
      '127.0.0.2:4800/udp',
    ],
  );
  const udp = { what: 'the membership of n2', protocol: 'udp', address: '127.0.0.2', port: 4800 } as const;
  t.match(portProblem(udp, 'EADDRINUSE'), /^127\.0\.0\.2:4800\/udp, .*n2, is in use: .*ss -lnpu .*--ports-base/);
  t.match(portProblem({ ...udp, protocol: 'tcp' }, 'EADDRINUSE'), /ss -lnpt/);
  t.match(portProblem(udp, 'EADDRNOTAVAIL'), /sudo ifconfig lo0 alias 127\.0\.0\.2/);
  t.match(portProblem(udp, 'EACCES'), /not allowed/);
  t.match(portProblem(udp, 'EIO'), /EIO/);
  t.equal(platformProblem('linux', true), null);
  t.match(platformProblem('linux', false), /\/proc/);
  t.match(platformProblem('darwin', false), /macOS.*docker run/);
  t.match(platformProblem('win32', false), /Windows/);
  t.match(platformProblem('freebsd', true), /freebsd/);
  t.end();
});
