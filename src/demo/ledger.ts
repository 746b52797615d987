/**
 * What this demo runs, kept in a file, so that the next one can sweep away what a killed one left. Each process stands there with
 * its start time: nothing else is ever killed.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DemoError } from './demo-error.js';
import type { Layout } from './layout.js';
import { identify, isAlive, killMarked, type ProcessMark, signal } from './processes.js';

/** A recorded process. */
export interface LedgerEntry extends ProcessMark {
  /** `demo`, `daemon`, `application`, `client`. */
  readonly what: string;
}
/** The file of one demo. */
export interface Ledger {
  /** Records a process if it is alive and not recorded yet. */
  add(what: string, pid: number): void;
  /** All that was recorded by this run. */
  entries(): readonly LedgerEntry[];
  /** Removes the file: nothing is left to sweep. */
  clear(): void;
}

/** Opens the ledger of a demo whose leftovers have been swept. The demo itself is its first entry. */
export function openLedger(layout: Layout): Ledger {
  mkdirSync(layout.dir, { recursive: true });
  const file = ledgerFile(layout);
  const entries: LedgerEntry[] = [];
  const add = (what: string, pid: number): void => {
    const mark = identify(pid);
    if (mark === null || entries.some((entry) => entry.pid === pid && entry.startTime === mark.startTime)) return;
    entries.push({ what, ...mark });
    writeFileSync(`${file}.new`, `${JSON.stringify({ entries }, null, 2)}\n`);
    renameSync(`${file}.new`, file);
  };
  add('demo', process.pid);
  return { add, entries: () => entries, clear: () => rmSync(file, { force: true }) };
}

/**
 * Ends what an earlier demo in this directory left behind, and says how many processes that were.
 * @throws DemoError while that demo still runs.
 */
export async function sweepLeftovers(layout: Layout): Promise<number> {
  const recorded = readLedger(ledgerFile(layout)).filter((entry) => entry.pid !== process.pid && isAlive(entry));
  const running = recorded.find((entry) => entry.what === 'demo');
  if (running !== undefined) {
    throw new DemoError(
      `a demo runs in ${layout.dir} already (pid ${running.pid}): end it with Ctrl-C there, or 'kill ${running.pid}'`,
    );
  }
  // A daemon that lives would restart the application: it goes first.
  const daemonsFirst = [...recorded].sort((a, b) => Number(b.what === 'daemon') - Number(a.what === 'daemon'));
  let swept = daemonsFirst.filter((entry) => signal(entry, 'SIGKILL')).length;
  for (const node of layout.nodes) swept += await killMarked(node.dir);
  rmSync(ledgerFile(layout), { force: true });
  return swept;
}

function ledgerFile(layout: Layout): string {
  return join(layout.dir, 'processes.json');
}

/** The entries of a ledger; a file that is missing or damaged has none. */
function readLedger(file: string): readonly LedgerEntry[] {
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof parsed !== 'object' || parsed === null || !('entries' in parsed) || !Array.isArray(parsed.entries)) return [];
    return parsed.entries.filter(isEntry);
  } catch {
    return [];
  }
}
function isEntry(value: unknown): value is LedgerEntry {
  return (
    typeof value === 'object' &&
    value !== null &&
    'pid' in value &&
    Number.isInteger(value.pid) &&
    'startTime' in value &&
    typeof value.startTime === 'number' &&
    'what' in value &&
    typeof value.what === 'string'
  );
}
