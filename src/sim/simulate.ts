/** The program behind `holdfast simulate`: reads a scenario and the user's own configuration, and prints what would happen. */
import { readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parseClusterXml } from '../config/cluster-config.js';
import { parseUserConfig } from '../config/module-config.js';
import { formatProblems } from '../config/problems.js';
import { unsupported } from '../config/unsupported.js';
import { parseScenario } from './scenario-parse.js';
import { simulate } from './scenario-run.js';
import { createStepLog, type StepLog } from './step-log.js';
import { type PageInspector, timelineHtml } from './timeline-html.js';
import { timelineText } from './timeline-text.js';
import { defaultScripts, type SimModule, simCluster, unmatchedProcs } from './world.js';

/** The module where none is given: one process, watched and restarted. */
const defaultXml = `<safe>
  <service mode="farm" boot="on" maxloop="3" loop_interval="24h">
    <farm><lan name="default"/></farm>
    <user nicestoptimeout="20s" forcestoptimeout="10s"/>
    <errd polltimer="10s"><proc name="web" class="both" action="restart"/></errd>
  </service>
</safe>`;

/** What a run of the program says and how it ends: 0 done, 1 an expectation is not met, 2 usage or configuration. */
export interface SimulateOutcome {
  readonly code: 0 | 1 | 2;
  readonly out: string;
  readonly err: string;
}
const usage = (message: string): SimulateOutcome => ({ code: 2, out: '', err: `${message}\n` });

function readArguments(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      config: { type: 'string' },
      cluster: { type: 'string' },
      module: { type: 'string', default: 'web' },
      html: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
}

/** Runs the program with its arguments. Files are read and, with `--html`, one is written. */
export async function runSimulate(args: readonly string[]): Promise<SimulateOutcome> {
  const { values, positionals } = readArguments(args);
  const [path] = positionals;
  if (path === undefined) return usage('which scenario? holdfast simulate SCENARIO.yaml');
  const text = await readFile(path, 'utf8').catch((error: unknown) =>
    error instanceof Error ? error : new Error(String(error)),
  );
  if (text instanceof Error) return usage(text.message);
  const clusterXml = values.cluster === undefined ? null : await readFile(values.cluster, 'utf8');
  const cluster = clusterXml === null ? null : parseClusterXml(clusterXml, values.cluster ?? '');
  if (cluster?.ok === false) return usage(formatProblems(cluster.problems));
  const configXml = values.config === undefined ? defaultXml : await readFile(values.config, 'utf8');
  const config = parseUserConfig(configXml, values.config ?? 'userconfig.xml', definedEnvironment());
  if (!config.ok) return usage(formatProblems(config.problems));
  const missing = unsupported(config.value);
  if (missing.length > 0) return usage(missing.map(({ line, message }) => `${values.config}:${line}: ${message}`).join('\n'));
  const unmatched = unmatchedProcs(config.value);
  if (unmatched.length > 0)
    return usage(
      `no process can be made up that matches <proc> ${unmatched.join(', ')}: its expression is too clever for the simulator`,
    );
  const scenario = parseScenario(text, basename(path), cluster?.value.nodes ?? null);
  if (!scenario.ok) return usage(scenario.problems.join('\n'));
  const modules: readonly SimModule[] = [{ name: values.module, config: config.value, scripts: defaultScripts }];
  let nowMs = 0;
  const log = values.html === undefined ? null : createStepLog(() => nowMs);
  const simulation = await simulate(
    scenario.value,
    cluster?.value ?? simCluster(scenario.value.nodes),
    modules,
    (event, node, atMs) => {
      nowMs = atMs;
      log?.inspect(event, node);
    },
  );
  const met = simulation.expectations.every((one) => one.met) && simulation.violation === null;
  if (values.html !== undefined) await writeFile(values.html, timelineHtml(simulation, await readInspector(log)));
  const out = values.json
    ? `${JSON.stringify(simulation, null, 2)}\n`
    : values.html === undefined
      ? timelineText(simulation)
      : `${values.html}\n`;
  return { code: met ? 0 : 1, out, err: '' };
}

/** The page's inspector: its program as it was built, and the steps. Null where it is not built: the page then has no inspector. */
async function readInspector(log: StepLog | null): Promise<PageInspector | null> {
  const built = (name: string) => readFile(new URL(`../simulation/${name}`, import.meta.url), 'utf8').catch(() => null);
  const [script, style] = [await built('inspector.js'), await built('inspector.css')];
  return log === null || script === null || style === null ? null : { script, style, recorded: log.take() };
}

const definedEnvironment = (): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const { code, out, err } = await runSimulate(process.argv.slice(2));
    process.stdout.write(out);
    process.stderr.write(err);
    process.exitCode = code;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
  }
}
