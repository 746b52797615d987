/**
 * A thousand wrong passwords from one address against a real daemon: what an honest user waits for a login meanwhile, how many passwords
 * are computed at all, and what they cost the daemon.
 */
import { readFileSync } from 'node:fs';
import { ask } from '../test/e2e/http.js';
import { loopback, startDaemon } from './real-daemon.js';
import { type BenchRow, judge } from './row.js';
import { median, quantile, wait } from './statistics.js';
import { makeDirectory, removeDirectory } from './workplace.js';

const area = 'security';
const tries = 1_000;
const atOnce = 20;
/** Logins in peace, to compare with. */
const peaceful = 20;
/** Between two logins of the honest user, in ms. */
const honestEveryMs = 200;
const user = 'admin';
const password = 'a long walk home';

/** A login from that address of this machine. @returns the code of the refusal; empty where it was let in */
async function login(port: number, from: string, secret: string): Promise<string> {
  const { status, body } = await ask({
    ...{ host: loopback(1), port, localAddress: from, method: 'POST', path: '/api/v1/session' },
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user, password: secret }),
    timeoutMs: 60_000,
  });
  const code = /"code":\s*"(\w+)"/.exec(body)?.[1] ?? '';
  if (status !== 200 && code === '') throw new Error(`a login was answered ${status}: ${body.slice(0, 200)}`);
  return code;
}
async function timed(work: () => Promise<string>): Promise<{ readonly ms: number; readonly code: string }> {
  const begun = performance.now();
  const code = await work();
  return { ms: performance.now() - begun, code };
}
/** utime and stime of the whole process, in ms. */
function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Only on Linux: other systems have one loopback address, and the daemon's time is asked for otherwise. */
export async function run(): Promise<readonly BenchRow[]> {
  if (process.platform !== 'linux') return [];
  const directory = makeDirectory();
  try {
    const daemon = await startDaemon({ directory, addresses: [loopback(1)] });
    await daemon.client.json('POST', '/users', { json: { name: user, role: 'admin', password } });
    const honest = () => timed(() => login(daemon.httpPort, loopback(1), password));
    const before: number[] = [];
    const cpuFirst = cpuMs(daemon.pid);
    for (let index = 0; index < peaceful; index += 1) before.push((await honest()).ms);
    const loginCpuMs = (cpuMs(daemon.pid) - cpuFirst) / peaceful;

    let under = true;
    const meanwhile: { readonly ms: number; readonly code: string }[] = [];
    const cpuBefore = cpuMs(daemon.pid);
    const others = (async () => {
      while (under) {
        meanwhile.push(await honest());
        await wait(honestEveryMs);
      }
    })();
    const codes: string[] = [];
    const begun = performance.now();
    await Promise.all(
      Array.from({ length: atOnce }, async (_, worker) => {
        for (let index = worker; index < tries; index += atOnce)
          codes.push(await login(daemon.httpPort, '127.0.0.66', `guess ${index}`));
      }),
    );
    const tookMs = performance.now() - begun;
    under = false;
    await others;
    const spentMs = cpuMs(daemon.pid) - cpuBefore - meanwhile.length * loginCpuMs;
    const computed = codes.filter((code) => code === 'AUTH_FAILED').length;
    const throttled = codes.filter((code) => code === 'AUTH_THROTTLED').length;
    const letIn = meanwhile.every(({ code }) => code === '');
    const times = meanwhile.map(({ ms }) => ms);
    const what = `${tries} wrong passwords from one address in ${(tookMs / 1000).toFixed(1)} s`;
    const peace = { against: `the same in peace (median of ${peaceful})`, againstValue: median(before) };
    return [
      judge({
        ...{ area, name: `login of an honest user beside ${what} (median of ${times.length})`, value: median(times), unit: 'ms' },
        ...{ ...peace, target: 'loginBesideAttackMs', sound: letIn },
      }),
      judge({ area, name: 'the same, slowest', value: quantile(times, 1), unit: 'ms', sound: letIn }),
      judge({
        ...{ area, name: `passwords computed for ${what}`, value: computed, unit: 'passwords' },
        ...{ target: 'passwordsComputed', sound: computed + throttled === tries },
      }),
      judge({
        ...{ area, name: `processor of the daemon for ${what}, without the honest logins`, value: spentMs, unit: 'ms' },
        target: 'attackCpuMs',
      }),
    ];
  } finally {
    await removeDirectory(directory);
  }
}
