import type { ProblemCode } from './codes.js';
import { nearestName } from './nearest.js';
import { lastNotAbove } from './sorted.js';
import { forbiddenCharacter, type ScannedPart, type ScannedTag, xmlLimits } from './xml-scan.js';
import { decodeReferences, encodeValue } from './xml-text.js';

/** What a `%NAME%` can look like. Names of Windows variables such as `ProgramFiles(x86)` are among them. */
export const macroName = /^[A-Za-z_][A-Za-z0-9_.()-]*$/;
const use = /%([A-Za-z_][A-Za-z0-9_.()-]*)%/g;

/** A replacement in the text of the file. */
interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}
/** Something wrong with the use of a macro. */
export interface MacroProblem {
  /** Where the attribute or the text begins. */
  readonly offset: number;
  readonly path: string;
  /** Null in text and CDATA. */
  readonly attribute: string | null;
  readonly value: string;
  readonly code: ProblemCode;
  readonly message: string;
  readonly remedy: string;
}
/** How to expand the text, how offsets in the result correspond to the file's, and what was wrong. */
export interface Expansion {
  /** Makes the replacements in the text, or in another of the same length. */
  readonly apply: (text: string) => string;
  /** The offset in the file for an offset in the expanded text; inside of a replaced value, where the `%NAME%` begins. */
  readonly toSource: (offset: number) => number;
  /** The offset in the expanded text for one in the file that lies outside of a `%NAME%`. */
  readonly toExpanded: (offset: number) => number;
  readonly problems: readonly MacroProblem[];
}

function compileEdits(edits: readonly Edit[]): Pick<Expansion, 'apply' | 'toSource' | 'toExpanded'> {
  // Where each edit begins and ends, in the file and in the expanded text; one of nothing stands at the very beginning.
  const [starts, ends, froms, tos] = [[0], [0], [0], [0]];
  let length = 0;
  let at = 0;
  for (const { start, end, text } of edits) {
    const from = length + start - at;
    length = from + text.length;
    at = end;
    starts.push(start);
    ends.push(end);
    froms.push(from);
    tos.push(length);
  }
  return {
    apply: (text) =>
      [...edits.map((edit, index) => text.slice(edits[index - 1]?.end ?? 0, edit.start) + edit.text), text.slice(at)].join(''),
    toSource: (offset) => {
      const index = lastNotAbove(froms, offset);
      const behind = offset - Number(tos[index]);
      return behind < 0 ? Number(starts[index]) : behind + Number(ends[index]);
    },
    toExpanded: (offset) => {
      const index = lastNotAbove(ends, offset);
      return offset - Number(ends[index]) + Number(tos[index]);
    },
  };
}

type Place = Pick<MacroProblem, 'offset' | 'path' | 'attribute'> & { readonly kind: ScannedPart['kind'] };

/**
 * Replaces every `%NAME%` in attribute values, text and CDATA sections by the macro of that name that stands before it in the file,
 * else by the environment variable (compatibility page, section 2.0). A replacement is never looked at again, so that macros cannot
 * multiply without end; the result may not be larger than a file may be. A `%` that is not part of such a name, `%%` among them, stays
 * as it is, and so does `&#37;`, which is how a literal `%NAME%` is written.
 *
 * @param length number of characters of the file.
 */
export function expandMacros(length: number, parts: readonly ScannedPart[], env: Readonly<Record<string, string>>): Expansion {
  const macros = new Map<string, string>();
  const problems: MacroProblem[] = [];
  const edits: Edit[] = [];
  let size = length;
  const tags = parts.filter((part) => part.kind === 'tag');
  const defined = new Set(tags.filter(isMacro).map(nameOf));

  const replacementOf = (used: string, name: string, place: Place): string => {
    const problem = (code: ProblemCode, message: string, remedy: string): string => {
      problems.push({ offset: place.offset, path: place.path, attribute: place.attribute, value: used, code, message, remedy });
      return used;
    };
    const value = macros.get(name) ?? (Object.hasOwn(env, name) ? env[name] : undefined);
    if (value === undefined) {
      if (defined.has(name))
        return problem('CONF_MACRO_UNKNOWN', `The macro ${name} is used before it is defined.`, 'Move its definition up.');
      const near = nearestName(name, [...macros.keys()]);
      const hint = near === null ? '' : ` Perhaps %${near}% is meant.`;
      const remedy = `Define it with <macro name="${name}" value="…"/>, or write &#37; for a percent sign.${hint}`;
      return problem('CONF_MACRO_UNKNOWN', `${used} is neither a macro nor an environment variable.`, remedy);
    }
    if (forbiddenCharacter.test(value)) {
      return problem(
        'CONF_MACRO_VALUE',
        `The value of ${name} has a character that XML does not allow.`,
        'Take control characters out of it.',
      );
    }
    const plain = place.kind === 'cdata';
    if (plain && (value.includes(']]>') || value.search(use) !== -1)) {
      return problem(
        'CONF_MACRO_VALUE',
        `The value of ${name} cannot stand in a CDATA section.`,
        'Leave `]]>` and further %NAME%s out of it.',
      );
    }
    const replacement = plain ? value : encodeValue(value);
    if (size + replacement.length > xmlLimits.characters) {
      return problem(
        'CONF_MACRO_LIMIT',
        'Expanded, the file is larger than a configuration may be.',
        `The limit is ${xmlLimits.characters} characters.`,
      );
    }
    size += replacement.length;
    return replacement;
  };
  const expand = (raw: string, start: number, place: Place): string => {
    return raw.replace(use, (used: string, name: string, index: number) => {
      const text = replacementOf(used, name, place);
      if (text !== used) edits.push({ start: start + index, end: start + index + used.length, text });
      return text;
    });
  };

  for (const part of parts) {
    const { kind, path, start } = part;
    if (kind !== 'tag') {
      expand(part.raw, part.valueStart, { kind, offset: start, path, attribute: null });
      continue;
    }
    const values = part.attributes.map((attribute): readonly [string, string] => {
      const place = { kind, offset: attribute.start, path, attribute: attribute.name };
      return [attribute.name, expand(attribute.raw, attribute.valueStart, place)];
    });
    if (isMacro(part)) macros.set(nameOf(part), decodeReferences(new Map(values).get('value') ?? ''));
  }
  return { ...compileEdits(edits), problems };
}

const isMacro = (part: ScannedTag): boolean => part.name === 'macro' && part.depth <= 1;
const nameOf = (part: ScannedTag): string => decodeReferences(part.attributes.find(({ name }) => name === 'name')?.raw ?? '');
