import type { ProblemPlace, ProblemReport } from './problems.js';
import { placeOf, read } from './read-element.js';
import { checkRules, type Placed, type RuleSurroundings, withoutRules } from './rules-check.js';
import { readLuaRules } from './rules-lua.js';
import { type ReadRule, type ReadRules, readRules } from './rules-parser.js';
import { failover } from './schema-module.js';
import type { FailoverConfig, Position } from './types.js';
import type { XmlContent, XmlElement } from './xml-tree.js';

/** More rules than this no module has. */
export const mostRules = 1_000;

/** What the compilation of `<failover>` depends on. */
export interface FailoverContext extends Omit<RuleSurroundings, 'extends'> {
  readonly report: ProblemReport;
  /** Whether the text at this position has a `%NAME%` that could not be replaced: that is reported once, and the text not judged. */
  readonly isUnresolved: (position: Position) => boolean;
}

interface Section extends ReadRules {
  readonly language: 'rules' | 'lua';
  readonly content: XmlContent;
}

/** A section in Lua begins with that comment (compatibility page, section 2.12). */
const luaHead = /^\s*--\s*Lua Rules/;

function readSection(content: XmlContent): Section {
  const language = luaHead.test(content.text) ? 'lua' : 'rules';
  return { language, content, ...(language === 'lua' ? readLuaRules(content.text) : readRules(content.text)) };
}

function placed<T extends { readonly offset: number }>(
  items: readonly T[],
  placing: (offset: number) => ProblemPlace,
): readonly Placed<T, ProblemPlace>[] {
  return items.map((what) => ({ what, placeOf: placing, line: placing(what.offset).position.line }));
}

/** Compiles `<failover>` (compatibility page, section 2.12): its rules are read, and held against the rest of the configuration. */
export function compileFailover(element: XmlElement, { report, isUnresolved, ...rest }: FailoverContext): FailoverConfig {
  const { extends: extending, period, handle_time } = failover.attributes;
  const around: RuleSurroundings = { ...rest, extends: read(element, extending) };
  const [periodMs, handleTimeMs] = [read(element, period), read(element, handle_time)];
  if (handleTimeMs % periodMs !== 0) {
    const message = `handle_time (${handleTimeMs} ms) is not a multiple of period (${periodMs} ms).`;
    const remedy = `It is kept to the millisecond here: rules are evaluated whenever a resource changes. Other products want ${periodMs}ms times a whole number.`;
    report.warning(placeOf(element, handle_time), 'CONF_DOUBTFUL', message, remedy);
  }
  const contents = element.contents.filter(({ text }) => text.trim() !== '');
  if (contents.some(({ kind }) => kind === 'text')) {
    report.warning(
      element,
      'CONF_DOUBTFUL',
      'There are rules outside of a CDATA section.',
      'Put them into <![CDATA[ … ]]>, where < and & need no care.',
    );
  }
  const sections = contents.filter(({ position }) => !isUnresolved(position)).map(readSection);
  const rules: Placed<ReadRule, ProblemPlace>[] = [];
  const disabled: Placed<ReadRules['disabled'][number], ProblemPlace>[] = [];
  for (const { content, language, errors, ...found } of sections) {
    const placing = (offset: number): ProblemPlace => ({ path: element.path, attribute: null, ...content.locate(offset) });
    for (const { offset, message, remedy } of errors) {
      report.error(placing(offset), language === 'lua' ? 'CONF_RULE_LUA' : 'CONF_RULE', message, remedy);
    }
    rules.push(...placed(found.rules, placing));
    disabled.push(...placed(found.disabled, placing));
  }
  if (rules.length > mostRules) {
    report.error(element, 'CONF_RULE', `There are more than ${mostRules} rules.`, 'Join some of them with ||.');
  } else {
    for (const { severity, code, place, message, remedy } of checkRules(rules, disabled, around)) {
      report[severity](place, code, message, remedy);
    }
    warnOfMissingDefaults(element, rules, around, report);
  }
  return {
    extends: around.extends,
    periodMs,
    handleTimeMs,
    sections: sections.map(({ language, content: { text, position } }) => ({ language, text, line: position.line })),
    rules: rules.map(({ what: { label, when, action }, line }) => ({ label, when, action, line })),
    disabled: disabled.map(({ what }) => what.label),
  };
}

function warnOfMissingDefaults(
  element: XmlElement,
  rules: readonly Placed<ReadRule, ProblemPlace>[],
  around: RuleSurroundings,
  report: ProblemReport,
): void {
  if (around.extends) return;
  const names = withoutRules(
    rules.map(({ what }) => what),
    around,
  ).map(({ kind, ident }) => `${kind}.${ident}`);
  if (names.length === 0) return;
  const message = `With extends="no" no rule acts on ${names.join(', ')}.`;
  report.warning(
    placeOf(element, failover.attributes.extends),
    'CONF_DOUBTFUL',
    message,
    'Write rules for them, or leave `extends` out and switch single default rules off with Rules.disable.',
  );
}
