/** A real program is told: what it gets, how it fails, and that it does not hang about. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { Attempt } from '../../../src/io/notify/attempt.js';
import { createExecutableSender } from '../../../src/io/notify/executable.js';
import { type Message, messageOf } from '../../../src/io/notify/message.js';

t.setTimeout(60_000);
const skip = process.platform === 'win32' ? 'the programs of this test are for a Unix shell' : false;
const item = { id: '7.1', at: '2026-01-01T00:00:00.000Z', explanation: null } as const;
const message: Message = messageOf({
  ...{ id: '9.1.n1', node: 'n1', lost: 2 },
  items: [
    {
      ...item,
      module: 'farm',
      kind: 'state',
      text: 'farm stopped; $(touch /tmp/x) `id`',
      before: 'UP (Ready)',
      after: 'STOP (NotReady)',
    },
    { ...item, module: 'db', kind: 'critical', text: 'no', before: null, after: null },
  ],
});
function program(t: Test, script: string): { readonly path: string; readonly dir: string } {
  const dir = t.testdir({});
  const path = join(dir, 'page');
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return { path, dir };
}
const send = (path: string, args: readonly string[] = [], limitMs = 20_000): Promise<Attempt> =>
  createExecutableSender({ kind: 'executable', name: 'pager', timeoutMs: limitMs, path, args })(
    message,
    AbortSignal.timeout(limitMs),
  );

t.test('the text on its input, the facts in its environment, arguments as they are', { skip }, async (t) => {
  const { path, dir } = program(t, 'cat > text; env | grep HOLDFAST_ | sort > facts; printf "%s|" "$@" > args; pwd > where');
  t.same(await send(path, ['--team', 'a b; $(id)']), { ok: true, note: null });
  t.equal(readFileSync(join(dir, 'text'), 'utf8'), message.text);
  t.same(readFileSync(join(dir, 'facts'), 'utf8').trim().split('\n'), [
    'HOLDFAST_EVENTS=2',
    'HOLDFAST_ID=9.1.n1',
    'HOLDFAST_LOST=2',
    'HOLDFAST_MODULES=farm db',
    'HOLDFAST_NODE=n1',
    'HOLDFAST_SEVERITY=critical',
    'HOLDFAST_STATES=farm=STOP (NotReady)',
    `HOLDFAST_SUBJECT=${message.subject}`,
    'HOLDFAST_TIME=2026-01-01T00:00:00.000Z',
  ]);
  t.equal(readFileSync(join(dir, 'args'), 'utf8'), '--team|a b; $(id)|');
});

t.test('a program that does not read, and one that fails', { skip }, async (t) => {
  t.same(await send(program(t, 'exit 0').path), { ok: true, note: null });
  t.match(await send(program(t, 'echo begin >&2; echo "no modem" >&2; exit 3').path), {
    ok: false,
    reason: /ended with code 3: no modem$/,
  });
  t.match(await send(program(t, 'kill -9 $$').path), { ok: false, reason: /was ended by SIGKILL$/ });
});

t.test('one that hangs is killed with what it started', { skip }, async (t) => {
  const { path, dir } = program(t, '(sleep 1.5; touch late) & sleep 600');
  const since = performance.now();
  t.match(await send(path, [], 300), { ok: false, reason: /did not end within 0\.3 s and was killed/, remedy: /timeoutSeconds/ });
  t.ok(performance.now() - since < 5_000);
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  t.notOk(existsSync(join(dir, 'late')), 'its child is gone as well');
});

t.test('what others could change is not run', { skip }, async (t) => {
  const { path, dir } = program(t, 'touch ran');
  chmodSync(path, 0o777);
  t.match(await send(path), { ok: false, reason: /others than its owner may change/, remedy: `chmod go-w ${path}` });
  chmodSync(path, 0o644);
  t.match(await send(path), { ok: false, reason: /cannot be run \(EACCES\)/, remedy: `chmod u+x ${path}` });
  t.match(await send(join(dir, 'none')), { ok: false, reason: /cannot be run \(ENOENT\)/ });
  t.match(await send(dir), { ok: false, reason: /is no file/ });
  t.notOk(existsSync(join(dir, 'ran')));
  const odd = program(t, '');
  writeFileSync(odd.path, '#!/no/such/interpreter\n');
  t.match(await send(odd.path), { ok: false, reason: /cannot be started/ });
});
