import t from 'tap';
import { limitArenas } from '../../../src/io/linux/allocator.js';

const report: unknown = process.report.getReport();
const text = JSON.stringify(report);
const noGlibc = process.platform === 'linux' && text.includes('glibcVersionRuntime') ? false : 'needs glibc';

t.test('the C library takes the limit', { skip: noGlibc }, async (t) => {
  t.equal(limitArenas({}), true);
});

t.test('who has set it in the environment is left alone', async (t) => {
  t.equal(limitArenas({ MALLOC_ARENA_MAX: '8' }), false);
});
