import type { ProblemCode } from './codes.js';

/** Limits of a configuration file. They are far above any real one and keep the cost of a hostile one small. */
export const xmlLimits = { characters: 1024 * 1024, depth: 32, elements: 5000, attributes: 128, allAttributes: 20_000 } as const;

/** One attribute as it stands in the text; `start` is where its name begins, `valueStart` where its value does. */
export interface ScannedAttribute {
  readonly name: string;
  readonly start: number;
  readonly valueStart: number;
  readonly raw: string;
}
/** A tag of the file. Depth is the number of elements around it; `path` is slash-separated from the root. */
export interface ScannedTag {
  readonly kind: 'tag';
  readonly name: string;
  readonly path: string;
  readonly start: number;
  readonly depth: number;
  readonly attributes: readonly ScannedAttribute[];
  readonly extent: Extent;
}
/** Running text or a CDATA section; `path` is that of the element it stands in. */
export interface ScannedContent {
  readonly kind: 'text' | 'cdata';
  readonly path: string;
  readonly start: number;
  readonly valueStart: number;
  readonly raw: string;
}
/** Where the parts of an element end: its opening tag, what is inside of it, and all of it. Of `<a/>` all three are the same. */
export interface Extent {
  readonly openEnd: number;
  readonly innerEnd: number;
  readonly end: number;
}
/** A part of the file that can hold a `%NAME%`. */
export type ScannedPart = ScannedTag | ScannedContent;

/** Either the parts of a well-formed text, or the one place where it stops being well-formed. */
export type ScanResult =
  | {
      readonly ok: true;
      readonly parts: readonly ScannedPart[];
      readonly prologs: readonly (readonly [start: number, end: number])[];
    }
  | {
      readonly ok: false;
      readonly code: ProblemCode;
      readonly offset: number;
      readonly message: string;
      readonly remedy: string;
    };

const nameCharacters = '[\\p{L}_:][\\p{L}\\p{N}\\p{M}_:.\\-\\u00B7]*';
const openName = new RegExp(`<(${nameCharacters})`, 'uy');
const closeTag = new RegExp(`</(${nameCharacters})[ \\t\\r\\n]*>`, 'uy');
const attributeText = new RegExp(`[ \\t\\r\\n]+(${nameCharacters})[ \\t\\r\\n]*=[ \\t\\r\\n]*(?:"([^"<]*)"|'([^'<]*)')`, 'uy');
const tagEnd = /[ \t\r\n]*(\/?)>/y;
const reference = /&(?:lt|gt|amp|quot|apos|#(\d{1,7})|#x([0-9a-fA-F]{1,6}));/y;
/** A character that must not be in an XML text (XML 1.0, section 2.2). */
export const forbiddenCharacter = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u;

/** Thrown and caught inside this file only: the scan ends at the first place that is not well-formed. */
class NotWellFormed extends Error {
  readonly code: ProblemCode;
  readonly offset: number;
  readonly remedy: string;
  constructor(offset: number, message: string, remedy: string, code: ProblemCode = 'CONF_XML') {
    super(message);
    this.code = code;
    this.offset = offset;
    this.remedy = remedy;
  }
}

function matchAt(pattern: RegExp, text: string, offset: number): RegExpExecArray | null {
  pattern.lastIndex = offset;
  return pattern.exec(text);
}

/** Every `&` must begin one of the five predefined entities or a numeric reference to a character that XML has. */
function checkReferences(text: string, start: number, end: number): void {
  for (let at = text.indexOf('&', start); at !== -1 && at < end; at = text.indexOf('&', at + 1)) {
    const found = matchAt(reference, text, at);
    if (found === null) {
      throw new NotWellFormed(
        at,
        '`&` begins no entity that is known here.',
        'Write `&amp;` for the character itself; only lt, gt, amp, quot, apos and numeric references exist.',
      );
    }
    const digits = found[1] ?? found[2];
    if (digits === undefined) continue;
    const codePoint = Number.parseInt(digits, found[1] === undefined ? 16 : 10);
    if (codePoint > 0x10ffff || forbiddenCharacter.test(String.fromCodePoint(codePoint))) {
      throw new NotWellFormed(at, `${found[0]} is no character that XML allows.`, 'Take the reference out.');
    }
  }
}

function closing(text: string, mark: string, start: number, opening: number, what: string): number {
  const end = text.indexOf(mark, start + opening);
  if (end === -1) throw new NotWellFormed(start, `The ${what} that begins here is never closed.`, `Close it with \`${mark}\`.`);
  return end + mark.length;
}

/** A DOCTYPE is skipped: it may name a file, which is not read. One with declarations in brackets is refused. */
function skipDoctype(text: string, start: number): number {
  for (let at = start + 9; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '>') return at + 1;
    if (character === '"' || character === "'") at = closing(text, character, at, 1, 'quotation in the DOCTYPE') - 1;
    if (character === '[') {
      throw new NotWellFormed(
        at,
        'The DOCTYPE declares entities or elements of its own.',
        'Leave the part in brackets out: `<!DOCTYPE safe>`.',
        'CONF_XML_DOCTYPE',
      );
    }
  }
  throw new NotWellFormed(start, 'The DOCTYPE is never closed.', 'Close it with `>`.');
}

