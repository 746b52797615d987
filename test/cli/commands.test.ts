import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import t from 'tap';
import { calm, logLine, progress, status } from './fixtures.js';
import { type Ran, scenario } from './harness.js';

/** What the user sees, with the folder of the test left out. */
function seen(ran: Ran, dir: string): string {
  const text = `exit ${ran.code}\n--- out\n${ran.out}--- err\n${ran.err}`;
  return text.replaceAll(dir, 'DIR').replaceAll('\u001b', '<ESC>');
}

const lines: readonly (readonly string[])[] = [
  ['state'],
  ['state', '--json'],
  ['state', '-m', 'farm'],
  ['state', '-m', 'farm', '-v'],
  ['state', '-m', 'fresh'],
  ['state', '-m', 'farm', '-lq'],
  ['state', '-lq', '-m', 'shop'],
  ['state', '-lq', '-m', 'fresh'],
  ['state', '-lq'],
  ['state', '-v'],
  ['start', '-m', 'farm'],
  ['start', '-m', 'farm', '--json'],
  ['start', '-m', 'farm', '--wait'],
  ['stop', '-m', 'farm', '-i', 'start_both failed'],
  ['restart', '-m', 'farm', '--nodes', 'n1,n2'],
  ['restart', '-m', 'farm', '--nodes', 'n1,,n2'],
  ['stopstart', '-m', 'farm', '--nodes', '*'],
  ['forcestop', '-m', 'farm'],
  ['update', '-m', 'farm', '--wait'],
  ['shutdown'],
  ['shutdown', '--wait', '--timeout', '5s', '--json'],
  ['waitstart', '-m', 'farm'],
  ['waitstop', '-m', 'farm', '--json'],
  ['waitstate', '-m', 'farm', 'up'],
  ['waitstate', '-m', 'farm', 'READY'],
  ['waitstate', '-m', 'farm'],
  ['log', '-m', 'farm'],
  ['log', '-m', 'farm', '-s', '10', '-A', '-l', 'en', '--json'],
  ['log', '-m', 'farm', '-s', '0'],
  ['log', '-m', 'farm', '-l', 'fr'],
  ['logsave', '-m', 'farm', 'relative.log'],
  ['logsave', '-m', 'farm', '/no/such/folder/farm.log'],
  ['cmdlog', '-s', '5'],
  ['cmdlog', '--json'],
  ['printi', '-m', 'farm', 'it', 'runs'],
  ['printe', '-m', 'farm', '-- no answer --', '-x'],
  ['printe', '-m', 'farm'],
  ['userlog', 'list', '-m', 'farm'],
  ['userlog', 'show', '-m', 'farm', 'userlog_x.ulog'],
  ['userlog', 'show', '-m', 'farm', 'userlog_x.ulog', '--json'],
  ['get', '-m', 'farm', '-r', 'proc.httpd'],
  ['get', '-m', 'farm', '-r', 'proc.none'],
  ['get', '-m', 'farm'],
  ['set', '-m', 'farm', '-r', 'custom.web', '-v', 'up', '-n', '-i', 'webcheck'],
  ['set', '-r', 'custom.web', '-v', 'down', '-l', '-m', 'farm', '--json'],
  ['set', '-m', 'farm', '-r', 'custom.web', '-v', 'up', '-n', '-l'],
  ['set', '-m', 'farm', '-r', 'custom.web'],
  ['incloop', '-m', 'farm', '-i', 'handler'],
  ['resetloop', '-m', 'farm'],
  ['checkloop', '-m', 'farm', '--json'],
  ['-r', 'checkloop', '-m', 'farm'],
  ['errd', 'list', '-m', 'farm'],
  ['errd', 'enable', '-m', 'farm', 'both'],
  ['errd', 'disable', '-m', 'farm', 'both', '--json'],
  ['kill', '-m', 'farm', '-name=httpd', '-argregex=-k start', '-level=test'],
  ['kill', '-m', 'farm', '-name', 'httpd', '-level', '15', '-i', 'stop_both', '--json'],
  ['kill', '-m', 'farm', '--name=httpd', '--level=terminate'],
  ['kill', '-m', 'farm', '-name=httpd', '-level=9'],
  ['kill', '-m', 'farm', '-name=httpd', '-level=11'],
  ['kill', '-m', 'farm', '-level=9'],
  ['kill', '-m', 'farm', '-nam=httpd'],
  ['module', 'list'],
  ['module', 'list', '--names'],
  ['module', 'listid'],
  ['module', 'install', '-m', 'web', '--template', 'nginx', '-M', '7', '-r'],
  ['module', 'install', '-m', 'web', '-M', '256'],
  ['module', 'install', '-m', 'web', 'none.safe'],
  ['module', 'install', '-m', 'web', 'none.safe', '--template', 'farm'],
  ['module', 'uninstall', '-m', 'web'],
  ['module', 'getports', '-m', 'farm'],
  ['module', 'getports', '-i', '2', '--json'],
  ['module', 'getports'],
  ['module', 'getports', '-m', 'farm', '-i', '2'],
  ['module', 'templates'],
  ['config', '-m', 'farm'],
  ['deconfig', '-m', 'farm'],
  ['confcheck', '-m', 'farm'],
  ['confcheck', '-m', 'farm', '--json'],
  ['confcheck'],
  ['confinfo', '-m', 'farm'],
  ['cluster', 'config'],
  ['cluster', 'config', 'unlock'],
  ['cluster', 'config', 'cluster.xml', 'locked'],
  ['cluster', 'config', 'none.xml'],
  ['cluster', 'confinfo'],
  ['cluster', 'state'],
  ['cluster', 'genkey'],
  ['cluster', 'genkey', '--accept-old', '10s'],
  ['cluster', 'delkey'],
  ['cluster', 'rekey', '--accept-old', '10m'],
  ['cluster', 'create', '--print', '--names', 'n1,n2', '10.0.0.11', '::1'],
  ['cluster', 'create', '--names', 'n1', '10.0.0.11', '10.0.0.12'],
  ['cluster', 'create', '10.0.0.11', '10.0.0.12'],
  ['-G'],
  ['-H', 'n1,n3', '-G'],
  ['-H', 'elsewhere', '-G'],
  ['-H', '*', '-E', 'farm'],
  ['-H', '*', 'cluster', 'genkey'],
  ['-H', 'n1,n2', 'logsave', '-m', 'farm', 'x'],
  ['-H', '*', '-p'],
  ['-H', '*'],
  ['cluster', 'deconfig'],
  ['notification', 'status'],
  ['notification', 'test'],
  ['notification', 'test', 'hook', '--json'],
  ['notification', 'test', 'nobody'],
  ['notification', 'config'],
  ['notification', 'config', 'none.json'],
  ['notification', 'enable'],
  ['notification', 'disable'],
  ['-p'],
  ['-p', '--json'],
  ['completion', 'csh'],
];

