/** The JSON sisters of ready.txt: `/health/<AM>/ready`, `/live`, `/role/<state>`. */
import type { Health, ReadyReader } from '../ready-table.js';

/** Header of a ready.txt that says OK: tells other modules' checkers whether this one was started anew (section 2.11.6). */
export const startedHeader = 'Holdfast-Started';
/**
 * Its value, opaque to readers but for the blank: `NODE TOKEN` where several nodes serve at the same time, each with its own token, and
 * `TOKEN` alone where one node does, so that another node's is another start.
 */
export const startedText = (node: string, { state, started }: Pick<Health, 'state' | 'started'>): string =>
  state === 'UP' ? `${node} ${started}` : `${node}.${started}`;

export interface HealthAnswer {
  readonly module: string;
  readonly check: 'ready' | 'live' | 'role';
  readonly pass: boolean;
  /** Of the table; null for an unknown module. */
  readonly changes: number | null;
  readonly body: string;
}

function reasonOf(module: string, health: Health | null, check: 'ready' | 'live' | 'role', role: string): string {
  if (health === null) return `No module ${module} is configured on this node.`;
  if (health.loopAgeMs === null) return 'The daemon is starting.';
  if (!health.alive) return `The control loop has not ticked for ${health.loopAgeMs} ms: the daemon hangs.`;
  if (check === 'live') return 'The daemon supervises the module.';
  const now = `The module is ${health.state} (${health.quality})`;
  if (check === 'role') return `${now}; asked for was ${role.toUpperCase()} (Ready).`;
  return health.ready ? `${now} and serves.` : `${now} and does not serve.`;
}

/** @param path `<AM>/ready`, `<AM>/live` or `<AM>/role/<state>`. Null: there is nothing of that name. */
export function answerHealth(path: string, table: ReadyReader): HealthAnswer | null {
  const match = /^([A-Za-z][\w-]{0,31})\/(?:(ready|live)|role\/([A-Za-z]{1,16}))$/.exec(path);
  if (match === null) return null;
  const module = match[1] ?? '';
  const role = match[3] ?? '';
  const check = match[2] === 'ready' || match[2] === 'live' ? match[2] : 'role';
  const health = table.read(module);
  const pass =
    health?.alive === true &&
    (check === 'live' || (check === 'ready' ? health.ready : health.quality === 'Ready' && health.state === role.toUpperCase()));
  const body = JSON.stringify({
    module,
    check: check === 'role' ? `role/${role}` : check,
    pass,
    state: health?.state ?? 'UNKNOWN',
    quality: health?.quality ?? 'Unknown',
    ready: health?.ready === true && health.alive,
    loopAgeMs: health?.loopAgeMs ?? null,
    reason: reasonOf(module, health, check, role),
  });
  return { module, check, pass, changes: health?.changes ?? null, body };
}
