import type { ProblemCode } from './codes.js';
import type { ConfigProblem, Position } from './types.js';

/** More findings than this are not listed: a file with so many has one cause, and a hostile one must not fill the memory. */
export const mostProblems = 500;

/** What a finding is about: an element, or one attribute of it. */
export interface ProblemPlace {
  readonly path: string;
  readonly position: Position;
  readonly attribute?: string | null;
  readonly value?: string;
  /** The line of the file with a caret below the place. */
  readonly excerpt?: string | null;
}

/** Collects the findings of one file; nothing stops at the first. */
export interface ProblemReport {
  readonly error: (place: ProblemPlace, code: ProblemCode, message: string, remedy: string) => void;
  readonly warning: (place: ProblemPlace, code: ProblemCode, message: string, remedy: string) => void;
  /** All findings so far, in the order of the file. */
  readonly all: () => readonly ConfigProblem[];
  readonly failed: () => boolean;
}

const inFileOrder = (a: ConfigProblem, b: ConfigProblem): number => a.line - b.line || a.column - b.column;

/** Values are shown as far as they help; a hostile file must not flood the terminal. */
const shorten = (text: string): string => (text.length > 200 ? `${text.slice(0, 200)}…` : text);

/** Starts an empty report for the file of that name. */
export function createProblemReport(file: string): ProblemReport {
  const problems: ConfigProblem[] = [];
  let errors = 0;
  const add = (severity: ConfigProblem['severity'], place: ProblemPlace, code: ProblemCode, message: string, remedy: string) => {
    if (severity === 'error') errors += 1;
    if (problems.length > mostProblems) return;
    const { line, column } = place.position;
    const { attribute = null, value = null } = place;
    const where = { file, line, column, element: place.path };
    if (problems.length === mostProblems) {
      const rest = `There are more than ${mostProblems} findings; the rest is not listed.`;
      problems.push({
        severity: 'error',
        code: 'CONF_TOO_MANY',
        ...where,
        attribute: null,
        value: null,
        message: rest,
        remedy: 'Correct these first.',
      });
      errors += 1;
      return;
    }
    const shown = value === null ? null : shorten(value);
    const found = { severity, code, ...where, attribute, value: shown, message: shorten(message), remedy };
    problems.push(place.excerpt == null ? found : { ...found, excerpt: place.excerpt });
  };
  return {
    error: (place, code, message, remedy) => add('error', place, code, message, remedy),
    warning: (place, code, message, remedy) => add('warning', place, code, message, remedy),
    all: () => [...problems].sort(inFileOrder),
    failed: () => errors > 0,
  };
}

const plain = (text: string): string => text.trimEnd().replace(/\p{Cc}/gu, '?');

/**
 * The findings for a terminal, one a line, in the order of the file: `file:line:column: error CODE: message remedy`; below it, where the
 * place is inside of a text, the line of the file and a caret. Control characters of the file's own text are shown as `?`, so that a file
 * cannot steer the terminal.
 */
export function formatProblems(problems: readonly ConfigProblem[]): string {
  return [...problems]
    .sort(inFileOrder)
    .flatMap((p) => [
      plain(`${p.file}:${p.line}:${p.column}: ${p.severity} ${p.code}: ${p.message} ${p.remedy}`),
      ...(p.excerpt?.split('\n').map((line) => `    ${plain(line)}`) ?? []),
    ])
    .join('\n');
}
