import { XMLParser } from 'fast-xml-parser';
import type { ProblemPlace } from './problems.js';
import type { Position } from './types.js';
import { decodeReferences } from './xml-text.js';

/** One attribute with its value as the author meant it: references resolved, line ends turned into blanks. */
export interface XmlAttribute {
  readonly name: string;
  readonly value: string;
  readonly position: Position;
}
/** A place in the author's file. */
export interface Spot {
  readonly position: Position;
  /** The line with a caret below the place, for people; null where the place is not exact. */
  readonly excerpt: string | null;
}
/** A piece of text inside an element: a CDATA section as it stands, or running text with its references resolved. */
export interface XmlContent {
  readonly kind: 'text' | 'cdata';
  readonly text: string;
  /** Where it begins; for running text, where its element does. */
  readonly position: Position;
  /** The place of one of its characters, with the line of the file; for running text, that of its element alone. */
  readonly locate: (offset: number) => Spot;
}
/** An element with where it begins; `path` is slash-separated from the root. It can stand as the place of a finding. */
export interface XmlElement extends ProblemPlace {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, XmlAttribute>;
  readonly children: readonly XmlElement[];
  readonly contents: readonly XmlContent[];
}

/** Where parts begin in the author's file. */
export interface Locate {
  /** `attribute` null asks for the element itself. */
  readonly tag: (start: number, attribute: string | null) => Position;
  /** The CDATA section of that number, counted from 0 in the order of the file. */
  readonly cdata: (index: number) => Position;
  /** A character of the text of that section. */
  readonly inCdata: (index: number, offset: number) => Spot;
}

const prefix = '@';
const textName = '#text';
const cdataName = '#cdata';

const isRecord = (value: unknown): value is Readonly<Record<string | symbol, unknown>> =>
  typeof value === 'object' && value !== null;
const listOf = (value: unknown): readonly unknown[] => [value].flat();

/** fast-xml-parser keeps the start of an element under a symbol, the only one that its nodes have. */
function startOf(node: Readonly<Record<string | symbol, unknown>>): number {
  const [metaData] = Object.getOwnPropertySymbols(node).map((symbol) => node[symbol]);
  return Number(isRecord(metaData) && metaData['startIndex']);
}

function readAttributes(raw: unknown, start: number, locate: Locate): ReadonlyMap<string, XmlAttribute> {
  const entries = isRecord(raw) ? Object.entries(raw) : [];
  return new Map(
    entries.map(([prefixed, rawValue]) => {
      const name = prefixed.slice(prefix.length);
      const value = decodeReferences(String(rawValue).replace(/[\t\n\r]/g, ' '));
      return [name, { name, value, position: locate.tag(start, name) }];
    }),
  );
}

interface Inside {
  readonly elements: readonly XmlElement[];
  readonly contents: readonly XmlContent[];
}

function createReader(locate: Locate): (nodes: readonly unknown[], parent: string, parentPosition: Position) => Inside {
  let sections = 0;
  const readNodes = (nodes: readonly unknown[], parent: string, parentPosition: Position): Inside => {
    const elements: XmlElement[] = [];
    const contents: XmlContent[] = [];
    for (const node of nodes.filter(isRecord)) {
      for (const [name, value] of Object.entries(node).filter(([key]) => key !== ':@')) {
        if (name === textName) {
          contents.push({
            kind: 'text',
            text: decodeReferences(String(value)),
            position: parentPosition,
            locate: () => ({ position: parentPosition, excerpt: null }),
          });
        } else if (name === cdataName) {
          const index = sections;
          contents.push({
            kind: 'cdata',
            text: listOf(value)
              .filter(isRecord)
              .map((inner) => String(inner[textName]))
              .join(''),
            position: locate.cdata(index),
            locate: (offset) => locate.inCdata(index, offset),
          });
          sections += 1;
        } else {
          const start = startOf(node);
          const path = parent === '' ? name : `${parent}/${name}`;
          const position = locate.tag(start, null);
          const inside = readNodes(listOf(value), path, position);
          elements.push({
            name,
            path,
            position,
            attributes: readAttributes(node[':@'], start, locate),
            children: inside.elements,
            contents: inside.contents,
          });
        }
      }
    }
    return { elements, contents };
  };
  return readNodes;
}

/**
 * Builds the tree of a text that `scanXml` has found well-formed, and that has no DOCTYPE and no processing instructions.
 */
export function parseXml(text: string, locate: Locate): readonly XmlElement[] {
  const parser = new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: prefix,
    textNodeName: textName,
    cdataPropName: cdataName,
    parseTagValue: false,
    parseAttributeValue: false,
    trimValues: false,
    processEntities: false,
    captureMetaData: true,
    jPath: false,
  });
  const nodes: unknown = parser.parse(text);
  return createReader(locate)(listOf(nodes), '', locate.tag(0, null)).elements;
}
