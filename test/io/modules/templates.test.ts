import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import t from 'tap';
import type { ActiveModule } from '../../../src/actors/ports.js';
import { createModuleStore } from '../../../src/io/modules/store.js';
import { home, put, templates, unwrap } from './support.js';

const windows = process.platform === 'win32' ? 'the templates are shell scripts' : false;

/** A systemctl whose services are files: a test does not start and stop the services of the machine it runs on. */
const fakeSystemctl = `#!/bin/sh
state=$FAKE_SYSTEMD
command=$1
shift
property=
for word in "$@"; do
  case $word in
    --property=*) property=\${word#--property=} ;;
    -*) ;;
    *) service=$word ;;
  esac
done
echo "$command $service" >>"$state/calls"
case $command in
  start) test -e "$state/known.$service" || exit 5
    test -e "$state/broken.$service" && exit 1
    test -e "$state/hangs.$service" && { echo activating >"$state/active.$service"; exit 0; }
    echo active >"$state/active.$service" ;;
  stop) test -e "$state/stubborn.$service" || rm -f "$state/active.$service" ;;
  disable) : >"$state/disabled.$service" ;;
  show)
    if [ "$property" = LoadState ]; then
      if [ -e "$state/known.$service" ]; then echo loaded; else echo not-found; fi
    elif [ -e "$state/active.$service" ]; then cat "$state/active.$service"
    else echo inactive
    fi ;;
esac
`;
const fakeSafekit =
  '#!/bin/sh\nfor word in "$@"; do printf "[%s]" "$word"; done >>"$FAKE_SYSTEMD/safekit"\necho >>"$FAKE_SYSTEMD/safekit"\n';

