/**
 * Changes of a file as changes of its text, so that a form and the text are two views of one document: what is not changed stays as it is,
 * byte for byte, comments and order too. Every function says what to put where; none knows what the elements mean.
 */
import { type Extent, type ScannedTag, scanXml } from './xml-scan.js';
import { decodeReferences, quoteValue } from './xml-text.js';

/** An attribute with where it stands. */
export interface EditAttribute {
  readonly name: string;
  /** References resolved. */
  readonly value: string;
  readonly start: number;
  readonly end: number;
  readonly valueStart: number;
}
/** An element with where it stands; `index` counts the elements of the file. */
export interface EditElement extends Extent {
  readonly index: number;
  readonly name: string;
  /** Slash-separated from the root. */
  readonly path: string;
  readonly start: number;
  readonly attributes: readonly EditAttribute[];
  readonly parent: number | null;
  /** Indices. */
  readonly children: readonly number[];
}
/** A well-formed file in the order of its elements. */
export interface EditDocument {
  readonly text: string;
  readonly elements: readonly EditElement[];
}
/** Put `insert` in the place of what stands from `from` to `to`. */
export interface TextChange {
  readonly from: number;
  readonly to: number;
  readonly insert: string;
}
/** Where a text stops being well-formed. */
export interface NotWellFormed {
  readonly offset: number;
  readonly message: string;
  readonly remedy: string;
}

/** Reads a text; what is not well-formed can be changed as text only. */
export function readForEdit(
  text: string,
): { readonly ok: true; readonly document: EditDocument } | { readonly ok: false; readonly problem: NotWellFormed } {
  const scanned = scanXml(text);
  if (!scanned.ok) {
    const { offset, message, remedy } = scanned;
    return { ok: false, problem: { offset, message, remedy } };
  }
  const tags = scanned.parts.filter((part): part is ScannedTag => part.kind === 'tag');
  const open: number[] = [];
  const children: number[][] = [];
  const elements = tags.map((tag, index): EditElement => {
    open.length = tag.depth;
    const parent = open.at(-1) ?? null;
    if (parent !== null) children[parent]?.push(index);
    open.push(index);
    const own: number[] = [];
    children[index] = own;
    const attributes = tag.attributes.map(({ name, start, valueStart, raw }): EditAttribute => {
      const value = decodeReferences(raw.replace(/[\t\n\r]/g, ' '));
      return { name, value, start, valueStart, end: valueStart + raw.length + 1 };
    });
    return { ...tag.extent, index, name: tag.name, path: tag.path, start: tag.start, attributes, parent, children: own };
  });
  return { ok: true, document: { text, elements } };
}

/** Carries changes out; they must not overlap. */
export function applyChanges(text: string, changes: readonly TextChange[]): string {
  let result = text;
  for (const { from, to, insert } of [...changes].sort((a, b) => b.from - a.from))
    result = result.slice(0, from) + insert + result.slice(to);
  return result;
}

/** The elements directly inside another one, or the roots. */
export function childrenIn({ elements }: EditDocument, parent: EditElement | null, name?: string): readonly EditElement[] {
  const inside =
    parent === null ? elements.filter((one) => one.parent === null) : elements.filter((one) => one.parent === parent.index);
  return name === undefined ? inside : inside.filter((one) => one.name === name);
}

/** Gives an attribute a value, or takes it out (null). */
export function setAttribute(
  { text }: EditDocument,
  element: EditElement,
  name: string,
  value: string | null,
): readonly TextChange[] {
  const position = element.attributes.findIndex((one) => one.name === name);
  const there = element.attributes[position];
  if (there !== undefined) {
    if (value === null) {
      const from = element.attributes[position - 1]?.end ?? element.start + 1 + element.name.length;
      return [{ from, to: there.end, insert: '' }];
    }
    const quote = text.charAt(there.valueStart - 1) === "'" ? "'" : '"';
    return [{ from: there.valueStart, to: there.end - 1, insert: quoteValue(value, quote) }];
  }
  if (value === null) return [];
  const last = element.attributes.at(-1);
  const at = last?.end ?? element.start + 1 + element.name.length;
  // As the one before it: on a line of its own where that is.
  const before = element.attributes.at(-2);
  const gap = last === undefined || before === undefined ? ' ' : text.slice(before.end, last.start);
  return [{ from: at, to: at, insert: `${gap}${name}="${quoteValue(value, '"')}"` }];
}

/** The blanks before a place, when nothing else is on its line before it. */
function indentAt(text: string, at: number): string | null {
  const line = text.slice(text.lastIndexOf('\n', at - 1) + 1, at);
  return /^[ \t]*$/.test(line) ? line : null;
}
function lineEndOf(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}
/** How much deeper children stand in this file. */
function stepOf({ text, elements }: EditDocument): string {
  for (const child of elements) {
    const parent = child.parent === null ? undefined : elements[child.parent];
    if (parent === undefined) continue;
    const [inner, outer] = [indentAt(text, child.start), indentAt(text, parent.start)];
    if (inner !== null && outer !== null && inner.length > outer.length && inner.startsWith(outer))
      return inner.slice(outer.length);
  }
  return '  ';
}

