import t from 'tap';
import { errorCatalogue } from '../src/actors/errors.js';
t.test('every code says what it means', async (t) => {
  for (const entry of Object.values(errorCatalogue)) t.match(entry.meaning, /[.?]$/);
});