t.test('what each command sends and prints', async (t) => {
  for (const argv of lines) {
    await scenario(t, argv.join(' '), calm, async (t, { daemon, dir, cli }) => {
      const ran = await cli(argv);
      const sent = daemon.requests.map(
        ({ operation, params, query, body }) => `${operation} ${JSON.stringify({ params, query, body })}`,
      );
      t.matchSnapshot(`${seen(ran, dir)}--- sent\n${sent.join('\n')}`);
    });
  }
});

scenario(t, 'colour only on a terminal, and not with NO_COLOR', calm, async (t, { cli }) => {
  const coloured = await cli(['state'], { tty: true });
  t.match(coloured.out, '\u001b[32mUP (Ready)\u001b[0m');
  const plain = await cli(['state']);
  t.equal(plain.out, stripVTControlCharacters(coloured.out), 'colours do not disturb the columns');
  t.equal((await cli(['state'], { tty: true, env: { NO_COLOR: '1' } })).out, plain.out);
});

scenario(t, 'the output of a script cannot steer the terminal', calm, async (t, { cli }) => {
  t.equal((await cli(['userlog', 'show', '-m', 'farm', 'x'], { tty: true })).out, 'starting\n?[31mred?[0m\n');
});

scenario(t, 'SAFEMODULE stands for -m', calm, async (t, { daemon, cli }) => {
  t.equal((await cli(['stop', '-i', 'x'], { env: { SAFEMODULE: 'shop' } })).code, 0);
  t.match(daemon.requests[0], { operation: 'postAction', params: { module: 'shop' } });
  t.equal((await cli(['state', '-lq'], { env: { SAFEMODULE: 'farm' } })).code, 2);
  t.match((await cli(['stop'])).err, /^USAGE: which module/);
});

