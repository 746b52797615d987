import { stripVTControlCharacters } from 'node:util';
import type { CliIo } from './io.js';

/** Escape codes where standard output is a terminal and NO_COLOR is not set (https://no-color.org), else the text as it is. */
export type Paint = (text: string, colour: 'green' | 'yellow' | 'red' | 'grey' | 'bold') => string;

const codes = { green: '32', yellow: '33', red: '31', grey: '90', bold: '1' } as const;

/** The painter for this run. */
export function paintFor(io: CliIo): Paint {
  const coloured = io.tty && !io.env['NO_COLOR'] && io.env['TERM'] !== 'dumb';
  return (text, colour) => (coloured && text !== '' ? `\u001b[${codes[colour]}m${text}\u001b[0m` : text);
}

function width(text: string): number {
  return [...stripVTControlCharacters(text)].length;
}

/** What comes from elsewhere must not steer the terminal: control characters are shown as '?', line ends as a blank. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  return text.replaceAll(/\s*[\r\n]+\s*/g, ' ').replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '?');
}

/** Lines of an aligned table: a heading, two blanks between columns, no blanks at line ends. Columns in `right` are aligned to the right. */
export function table(
  heading: readonly string[],
  rows: readonly (readonly string[])[],
  paint: Paint,
  right: readonly number[] = [],
): string {
  const widths = heading.map((title, column) => Math.max(width(title), ...rows.map((row) => width(row[column] ?? ''))));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => {
        const blanks = ' '.repeat(Math.max(0, (widths[column] ?? 0) - width(cell)));
        return right.includes(column) ? blanks + cell : cell + blanks;
      })
      .join('  ')
      .trimEnd();
  return `${[paint(line(heading), 'bold'), ...rows.map(line)].join('\n')}\n`;
}

/** Aligned `name: value` lines. */
export function facts(pairs: readonly (readonly [string, string])[]): string {
  const longest = Math.max(...pairs.map(([name]) => name.length));
  return `${pairs.map(([name, value]) => `${`${name}:`.padEnd(longest + 2)}${value}`.trimEnd()).join('\n')}\n`;
}

/** A state as word and quality, for example `UP (Ready)`: green, orange or red as section 3.1 of the compatibility page has it. */
export function stateText(state: string, quality: string, paint: Paint): string {
  const colour = quality === 'Ready' ? 'green' : quality === 'Transient' ? 'yellow' : quality === 'NotReady' ? 'red' : 'grey';
  return paint(state === 'NOTCONFIGURED' ? 'NOT CONFIGURED' : `${state} (${quality})`, colour);
}

/** Local date and time to the second. An unreadable time is shown as it came. */
export function localTime(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return printable(iso);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** JSON as `--json` prints it: two blanks of indentation, a line end. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
