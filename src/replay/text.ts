/** Replays and explanations as text for people. */
import type { ExplanationLink as Link } from '../actors/face.js';
import type { ReplayResult } from './replay.js';
import type { Step } from './story.js';

const two = (value: number): string => String(value).padStart(2, '0');
/** Local time with ms, as in the logs. */
export function localTime(wallMs: number): string {
  const at = new Date(wallMs);
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}
/** What came from scripts and configurations must not steer the terminal. */
const printable = (text: string): string => text.replaceAll(/\p{Cc}/gu, '?');

const signs: Readonly<Record<Link['kind'], string>> = {
  fact: '',
  verdict: '→ ',
  rule: '→ ',
  command: '→ ',
  counter: '→ ',
  script: '→ runs ',
  state: '→ ',
};

/** One step: the fact with its time, what followed from it indented. */
export function stepText(step: Step, links: readonly Link[]): string {
  const [first, ...rest] = links;
  if (first === undefined) return '';
  const times = step.times > 1 ? ` (${step.times} times)` : '';
  const head = `${localTime(step.wallMs)}  ${step.module}  ${first.text}${times}`;
  return `${[head, ...rest.map(({ kind, text }) => `    ${signs[kind]}${text}`)].map(printable).join('\n')}\n`;
}

/** How a replay ended. */
export function resultText(result: ReplayResult): string {
  const { divergence, events, records, unverified, begun, gaps, torn } = result;
  const notes = [
    ...(unverified > 0 ? [`${unverified} events could not be verified`] : []),
    ...(gaps > 0 ? [`${gaps} gaps`] : []),
    ...(torn > 0 ? [`${torn} torn lines where the daemon was killed`] : []),
  ];
  const sum = `${events} events in ${records} records, ${begun} beginnings${notes.length === 0 ? '' : `; ${notes.join('; ')}`}`;
  if (divergence === null) return `no divergence: ${sum}\n`;
  const { place, wallMs, event, path, recorded, replayed, kind } = divergence;
  const where = `${place.file}:${place.line} (${localTime(wallMs)})`;
  if (kind === 'damage') return `DEFECT: the journal is damaged at ${where}: ${printable(recorded)}\nup to there: ${sum}\n`;
  return printableLines([
    `DEFECT: first divergence at ${where}, after ${event}`,
    `  ${path}`,
    `    recorded: ${recorded}`,
    `    replayed: ${replayed}`,
    `up to there: ${sum}`,
  ]);
}
const printableLines = (lines: readonly string[]): string => `${lines.map(printable).join('\n')}\n`;