scenario(t, 'level', calm, async (t, { cli }) => {
  const ran = await cli(['level', '-m', 'farm']);
  t.match(ran.out, /holdfastd: +0\.1\.0\nholdfast: +\d+\.\d+\.\d+/);
  t.match(ran.out, 'farm, farm, id 1');
  t.match(JSON.parse((await cli(['level', '--json'])).out), { node: 'n1', daemon: '0.1.0', module: null });
});

for (const [state, code] of [
  ['STOP', 0],
  ['WAIT', 1],
  ['ALONE', 2],
  ['UP', 2],
  ['PRIM', 3],
  ['SECOND', 4],
  ['UNKNOWN', 11],
] as const) {
  const one = {
    ...calm,
    getModule: () => ({
      json: { name: 'farm', id: 1, mode: 'farm', configured: true, signature: null, appliedAt: null, nodes: [status({ state })] },
    }),
  };
  scenario(t, `state -lq of ${state} exits with ${code}`, one, async (t, { cli }) => {
    t.equal((await cli(['state', '-m', 'farm', '-lq'])).code, code);
    t.equal((await cli(['state', '-m', 'farm', '-q', '-l'])).code, code);
  });
}

t.test('the failures of state -lq are never taken for a state', async (t) => {
  await scenario(t, 'unknown module', calm, async (t, { cli }) => t.equal((await cli(['state', '-m', 'none', '-lq'])).code, 12));
  await scenario(t, 'usage', calm, async (t, { cli }) =>
    t.equal((await cli(['--json', 'state', '-lqx', '-m', 'farm'])).code, 12),
  );
  await scenario(t, 'no daemon', calm, async (t, { dir, cli }) =>
    t.equal((await cli(['state', '-m', 'farm', '-lq', '--socket', join(dir, 'none')])).code, 13),
  );
});

t.test('what an action comes to', async (t) => {
  const answer = (state: 'already' | 'refused' | 'failed' | 'done', code: string | null) => ({
    ...calm,
    postAction: () => ({
      json: progress({
        done: true,
        nodes: [
          { node: 'n1', state, message: 'because', code },
          { node: 'n2', state: 'done', message: '', code: null },
        ],
      }),
    }),
  });
  await scenario(t, 'already', answer('already', null), async (t, { cli }) => {
    t.strictSame(await cli(['start', '-m', 'farm', '--wait']), {
      code: 0,
      out: 'farm on n1: start already: because\nfarm on n2: start done\n',
      err: '',
    });
  });
  await scenario(t, 'refused', answer('refused', 'MODULE_NOT_CONFIGURED'), async (t, { cli }) => {
    t.strictSame(await cli(['start', '-m', 'farm']), {
      code: 1,
      out: 'farm on n2: start done\n',
      err: 'MODULE_NOT_CONFIGURED: farm on n1: start refused: because\n',
    });
  });
  await scenario(t, 'failed, as JSON', answer('failed', 'SCRIPT_FAILED'), async (t, { cli }) => {
    const ran = await cli(['start', '-m', 'farm', '--json']);
    t.equal(ran.code, 1);
    t.match(JSON.parse(ran.out), { id: 'a1', nodes: [{ state: 'failed' }, { state: 'done' }] });
    t.match(JSON.parse(ran.err), { code: 'SCRIPT_FAILED' });
  });
  await scenario(
    t,
    'one module that fails to shut down',
    {
      ...calm,
      postAction: ({ params }) =>
        params['module'] === 'farm'
          ? { problem: 'MODULE_STATE', detail: 'No.' }
          : { json: progress({ module: 'shop', action: 'shutdown' }) },
    },
    async (t, { cli }) => {
      t.strictSame(await cli(['shutdown']), { code: 1, out: 'shop on n1: shutdown accepted\n', err: 'MODULE_STATE: No.\n' });
    },
  );
});

