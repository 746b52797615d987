import { readFileSync } from 'node:fs';
import t from 'tap';
import { errorCatalogue, errorReference } from '../../src/actors/errors.js';

t.test('every code says what it means, and has a status and an exit code of its kind', async (t) => {
  for (const [code, { status, exit, meaning }] of Object.entries(errorCatalogue)) {
    t.match(meaning, /[.?]$/, code);
    t.ok(status >= 400 && status < 600, `${code}: status ${status}`);
    t.ok(exit >= 1 && exit <= 3, `${code}: exit code ${exit}`);
  }
});

t.test('docs/errors.md is what the catalogue says', async (t) => {
  t.equal(readFileSync('docs/errors.md', 'utf8'), errorReference());
});
