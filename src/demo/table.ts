/** The live table of the demo: pure functions from what is known to lines of text. */
import type { TargetState } from './target-health.js';

/** What is known of one node. Null: not known, because nobody answers. */
export interface NodeRow {
  readonly name: string;
  readonly address: string;
  readonly daemonPid: number | null;
  readonly state: string | null;
  readonly quality: string | null;
  /** Percent. */
  readonly share: number | null;
  readonly restartsUsed: number | null;
  readonly restartsMax: number | null;
  readonly applicationPid: number | null;
  readonly balancer: TargetState;
  /** Why the last probe failed. */
  readonly balancerReason: string | null;
  readonly requests: number;
}
/** What the table shows. */
export interface TableModel {
  readonly rows: readonly NodeRow[];
  readonly sent: number;
  readonly failed: number;
  readonly failOpen: boolean;
}

const headings = ['node', 'address', 'daemon', 'module web', 'share', 'restarts', 'application', 'balancer', 'requests'] as const;
type Colour = 'green' | 'yellow' | 'red' | 'plain';
interface Cell {
  readonly text: string;
  readonly colour: Colour;
}
const codes: Readonly<Record<Colour, string>> = { green: '32', yellow: '33', red: '31', plain: '' };

/** The table and the sums under it, one string per line, with colours if asked for. */
export function renderTable(model: TableModel, colours: boolean): readonly string[] {
  const rows = model.rows.map(cellsOf);
  const widths = headings.map((heading, column) => Math.max(heading.length, ...rows.map((row) => row[column]?.text.length ?? 0)));
  const rule = (left: string, middle: string, right: string): string =>
    left + widths.map((width) => '─'.repeat(width + 2)).join(middle) + right;
  const line = (cells: readonly Cell[]): string =>
    `│${cells.map((cell, column) => ` ${paint(cell, widths[column] ?? 0, colours)} `).join('│')}│`;
  return [
    rule('┌', '┬', '┐'),
    line(headings.map((text) => ({ text, colour: 'plain' }))),
    rule('├', '┼', '┤'),
    ...rows.map(line),
    rule('└', '┴', '┘'),
    `requests through the balancer: ${model.sent} sent, ${model.failed} failed${model.failOpen ? '; all targets are unhealthy, so it sends to all of them (fail open)' : ''}`,
  ];
}

/** One line for where there is no terminal; the same facts. */
export function renderLine(model: TableModel): string {
  const nodes = model.rows.map((row) => {
    const cells = cellsOf(row).map((cell) => cell.text);
    return `${row.name}: daemon ${cells[2]}, ${cells[3]}, share ${cells[4]}, restarts ${cells[5]}, application ${cells[6]}, balancer ${cells[7]}, requests ${cells[8]}`;
  });
  return `${nodes.join(' | ')} | ${model.sent} sent, ${model.failed} failed`;
}

function cellsOf(row: NodeRow): readonly Cell[] {
  const plain = (text: string): Cell => ({ text, colour: 'plain' });
  const health: Cell = {
    text: row.balancer === 'unhealthy' && row.balancerReason !== null ? `unhealthy: ${row.balancerReason}` : row.balancer,
    colour: row.balancer === 'healthy' ? 'green' : row.balancer === 'unhealthy' ? 'red' : 'yellow',
  };
  return [
    plain(row.name),
    plain(row.address),
    row.daemonPid === null ? { text: 'down', colour: 'red' } : plain(`pid ${row.daemonPid}`),
    row.state === null
      ? { text: 'no answer', colour: 'red' }
      : { text: `${row.state} (${row.quality})`, colour: qualityColour(row.quality) },
    plain(row.share === null ? '-' : `${row.share} %`),
    plain(row.restartsUsed === null ? '-' : `${row.restartsUsed} of ${row.restartsMax}`),
    row.applicationPid === null ? { text: 'down', colour: 'red' } : plain(`pid ${row.applicationPid}`),
    health,
    plain(String(row.requests)),
  ];
}
function qualityColour(quality: string | null): Colour {
  return quality === 'Ready' ? 'green' : quality === 'Transient' ? 'yellow' : 'red';
}
function paint(cell: Cell, width: number, colours: boolean): string {
  const padded = cell.text.padEnd(width);
  return colours && cell.colour !== 'plain' ? `\u001b[${codes[cell.colour]}m${padded}\u001b[0m` : padded;
}
