import fc from 'fast-check';
import t from 'tap';
import { parseClusterXml } from '../../src/config/cluster-config.js';
import { expandUserConfig, parseUserConfig } from '../../src/config/module-config.js';
import { formatProblems } from '../../src/config/problems.js';
import { findingsOf, fixture } from './fixtures.js';

const files = [
  'farm-aws-7',
  'farm-82',
  'mirror',
  'light',
  'legacy',
  'many-errors',
  'windows-good',
  'cluster',
  'cluster-errors',
].map((name) => fixture(`${name}.xml`));
const env = { HOME: '/root', X: '<%Y%>]]>' };

/** Reads a text in every way; what comes back must be complete whatever the text is. */
function holds(text: string): boolean {
  const results = [parseUserConfig(text, 'f', env), parseClusterXml(text, 'f'), expandUserConfig(text, 'f', env)];
  const lines = text.split(/\r\n?|\n/);
  return results.every((result) => {
    const findings = findingsOf(result);
    const errors = findings.filter(({ severity }) => severity === 'error');
    const placed = findings.every(
      (found) =>
        found.line >= 1 &&
        found.line <= lines.length &&
        found.column >= 1 &&
        found.column <= (lines[found.line - 1]?.length ?? 0) + 1,
    );
    // One line for each, and two for the line of the file with a caret below it.
    const lineCount = findings.reduce((count, { excerpt }) => count + (excerpt === undefined ? 1 : 3), 0);
    const printed = formatProblems(findings).split('\n').length === Math.max(1, lineCount);
    return Object.isFrozen(result) && placed && printed && (errors.length === 0) === result.ok;
  });
}

t.test('no text makes it throw: 5,000 arbitrary texts', async (t) => {
  const fragment = fc.constantFrom(
    '<',
    '>',
    '/',
    '</safe>',
    '<safe>',
    '<service mode="farm">',
    '"',
    "'",
    '=',
    ' a="',
    '&',
    '&lt;',
    '&#',
    ';',
    '<![CDATA[',
    ']]>',
    '<!--',
    '-->',
    '<?',
    '?>',
    '<!DOCTYPE',
    '[',
    '%',
    '%X%',
    '%HOME%',
    '\r',
    '\n',
    '\u0000',
    '\uD800',
    '\uFEFF',
    '__proto__',
    'constructor',
    'é',
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.array(fragment, { maxLength: 20 }).map((parts) => parts.join('')),
  );
  fc.assert(fc.property(text, holds), { numRuns: 5000 });
  t.pass('each gave a complete answer');
});

t.test('no damage to a real file makes it throw: 3,000 mutations', async (t) => {
  const mutation = fc.record({
    file: fc.constantFrom(...files),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    removed: fc.integer({ min: 0, max: 30 }),
    inserted: fc.oneof(
      fc.constant(''),
      fc.string({ maxLength: 6 }),
      fc.constantFrom('<', '"', '>', '/>', '&', '%X%', '%NO%', '\n', '<errd>', ' name="x"', '0', '-1', '99999999999999999999'),
    ),
  });
  fc.assert(
    fc.property(mutation, ({ file, at, removed, inserted }) => {
      const start = Math.floor(at * file.length);
      return holds(file.slice(0, start) + inserted + file.slice(start + removed));
    }),
    { numRuns: 3000 },
  );
  t.pass('each gave a complete answer');
});

t.test('every attribute of a real file can have any value: 2,000 replacements', async (t) => {
  const value = fc.oneof(
    fc.string({ maxLength: 12 }),
    fc.constantFrom('0', '-1', '1', 'on', 'off', 'auto', '10s', '1us', '[::1]', '(((', 'n1', '%HOME%', '*'),
  );
  fc.assert(
    fc.property(fc.constantFrom(...files), fc.nat(), value, (file, index, replacement) => {
      const values = [...file.matchAll(/="([^"]*)"/g)];
      const chosen = values[index % values.length];
      const start = (chosen?.index ?? 0) + 2;
      const escaped = replacement.replace(/[<&"]/g, (character) => `&#${character.charCodeAt(0)};`);
      return holds(file.slice(0, start) + escaped + file.slice(start + (chosen?.[1]?.length ?? 0)));
    }),
    { numRuns: 2000 },
  );
  t.pass('each gave a complete answer');
});
