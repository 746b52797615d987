import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { CheckPlace, CheckResult } from '../../../src/actors/ports.js';
import type { CustomCheck } from '../../../src/config/types.js';
import { createProgramRunner } from '../../../src/io/check-program.js';
import { createClock } from '../../../src/io/clock.js';
import { createLinuxScriptPlatform } from '../../../src/io/linux/scripts.js';
import { createCustomProbe, executableIn } from '../../../src/io/probers/custom.js';
import { script, temporaryDirectory } from '../real-processes.js';

const skip = process.platform === 'linux' ? false : 'needs Linux';

const customCheck = (settings: Partial<CustomCheck>): CustomCheck => ({
  kind: 'custom',
  ident: 'app',
  when: 'both',
  action: 'restart',
  grace: 1,
  exec: 'check.sh',
  arg: '',
  mode: 'oneshot',
  intervalMs: 10_000,
  timeoutMs: 5_000,
  ocf: null,
  parameters: [],
  ...settings,
});

function fixture(t: Test) {
  const dir = temporaryDirectory(t);
  const binDir = join(dir, 'bin');
  mkdirSync(binDir);
  const place: CheckPlace = {
    module: 'farm',
    binDir,
    env: { PATH: '/usr/bin:/bin', SAFEMODULE: 'farm', OCF_ROOT: join(dir, 'ocf'), OCF_RESKEY_of_var: 'v' },
  };
  const probe = createCustomProbe(createProgramRunner(createLinuxScriptPlatform(), createClock()));
  const check = (settings: Partial<CustomCheck>): Promise<CheckResult> =>
    new Promise((resolve) => {
      const running = probe(customCheck(settings), place, resolve);
      t.teardown(() => running.close());
    });
  const agent = (body: string): void => {
    mkdirSync(join(dir, 'ocf', 'resource.d', 'ours'), { recursive: true });
    script(join(dir, 'ocf', 'resource.d', 'ours'), 'agent', body);
  };
  return { dir, binDir, check, agent };
}

t.test('the exit code decides, the last line of the output says why', { skip }, async (t) => {
  const { binDir, check } = fixture(t);
  script(binDir, 'check.sh', '#!/bin/sh\necho first\necho all is well\n');
  t.same(await check({}), { up: true, detail: 'check.sh ended with code 0: all is well', stamp: null });
  script(binDir, 'check.sh', '#!/bin/sh\necho "queue is stuck" >&2\nexit 2\n');
  t.same(await check({}), { up: false, detail: 'check.sh ended with code 2: queue is stuck', stamp: null });
  script(binDir, 'check.sh', '#!/bin/sh\nkill -KILL $$\n');
  t.same(await check({}), { up: false, detail: 'check.sh was ended by SIGKILL', stamp: null });
});

t.test(
  'its arguments are the module, the resource and the words of arg; its environment is that of the scripts',
  { skip },
  async (t) => {
    const { binDir, check } = fixture(t);
    script(binDir, 'check.sh', '#!/bin/sh\nprintf "<%s>" "$@"\necho " $SAFEMODULE [$HOME] $PWD"\n');
    const { detail } = await check({ ident: 'queue', arg: ' one  $(id)\ttwo;three ' });
    t.equal(detail, `check.sh ended with code 0: <farm><custom.queue><one><$(id)><two;three> farm [] ${binDir}`);
  },
);

t.test('what is not there, or not executable, is down with the reason', { skip }, async (t) => {
  const { binDir, check } = fixture(t);
  t.match(await check({ exec: 'none.sh' }), { up: false, detail: /none\.sh does not exist/ });
  writeFileSync(join(binDir, 'plain'), '#!/bin/sh\n', { mode: 0o644 });
  t.match(await check({ exec: 'plain' }), { up: false, detail: /not executable/ });
});

t.test('no path leads out of the module', { skip }, async (t) => {
  const { check, dir } = fixture(t);
  script(dir, 'outside.sh', '#!/bin/sh\n');
  for (const exec of ['../outside.sh', '/bin/true', 'sub/../../outside.sh', '.', '..', '']) {
    t.same(await check({ exec }), { up: false, detail: `${exec} is not below the module's bin folder`, stamp: null });
  }
  t.equal(executableIn('/m/bin', 'sub/check'), '/m/bin/sub/check');
  t.equal(executableIn('/m/bin', '..check'), '/m/bin/..check');
});

