/** The table for people: one line a row, also readable as Markdown. */
import type { BenchRow } from './row.js';

const heads = ['area', 'what', 'Holdfast', 'against', 'its figure', 'ratio', 'target', 'ok'] as const;
/** Columns with numbers are set flush right. */
const right: readonly string[] = ['Holdfast', 'its figure', 'ratio'];

/** All rows under their heads. */
export function renderTable(rows: readonly BenchRow[]): string {
  const lines = rows.map((row) => [
    row.area,
    row.name,
    `${row.value} ${row.unit}`,
    row.against ?? '–',
    row.againstValue === null ? '–' : `${row.againstValue} ${row.unit}`,
    row.ratio === null ? '–' : String(row.ratio),
    row.target ?? '–',
    row.ok ? 'ok' : 'NOT OK',
  ]);
  const widths = heads.map((head, column) => Math.max(head.length, ...lines.map((line) => line[column]?.length ?? 0)));
  const render = (cells: readonly string[]): string => {
    const padded = cells.map((cell, column) =>
      right.includes(heads[column] ?? '') ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
    );
    return `| ${padded.join(' | ')} |`;
  };
  const rule = `|${widths.map((width, column) => `${'-'.repeat(width + 1)}${right.includes(heads[column] ?? '') ? ':' : '-'}`).join('|')}|`;
  return [render([...heads]), rule, ...lines.map(render)].join('\n');
}
