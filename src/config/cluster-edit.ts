/** Changes of cluster.xml as text: what people wrote around it, comments and order, stays as it is. */
import { scanXml } from './xml-scan.js';
import { decodeReferences, encodeValue } from './xml-text.js';

/** The address of a new node on one lan. */
export interface NodeAddress {
  readonly lan: string;
  readonly addr: string;
}

/** Where the tag that begins at `start` ends: after its `>`, which is the first outside of quotes. The text is well-formed. */
function tagEnd(text: string, start: number): number {
  const tag = /(?:[^"'>]|"[^"]*"|'[^']*')*>/y;
  tag.lastIndex = start;
  tag.test(text);
  return tag.lastIndex;
}
function elementEnd(text: string, start: number): number {
  const end = tagEnd(text, start);
  return text.slice(start, end).endsWith('/>') ? end : tagEnd(text, text.indexOf('</node', end));
}
/** The blanks before a tag, when nothing else is on its line before it. */
function indentation(text: string, start: number): string | null {
  const line = text.slice(text.lastIndexOf('\n', start - 1) + 1, start);
  return /^[ \t]*$/.test(line) ? line : null;
}

/**
 * Adds a node behind the last one of each lan that is named.
 * @param xml a valid cluster.xml
 * @returns the text, or the name of a lan that is not there
 */
export function addNode(
  xml: string,
  node: string,
  addresses: readonly NodeAddress[],
): { readonly ok: true; readonly xml: string } | { readonly ok: false; readonly lan: string } {
  const scanned = scanXml(xml);
  const tags = scanned.ok ? scanned.parts.flatMap((part) => (part.kind === 'tag' ? [part] : [])) : [];
  const insertions: { readonly at: number; readonly text: string }[] = [];
  for (const { lan, addr } of addresses) {
    const begin = tags.findIndex(
      (tag) => tag.name === 'lan' && tag.attributes.some(({ name, raw }) => name === 'name' && decodeReferences(raw) === lan),
    );
    const after = begin === -1 ? [] : tags.slice(begin + 1);
    const next = after.findIndex(({ name }) => name !== 'node');
    const last = (next === -1 ? after : after.slice(0, next)).at(-1);
    if (last === undefined) return { ok: false, lan };
    const indent = indentation(xml, last.start);
    const address = addr.includes(':') ? `[${addr}]` : addr;
    const element = `<node name="${encodeValue(node)}" addr="${encodeValue(address)}"/>`;
    insertions.push({ at: elementEnd(xml, last.start), text: indent === null ? element : `\n${indent}${element}` });
  }
  const ordered = [...insertions].sort((left, right) => right.at - left.at);
  let text = xml;
  for (const { at, text: element } of ordered) text = text.slice(0, at) + element + text.slice(at);
  return { ok: true, xml: text };
}