/** An element to be put in, with what is inside of it. */
export interface NewElement {
  readonly name: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly children?: readonly NewElement[];
}
function written(
  { name, attributes = {}, children = [] }: NewElement,
  indent: string | null,
  step: string,
  lineEnd: string,
): string {
  const opening = `<${name}${Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${quoteValue(value, '"')}"`)
    .join('')}`;
  if (children.length === 0) return `${opening}/>`;
  const [gap, inner] = indent === null ? ['', null] : [lineEnd + indent, indent + step];
  const inside = children
    .map((child) => `${inner === null ? '' : lineEnd + inner}${written(child, inner, step, lineEnd)}`)
    .join('');
  return `${opening}>${inside}${gap}</${name}>`;
}

/**
 * Puts an element inside another one: behind the last of its kind; else where `order`, the order of kinds, has it.
 */
export function addElement(
  document: EditDocument,
  parent: EditElement,
  element: NewElement,
  order: readonly string[] = [],
): readonly TextChange[] {
  const { text } = document;
  const [step, lineEnd] = [stepOf(document), lineEndOf(text)];
  const inside = childrenIn(document, parent);
  const own = indentAt(text, parent.start);
  const rank = order.indexOf(element.name);
  const after =
    inside.findLast((one) => one.name === element.name) ??
    (rank === -1 ? inside.at(-1) : inside.findLast((one) => order.slice(0, rank).includes(one.name)));
  if (after !== undefined) {
    const indent = indentAt(text, after.start);
    return [
      {
        from: after.end,
        to: after.end,
        insert: `${indent === null ? '' : lineEnd + indent}${written(element, indent, step, lineEnd)}`,
      },
    ];
  }
  const [next] = inside;
  if (next !== undefined) {
    const indent = indentAt(text, next.start);
    return [
      {
        from: next.start,
        to: next.start,
        insert: `${written(element, indent, step, lineEnd)}${indent === null ? '' : lineEnd + indent}`,
      },
    ];
  }
  const inner = own === null ? null : own + step;
  const child = `${inner === null ? '' : lineEnd + inner}${written(element, inner, step, lineEnd)}`;
  if (isEmptyTag(text, parent)) return openUp(text, parent, `${child}${own === null ? '' : lineEnd + own}`);
  // Behind the opening tag: what is inside (comments, text) stays behind it.
  const rest = text.slice(parent.openEnd, parent.innerEnd);
  const closing = own !== null && !/^[ \t]*\r?\n/.test(rest) ? lineEnd + own : '';
  return [{ from: parent.openEnd, to: parent.openEnd, insert: `${child}${closing}` }];
}
function isEmptyTag(text: string, element: EditElement): boolean {
  return element.openEnd === element.end && text.charAt(element.openEnd - 2) === '/';
}
/** `<a/>` becomes `<a>…</a>`. */
function openUp(text: string, element: EditElement, inside: string): readonly TextChange[] {
  const head = text.slice(element.start, element.openEnd - 2);
  const from = element.start + head.trimEnd().length;
  return [{ from, to: element.openEnd, insert: `>${inside}</${element.name}>` }];
}

/** Takes an element out, with its lines where nothing else is on them. */
export function removeElement({ text }: EditDocument, element: EditElement): readonly TextChange[] {
  const indent = indentAt(text, element.start);
  const rest = /^[ \t]*(\r?\n|$)/.exec(text.slice(element.end));
  if (indent === null || rest === null) return [{ from: element.start, to: element.end, insert: '' }];
  return [{ from: element.start - indent.length, to: element.end + rest[0].length, insert: '' }];
}

/** Exchanges an element with the one of its kind before (-1) or behind it (1); what stands between them stays. */
export function moveElement({ text, elements }: EditDocument, element: EditElement, direction: -1 | 1): readonly TextChange[] {
  const siblings = elements.filter((one) => one.parent === element.parent && one.name === element.name);
  const other = siblings[siblings.findIndex((one) => one.index === element.index) + direction];
  if (other === undefined) return [];
  return [
    { from: element.start, to: element.end, insert: text.slice(other.start, other.end) },
    { from: other.start, to: other.end, insert: text.slice(element.start, element.end) },
  ];
}

const cdataOpen = '<![CDATA[';
const cdataClose = ']]>';

/** What stands in an element as CDATA: an empty text where there is none, null where there is other text, or sections apart. */
export function contentOf({ text }: EditDocument, element: EditElement): string | null {
  const inside = text.slice(element.openEnd, element.innerEnd).trim();
  if (inside === '') return '';
  // Sections without a gap are one text that holds the end of a section.
  const sections = inside.split(/(?<=\]\]>)(?=<!\[CDATA\[)/);
  if (!sections.every((one) => one.startsWith(cdataOpen) && one.indexOf(cdataClose) === one.length - cdataClose.length))
    return null;
  return sections.map((one) => one.slice(cdataOpen.length, -cdataClose.length)).join('');
}
/** Replaces what is inside by one CDATA section; an empty text takes it out. */
export function setContent({ text }: EditDocument, element: EditElement, content: string): readonly TextChange[] {
  // A section cannot hold its own end: it is closed inside of it, and another one begun.
  const section =
    content === '' ? '' : `${cdataOpen}${content.replaceAll(cdataClose, `]]${cdataClose}${cdataOpen}>`)}${cdataClose}`;
  if (isEmptyTag(text, element)) return section === '' ? [] : openUp(text, element, section);
  const inside = text.slice(element.openEnd, element.innerEnd);
  const start = inside.indexOf(cdataOpen);
  const end = inside.lastIndexOf(cdataClose);
  if (start === -1 || end === -1) return [{ from: element.openEnd, to: element.innerEnd, insert: section }];
  return [{ from: element.openEnd + start, to: element.openEnd + end + cdataClose.length, insert: section }];
}
