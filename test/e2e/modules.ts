/** Modules of the end-to-end tests: small real applications, and scripts that keep a journal of what was called when. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { identify, isAlive, type ProcessMark } from '../../src/demo/processes.js';
import type { ModuleFiles, RealDaemon } from './daemon.js';

export interface JournalOptions {
  readonly mode?: 'light' | 'farm';
  /** More attributes of `<service>`. */
  readonly service?: string;
  /** Attributes of `<user>`. */
  readonly user?: string;
  /** More elements of `<service>`. */
  readonly more?: string;
  /** Seconds that each script takes, for the shell. */
  readonly pause?: string;
  readonly scripts?: Readonly<Record<string, string>>;
}

/** What each script does first: a line in the journal, in one write. */
const header = (pause: string): string => `#!/bin/sh
echo "$(date +%s%N) \${0##*/} $*" >> "$SAFEUSERVAR/journal"
sleep ${pause}
`;

/**
 * A module whose application is one process that only waits; its arguments hold the module's own path, by which errd knows it.
 * The pid is in SAFEUSERVAR/app.pid.
 */
export function journalModule(daemon: RealDaemon, name: string, options: JournalOptions = {}): ModuleFiles {
  const { mode = 'light', service = '', user = 'nicestoptimeout="10s" forcestoptimeout="10s"', more = '', pause = '0' } = options;
  const waited = appFile(daemon, name);
  const begin = header(pause);
  return {
    userconfig: `<!DOCTYPE safe>
<safe>
  <service mode="${mode}" boot="off" maxloop="3" loop_interval="24" ${service}>
    ${mode === 'farm' ? '<farm><lan name="default"/></farm>' : ''}
    <user ${user} logging="userlog"/>
    <errd polltimer="10"><proc name="tail" argregex="${waited.replaceAll('.', '\\.')}" atleast="1" action="restart" class="both"/></errd>
    ${more}
  </service>
</safe>
`,
    scripts: {
      prestart: `${begin}`,
      start_both: `${begin}touch "$SAFEUSERVAR/app.wait"
setsid tail -f "$SAFEUSERVAR/app.wait" </dev/null >/dev/null 2>&1 &
echo $! > "$SAFEUSERVAR/app.pid.new"
mv "$SAFEUSERVAR/app.pid.new" "$SAFEUSERVAR/app.pid"
`,
      stop_both: `${begin}[ -f "$SAFEUSERVAR/app.pid" ] || exit 0
pid=$(cat "$SAFEUSERVAR/app.pid")
kill -KILL "$pid" 2>/dev/null
rm -f "$SAFEUSERVAR/app.pid"
exit 0
`,
      poststop: begin,
      ...options.scripts,
    },
  };
}

const variableDirectory = (daemon: RealDaemon, module: string): string => join(daemon.safevar, 'modules', module);
const appFile = (daemon: RealDaemon, module: string): string => join(variableDirectory(daemon, module), 'app.wait');

/** The application that runs now; null when none does. */
export function application(daemon: RealDaemon, module: string): ProcessMark | null {
  const file = join(variableDirectory(daemon, module), 'app.pid');
  if (!existsSync(file)) return null;
  const mark = identify(Number(readFileSync(file, 'utf8')));
  return mark !== null && isAlive(mark) ? mark : null;
}

export interface JournalEntry {
  readonly script: string;
  readonly args: readonly string[];
}

/** All calls of the module's scripts so far, oldest first. */
export function journal(daemon: RealDaemon, module: string): readonly JournalEntry[] {
  const file = join(variableDirectory(daemon, module), 'journal');
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [, script = '', ...args] = line.split(' ');
      return { script, args };
    });
}

/** The scripts' names in order; a forced call has a `!`. */
export const calls = (entries: readonly JournalEntry[]): readonly string[] =>
  entries.map(({ script, args }) => (args[0] === 'force' ? `${script}!` : script));

/** The second of two start_both without a stop_both between them, by its place in the journal; -1 if there is none. */
export function doubleStart(entries: readonly JournalEntry[]): number {
  let started = false;
  return entries.findIndex(({ script }) => {
    const again = script === 'start_both' && started;
    if (script === 'start_both') started = true;
    if (script === 'stop_both') started = false;
    return again;
  });
}