function describeBadTag(text: string, offset: number, name: string): NotWellFormed {
  const rest = text.slice(offset, offset + 400);
  const gap = rest.search(/\S|$/);
  const word = /^[^\s=<>"'/]+/.exec(rest.slice(gap))?.[0];
  const at = offset + gap;
  if (gap === rest.length || rest.charAt(gap) === '<') {
    return new NotWellFormed(at, `The tag <${name}> is not closed.`, 'Close it with `>` or `/>`.');
  }
  if (word === undefined)
    return new NotWellFormed(at, `\`${rest.charAt(gap)}\` is not expected in the tag <${name}>.`, 'Take it out.');
  if (gap === 0)
    return new NotWellFormed(at, `There is no blank before \`${word}\` in the tag <${name}>.`, 'Put a blank between attributes.');
  return new NotWellFormed(
    at,
    `The attribute ${word} of <${name}> has no proper value.`,
    'Write attribute="value" with both quotation marks, and `&lt;` for `<`.',
  );
}

function scanAttributes(
  text: string,
  start: number,
  name: string,
): { readonly attributes: readonly ScannedAttribute[]; readonly next: number } {
  const attributes: ScannedAttribute[] = [];
  const seen = new Set<string>();
  let next = start;
  for (let found = matchAt(attributeText, text, next); found !== null; found = matchAt(attributeText, text, next)) {
    next += found[0].length;
    const attribute = String(found[1]);
    const raw = found[2] ?? String(found[3]);
    const valueStart = next - 1 - raw.length;
    const at = text.indexOf(attribute, found.index);
    if (seen.has(attribute))
      throw new NotWellFormed(at, `The attribute ${attribute} of <${name}> is given twice.`, 'Keep one of them.');
    if (attributes.length === xmlLimits.attributes) {
      throw new NotWellFormed(
        at,
        `<${name}> has more than ${xmlLimits.attributes} attributes.`,
        'Take some out.',
        'CONF_XML_LIMIT',
      );
    }
    seen.add(attribute);
    checkReferences(text, valueStart, next);
    attributes.push({ name: attribute, start: at, valueStart, raw });
  }
  return { attributes, next };
}

function scan(text: string): Extract<ScanResult, { ok: true }> {
  const parts: ScannedPart[] = [];
  const prologs: (readonly [number, number])[] = [];
  const open: { readonly name: string; readonly start: number; readonly extent: { innerEnd: number; end: number } }[] = [];
  const path = (): string => open.map(({ name }) => name).join('/');
  let tags = 0;
  let attributeCount = 0;
  let doctypes = 0;
  let at = 0;

  const takeText = (end: number): void => {
    const raw = text.slice(at, end);
    const visible = raw.search(/[^ \t\r\n]/);
    if (visible === -1) return;
    if (open.length === 0)
      throw new NotWellFormed(at + visible, 'There is text outside of any element.', 'Take it out, or put it into a comment.');
    const wrong = raw.indexOf(']]>');
    if (wrong !== -1) throw new NotWellFormed(at + wrong, '`]]>` closes no CDATA section.', 'Take it out, or write `]]&gt;`.');
    checkReferences(text, at, end);
    parts.push({ kind: 'text', path: path(), start: at + visible, valueStart: at, raw });
  };
  const takeOpening = (): void => {
    const name = matchAt(openName, text, at)?.[1];
    if (name === undefined) throw new NotWellFormed(at, '`<` begins no tag.', 'Write `&lt;` for the character itself.');
    const start = at;
    const { attributes, next } = scanAttributes(text, start + 1 + name.length, name);
    const end = matchAt(tagEnd, text, next);
    if (end === null) throw describeBadTag(text, next, name);
    tags += 1;
    attributeCount += attributes.length;
    if (attributeCount > xmlLimits.allAttributes) {
      const message = `There are more than ${xmlLimits.allAttributes} attributes.`;
      throw new NotWellFormed(start, message, 'Make the file smaller.', 'CONF_XML_LIMIT');
    }
    if (tags > xmlLimits.elements)
      throw new NotWellFormed(
        start,
        `There are more than ${xmlLimits.elements} elements.`,
        'Make the file smaller.',
        'CONF_XML_LIMIT',
      );
    if (open.length === xmlLimits.depth) {
      throw new NotWellFormed(
        start,
        `Elements are nested more than ${xmlLimits.depth} deep.`,
        'No configuration needs that.',
        'CONF_XML_LIMIT',
      );
    }
    const depth = open.length;
    const openEnd = next + end[0].length;
    const extent = { openEnd, innerEnd: openEnd, end: openEnd };
    open.push({ name, start, extent });
    parts.push({ kind: 'tag', name, path: path(), start, depth, attributes, extent });
    if (end[1] !== '') open.pop();
    at = openEnd;
  };
  const takeClosing = (): void => {
    const found = matchAt(closeTag, text, at);
    if (found === null) throw new NotWellFormed(at, 'This closing tag is not complete.', 'A closing tag is `</name>`.');
    const top = open.pop();
    if (top === undefined) throw new NotWellFormed(at, `</${found[1]}> closes nothing.`, 'Take it out.');
    if (top.name !== found[1]) {
      throw new NotWellFormed(
        at,
        `</${found[1]}> closes nothing: <${top.name}> is still open.`,
        `Close <${top.name}> before it.`,
      );
    }
    top.extent.innerEnd = at;
    at += found[0].length;
    top.extent.end = at;
  };
  const takeDeclaration = (): void => {
    if (text.startsWith('<!--', at)) at = closing(text, '-->', at, 4, 'comment');
    else if (text.startsWith('<![CDATA[', at)) {
      if (open.length === 0) throw new NotWellFormed(at, 'There is a CDATA section outside of any element.', 'Take it out.');
      const end = closing(text, ']]>', at, 9, 'CDATA section');
      parts.push({ kind: 'cdata', path: path(), start: at, valueStart: at + 9, raw: text.slice(at + 9, end - 3) });
      at = end;
    } else if (text.startsWith('<!DOCTYPE', at)) {
      if (tags > 0 || doctypes > 0) {
        throw new NotWellFormed(
          at,
          'The DOCTYPE is not the first thing in the file.',
          'Put it before all elements, once.',
          'CONF_XML_DOCTYPE',
        );
      }
      doctypes += 1;
      const end = skipDoctype(text, at);
      prologs.push([at, end]);
      at = end;
    } else
      throw new NotWellFormed(
        at,
        '`<!` begins neither a comment nor a CDATA section nor the DOCTYPE.',
        'Write `<!-- comment -->`.',
      );
  };
  const takeInstruction = (): void => {
    if (/^<\?xml[\s?]/i.test(text.slice(at, at + 6)) && at > 0) {
      throw new NotWellFormed(
        at,
        'The XML declaration is not at the very beginning of the file.',
        'Take it out, or put it first.',
      );
    }
    const end = closing(text, '?>', at, 2, 'processing instruction');
    prologs.push([at, end]);
    at = end;
  };

  while (at < text.length) {
    const angle = text.indexOf('<', at);
    const textEnd = angle === -1 ? text.length : angle;
    takeText(textEnd);
    at = textEnd;
    if (angle === -1) break;
    const next = text.charAt(at + 1);
    if (next === '!') takeDeclaration();
    else if (next === '?') takeInstruction();
    else if (next === '/') takeClosing();
    else takeOpening();
  }
  const unclosed = open.pop();
  if (unclosed !== undefined)
    throw new NotWellFormed(unclosed.start, `<${unclosed.name}> is never closed.`, `Close it with \`</${unclosed.name}>\`.`);
  if (tags === 0) throw new NotWellFormed(0, 'There is no element in the file.', 'See docs/config.md for an example.');
  return { ok: true, parts, prologs };
}

/**
 * Reads a text once, strictly, and says where each tag, attribute and CDATA section begins: fast-xml-parser builds the tree, but it forgives
 * much that is not well-formed and knows no positions of attributes. Several root elements are let through, because macros may stand
 * before `<safe>` (compatibility page, section 2.0). The time is linear in the length of the text, which `xmlLimits` bounds.
 */
export function scanXml(text: string): ScanResult {
  try {
    if (text.length > xmlLimits.characters) {
      throw new NotWellFormed(
        0,
        `The file has more than ${xmlLimits.characters} characters.`,
        'Make it smaller.',
        'CONF_XML_LIMIT',
      );
    }
    const wrong = text.search(forbiddenCharacter);
    if (wrong !== -1) {
      throw new NotWellFormed(
        wrong,
        'There is a character that XML does not allow.',
        'Save the file as plain text in UTF-8, and take control characters out.',
      );
    }
    return scan(text);
  } catch (error) {
    if (!(error instanceof NotWellFormed)) throw error;
    return { ok: false, code: error.code, offset: error.offset, message: error.message, remedy: error.remedy };
  }
}
