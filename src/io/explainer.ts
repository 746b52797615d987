/**
 * Explains a module's transition by replaying the flight recorder's journal in a process of its own: a long journal takes seconds, and
 * the daemon must not stand still meanwhile. One at a time.
 */
import type { Explanation, NodeFace, Outcome } from '../actors/face.js';
import type { Journal } from '../actors/ports.js';
import type { CommandRunner } from './run-command.js';
import { runCommand } from './run-command.js';

export interface ExplainerOptions {
  readonly journal: Pick<Journal, 'flush'>;
  /** The journal's directory. */
  readonly dir: string;
  /** Path of the built `replay/main.js`. */
  readonly program: string;
  readonly run?: CommandRunner;
  /** Default 60 s. */
  readonly timeoutMs?: number;
}

const fail = (code: string, message: string): Outcome<Explanation> => ({ ok: false, failure: { code, message } });
const isExplanation = (value: unknown): value is Explanation =>
  typeof value === 'object' && value !== null && 'chain' in value && 'module' in value;

/** Makes the face's `explain`. */
export function createExplainer(options: ExplainerOptions): NodeFace['explain'] {
  const { journal, dir, program, run = runCommand, timeoutMs = 60_000 } = options;
  let last: Promise<unknown> = Promise.resolve();

  const work = async (module: string, at: string | null): Promise<Outcome<Explanation>> => {
    await journal.flush();
    const args = [program, 'explain', dir, '--module', module, ...(at === null ? [] : [`--at=${at}`])];
    // A time of the local day is meant in the daemon's time zone.
    const zone = process.env['TZ'];
    const result = await run(process.execPath, args, { timeoutMs, env: zone === undefined ? {} : { TZ: zone } });
    if (result.kind === 'failed') return fail('EXPLAIN_FAILED', `The journal could not be replayed: ${result.message}`);
    if (result.code === 2) return fail('HTTP_QUERY', result.stderr.replace(/^USAGE: /, '').trim());
    const answer = answerOf(result.stdout);
    if (result.code !== 0 || answer === undefined) {
      return fail('EXPLAIN_FAILED', `The journal could not be replayed: ${result.stderr.trim() || `code ${result.code}`}`);
    }
    if (answer === null) {
      const when = at === null ? '' : ` up to ${at}`;
      return fail('EXPLAIN_NONE', `No transition of ${module}${when} is on record.`);
    }
    return { ok: true, value: answer };
  };
  return (module, at) => {
    const next = last.then(() => work(module, at));
    last = next.catch(() => undefined);
    return next;
  };
}

/** Undefined where it is no answer. */
function answerOf(stdout: string): Explanation | null | undefined {
  let value: unknown;
  try {
    value = JSON.parse(stdout);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('explanation' in value)) return undefined;
  const { explanation } = value;
  return explanation === null ? null : isExplanation(explanation) ? explanation : undefined;
}
