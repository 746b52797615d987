/**
 * npm run mutation: puts one fault after the other into a copy of the machines and rules, and shows what notices it: first the tests that
 * cover the file, then the simulator. Never touches the working tree. The faults are in mutants.json.
 *   --sample N     the first fault of each of N files, spread over all (CI)
 *   --only PATTERN faults whose file or meaning matches it
 *   --simulator    asks the simulator about each fault, also where a test noticed it
 *   --seeds N      simulated schedules for each fault, besides those that ever failed; default 60; 0: the simulator is not asked
 *   --jobs N       default 2
 *   --write        puts the table into docs/mutation.md
 */
import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import ts from 'typescript';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { values } = parseArgs({
  options: {
    sample: { type: 'string' },
    only: { type: 'string', default: '' },
    simulator: { type: 'boolean', default: false },
    seeds: { type: 'string', default: '60' },
    jobs: { type: 'string', default: '2' },
    write: { type: 'boolean', default: false },
  },
});
/** How long a test file, and all schedules, may take with a fault, in ms: a fault that hangs them is noticed, too. */
const testLimitMs = 120_000;
const simulatorLimitMs = 300_000;
const wantedScore = 0.95;
/** Survivors whose reason was looked into: by meaning. */
const reasons = JSON.parse(readFileSync(join(root, 'scripts', 'mutants-survivors.json'), 'utf8'));

/** The fast tests of a file. */
const inMachines = (...names) => names.map((name) => `test/machines/${name}.test.ts`);
const ofModule = inMachines(
  ...['module-farm', 'matrix', 'module-checkers', 'maintenance', 'exhaustive', 'drain', 'errd', 'failover', 'resume'],
  ...['restart-counter', 'script.machine', 'module-rules', 'properties'],
);
const ofMembership = inMachines('membership-rules', 'membership.machine', 'membership-patience', 'share-map', 'membership-net');
const testsOf = (file) => {
  const name =
    file
      .split('/')
      .at(-1)
      ?.replace(/(\.machine|\.setup|-rules)?\.ts$/, '') ?? '';
  const own = [
    `test/machines/${name}.test.ts`,
    `test/machines/${name}.machine.test.ts`,
    `test/machines/${name}-rules.test.ts`,
    `test/actors/${name}.test.ts`,
  ];
  const more = /membership|share-map/.test(file)
    ? ofMembership
    : /checker/.test(file)
      ? ['test/machines/module-checkers.test.ts']
      : ofModule;
  return [...new Set([...own, ...more])].filter((path) => existsSync(join(root, path)));
};

const filesBelow = (directory) =>
  readdirSync(join(root, directory), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(join(directory, entry.name)) : [join(directory, entry.name)],
  );
const compile = (text, name) =>
  ts.transpileModule(text, {
    fileName: name,
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true },
  }).outputText;

/** A copy of everything that tests and simulator need, as JavaScript. */
function makeCopy(place) {
  for (const file of [...filesBelow('src'), ...filesBelow('test')]) {
    const to = join(place, file);
    mkdirSync(dirname(to), { recursive: true });
    if (file.endsWith('.d.ts')) continue;
    if (file.endsWith('.ts')) writeFileSync(to.replace(/\.ts$/, '.js'), compile(readFileSync(join(root, file), 'utf8'), file));
    else cpSync(join(root, file), to);
  }
  cpSync(join(root, 'package.json'), join(place, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(place, 'node_modules'));
}

/** Runs a program in a copy. @returns whether it went well, and what it said. */
function run(place, args, limitMs) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd: place,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      env: { ...process.env, TAP_TIMEOUT: String(testLimitMs / 1_000) },
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text) => {
        said = (said + text).slice(-20_000);
      });
    }
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, limitMs);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ ok: code === 0 && !isLate, isLate, said });
    });
  });
}
const runTest = (place, test) => run(place, ['--conditions=development', test.replace(/\.ts$/, '.js')], testLimitMs);
const runSimulator = async (place) =>
  values.seeds === '0'
    ? { ok: true, isLate: false, said: '' }
    : run(place, [join('src', 'sim', 'main.js'), '--seeds', values.seeds, '--jobs', '1'], simulatorLimitMs);
const invariantIn = (said) => /VIOLATION seed (\S+) of invariant (.*)/.exec(said)?.slice(1) ?? null;

/** What notices a fault: the tests one by one, then the simulator. */
async function judge(place, { file, search, replace, means }) {
  const path = join(place, file.replace(/\.ts$/, '.js'));
  const source = readFileSync(join(root, file), 'utf8');
  const before = readFileSync(path, 'utf8');
  // A function: a replacement text may hold "$".
  writeFileSync(
    path,
    compile(
      source.replace(search, () => replace),
      file,
    ),
  );
  let test = null;
  let simulator = null;
  try {
    for (const one of testsOf(file)) {
      const { ok, isLate } = await runTest(place, one);
      if (ok) continue;
      test = `${one.split('/').at(-1)?.replace('.test.ts', '')}${isLate ? ' (does not end)' : ''}`;
      break;
    }
    if (test === null || values.simulator) {
      const { ok, isLate, said } = await runSimulator(place);
      const [seed, invariant] = invariantIn(said) ?? [];
      if (!ok) simulator = isLate ? 'does not end' : seed === undefined ? 'it fails' : `${invariant}, seed ${seed}`;
    }
  } finally {
    writeFileSync(path, before);
  }
  return { file, means, test, simulator, isKilled: test !== null || simulator !== null };
}

