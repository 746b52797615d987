/** Notifications by a program of the administrator's: no shell, the text on its input, the facts in its environment. */
import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Attempt, failed, type Send } from './attempt.js';
import type { ExecutableChannel } from './config.js';
import type { Message } from './message.js';

/** So much of what it says on its error output is kept, in characters. */
const keptComplaint = 2_000;

/** What keeps the program from being run: the daemon is root, so nobody else may be able to change it. */
async function objection(path: string): Promise<Attempt | null> {
  try {
    const facts = await stat(path);
    if (!facts.isFile()) return failed(`${path} is no file`, 'correct path');
    if (process.platform !== 'win32') {
      if ((facts.mode & 0o022) !== 0) return failed(`others than its owner may change ${path}`, `chmod go-w ${path}`);
      if (facts.uid !== 0 && facts.uid !== process.getuid?.())
        return failed(`${path} belongs to another user`, `chown it to the user of holdfastd`);
    }
    await access(path, constants.X_OK);
    return null;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'error';
    return failed(`${path} cannot be run (${code})`, code === 'EACCES' ? `chmod u+x ${path}` : 'correct path');
  }
}

const environmentOf = (message: Message): Readonly<Record<string, string>> => ({
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: process.env['LANG'] ?? 'C.UTF-8',
  HOLDFAST_ID: message.id,
  HOLDFAST_NODE: message.node,
  HOLDFAST_SEVERITY: message.severity,
  HOLDFAST_SUBJECT: message.subject,
  HOLDFAST_TIME: message.at,
  HOLDFAST_MODULES: message.modules.flatMap(({ module }) => module ?? []).join(' '),
  HOLDFAST_STATES: message.modules
    .flatMap(({ module, after }) => (module === null || after === null ? [] : `${module}=${after}`))
    .join(';'),
  HOLDFAST_EVENTS: String(message.modules.reduce((sum, { events }) => sum + events.length, 0)),
  HOLDFAST_LOST: String(message.lost),
});

/** A sender for that channel. The program has `timeoutSeconds`; then it is killed with everything that it started. */
export function createExecutableSender(channel: ExecutableChannel): Send {
  const { path, args, timeoutMs } = channel;
  return async (message, signal) => {
    const wrong = await objection(path);
    if (wrong !== null) return wrong;
    return new Promise((resolve) => {
      const child = spawn(path, [...args], {
        ...{ cwd: dirname(path), env: { ...environmentOf(message) }, shell: false, windowsHide: true },
        ...{ stdio: ['pipe', 'ignore', 'pipe'], detached: process.platform !== 'win32' },
      });
      let complaint = '';
      const kill = (): void => {
        try {
          if (child.pid !== undefined && process.platform !== 'win32') process.kill(-child.pid, 'SIGKILL');
          else child.kill('SIGKILL');
        } catch {
          // It has ended meanwhile.
        }
      };
      const end = (attempt: Attempt): void => {
        signal.removeEventListener('abort', kill);
        child.stderr.destroy();
        resolve(attempt);
      };
      signal.addEventListener('abort', kill);
      child.stderr.on('data', (chunk) => {
        complaint = `${complaint}${String(chunk)}`.slice(-keptComplaint);
      });
      // A program that does not read its input closes the pipe early: that is its right.
      child.stdin.on('error', () => undefined);
      child.once('error', (error) => end(failed(`${path} cannot be started: ${error.message}`, 'correct path')));
      child.once('exit', (code, by) => {
        if (signal.aborted)
          end(
            failed(`${path} did not end within ${timeoutMs / 1000} s and was killed`, 'make it quicker, or raise timeoutSeconds'),
          );
        else if (code === 0) end({ ok: true, note: null });
        else {
          const last = complaint.trim().split('\n').at(-1) ?? '';
          const how = by === null ? `ended with code ${code}` : `was ended by ${by}`;
          end(failed(`${path} ${how}${last === '' ? '' : `: ${last}`}`, 'look at what it says, or correct it'));
        }
      });
      child.stdin.end(message.text);
    });
  };
}