t.test('--wait', async (t) => {
  let asked = 0;
  const slow = {
    ...calm,
    getAction: () => ({
      json: progress({
        done: ++asked >= 3,
        nodes: [{ node: 'n1', state: asked >= 3 ? ('done' as const) : ('running' as const), message: '', code: null }],
      }),
    }),
  };
  await scenario(t, 'asks until it is done', slow, async (t, { cli }) => {
    t.strictSame(await cli(['start', '-m', 'farm', '--wait']), {
      code: 0,
      out: 'farm on n1: start accepted\nfarm on n1: start done\n',
      err: '',
    });
    t.equal(asked, 3);
  });
  const never = { ...calm, getAction: () => ({ json: progress() }) };
  await scenario(t, 'gives up after --timeout', never, async (t, { cli }) => {
    const ran = await cli(['start', '-m', 'farm', '--wait', '--timeout', '30ms']);
    t.equal(ran.code, 1);
    t.equal(ran.err, 'WAIT_TIMEOUT: start of farm has not ended within 30ms; it goes on\n');
  });
  await scenario(t, 'is interrupted', never, async (t, { cli }) => {
    const interruption = new AbortController();
    const ran = await cli(['start', '-m', 'farm', '--wait'], { signal: interruption.signal, onOut: () => interruption.abort() });
    t.strictSame([ran.code, ran.err], [130, '']);
  });
});

t.test('waiting for a state', async (t) => {
  let asked = 0;
  const late = {
    ...calm,
    waitForState: () => (++asked < 3 ? { problem: 'WAIT_TIMEOUT', detail: 'Not yet.' } : { json: status() }),
  };
  await scenario(t, 'goes on when the daemon gives up first', late, async (t, { cli }) => {
    t.equal((await cli(['waitstate', '-m', 'farm', 'UP'])).code, 0);
    t.equal(asked, 3);
  });
  await scenario(
    t,
    'ends with --timeout',
    { ...calm, waitForState: () => ({ problem: 'WAIT_TIMEOUT', detail: 'Not within the time.' }) },
    async (t, { cli, daemon }) => {
      t.strictSame(await cli(['waitstop', '-m', 'farm', '--timeout', '2s']), {
        code: 1,
        out: '',
        err: 'WAIT_TIMEOUT: Not within the time.\n',
      });
      t.ok(Number(daemon.requests[0]?.query['timeoutMs']) <= 2000);
    },
  );
  const failed = {
    ...calm,
    waitForState: () => ({ json: status({ state: 'STOP', quality: 'NotReady', wish: 'stop', reason: 'prestart failed' }) }),
  };
  await scenario(t, 'a start that ended in STOP fails', failed, async (t, { cli }) => {
    t.strictSame(await cli(['waitstart', '-m', 'farm']), {
      code: 1,
      out: '',
      err: 'MODULE_STATE: farm on n1 is STOP (NotReady): prestart failed\n',
    });
  });
  const blocked = {
    ...calm,
    waitForState: () => ({ json: status({ state: 'WAIT', quality: 'NotReady', reason: 'waits for ping.router' }) }),
  };
  await scenario(t, 'a start that is blocked waits on', blocked, async (t, { cli, daemon }) => {
    const ran = await cli(['waitstart', '-m', 'farm', '--timeout', '600ms']);
    t.strictSame([ran.code, ran.err], [1, 'WAIT_TIMEOUT: farm on n1 is WAIT (NotReady): waits for ping.router, after 600ms\n']);
    t.ok(daemon.requests.length >= 2);
  });
});

scenario(
  t,
  'the restart counter',
  { ...calm, postLoop: () => ({ json: { reached: true, budget: { max: 3, used: 3, expires: null, causes: [] } } }) },
  async (t, { cli }) => {
    t.strictSame(await cli(['incloop', '-m', 'farm', '-i', 'x']), {
      code: 1,
      out: '3 of 3 automatic actions: the limit is reached\n',
      err: '',
    });
    t.equal((await cli(['checkloop', '-m', 'farm'])).code, 1);
    t.equal((await cli(['resetloop', '-m', 'farm'])).code, 0);
  },
);