function chosen(mutants) {
  const pattern = new RegExp(values.only);
  const wanted = mutants.filter(({ file, means }) => pattern.test(`${file} ${means}`));
  if (values.sample === undefined) return wanted;
  const firsts = wanted.filter(({ file }, index) => wanted.findIndex((one) => one.file === file) === index);
  const count = Math.min(Number(values.sample), firsts.length);
  return Array.from({ length: count }, (_, index) => firsts[Math.floor((index * firsts.length) / count)]);
}

const cell = (text) => text.replaceAll('|', '\\|');
function table(results) {
  return [
    '| file | fault | test that notices it | simulator |',
    '|---|---|---|---|',
    ...results.map(
      ({ file, means, test, simulator, isKilled }) =>
        `| ${file.replace('src/', '')} | ${cell(means)} | ${test ?? '–'} | ${isKilled ? (simulator ?? (test === null || values.simulator ? '–' : 'not asked')) : '**survives**'} |`,
    ),
  ].join('\n');
}

const all = JSON.parse(readFileSync(join(root, 'scripts', 'mutants.json'), 'utf8'));
const missing = all.filter(({ file, search }) => readFileSync(join(root, file), 'utf8').split(search).length !== 2);
for (const { file, means } of missing)
  console.error(`${file}: the text of this fault is not there exactly once any more: ${means}`);
if (missing.length > 0) process.exit(2);

const mutants = chosen(all);
const begun = performance.now();
const places = Array.from({ length: Math.min(Number(values.jobs), mutants.length) }, () =>
  mkdtempSync(join(tmpdir(), 'holdfast-mutants-')),
);
process.on('exit', () => {
  for (const place of places) rmSync(place, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
makeCopy(places[0]);
for (const place of places.slice(1)) cpSync(places[0], place, { recursive: true, verbatimSymlinks: true });

// Without a fault everything must pass: else nothing would be shown by its failing.
const tests = [...new Set(mutants.flatMap(({ file }) => testsOf(file)))];
for (const test of tests) {
  const { ok, said } = await runTest(places[0], test);
  if (!ok) {
    console.error(`${relative('.', test)} fails without any fault:\n${said.slice(-3_000)}`);
    process.exit(2);
  }
}
const sound = await runSimulator(places[0]);
if (!sound.ok) {
  console.error(`the simulator fails without any fault:\n${sound.said.slice(-3_000)}`);
  process.exit(2);
}
console.error(
  `without a fault ${tests.length} test files and ${values.seeds} schedules pass (${Math.round((performance.now() - begun) / 1_000)} s)`,
);

const results = [];
let next = 0;
await Promise.all(
  places.map(async (place) => {
    for (let index = next++; index < mutants.length; index = next++) {
      const result = await judge(place, mutants[index]);
      results[index] = result;
      const by = result.test ?? (result.simulator === null ? 'SURVIVES' : `simulator: ${result.simulator}`);
      console.error(`${String(index + 1).padStart(3)} ${by.padEnd(40)} ${result.file}: ${result.means}`);
    }
  }),
);
const killed = results.filter(({ isKilled }) => isKilled);
const survivors = results.filter(({ isKilled }) => !isKilled);
const score = killed.length / results.length;
const seconds = Math.round((performance.now() - begun) / 1_000);
const bySimulator = results.filter(({ simulator }) => simulator !== null).length;
const lines = [
  `${results.length} faults, ${killed.length} noticed: score ${score.toFixed(3)} (at least ${wantedScore} is asked for). ` +
    `Tests noticed ${results.filter(({ test }) => test !== null).length}; the simulator, with the kept schedules and ${values.seeds} seeds, ` +
    `${bySimulator} of the ${values.simulator ? results.length : results.filter(({ test }) => test === null).length} that it was asked about.`,
  ...survivors.map(({ file, means }) => `- survives: ${file}: ${means}: ${reasons[means] ?? 'not explained'}`),
];
console.log(`${table(results)}\n\n${lines.join('\n')}\n${seconds} s`);
if (values.write) {
  const day = new Date().toISOString().slice(0, 10);
  const head = `# Faults that are noticed\n\nMade by \`npm run mutation -- --write\` on ${day}, in ${seconds} s; do not edit. Each line is one fault that was put into a copy of the sources: what noticed it.\n`;
  writeFileSync(join(root, 'docs', 'mutation.md'), `${head}\n${lines.join('\n')}\n\n${table(results)}\n`);
}
process.exitCode = score >= wantedScore && survivors.every(({ means }) => means in reasons) ? 0 : 1;
