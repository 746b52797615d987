/** Modes of files that are trusted: found, mended where that only takes rights away, and left where it must be. */
import { chmodSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { checkModes, mendModes } from '../../../src/io/health/modes.js';

const skip = process.platform === 'win32' ? 'modes are of Unix' : false;

function place(root: string) {
  const [safe, safevar] = [join(root, 'safe'), join(root, 'var')];
  const put = (path: string, mode: number): string => {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
    writeFileSync(file, 'x');
    chmodSync(file, mode);
    return file;
  };
  put('safe/private/modules/web/bin/start_both', 0o755);
  put('safe/modules/web/bin/start_both', 0o775);
  put('var/cluster/cluster.key', 0o600);
  put('var/modules/web/log.jsonl', 0o666);
  return { safe, safevar, put };
}

t.test('nothing where all is well', { skip }, async (t) => {
  t.same(await checkModes(place(t.testdir({}))), [], 'a group may share what is edited');
});

t.test('found, mended, and told', { skip }, async (t) => {
  const { safe, safevar, put } = place(t.testdir({}));
  const key = put('var/cluster/cluster.key', 0o644);
  const older = put('var/cluster/cluster.older', 0o644);
  const token = put('var/smtp-password.txt', 0o640);
  const active = put('safe/private/modules/web/bin/start_both', 0o775);
  const edited = put('safe/modules/web/bin/stop_both', 0o777);
  const outside = put('outside', 0o666);
  symlinkSync(outside, join(safe, 'private', 'modules', 'web', 'bin', 'link'));
  const found = await checkModes({ safe, safevar });
  t.same(found.map(({ path }) => path).sort(), [key, older, token, active, edited].sort());
  t.match(
    found.find(({ path }) => path === key),
    {
      secret: true,
      problem: /read by other users \(mode 0644\)/,
      remedy: `chmod go-rwx ${key}; look whether somebody has used it`,
    },
  );
  t.match(
    found.find(({ path }) => path === edited),
    { secret: false, remedy: /chmod o-w/ },
  );
  const { mended, left } = await mendModes({ safe, safevar });
  t.equal(mended.length, 5);
  t.same(left, []);
  t.same(
    [key, older, token, active, edited].map((path) => lstatSync(path).mode & 0o777),
    [0o600, 0o600, 0o600, 0o755, 0o775],
  );
  t.equal(lstatSync(outside).mode & 0o777, 0o666, 'no link is followed');
  t.same(await checkModes({ safe, safevar }), []);
});

t.test("another user's file is told, not taken", { skip }, async (t) => {
  const places = place(t.testdir({}));
  const own = process.getuid?.() ?? 0;
  const looked = own === 0 ? await checkModes(places) : await checkModes(places, own + 1);
  if (own === 0) t.same(looked, []);
  else t.match(looked[0], { problem: /belongs to user/, remedy: /chown/ });
  const { left } = own === 0 ? { left: [] } : await mendModes(places, own + 1);
  t.equal(left.length > 0, own !== 0);
});
