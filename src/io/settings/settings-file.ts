/**
 * Settings as JSON: every value is looked at, everything wrong is reported at once with line and column, defaults are filled in. The
 * notifications' and the SNMP agent's files are read with it.
 */
import { createProblemReport, type ProblemReport } from '../../config/problems.js';
import type { ConfigProblem, ConfigResult, Position } from '../../config/types.js';

type Path = readonly (string | number)[];
type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

/** `email[0].server` */
const spell = (path: Path): string =>
  path.map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`)).join('') || '(top)';
const shown = (value: unknown): string => JSON.stringify(value)?.slice(0, 100) ?? 'nothing';

/** Reads the fields of one object; what is wrong goes to the report, and the default is returned. */
export interface FieldReader {
  yesNo(name: string, fallback: boolean): boolean;
  /** @param limits both included */
  whole(name: string, limits: { readonly least: number; readonly most: number }, fallback: number): number;
  choice<T extends string>(name: string, choices: readonly T[], fallback: T): T;
  /** @param fallback null: it must be there. @param problem says what is wrong with a text, or null */
  text(name: string, fallback: string | null, problem?: (text: string) => string | null): string;
  /** @param secret the value is not repeated in a finding: findings can be read by others */
  optionalText(name: string, problem?: (text: string) => string | null, secret?: boolean): string | null;
  texts(name: string, fallback: readonly string[] | null, problem?: (text: string) => string | null): readonly string[];
  objects<T>(name: string, read: (fields: FieldReader) => T): readonly T[];
  /** An object that may be absent. */
  object<T>(name: string, read: (fields: FieldReader) => T): T | null;
  /** Two settings contradict each other. */
  conflict(name: string, message: string, remedy: string): void;
}

class Reader implements FieldReader {
  readonly #fields: Fields;
  readonly #path: Path;
  readonly #report: ProblemReport;
  readonly #place: (path: Path) => Position;
  readonly #known = new Set<string>();

  constructor(fields: Fields, path: Path, report: ProblemReport, place: (path: Path) => Position) {
    this.#fields = fields;
    this.#path = path;
    this.#report = report;
    this.#place = place;
  }

  #take(name: string): unknown {
    this.#known.add(name);
    return Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined;
  }
  #wrong(path: Path, value: unknown, message: string, remedy: string): void {
    const attribute = String(path.at(-1) ?? '');
    const place = { path: spell(path.slice(0, -1)), position: this.#place(path), attribute, value: shown(value) };
    this.#report.error(place, 'CONF_ATTRIBUTE_VALUE', message, remedy);
  }
  #missing(name: string): void {
    const place = { path: spell(this.#path), position: this.#place(this.#path), attribute: name };
    this.#report.error(place, 'CONF_ATTRIBUTE_MISSING', `"${name}" is missing in ${spell(this.#path)}.`, `Add "${name}".`);
  }
  /** A text that is right, or null when it was reported. */
  #right(path: Path, value: unknown, problem: (text: string) => string | null, secret = false): string | null {
    if (typeof value !== 'string' || value === '' || value.length > 2_000 || /\p{Cc}/u.test(value)) {
      this.#wrong(path, value, `${spell(path)} is ${shown(value)}.`, 'It must be a text of 1 to 2000 characters on one line.');
      return null;
    }
    const found = problem(value);
    if (found === null) return value;
    const seen = secret ? '(not shown)' : value;
    this.#wrong(path, seen, `${spell(path)} is ${secret ? 'not right' : shown(value)}.`, found);
    return null;
  }

  yesNo(name: string, fallback: boolean): boolean {
    const value = this.#take(name);
    if (value === undefined) return fallback;
    if (typeof value === 'boolean') return value;
    const path = [...this.#path, name];
    this.#wrong(path, value, `${spell(path)} is ${shown(value)}.`, 'It must be true or false.');
    return fallback;
  }
  whole(name: string, { least, most }: { readonly least: number; readonly most: number }, fallback: number): number {
    const value = this.#take(name);
    if (value === undefined) return fallback;
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
    const path = [...this.#path, name];
    this.#wrong(path, value, `${spell(path)} is ${shown(value)}.`, `It must be a whole number from ${least} to ${most}.`);
    return fallback;
  }
  choice<T extends string>(name: string, choices: readonly T[], fallback: T): T {
    const value = this.#take(name);
    if (value === undefined) return fallback;
    const found = choices.find((one) => one === value);
    if (found !== undefined) return found;
    const path = [...this.#path, name];
    this.#wrong(path, value, `${spell(path)} is ${shown(value)}.`, `It must be one of ${choices.join(', ')}.`);
    return fallback;
  }
  text(name: string, fallback: string | null, problem: (text: string) => string | null = () => null): string {
    const value = this.#take(name);
    if (value !== undefined) return this.#right([...this.#path, name], value, problem) ?? '';
    if (fallback === null) this.#missing(name);
    return fallback ?? '';
  }
  optionalText(name: string, problem: (text: string) => string | null = () => null, secret = false): string | null {
    const value = this.#take(name);
    return value === undefined || value === null ? null : this.#right([...this.#path, name], value, problem, secret);
  }
  texts(
    name: string,
    fallback: readonly string[] | null,
    problem: (text: string) => string | null = () => null,
  ): readonly string[] {
    const value = this.#take(name);
    if (value === undefined) {
      if (fallback === null) this.#missing(name);
      return fallback ?? [];
    }
    const path = [...this.#path, name];
    if (!Array.isArray(value) || value.length > 100 || (value.length === 0 && fallback === null)) {
      this.#wrong(path, value, `${spell(path)} is ${shown(value)}.`, 'It must be a list of 1 to 100 texts, in brackets.');
      return [];
    }
    return value.flatMap((item: unknown, index) => this.#right([...path, index], item, problem) ?? []);
  }
  objects<T>(name: string, read: (fields: FieldReader) => T): readonly T[] {
    const value = this.#take(name);
    if (value === undefined) return [];
    const path = [...this.#path, name];
    if (!Array.isArray(value) || value.length > 20) {
      this.#wrong(path, value, `${spell(path)} is ${shown(value)}.`, 'It must be a list of at most 20 objects: [ { … } ].');
      return [];
    }
    return value.flatMap((item: unknown, index) => this.#inner([...path, index], item, read));
  }
  object<T>(name: string, read: (fields: FieldReader) => T): T | null {
    const value = this.#take(name);
    return value === undefined || value === null ? null : (this.#inner([...this.#path, name], value, read)[0] ?? null);
  }
  #inner<T>(path: Path, value: unknown, read: (fields: FieldReader) => T): readonly T[] {
    if (!isFields(value)) {
      this.#wrong(path, value, `${spell(path)} is ${shown(value)}.`, 'It must be an object: { … }.');
      return [];
    }
    const reader = new Reader(value, path, this.#report, this.#place);
    const result = read(reader);
    reader.finish();
    return [result];
  }
  conflict(name: string, message: string, remedy: string): void {
    const path = [...this.#path, name];
    const place = { path: spell(this.#path), position: this.#place(path), attribute: name };
    this.#report.error(place, 'CONF_CONFLICT', message, remedy);
  }
  /** What nobody has asked for is unknown; names that begin with `$` or `//` are remarks. */
  finish(): void {
    for (const name of Object.keys(this.#fields)) {
      if (this.#known.has(name) || name.startsWith('$') || name.startsWith('//')) continue;
      const place = { path: spell(this.#path), position: this.#place([...this.#path, name]), attribute: name };
      const known = [...this.#known].sort().join(', ');
      this.#report.error(place, 'CONF_SETTING_UNKNOWN', `There is no setting "${name}" here.`, `There are ${known}.`);
    }
  }
}

const positionAt = (text: string, offset: number): Position => {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
};

function syntaxProblem(file: string, text: string, error: unknown, second: number | null): ConfigProblem {
  const reason = error instanceof Error ? error.message : String(error);
  const at = /at position (\d+)/.exec(reason)?.[1];
  const { line, column } = positionAt(text, at === undefined ? (second ?? text.length) : Number(at));
  return {
    ...{ severity: 'error', code: 'CONF_SYNTAX', file, line, column, element: '(top)', attribute: null, value: null },
    message: `This is not JSON: ${reason.replace(/,? ?(in JSON )?at position.*$/s, '').replace(/, ".*$/s, '')}.`,
    remedy: 'Texts and names stand in double quotes, items are separated by commas, the last one has none after it.',
  };
}

/**
 * Reads a whole file of settings. `yaml` gives the places of values (JSON is a part of YAML); JSON.parse decides what is allowed.
 * @param read asks for every setting that there is
 */
export async function readSettings<T>(file: string, text: string, read: (fields: FieldReader) => T): Promise<ConfigResult<T>> {
  const { LineCounter, isNode, parseDocument } = await import('yaml');
  const lines = new LineCounter();
  const document = parseDocument(text, { schema: 'json', lineCounter: lines, uniqueKeys: true, logLevel: 'silent' });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { ok: false, problems: [syntaxProblem(file, text, error, document.errors[0]?.pos[0] ?? null)] };
  }
  const place = (path: Path): Position => {
    for (let length = path.length; length > 0; length -= 1) {
      const node = document.getIn(path.slice(0, length), true);
      if (!isNode(node) || node.range === null || node.range === undefined) continue;
      const { line, col } = lines.linePos(node.range[0]);
      return { line, column: col };
    }
    return { line: 1, column: 1 };
  };
  const report = createProblemReport(file);
  for (const { pos, code } of document.errors) {
    if (code !== 'DUPLICATE_KEY') continue;
    const { line, col } = lines.linePos(pos[0]);
    report.error(
      { path: '(top)', position: { line, column: col } },
      'CONF_DUPLICATE',
      'A setting stands there twice.',
      'Take one of them out.',
    );
  }
  if (!isFields(value)) {
    report.error(
      { path: '(top)', position: { line: 1, column: 1 } },
      'CONF_ATTRIBUTE_VALUE',
      'The file is not one object.',
      'It must be { … }.',
    );
    return { ok: false, problems: report.all() };
  }
  const reader = new Reader(value, [], report, place);
  const result = read(reader);
  reader.finish();
  return report.failed() ? { ok: false, problems: report.all() } : { ok: true, value: result, warnings: report.all() };
}