t.test('the monitor of an agent: its environment', { skip }, async (t) => {
  const { check, agent, dir } = fixture(t);
  agent('#!/bin/sh\nenv | grep -E "^(OCF|SAFE)" | sort | tr "\\n" " "\necho "$*"\nexit 1\n');
  const parameters = [
    { name: 'configfile', value: 'a b;$(id)' },
    { name: 'OCF_CHECK_LEVEL', value: '10' },
  ];
  const { up, detail } = await check({ exec: '', ocf: 'ours:agent', ident: 'web', parameters });
  t.notOk(up);
  // The line is longer than what is shown of it, so that it is looked at in parts.
  t.match(
    detail,
    'ours:agent monitor: OCF_ERR_GENERIC: it failed: OCF_CHECK_LEVEL=10 OCF_RA_VERSION_MAJOR=1 OCF_RA_VERSION_MINOR=1',
  );
  agent(`#!/bin/sh
[ "$OCF_ROOT" = '${join(dir, 'ocf')}' ] && [ "$OCF_RESKEY_configfile" = 'a b;$(id)' ] && [ "$OCF_RESOURCE_INSTANCE" = web ] &&
  [ "$OCF_RESOURCE_TYPE" = agent ] && [ "$OCF_RESOURCE_PROVIDER" = ours ] && [ "$OCF_CHECK_LEVEL" = 10 ] &&
  [ -z "\${OCF_RESKEY_OCF_CHECK_LEVEL+x}" ] && [ "$OCF_RESKEY_of_var" = v ] && [ "$OCF_RESKEY_CRM_meta_timeout" = 5000 ] &&
  [ "$OCF_RESKEY_CRM_meta_interval" = 10000 ] && [ "$*" = monitor ]
`);
  t.same(await check({ exec: '', ocf: 'ocf:ours:agent', ident: 'web', parameters }), {
    up: true,
    detail: 'ours:agent monitor: OCF_SUCCESS: running',
    stamp: null,
  });
});

t.test('the monitor of an agent: its exit codes', { skip }, async (t) => {
  const { check, agent } = fixture(t);
  const cases: readonly (readonly [number, boolean, string])[] = [
    [0, true, 'OCF_SUCCESS: running'],
    [1, false, 'OCF_ERR_GENERIC: it failed: said 1'],
    [2, false, 'OCF_ERR_ARGS: a parameter is wrong: said 2'],
    [3, false, 'OCF_ERR_UNIMPLEMENTED: the agent does not know the action: said 3'],
    [4, false, 'OCF_ERR_PERM: privileges are missing: said 4'],
    [5, false, 'OCF_ERR_INSTALLED: the software is not installed: said 5'],
    [6, false, 'OCF_ERR_CONFIGURED: the configuration is wrong: said 6'],
    [7, false, 'OCF_NOT_RUNNING: not running: said 7'],
    [8, true, 'OCF_RUNNING_PROMOTED: running as the promoted instance'],
    [9, false, 'OCF_FAILED_PROMOTED: the promoted instance failed: said 9'],
    [190, true, 'OCF_DEGRADED: running, but degraded'],
    [191, true, 'OCF_DEGRADED_PROMOTED: running as the promoted instance, but degraded'],
    [100, false, 'exit code 100, which the standard does not know: said 100'],
  ];
  for (const [code, up, text] of cases) {
    agent(`#!/bin/sh\necho said ${code} >&2\nexit ${code}\n`);
    t.same(await check({ exec: '', ocf: 'ours:agent' }), { up, detail: `ours:agent monitor: ${text}`, stamp: null });
  }
  agent('#!/bin/sh\nkill -TERM $$\n');
  t.match(await check({ exec: '', ocf: 'ours:agent' }), { up: false, detail: 'ours:agent monitor was ended by SIGTERM' });
});

t.test('an agent that is not there, and a name that leads elsewhere', { skip }, async (t) => {
  const { check } = fixture(t);
  t.match(await check({ exec: '', ocf: 'heartbeat:none' }), { up: false, detail: /none does not exist/ });
  for (const ocf of ['../..:sh', 'heartbeat:../x', 'heartbeat', 'a:b:c', ':x']) {
    t.match(await check({ exec: '', ocf }), { up: false, detail: /is no name of an OCF agent/ });
  }
});
