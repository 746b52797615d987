/**
 * `npm run demo`: see `options.ts` for its command line. Exit 0: ended by Ctrl-C, or every step of the scenario ended as it should;
 * 1: it did not, or something was in the way; 2: the command line is wrong.
 */

import { DemoError, messageOf } from './demo-error.js';
import { failoverSteps } from './failover-scenario.js';
import { layOut } from './layout.js';
import { showLive } from './live.js';
import { type DemoOptions, parseOptions, usage } from './options.js';
import { checkLine, countsText, duration, reportText } from './report.js';
import { playScenario } from './scenario.js';
import { type CleanUp, setStage } from './stage.js';

const ending = new AbortController();
let signals = 0;

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2), process.cwd());
  if (options.help) {
    process.stdout.write(usage);
    return 0;
  }
  const layout = layOut(options.dir, options.portsBase);
  // With --json standard output is the report's alone.
  const say = (line: string): void => {
    (options.json ? process.stderr : process.stdout).write(`${line}\n`);
  };
  let cleanUp: CleanUp | null = null;
  const interrupted = new Promise<'interrupted'>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(name, () => {
        signals += 1;
        ending.abort();
        // Somebody who asks a third time does not want to wait: the next demo sweeps.
        if (signals >= 3) process.exit(1);
        resolve('interrupted');
      });
    }
  });
  const play = async (): Promise<number> => {
    const stage = await setStage(options, layout, say, (made) => {
      cleanUp = made;
    });
    if (options.scenario === null) {
      await showLive(
        stage,
        options.rate,
        {
          tty: process.stdout.isTTY === true,
          write: (text) => {
            process.stdout.write(text);
          },
          columns: () => process.stdout.columns ?? 120,
        },
        ending.signal,
      );
      return 0;
    }
    return runScenario(options, stage, say);
  };
  let code = 1;
  let failure: unknown = null;
  try {
    const outcome = await Promise.race([play(), interrupted]);
    if (outcome === 'interrupted') {
      say('');
      say('ending: the application and the daemons of both nodes');
      code = options.scenario === null ? 0 : 1;
    } else code = outcome;
  } catch (error) {
    failure = error;
  }
  const ended = await endAll(cleanUp);
  const problems = ended ?? [];
  if (ended !== null && problems.length === 0) say(`nothing is left running; what the nodes wrote is in ${layout.dir}`);
  for (const problem of problems) process.stderr.write(`demo: while cleaning up, ${problem}\n`);
  if (failure !== null) throw failure;
  return problems.length > 0 ? 1 : code;
}

/** A variable that only a callback assigns is narrowed to its first value; a parameter is not. */
async function endAll(cleanUp: CleanUp | null): Promise<readonly string[] | null> {
  return cleanUp === null ? null : cleanUp.run();
}

async function runScenario(
  options: DemoOptions,
  stage: Awaited<ReturnType<typeof setStage>>,
  say: (line: string) => void,
): Promise<number> {
  const report = await playScenario('failover', failoverSteps, stage, options, {
    begins: (title) => say(`— ${title}`),
    checked: (check) => say(checkLine(check)),
    ended: (step) =>
      say(`  ${step.ok ? 'ended as it should' : 'FAILED'} in ${duration(step.durationMs)}: ${countsText(step.requests)}`),
  });
  process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : reportText(report));
  return report.ok ? 0 : 1;
}

main().then(
  (code) => {
    // Whatever still holds the loop open (a request under way) is of no account any more.
    process.exitCode = code;
    setTimeout(() => process.exit(code), 500).unref();
  },
  (error: unknown) => {
    process.stderr.write(`demo: ${messageOf(error)}\n`);
    process.exit(error instanceof DemoError ? error.exit : 1);
  },
);
