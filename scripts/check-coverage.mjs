// Holds the coverage of each folder to its floor (test/coverage-floors.json), from the summary of the last test run.
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

const summaryFile = '.tap/report/coverage-summary.json';
if (!existsSync(summaryFile)) {
  console.error(`${summaryFile} is missing: run the tests with coverage first`);
  process.exit(1);
}
const floors = JSON.parse(readFileSync('test/coverage-floors.json', 'utf8'));
const files = Object.entries(JSON.parse(readFileSync(summaryFile, 'utf8'))).filter(([file]) => file !== 'total');
let failed = 0;
for (const [folder, floor] of Object.entries(floors)) {
  const own = files.filter(([file]) => relative('.', file).startsWith(`${folder}/`));
  const sum = (metric) =>
    own.reduce((total, [, one]) => ({ covered: total.covered + one[metric].covered, total: total.total + one[metric].total }), {
      covered: 0,
      total: 0,
    });
  for (const metric of ['lines', 'branches']) {
    const { covered, total } = sum(metric);
    const percent = total === 0 ? 100 : (covered / total) * 100;
    const good = percent >= floor[metric];
    if (!good) failed += 1;
    console.log(`${good ? 'ok  ' : 'FAIL'} ${folder} ${metric} ${percent.toFixed(2)} % (floor ${floor[metric]} %)`);
    if (!good) {
      for (const [file, one] of own) {
        if (one[metric].pct < floor[metric]) console.log(`       ${relative('.', file)} ${one[metric].pct} %`);
      }
    }
  }
}
process.exit(failed > 0 ? 1 : 0);
