/** How a text is written in XML: references and back. */

const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** Resolves the five predefined entities and numeric references of a well-formed text; nothing else is ever expanded. */
export function decodeReferences(raw: string): string {
  return raw.replace(
    /&(?:#(\d+)|#x([0-9a-fA-F]+)|(\w+));/g,
    (whole, decimal: string | undefined, hex: string | undefined, name: string | undefined) => {
      if (name !== undefined) return named[name] ?? whole;
      return String.fromCodePoint(decimal === undefined ? Number.parseInt(String(hex), 16) : Number.parseInt(decimal, 10));
    },
  );
}

/** Writes a value so that it can stand between quotation marks of either kind, and so that no `%NAME%` is seen in it again. */
export function encodeValue(value: string): string {
  return value.replace(/[<>&"'%\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/**
 * Writes a value between quotation marks of that kind, for people to read: nothing is replaced that need not be, and a `%NAME%` stays one.
 */
export function quoteValue(value: string, quote: '"' | "'"): string {
  const marks: Readonly<Record<string, string>> = { '<': '&lt;', '&': '&amp;', '"': '&quot;', "'": '&apos;' };
  return value.replace(/[<&"'\t\n\r]/g, (character) => {
    if ((character === '"' || character === "'") && character !== quote) return character;
    return marks[character] ?? `&#${character.charCodeAt(0)};`;
  });
}
