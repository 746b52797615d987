/** Commands that start and stop modules, and those that wait for the end of it (section 3.4 of the compatibility page). */

import type { ActionBody, ActionProgress, ModuleCommand, ModuleList, ModuleNodeStatus, WaitState } from '../../http/api-types.js';
import { CliError, usageError } from '../cli-error.js';
import type { CommandContext } from '../command.types.js';
import { paintFor, printable, stateText } from '../format.js';
import { durationMs } from '../parse.js';
import { moduleName, modulePath, pause, query, show } from './shared.js';

/** How often the progress of an action is asked for while `--wait` waits, in ms. */
const progressPollMs = 200;
/** The longest single wait that is asked of the daemon, in ms: a longer one is asked for again. */
const longestWaitMs = 60_000;
/** A module in WAIT (NotReady) waits for others, so that its next state is looked for this often, in ms. */
const blockedPollMs = 500;

interface Deadline {
  /** Null: there is none. */
  readonly leftMs: () => number | null;
  readonly text: string;
}

function deadline(context: CommandContext): Deadline {
  const text = context.text('timeout');
  if (text === null) return { leftMs: () => null, text: '' };
  const endMs = performance.now() + durationMs(text, '--timeout');
  return { leftMs: () => Math.max(0, Math.round(endMs - performance.now())), text };
}

function nodesOf(context: CommandContext): readonly string[] | null {
  const text = context.text('nodes');
  if (text === null) return null;
  const nodes = text.split(',').map((node) => node.trim());
  if (nodes.includes('')) throw usageError("--nodes is a list such as n1,n2, or '*' for all nodes");
  return nodes;
}

async function post(context: CommandContext, module: string, action: ModuleCommand): Promise<ActionProgress> {
  const nodes = nodesOf(context);
  const identity = context.text('identity');
  const body: ActionBody = { action, ...(nodes === null ? {} : { nodes }), ...(identity === null ? {} : { identity }) };
  return context.client.json<ActionProgress>('POST', modulePath(module, '/actions'), { json: body });
}

async function untilDone(context: CommandContext, first: ActionProgress, end: Deadline): Promise<ActionProgress> {
  let progress = first;
  while (!progress.done) {
    const left = end.leftMs();
    if (left === 0)
      throw new CliError('WAIT_TIMEOUT', `${progress.action} of ${progress.module} has not ended within ${end.text}; it goes on`);
    await pause(context, Math.min(progressPollMs, left ?? progressPollMs));
    progress = await context.client.json<ActionProgress>('GET', `/actions/${encodeURIComponent(progress.id)}`);
  }
  return progress;
}

const words: Readonly<Record<string, string>> = {
  running: 'accepted',
  done: 'done',
  already: 'already',
  refused: 'refused',
  failed: 'failed',
};

function progressLines(progress: ActionProgress): string {
  return progress.nodes
    .filter((node) => node.state !== 'refused' && node.state !== 'failed')
    .map((node) => {
      const message = node.message === '' ? '' : `: ${printable(node.message)}`;
      return `${progress.module} on ${node.node}: ${progress.action} ${words[node.state] ?? node.state}${message}\n`;
    })
    .join('');
}

function failures(progresses: readonly ActionProgress[]): CliError | null {
  const failed = progresses.flatMap((progress) =>
    progress.nodes
      .filter((node) => node.state === 'refused' || node.state === 'failed')
      .map((node) => ({
        code: node.code ?? 'MODULE_STATE',
        text: `${progress.module} on ${node.node}: ${progress.action} ${node.state}: ${node.message}`,
      })),
  );
  const first = failed[0];
  return first === undefined ? null : new CliError(first.code, failed.map((entry) => entry.text).join('; '), [], 409);
}

