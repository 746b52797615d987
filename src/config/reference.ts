import type { AttributeSpec } from './attribute-types.js';
import { problemCodes } from './codes.js';
import type { ChildSpec, ElementSpec } from './element-spec.js';
import { regexLimits } from './posix-regex-parser.js';
import { mostProblems } from './problems.js';
import { clusterFile } from './schema-cluster.js';
import { moduleFile } from './schema-module.js';
import { xmlLimits } from './xml-scan.js';

const cell = (text: string): string => text.replaceAll('|', '\\|');

function attributeRow({ name, defaultText, required, allowed, doc, since, modes, ignored }: AttributeSpec<unknown>): string {
  const initial = required
    ? 'required'
    : defaultText === null || defaultText === ''
      ? '–'
      : defaultText.includes(' ') || defaultText.includes('`')
        ? defaultText
        : `\`${defaultText}\``;
  const only = modes === null ? '' : ` Only ${modes.join(', ')}.`;
  const brought = since === null ? '' : since === 'ours' ? ' *Ours.*' : ` Since ${since}.`;
  const effect = ignored === null ? '' : ` Accepted with a warning and ignored: ${ignored}.`;
  return `| \`${name}\` | ${cell(allowed)} | ${cell(initial)} | ${cell(doc)}${only}${brought}${effect} |`;
}

function occurrence({ min, max }: ChildSpec): string {
  if (max > 1) return min > 0 ? 'one or more' : 'any number';
  return min > 0 ? 'one' : 'at most one';
}

function elementSection(child: ChildSpec, parent: string): readonly string[] {
  const { spec } = child;
  const path = parent === '' ? spec.name : `${parent}/${spec.name}`;
  const notes = [
    `${occurrence(child)}`,
    ...(spec.modes === undefined ? [] : [`in ${spec.modes.join(' and ')} modules`]),
    ...(spec.since === undefined ? [] : [spec.since]),
    ...(spec.ignored === undefined ? [] : [`accepted with a warning and ignored: ${spec.ignored}`]),
  ];
  const attributes = Object.values(spec.attributes);
  const table = ['| attribute | allowed | default | meaning |', '|---|---|---|---|', ...attributes.map(attributeRow), ''];
  return [
    `### ${path}`,
    '',
    `${spec.doc} (${notes.join('; ')})`,
    '',
    ...(attributes.length === 0 ? [] : table),
    ...spec.children.flatMap((each) => elementSection(each, path)),
  ];
}

const sections = (file: ElementSpec): readonly string[] => file.children.flatMap((child) => elementSection(child, ''));

/**
 * The reference of both configuration files as Markdown, derived from the schema. `docs/config.md` is this text
 * (`npm run build && node scripts/generate-config-docs.mjs`); a test fails when it is stale.
 */
export function configReference(): string {
  return [
    '# Configuration files',
    '',
    'Generated from the schema in `src/config`; do not edit. `holdfast confcheck FILE` checks a file and lists everything that is wrong with it.',
    '',
    '## How a file is read',
    '',
    `- **XML**, in UTF-8, with or without byte order mark, any line ends. Comments, CDATA and the five predefined entities; a \`<!DOCTYPE safe>\` is skipped, one with declarations is refused, nothing external is read. At most ${xmlLimits.characters / 1024 / 1024} MiB of characters, ${xmlLimits.depth} levels, ${xmlLimits.elements} elements, ${xmlLimits.allAttributes} attributes, ${xmlLimits.attributes} of one element. Upper and lower case differ.`,
    `- **Findings** are all reported at once (up to ${mostProblems}), with line and column. An element that is not known is an error, because what it was meant to guard would be left unguarded; an attribute that is not known is a warning. Both name the nearest that is known.`,
    '- **Times** are a whole number and a unit, `d h m s ms us`. Without a unit, as in files of 7.x, the unit of the attribute holds: `loop_interval="24"` is 24 hours. A time is rounded down to the unit of its attribute, with a warning; one of which nothing would be left (500ms where seconds are meant) is an error. 0 needs no unit.',
    '- **Macros** (`userconfig.xml` only): `%NAME%` in attribute values, text and CDATA is replaced by the macro of that name that stands before it, else by the environment variable. What replaces is not looked at again, so macros cannot be recursive; a macro may use earlier ones. A name that is neither is an error. A `%` outside of `%NAME%`, also `%%`, is an ordinary character. A literal `%NAME%` is written `&#37;NAME%`.',
    `- **Regular expressions** are POSIX extended ones: \`. * + ? {n,m} ( ) | ^ $\`, brackets with ranges and classes such as \`[[:alnum:]]\`, and \`\\w \\W \\s \\S\`. Not known, and refused: \`\\d\`, \`\\b\`, back references, look-around, lazy repetition, collating elements of several characters. At most ${regexLimits.patternLength} characters, repetitions to ${regexLimits.repetitions}. No pattern and no text can make matching slow.`,
    '- **Names of processes**: Linux knows 15 characters of them. Longer ones are cut off, with a warning, unless `service` or `nameregex` is given.',
    '- **Not supported yet** is said when a module is configured, never silently left out: a valid file may use parts that this version does not carry out.',
    '',
    '## cluster.xml',
    '',
    ...sections(clusterFile),
    '## userconfig.xml',
    '',
    ...sections(moduleFile),
    '## Codes of findings',
    '',
    '| code | meaning |',
    '|---|---|',
    ...Object.entries(problemCodes).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`),
    '',
  ].join('\n');
}
