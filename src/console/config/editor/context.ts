/** What may be written at a place of a text that is being written: it need not be well-formed. */

/** What stands around a place. */
export type EditorContext =
  /** Inside of an element, or outside of all: tags may begin at `from`, behind a `<` where there is one. */
  | { readonly kind: 'element'; readonly path: readonly string[]; readonly from: number; readonly begun: boolean }
  | { readonly kind: 'attribute'; readonly path: readonly string[]; readonly used: readonly string[]; readonly from: number }
  | { readonly kind: 'value'; readonly path: readonly string[]; readonly attribute: string; readonly from: number }
  | { readonly kind: 'closing'; readonly name: string; readonly from: number }
  /** In a comment, a CDATA section, or a declaration. */
  | { readonly kind: 'none' };

const name = /[\p{L}_:][\p{L}\p{N}_:.-]*/uy;
const attribute = /\s+([\p{L}_:][\p{L}\p{N}_:.-]*)(\s*=\s*(?:"([^"]*)("?)|'([^']*)('?))?)?/uy;

function skip(text: string, at: number, open: string, close: string): number | null {
  if (!text.startsWith(open, at)) return null;
  const end = text.indexOf(close, at + open.length);
  return end === -1 ? text.length + 1 : end + close.length;
}
/** Reads the text up to a place. */
export function contextAt(whole: string, position: number): EditorContext {
  const text = whole.slice(0, position);
  const open: string[] = [];
  let at = 0;
  for (;;) {
    const angle = text.indexOf('<', at);
    if (angle === -1) return { kind: 'element', path: open, from: position, begun: false };
    const passed =
      skip(text, angle, '<!--', '-->') ??
      skip(text, angle, '<![CDATA[', ']]>') ??
      skip(text, angle, '<?', '?>') ??
      skip(text, angle, '<!D', '>');
    if (passed !== null) {
      if (passed > text.length) return { kind: 'none' };
      at = passed;
      continue;
    }
    if (text.startsWith('</', angle)) {
      const end = text.indexOf('>', angle);
      if (end === -1) return { kind: 'closing', name: open.at(-1) ?? '', from: angle + 2 };
      open.pop();
      at = end + 1;
      continue;
    }
    name.lastIndex = angle + 1;
    const tag = name.exec(text)?.[0] ?? '';
    at = angle + 1 + tag.length;
    if (at >= text.length) return { kind: 'element', path: open, from: angle + 1, begun: true };
    const path = [...open, tag];
    const used: string[] = [];
    for (;;) {
      attribute.lastIndex = at;
      const found = attribute.exec(text);
      if (found === null) break;
      const [all, word = '', rest, double, doubleEnd, single, singleEnd] = found;
      const value = double ?? single;
      if (value !== undefined && (doubleEnd ?? singleEnd) === '')
        return { kind: 'value', path, attribute: word, from: at + all.length - value.length };
      if (rest === undefined && at + all.length >= text.length)
        return { kind: 'attribute', path, used, from: text.length - word.length };
      used.push(word);
      at += all.length;
    }
    const end = /^\s*(\/?)>/.exec(text.slice(at));
    if (end !== null) {
      if (end[1] === '') open.push(tag);
      at += end[0].length;
      continue;
    }
    if (/^\s+$/.test(text.slice(at))) return { kind: 'attribute', path, used, from: text.length };
    // Something that is no attribute: the tag counts, and what comes behind it is read on.
    const next = text.indexOf('<', at);
    const close = text.indexOf('>', at);
    if (close === -1 && next === -1) return { kind: 'none' };
    const closed = close !== -1 && (next === -1 || close < next);
    if (closed && text.charAt(close - 1) !== '/') open.push(tag);
    at = closed ? close + 1 : next;
  }
}
/** The word around a place, read as a name: what help is asked about. */
export function wordAt(
  text: string,
  position: number,
): { readonly from: number; readonly to: number; readonly word: string } | null {
  const before = /[\p{L}_:][\p{L}\p{N}_:.-]*$/u.exec(text.slice(0, position))?.[0] ?? '';
  const after = /^[\p{L}\p{N}_:.-]*/u.exec(text.slice(position))?.[0] ?? '';
  const word = before + after;
  return word === '' ? null : { from: position - before.length, to: position + after.length, word };
}
