import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { CliError } from '../../src/cli/cli-error.js';
import { createClient, socketPath } from '../../src/cli/client.js';
import { exitCode } from '../../src/cli/run.js';
import { calm } from './fixtures.js';
import { runCli, scenario } from './harness.js';

t.test('where the socket is', async (t) => {
  t.equal(socketPath('/x', { HOLDFAST_SOCKET: '/y', SAFEVAR: '/z' }), '/x');
  t.equal(socketPath(null, { HOLDFAST_SOCKET: '/y', SAFEVAR: '/z' }), '/y');
  t.equal(socketPath(null, { HOLDFAST_SOCKET: '', SAFEVAR: '/z' }), '/z/holdfast.sock');
  t.equal(socketPath(null, {}), '/var/holdfast/holdfast.sock');
});

t.test('a daemon that is not reached: exit 3 and what to do', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'hf-cli-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const state = (socket: string) => runCli(['state', '--socket', socket]);
  t.strictSame(await state(join(dir, 'none')), {
    code: 3,
    out: '',
    err: `DAEMON_UNREACHABLE: there is no socket ${join(dir, 'none')}; start holdfastd, or name its socket with --socket or HOLDFAST_SOCKET\n`,
  });
  writeFileSync(join(dir, 'file'), '');
  const file = await state(join(dir, 'file'));
  t.match(file, { code: 3, err: /^DAEMON_UNREACHABLE: .*file/ });
  const beyond = await state(join(dir, 'file', 's'));
  t.match(beyond, { code: 3, err: /there is no socket/ });
  const long = await state(join(dir, 'x'.repeat(120)));
  t.match(long, { code: 3, err: /^DAEMON_UNREACHABLE: / });
  const json = await runCli(['--json', 'state', '--socket', join(dir, 'none')]);
  t.equal(json.code, 3);
  t.match(JSON.parse(json.err), { code: 'DAEMON_UNREACHABLE', problems: [] });
});

t.test('a socket whose daemon was killed', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'hf-cli-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(join(dir, 's'), resolve));
  t.match(await runCli(['state', '--socket', join(dir, 's')]), { code: 3, err: /^DAEMON_UNREACHABLE: holdfastd/ });
  await new Promise((resolve) => server.close(resolve));
});

scenario(t, 'a daemon that hangs up in the middle', { ...calm, listModules: () => ({ hangUp: true }) }, async (t, { cli }) => {
  t.match(await cli(['state']), { code: 3, err: /before it had answered/ });
});

scenario(t, 'a daemon that never answers', { ...calm, getCluster: () => ({ silent: true }) }, async (t, { daemon }) => {
  const client = createClient(daemon.socket, new AbortController().signal);
  await t.rejects(client.json('GET', '/cluster', { timeoutMs: 50 }), {
    code: 'DAEMON_UNREACHABLE',
    message: /did not answer within 0.05 s/,
  });
});

scenario(
  t,
  'answers that are none',
  { ...calm, listModules: () => ({ raw: '<html>', status: 200 }), getCluster: () => ({ raw: 'Bad\n gateway', status: 502 }) },
  async (t, { cli }) => {
    t.match(await cli(['state']), {
      code: 1,
      err: /^INTERNAL: .* is no JSON; are holdfast and holdfastd of the same version\?\n$/,
    });
    t.strictSame(await cli(['level']), { code: 1, out: '', err: 'INTERNAL: Bad gateway\n' });
  },
);

scenario(t, 'an answer of another shape', { ...calm, listModules: () => ({ raw: '{}', status: 200 }) }, async (t, { cli }) => {
  t.match(await cli(['state']), { code: 1, err: /^INTERNAL: .*same version/ });
});

const wrong = {
  severity: 'error',
  code: 'CONF_ATTRIBUTE_VALUE',
  file: 'conf/userconfig.xml',
  line: 3,
  column: 5,
  element: 'safe/service',
  attribute: 'mode',
  value: 'fram',
  message: "mode is 'fram'.",
  remedy: 'Allowed: farm, mirror, light.',
};
scenario(
  t,
  'errors of a configuration are one line each',
  {
    ...calm,
    applyModule: () => ({ problem: 'CONF_INVALID', detail: 'There are 2 errors.', problems: [wrong, { ...wrong, line: 9 }] }),
  },
  async (t, { cli }) => {
    t.strictSame(await cli(['config', '-m', 'farm']), {
      code: 2,
      out: '',
      err: [3, 9]
        .map(
          (line) => `conf/userconfig.xml:${line}:5: error CONF_ATTRIBUTE_VALUE: mode is 'fram'. Allowed: farm, mirror, light.\n`,
        )
        .join(''),
    });
    t.match(JSON.parse((await cli(['config', '-m', 'farm', '--json'])).err), {
      code: 'CONF_INVALID',
      problems: [{ line: 3 }, { line: 9 }],
    });
  },
);

t.test('exit codes', async (t) => {
  t.equal(exitCode(new CliError('MODULE_STATE', '')), 1);
  t.equal(exitCode(new CliError('MODULE_UNKNOWN', '')), 2);
  t.equal(exitCode(new CliError('DAEMON_UNREACHABLE', '')), 3);
  t.equal(exitCode(new CliError('NEVER_HEARD_OF', '', [], 422)), 2, 'a newer daemon: by the status');
  t.equal(exitCode(new CliError('NEVER_HEARD_OF', '', [], 409)), 1);
  t.equal(exitCode(new CliError('CONF_NEVER_HEARD_OF', '')), 2);
});