const machine = (t: Parameters<typeof home>[0], tools: Readonly<Record<string, string>>) => {
  const made = home(t);
  const bin = join(made.root, 'tools');
  const state = join(made.root, 'state');
  mkdirSync(state, { recursive: true });
  for (const [name, text] of Object.entries(tools)) put(join(bin, name), text, 0o755);
  const options = {
    ...made.options,
    daemonEnv: { ...made.options.daemonEnv, PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` },
    extraEnv: { FAKE_SYSTEMD: state },
  };
  const read = (name: string): string => (existsSync(join(state, name)) ? readFileSync(join(state, name), 'utf8') : '');
  const mark = (...names: readonly string[]): void => {
    for (const name of names) writeFileSync(join(state, name), '');
  };
  return { ...made, options, state, read, mark, store: createModuleStore(options) };
};

/** Runs a script as the daemon does: its environment and nothing else. */
const run = (module: ActiveModule, script: string, ...args: readonly string[]) => {
  const path = module.scripts[script];
  if (path === undefined) throw new Error(`no script ${script}`);
  const file = join(module.varDir, 'output');
  // To a file, as the daemon does: a program that stays in the background would keep a pipe open.
  const fd = openSync(file, 'w');
  const { status } = spawnSync(path, [...args], {
    env: { ...module.env },
    cwd: module.varDir,
    stdio: ['ignore', fd, fd],
    timeout: 20_000,
  });
  closeSync(fd);
  return { code: status, output: readFileSync(file, 'utf8') };
};

t.test(
  'every script of the templates is clean for shellcheck',
  { skip: spawnSync('shellcheck', ['--version']).error !== undefined ? 'shellcheck is not installed' : windows },
  async (t) => {
    for (const name of ['farm', 'light', 'nginx', 'ocf']) {
      const result = spawnSync('sh', ['-c', 'shellcheck -x -e SC1091 -- *'], {
        cwd: join(templates, name, 'bin'),
        encoding: 'utf8',
      });
      t.equal(result.stdout + result.stderr, '', name);
    }
  },
);

t.test('farm: services through a stand-in for systemctl', { skip: windows }, async (t) => {
  const { store, mark, read, state } = machine(t, { systemctl: fakeSystemctl, safekit: fakeSafekit });
  unwrap(await store.install('web', null, 'farm', null, false));
  const before = unwrap(await store.readFile('web', 'conf/userconfig.xml'));
  unwrap(
    await store.writeFile(
      'web',
      'conf/userconfig.xml',
      before.content.replace('name="SERVICES" value=""', 'name="SERVICES" value=" db ,, my app,web "'),
      before.etag,
    ),
  );
  mark('known.db', 'known.web');
  t.match(
    await store.apply('web'),
    { ok: false, failure: { code: 'SCRIPT_FAILED', message: /no service my app/i } },
    'a service that is not there keeps it from being applied',
  );
  mark('known.my app');
  const { active } = unwrap(await store.apply('web'));
  t.ok(
    ['db', 'my app', 'web'].every((service) => existsSync(join(state, `disabled.${service}`))),
    'the system itself no longer starts them at boot',
  );

  t.equal(run(active, 'prestart', 'STOP', 'WAIT', 'start').code, 0);
  writeFileSync(join(state, 'calls'), '');
  t.equal(run(active, 'start_both', 'WAIT', 'UP', 'start').code, 0);
  t.match(
    read('calls')
      .split('\n')
      .filter((line) => line.startsWith('start')),
    ['start db', 'start my app', 'start web'],
  );
  writeFileSync(join(state, 'calls'), '');
  t.equal(run(active, 'stop_both', 'UP', 'STOP', 'stop').code, 0);
  t.match(
    read('calls')
      .split('\n')
      .filter((line) => line.startsWith('stop')),
    ['stop web', 'stop my app', 'stop db'],
    'in reverse',
  );
  t.equal(run(active, 'stop_both', 'force', 'UP', 'STOP', 'stop').code, 0);
  t.equal(read('safekit'), '', 'nothing to complain of');

  writeFileSync(join(state, 'calls'), '');
  t.equal(run(active, 'start_both', 'UP', 'UP', 'restart', '-Services', 'web, db').code, 0);
  t.match(
    read('calls')
      .split('\n')
      .filter((line) => line.startsWith('start')),
    ['start web', 'start db'],
    'a restart of some services',
  );

  mark('stubborn.db');
  t.equal(run(active, 'stop_both', 'UP', 'STOP', 'stop').code, 1);
  t.equal(run(active, 'stop_both', 'force', 'UP', 'STOP', 'stop').code, 1);
  t.same(read('safekit').trim().split('\n'), [
    '[printe][Service db could not be stopped]',
    '[printe][Service db is not stopped]',
  ]);
  writeFileSync(join(state, 'safekit'), '');
  t.equal(run(active, 'prestart', 'STOP', 'WAIT', 'start').code, 1, 'what still runs keeps the module from starting');
  t.match(read('safekit'), /\[printe\]\[Service db still runs: the module does not start\]\n\[stop\]\[-i\]\[prestart\]\n$/);

  mark('broken.web');
  writeFileSync(join(state, 'safekit'), '');
  t.equal(run(active, 'start_both', 'WAIT', 'UP', 'start').code, 1);
  t.equal(read('safekit'), '[printe][Service web could not be started]\n[stop][-i][start_both]\n');

  const bare = { ...active, env: { ...active.env, SERVICES: '' } };
  writeFileSync(join(state, 'calls'), '');
  run(bare, 'stop_both', 'UP', 'STOP', 'stop');
  t.match(read('calls'), /stop my app\n/, 'without the variable the applied configuration is asked');
});

t.test('farm: a service that hangs while it starts', { skip: windows }, async (t) => {
  // A sleep that takes no time: the ten seconds are counted, not waited for.
  const { store, mark, read } = machine(t, {
    systemctl: fakeSystemctl,
    safekit: fakeSafekit,
    sleep: '#!/bin/sh\necho "$1" >>"$FAKE_SYSTEMD/slept"\n',
  });
  unwrap(await store.install('web', null, 'farm', null, false));
  const { active } = unwrap(await store.apply('web'));
  mark('known.db', 'hangs.db');
  const result = run(active, 'start_both', 'WAIT', 'UP', 'start', '-Services', 'db');
  t.equal(result.code, 1);
  t.equal(read('slept'), '1\n'.repeat(10));
  t.equal(read('safekit'), '[printe][Service db is starting after 10 seconds]\n[stop][-i][start_both]\n');
});

t.test('without services the generic template does nothing, and does it well', { skip: windows }, async (t) => {
  const { store } = machine(t, { systemctl: '#!/bin/sh\nexit 1\n', safekit: fakeSafekit });
  for (const name of ['farm', 'light']) {
    unwrap(await store.install(name, null, name, null, false));
    const { active } = unwrap(await store.apply(name));
    for (const script of ['start_both', 'stop_both'])
      t.same(run(active, script, 'UP', 'UP', 'restart'), { code: 0, output: '' }, `${name} ${script}`);
    t.equal(run(active, 'stop_both', 'force', 'UP', 'STOP', 'stop').code, 0);
  }
});

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
const nginxThere = spawnSync('nginx', ['-v']).error === undefined && spawnSync('ps', ['--version']).error === undefined;

t.test('nginx: the real one', { skip: nginxThere ? windows : 'nginx or ps is not installed' }, async (t) => {
  const { store, root, read } = machine(t, { safekit: fakeSafekit });
  const port = await freePort();
  const prefix = join(root, 'web');
  mkdirSync(prefix);
  const configuration = (listen: string): string => `pid nginx.pid; error_log stderr; worker_processes 1;
events { worker_connections 64; }
http { access_log off; client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
  server { listen ${listen}; location / { return 200 "served\\n"; } } }
`;
  put(join(prefix, 'nginx.conf'), configuration(`127.0.0.1:${port}`));
  unwrap(await store.install('web', null, 'nginx', null, false));
  const before = unwrap(await store.readFile('web', 'conf/userconfig.xml'));
  const edited = before.content
    .replace('/etc/nginx/nginx.conf', join(prefix, 'nginx.conf'))
    .replace('name="NGINX_PREFIX" value=""', `name="NGINX_PREFIX" value="${prefix}"`);
  unwrap(await store.writeFile('web', 'conf/userconfig.xml', edited, before.etag));
  const { active } = unwrap(await store.apply('web'));
  const [proc] = active.config.errd?.procs ?? [];
  t.match(proc, {
    name: 'nginx',
    argRegex: `master process .*${join(prefix, 'nginx.conf')}`,
    class: 'both',
    action: { kind: 'restart' },
  });
  t.teardown(() => {
    run(active, 'stop_both', 'force', 'UP', 'STOP', 'stop');
  });

  t.equal(run(active, 'prestart', 'STOP', 'WAIT', 'start').code, 0);
  t.equal(run(active, 'start_both', 'WAIT', 'UP', 'start').code, 0);
  t.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), 'served\n');
  const pid = Number(readFileSync(join(prefix, 'nginx.pid'), 'utf8'));
  t.match(
    execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }),
    new RegExp(`nginx: ${proc?.argRegex}`),
    'errd will find this one',
  );
  t.match(run(active, 'start_both', 'WAIT', 'UP', 'start'), { code: 0, output: /runs already/ });

  t.match(run(active, 'stop_both', 'UP', 'STOP', 'stop'), { code: 0, output: /has ended/ });
  await t.rejects(fetch(`http://127.0.0.1:${port}/`));
  t.match(run(active, 'stop_both', 'force', 'UP', 'STOP', 'stop'), { code: 0, output: /does not run/ });

  t.equal(run(active, 'start_both', 'WAIT', 'UP', 'start').code, 0);
  const master = Number(readFileSync(join(prefix, 'nginx.pid'), 'utf8'));
  process.kill(master, 'SIGSTOP');
  t.match(
    run(active, 'stop_both', 'force', 'UP', 'STOP', 'stop'),
    { code: 0, output: /by force/ },
    'also one that does not listen to signals',
  );
  await t.rejects(fetch(`http://127.0.0.1:${port}/`), 'nobody holds the port any more');

  writeFileSync(join(prefix, 'nginx.pid'), String(process.pid));
  t.match(
    run(active, 'stop_both', 'UP', 'STOP', 'stop'),
    { code: 0, output: /does not run/ },
    'a number that is another process by now is left alone',
  );
  t.equal(read('safekit'), '');
  put(join(prefix, 'nginx.conf'), configuration('nonsense nonsense'));
  t.equal(run(active, 'start_both', 'WAIT', 'UP', 'start').code, 1);
  t.match(read('safekit'), /\[printe\]\[nginx refuses the configuration .*\]\n\[stop\]\[-i\]\[start_both\]/);
});