/** `start`, `stop`, `restart`, `stopstart`, `forcestop`: exit 0 once accepted (or already so), with `--wait` once ended well. */
export async function control(context: CommandContext, action: ModuleCommand): Promise<number> {
  const end = deadline(context);
  let progress = await post(context, moduleName(context), action);
  if (context.flag('wait') && !progress.done) {
    if (!context.json) context.io.out(progressLines(progress));
    progress = await untilDone(context, progress, end);
  }
  show(context, progress, () => progressLines(progress));
  const failure = failures([progress]);
  if (failure !== null) throw failure;
  return 0;
}

/** `shutdown`: all modules of this node at once. One that refuses does not keep the others from stopping. */
export async function shutdown(context: CommandContext): Promise<number> {
  const end = deadline(context);
  const modules = await context.client.json<ModuleList>('GET', '/modules?scope=local');
  const configured = modules.items.filter((module) => module.configured);
  const started = await Promise.allSettled(
    configured.map(async (module) => {
      const progress = await post(context, module.name, 'shutdown');
      return context.flag('wait') ? untilDone(context, progress, end) : progress;
    }),
  );
  const items = started.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const human = (): string =>
    configured.length === 0 ? 'no module is configured on this node\n' : items.map(progressLines).join('');
  show(context, { items, next: null }, human);
  const rejected = started.find((outcome) => outcome.status === 'rejected');
  if (rejected !== undefined) throw rejected.reason;
  const failure = failures(items);
  if (failure !== null) throw failure;
  return 0;
}

async function waitFor(context: CommandContext, module: string, state: WaitState, end: Deadline): Promise<ModuleNodeStatus> {
  for (;;) {
    const left = end.leftMs();
    const waitMs = Math.min(longestWaitMs, left ?? longestWaitMs);
    try {
      const path = modulePath(module, `/wait${query({ state, timeoutMs: waitMs })}`);
      return await context.client.json<ModuleNodeStatus>('GET', path, { timeoutMs: waitMs + 10_000 });
    } catch (error) {
      const late = error instanceof CliError && error.code === 'WAIT_TIMEOUT';
      if (!late || (left !== null && left <= waitMs)) throw error;
    }
  }
}

function reached(context: CommandContext, status: ModuleNodeStatus): number {
  const paint = paintFor(context.io);
  show(context, status, () => `${status.module} on ${status.node}: ${stateText(status.state, status.quality, paint)}\n`);
  return 0;
}

/** `waitstate`: until the module is settled in that state on this node. */
export async function waitState(context: CommandContext): Promise<number> {
  const wanted = context.args.operands[0]?.toUpperCase();
  const state = (['STOP', 'WAIT', 'ALONE', 'UP', 'PRIM', 'SECOND'] as const).find((name) => name === wanted);
  if (state === undefined)
    throw usageError(`'${context.args.operands[0]}' is no state to wait for; there are STOP WAIT ALONE UP PRIM SECOND`);
  return reached(context, await waitFor(context, moduleName(context), state, deadline(context)));
}

/** `waitstop`: until the module is STOP on this node. */
export async function waitStop(context: CommandContext): Promise<number> {
  return reached(context, await waitFor(context, moduleName(context), 'STOP', deadline(context)));
}

/**
 * `waitstart`: until the module is Ready. It fails as soon as the start has ended in STOP, and goes on waiting in WAIT (NotReady), which a
 * resource that comes up can end.
 */
export async function waitStart(context: CommandContext): Promise<number> {
  const module = moduleName(context);
  const end = deadline(context);
  for (;;) {
    const status = await waitFor(context, module, 'SETTLED', end);
    if (status.quality === 'Ready') return reached(context, status);
    const why = status.reason === null ? '' : `: ${status.reason}`;
    const where = `${status.module} on ${status.node} is ${status.state} (${status.quality})${why}`;
    if (status.wish === 'stop') throw new CliError('MODULE_STATE', where);
    const left = end.leftMs();
    if (left === 0) throw new CliError('WAIT_TIMEOUT', `${where}, after ${end.text}`);
    await pause(context, Math.min(blockedPollMs, left ?? blockedPollMs));
  }
}
