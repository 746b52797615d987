/** The flight recorder of a real daemon: killed applications up to maxloop, a killed daemon, a torn line, and no secrets. */
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { signal } from '../../src/demo/processes.js';
import type { Explanation } from '../../src/http/api-types.js';
import { RealDaemon } from '../e2e/daemon.js';
import { application, journalModule } from '../e2e/modules.js';
import { freeTcpPort, place } from '../e2e/place.js';
import { until } from '../e2e/until.js';

t.setTimeout(180_000);
const skip = process.platform === 'linux' ? false : 'the scripts of this test are for Linux';
const module = 'web';

async function crash(daemon: RealDaemon): Promise<void> {
  const mark = await until('the application runs', () => application(daemon, module));
  await until('errd knows it', async () => {
    const { body } = await daemon.api('GET', `/modules/${module}/errd`);
    return body.includes(`${mark.pid}`);
  });
  signal(mark, 'SIGKILL');
}
async function explained(daemon: RealDaemon): Promise<Explanation> {
  const value: Explanation = JSON.parse(await daemon.must('explain', '-m', module, '--json'));
  return value;
}

t.test('start, crashes up to maxloop, kill -9 of the daemon, stop: the replay has no divergence', { skip }, async (t) => {
  const directory = place(t);
  const secret = 'Zk9-planted-secret';
  const env = { HF_TOKEN: `${secret}-environment` };
  const daemon = new RealDaemon({ directory, node: 'n1', listen: ['127.0.0.1'], httpPort: await freeTcpPort(), env });
  await daemon.start();
  await daemon.install(module, withSecret(daemon, secret));
  await daemon.must('start', '-m', module, '--wait');
  for (let count = 1; count <= 3; count += 1) {
    await crash(daemon);
    await until(`restart ${count} is over`, async () => {
      const { state, quality, budget } = await daemon.status(module);
      return state === 'UP' && quality === 'Ready' && budget.used === count;
    });
  }
  const restart = await explained(daemon);
  t.match(restart, {
    from: { state: 'UP' },
    to: { state: 'UP', quality: 'Ready' },
    reason: 'restart called by errd',
    doubt: null,
  });
  const texts = restart.chain.map((link) => link.text).join('\n');
  t.match(texts, /process \d+ of tail was ended by SIGKILL/, 'the raw fact');
  t.match(texts, /errd: tail has failed \(0 of at least 1\); its action is restart/, 'the verdict');
  t.match(texts, /restart counter: 3 of 3/, 'the counter');
  t.match(texts, /stop_both UP UP restart[\s\S]*start_both UP UP restart/, 'the scripts');
  t.ok(restart.resources.some(({ name, value }) => name === 'proc.tail' && value === 'down'));

  await daemon.kill();
  await daemon.start();
  await daemon.reaches(module, 'UP Ready');
  await crash(daemon);
  await daemon.reaches(module, 'STOP NotReady');
  const stop = await explained(daemon);
  t.match(stop.chain.map((link) => link.text).join('\n'), /action 4, more than maxloop 3: the module stops/);
  const text = await daemon.must('explain', '-m', module);
  t.match(text, /UP \(Ready\) -> STOP \(NotReady\)/);
  t.match(await daemon.cli('explain', '-m', module, '--at', '2001-01-01T00:00:00Z'), { code: 1, stderr: /^EXPLAIN_NONE: / });
  t.match(await daemon.cli('explain', '-m', module, '--at', 'yesterday'), { code: 2, stderr: /is no time/ });

  await daemon.must('start', '-m', module, '--wait');
  await daemon.kill();
  await daemon.start();
  await daemon.reaches(module, 'UP Ready');
  await daemon.must('stop', '-m', module, '--wait');
  daemon.signal('SIGTERM');
  await daemon.ended();

  const journal = join(daemon.safevar, 'journal');
  t.equal(statSync(journal).mode & 0o777, 0o700);
  const [name = ''] = readdirSync(journal);
  const file = join(journal, name);
  t.equal(statSync(file).mode & 0o777, 0o600);
  const content = readFileSync(file, 'utf8');
  t.notMatch(content, secret, 'neither variables nor the environment are recorded');
  const replay = await daemon.must('replay', '-m', module);
  t.match(replay, /no divergence/);
  t.match(replay, /, 3 beginnings/);
  t.match(replay, /action 4, more than maxloop 3/);
  t.match(await daemon.must('replay', '--json', file), /"divergence":null/);

  // A daemon that is killed in the middle of a line.
  const torn = join(directory, 'torn');
  mkdirSync(torn);
  copyFileSync(file, join(torn, name));
  truncateSync(join(torn, name), statSync(file).size - 20);
  t.match(await daemon.must('replay', torn), /no divergence: [\s\S]*1 torn lines/);
  appendFileSync(join(torn, name), `\n${content}`);
  t.match(await daemon.must('replay', torn), /no divergence: [\s\S]*6 beginnings; 1 torn lines/);

  // One that somebody has changed.
  const forged = join(directory, 'forged.jsonl');
  writeFileSync(forged, content.replace('"signal":"SIGKILL"', '"signal":"SIGTERM"'));
  const line = content.split('\n').findIndex((one) => one.includes('"signal":"SIGKILL"')) + 1;
  t.match(await daemon.cli('replay', forged), { code: 1, stdout: new RegExp(`forged.jsonl:${line} .*checksum`) });
  t.match(await daemon.cli('replay', join(directory, 'nothing')), { code: 2, stderr: /^USAGE: / });
});

/** The module with a variable of its own that holds a secret. */
function withSecret(daemon: RealDaemon, secret: string) {
  const files = journalModule(daemon, module);
  const user = '<user nicestoptimeout="10s" forcestoptimeout="10s" logging="userlog"/>';
  const userconfig = files.userconfig.replace(user, `${user.slice(0, -2)}><var name="PASSWORD" value="${secret}-var"/></user>`);
  return { ...files, userconfig };
}
