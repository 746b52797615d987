/**
 * What the command log is told of logins. A password typed where the name belongs must not stand there, so a name that no user has is not
 * written; and a storm of tries must not fill the disk: of what was refused each minute has ten lines, then how many more there were.
 */

import type { Caller } from '../../actors/face.js';
import type { Role } from '../../actors/face-auth.js';

const minuteMs = 60_000;
const linesEachMinute = 10;
const titles = { monitor: 'Monitor', control: 'Control', admin: 'Admin' } as const satisfies Readonly<Record<Role, string>>;

export interface LoginLog {
  note(name: string, source: string, result: 'in' | 'out' | 'refused' | 'throttled', role?: Role): void;
}

export function createLoginLog(
  note: (caller: Caller, text: string) => void,
  isUser: (name: string) => boolean,
  wallMs: () => number,
): LoginLog {
  let minute = 0;
  let lines = 0;
  let more = 0;
  const say = (who: string, text: string): void => note({ who, identity: null }, text);
  return {
    note(name, source, result, role) {
      const who = `${isUser(name) ? name : '(unknown)'}@${source}`;
      if (result === 'in' || result === 'out') {
        say(
          role === undefined ? `${name}@${source}` : `${name}@${source} (${titles[role]})`,
          result === 'in' ? 'login' : 'logout',
        );
        return;
      }
      const now = Math.floor(wallMs() / minuteMs);
      if (now !== minute) {
        if (more > 0) say('holdfastd', `${more} more logins refused`);
        minute = now;
        lines = 0;
        more = 0;
      }
      if (lines >= linesEachMinute) {
        more += 1;
        return;
      }
      lines += 1;
      say(who, result === 'refused' ? 'login refused' : 'login refused: too many tries');
    },
  };
}
