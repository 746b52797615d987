import { type Expansion, expandMacros } from './macros.js';
import { createProblemReport, type ProblemReport } from './problems.js';
import { createLineEnds, createSourceLines, excerptOf } from './source-lines.js';
import type { Position } from './types.js';
import { type ScannedContent, type ScannedPart, scanXml } from './xml-scan.js';
import { type Locate, parseXml, type XmlElement } from './xml-tree.js';

/** A file read as far as XML goes. */
export interface XmlDocument {
  readonly report: ProblemReport;
  /** Holds the elements of the file; it has no name and no path. Null when the file is not well-formed: the report then says where. */
  readonly root: XmlElement | null;
  /** The text with its macros expanded; comments and layout are kept. */
  readonly text: string;
  /** Whether the attribute at this position has a `%NAME%` that could not be replaced: that is reported once, and its value not judged. */
  readonly isUnresolved: (position: Position) => boolean;
}

const byteOrderMark = '\uFEFF';
/** Names that fast-xml-parser refuses or renames, because they mean something in JavaScript. None of them is ours. */
const refusedNames = /^(?:constructor|prototype|hasOwnProperty|toString|valueOf|__.*__)$/;

const blankOut = (text: string, ranges: readonly (readonly [start: number, end: number])[]): string => {
  let at = 0;
  const pieces = ranges.flatMap(([start, end]) => {
    const kept = text.slice(at, start);
    at = end;
    return [kept, text.slice(start, end).replace(/[^\r\n]/g, ' ')];
  });
  return [...pieces, text.slice(at)].join('');
};

const positionKey = ({ line, column }: Position): string => `${line}:${column}`;
const noMacros: Expansion = { apply: (text) => text, toSource: (offset) => offset, toExpanded: (offset) => offset, problems: [] };

function createLocate(
  source: string,
  parts: readonly ScannedPart[],
  expansion: Expansion,
  at: (offset: number) => Position,
): Locate {
  const attributeStarts = new Map<string, number>();
  const sections: ScannedContent[] = [];
  const lineEnds = createLineEnds(expansion.apply(source));
  for (const part of parts) {
    if (part.kind === 'tag') for (const { name, start } of part.attributes) attributeStarts.set(`${part.start} ${name}`, start);
    if (part.kind === 'cdata') sections.push(part);
  }
  return {
    tag: (start, attribute) => {
      const tagStart = expansion.toSource(start);
      return at(attributeStarts.get(`${tagStart} ${attribute}`) ?? tagStart);
    },
    cdata: (index) => at(Number(sections[index]?.start)),
    inCdata: (index, offset) => {
      const begin = expansion.toExpanded(Number(sections[index]?.valueStart));
      const place = expansion.toSource(lineEnds(begin, offset));
      const position = at(place);
      return { position, excerpt: excerptOf(source, place, position.column) };
    },
  };
}

/**
 * Reads a configuration file: strict scan, expansion of macros, tree. Positions are those of the author's text, not of the expanded one.
 *
 * @param env environment variables for `%NAME%`; null leaves the text unexpanded (`cluster.xml` has no macros).
 */
export function readDocument(source: string, file: string, env: Readonly<Record<string, string>> | null): XmlDocument {
  const report = createProblemReport(file);
  const text = source.startsWith(byteOrderMark) ? source.slice(1) : source;
  const at = createSourceLines(text);
  const scanned = scanXml(text);
  const unresolved = new Set<string>();
  const isUnresolved = (position: Position): boolean => unresolved.has(positionKey(position));
  const nothing = { report, root: null, text, isUnresolved };
  if (!scanned.ok) {
    report.error({ path: '', position: at(scanned.offset) }, scanned.code, scanned.message, scanned.remedy);
    return nothing;
  }
  const refused = scanned.parts.find((part) => part.kind === 'tag' && refusedNames.test(part.name));
  if (refused !== undefined) {
    const place = { path: refused.path, position: at(refused.start) };
    report.error(place, 'CONF_ELEMENT_UNKNOWN', 'An element of this name is never read.', 'Take it out.');
    return nothing;
  }
  const expansion = env === null ? noMacros : expandMacros(text.length, scanned.parts, env);
  for (const { offset, path, attribute, value, code, message, remedy } of expansion.problems) {
    const position = at(offset);
    report.error({ path, position, attribute, value }, code, message, remedy);
    unresolved.add(positionKey(position));
  }
  // The DOCTYPE and processing instructions are blanked rather than cut, so that offsets stay, and the library never sees them.
  const body = expansion.apply(blankOut(text, scanned.prologs));
  const children = parseXml(body, createLocate(text, scanned.parts, expansion, at));
  return {
    report,
    root: { name: '', path: '', position: at(0), attributes: new Map(), children, contents: [] },
    text: expansion.apply(text),
    isUnresolved,
  };
}