scenario(t, 'files that are read and written', calm, async (t, { daemon, dir, cli }) => {
  t.equal(
    (await cli(['logsave', '-m', 'farm', '-A', join(dir, 'farm.log')])).out,
    `2 lines written to ${join(dir, 'farm.log')}\n`,
  );
  t.match(readFileSync(join(dir, 'farm.log'), 'utf8'), '| 2026-01-31 14:22:33.123000 | heart | E | Local state UP Ready\n');
  t.match(daemon.requests[0]?.query, { limit: '100000', verbose: 'true' });

  t.equal((await cli(['module', 'package', '-m', 'farm', 'farm.safe'])).code, 0);
  t.equal(readFileSync(join(dir, 'farm.safe'), 'utf8'), 'PK module');
  t.equal((await cli(['module', 'install', '-m', 'web', 'farm.safe'])).code, 0);
  t.match(daemon.requests.at(-1), { operation: 'installModule', contentType: 'application/zip', body: Buffer.from('PK module') });

  writeFileSync(join(dir, 'bundle.zip'), 'older, and readable by all', { mode: 0o644 });
  t.equal((await cli(['cluster', 'package', 'bundle.zip'])).code, 0);
  t.equal(statSync(join(dir, 'bundle.zip')).mode & 0o777, 0o600, 'the key is for its owner only');
  t.equal((await cli(['cluster', 'config', 'bundle.zip', 'lock'])).code, 0);
  t.strictSame(
    daemon.requests.slice(-2).map((request) => request.operation),
    ['putClusterBundle', 'putClusterConfig'],
  );
  t.equal((await cli(['cluster', 'config', 'bundle.zip', 'unlock'])).code, 0);
  t.strictSame(
    daemon.requests.slice(-2).map((request) => request.operation),
    ['putClusterConfig', 'putClusterBundle'],
  );

  writeFileSync(join(dir, 'n.json'), '{"enabled": false}');
  t.equal((await cli(['notification', 'config', 'n.json'])).code, 0);
  t.match(daemon.requests.at(-1), { operation: 'putNotificationConfig', contentType: 'application/json' });
  t.strictSame(daemon.requests.at(-1)?.body, Buffer.from('{"enabled": false}'));

  writeFileSync(join(dir, 'cluster.xml'), '<cluster/>');
  t.equal((await cli(['cluster', 'config', 'cluster.xml'])).code, 0);
  t.strictSame(daemon.requests.at(-1)?.body, { xml: '<cluster/>', lock: null });
});

scenario(t, 'a bare .safe name is looked for in the installation', calm, async (t, { daemon, dir, cli }) => {
  const safe = t.testdir({ Application_Modules: { demo: { 'web.safe': 'PK demo' } } });
  t.equal((await cli(['module', 'install', '-m', 'web', 'web.safe'], { env: { SAFE: safe } })).code, 0);
  t.match(daemon.requests[0]?.body, Buffer.from('PK demo'));
  t.match(
    (await cli(['module', 'install', '-m', 'web', 'other.safe'], { env: { SAFE: safe } })).err,
    /^USAGE: the file .*other\.safe cannot be read/,
  );
  t.match((await cli(['module', 'install', '-m', 'web', 'other.safe'], { env: { SAFE: dir } })).err, /^USAGE/);
});

scenario(
  t,
  'nothing installed',
  {
    ...calm,
    listModules: () => ({ json: { items: [], next: null } }),
    getClusterState: () => ({ json: { items: [], next: null } }),
  },
  async (t, { cli }) => {
    for (const argv of [['state'], ['module', 'list'], ['module', 'listid'], ['cluster', 'state']])
      t.equal((await cli(argv)).out, 'no module is installed\n');
    t.equal((await cli(['shutdown'])).out, 'no module is configured on this node\n');
    t.equal((await cli(['cluster', 'confinfo'])).out, 'there is no cluster configuration\n');
  },
);

scenario(
  t,
  'a forged line in a log',
  {
    ...calm,
    getLogs: () => ({ json: { items: [logLine({ message: 'a\n| 2026-01-31 | heart | E | forged\u001b[2J' })], next: null } }),
  },
  async (t, { cli }) => {
    const { out } = await cli(['log', '-m', 'farm']);
    t.equal(out.split('\n').length, 2);
    t.notMatch(out, '\u001b');
  },
);
