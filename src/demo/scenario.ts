/**
 * Plays a list of steps on a stage: each breaks or mends something and says what must become so and by when. A step that fails ends
 * the scenario. Everything that was seen stands in one timeline, in the order in which it happened.
 */
import { cpus } from 'node:os';
import type { LogLine } from '../http/api-types.js';
import { monotonicMs } from './clock.js';
import { messageOf } from './demo-error.js';
import type { NodeName } from './layout.js';
import type { DemoOptions } from './options.js';
import { latencyOf } from './report.js';
import type { CheckReport, ScenarioReport, StepReport, TimelineEntry } from './report.types.js';
import type { Stage } from './stage.js';

/** What a test of a check finds: true, true with something to show, or not yet, with what is seen instead. */
export type Finding = boolean | { readonly ok: boolean; readonly detail: string; readonly atMs?: number };

/** What a step is handed. */
export interface StepTools {
  readonly stage: Stage;
  readonly options: DemoOptions;
  /** The break: times of this step count from here on. May be called again. */
  mark(what: string): void;
  /** Adds a line to the timeline. */
  note(where: string, what: string, atMs?: number): void;
  /** Waits until the test holds, at most `withinMs` (times patience) after the mark. @throws StepFailed when it does not. */
  expect(what: string, withinMs: number, test: () => Finding | Promise<Finding>): Promise<void>;
  /** Looks once. @throws StepFailed when it is not so. */
  check(what: string, ok: boolean, detail: string): void;
  /** The first line of a node's module log, since the mark, that holds the text. */
  logLine(node: NodeName, text: string): Promise<LogLine | null>;
  /** Waits for such a line; the time of the check is the line's own. */
  expectLog(node: NodeName, text: string, withinMs: number): Promise<void>;
  /** Lets the load run for so long. */
  pass(ms: number): Promise<void>;
}
/** One step of a scenario. */
export interface Step {
  readonly name: string;
  readonly title: string;
  /** All requests of the step must be answered. */
  readonly noFailures: boolean;
  run(tools: StepTools): Promise<void>;
}

class StepFailed extends Error {}

/** Pause between two looks at a check. */
const lookMs = 15;
/** What the client has under way or has not reported yet. */
const reportingMs = 450;

/** Told while a scenario is played. */
export interface Progress {
  begins(title: string): void;
  checked(check: CheckReport): void;
  ended(step: StepReport): void;
}

/** Plays the steps. Never rejects for what happens on the stage: that is in the report. */
export async function playScenario(
  name: string,
  steps: readonly Step[],
  stage: Stage,
  options: DemoOptions,
  progress: Progress,
): Promise<ScenarioReport> {
  const startMs = monotonicMs();
  const startedAt = new Date();
  const wallOffset = Date.now() - startMs;
  const timeline: TimelineEntry[] = [];
  const reports: StepReport[] = [];
  const problems: string[] = [];
  let markedMs: number | null = null;

  const note = (where: string, what: string, atMs: number = monotonicMs()): void => {
    const entry: TimelineEntry = {
      atMs: round(atMs - startMs),
      afterMs: markedMs === null || atMs < markedMs ? null : round(atMs - markedMs),
      where,
      what,
    };
    timeline.push(entry);
  };
  stage.onBalancer((event) => {
    if (event.type !== 'target.changed') return;
    note(
      'balancer',
      `${event.target} ${event.from} → ${event.to}${event.reason === null ? '' : ` (${event.reason})`}`,
      event.atMs,
    );
  });
  const followers = (['n1', 'n2'] as const).map((node) =>
    followLog(stage, node, startMs + wallOffset, (line) => {
      if (line.atMs >= startMs) note(node, `${line.component}: ${line.message}`, line.atMs);
    }),
  );

  for (const step of steps) {
    const stepStartMs = monotonicMs();
    markedMs = stepStartMs;
    const checks: CheckReport[] = [];
    const checked = (check: CheckReport): void => {
      checks.push(check);
      progress.checked(check);
    };
    progress.begins(step.title);
    note('demo', `— ${step.title}`, stepStartMs);
    const expect: StepTools['expect'] = async (what, withinMs, test) => {
      const limitMs = withinMs * options.patience;
      const fromMs = markedMs ?? stepStartMs;
      for (;;) {
        const finding = await look(test);
        const nowMs = monotonicMs();
        const afterMs = Math.max(0, (finding.atMs ?? nowMs) - fromMs);
        const detail = finding.detail === '' ? null : finding.detail;
        if (finding.ok || nowMs - fromMs > limitMs) {
          const ok = finding.ok && afterMs <= limitMs;
          checked({ what, ok, afterMs: round(afterMs), withinMs: limitMs, detail });
          if (!ok) throw new StepFailed(`${what}${detail === null ? '' : ` (seen: ${detail})`}`);
          return;
        }
        await sleep(lookMs);
      }
    };
    const check: StepTools['check'] = (what, ok, detail) => {
      checked({ what, ok, afterMs: round(monotonicMs() - (markedMs ?? stepStartMs)), withinMs: null, detail });
      if (!ok) throw new StepFailed(`${what} (seen: ${detail})`);
    };
    const logLine: StepTools['logLine'] = async (node, text) => {
      const fromMs = markedMs ?? stepStartMs;
      const lines = await stage.nodes[node].logs(Math.floor(fromMs + wallOffset) - 50);
      return lines.find((line) => line.atMs >= fromMs && line.message.includes(text)) ?? null;
    };
    const tools: StepTools = {
      stage,
      options,
      note,
      expect,
      check,
      logLine,
      expectLog: (node, text, withinMs) =>
        expect(`${node} logs '${text}'`, withinMs, async () => {
          const line = await logLine(node, text);
          return line === null ? false : { ok: true, detail: '', atMs: line.atMs };
        }),
      mark: (what) => {
        markedMs = monotonicMs();
        note('demo', what, markedMs);
      },
      pass: sleep,
    };
    let problem: string | null = null;
    try {
      await step.run(tools);
    } catch (error) {
      problem = error instanceof StepFailed ? error.message : `${step.title}: ${messageOf(error)}`;
    }
    const endMs = monotonicMs();
    await sleep(reportingMs);
    const requests = stage.traffic.counts(stepStartMs, endMs);
    if (problem === null && step.noFailures) {
      const ok = requests.failed === 0;
      checked({
        what: 'no request failed',
        ok,
        afterMs: 0,
        withinMs: null,
        detail: ok ? null : `${requests.failed} of ${requests.sent}`,
      });
      if (!ok) problem = 'requests failed where none may';
    }
    if (problem !== null) {
      problems.push(problem);
      note('demo', `FAILED: ${problem}`);
    }
    const report: StepReport = {
      name: step.name,
      title: step.title,
      ok: problem === null,
      startMs: round(stepStartMs - startMs),
      durationMs: round(endMs - stepStartMs),
      checks,
      requests,
    };
    reports.push(report);
    progress.ended(report);
    if (problem !== null) break;
  }
  await stage.traffic.settle(4_000);
  for (const follower of followers) follower.close();
  const durationMs = round(monotonicMs() - startMs);
  timeline.sort((a, b) => a.atMs - b.atMs);
  return {
    scenario: name,
    ok: problems.length === 0 && reports.length === steps.length,
    startedAt: startedAt.toISOString(),
    durationMs,
    environment: { node: process.version, platform: process.platform, cpus: cpus().length },
    balancer: {
      preset: options.preset,
      intervalMs: options.policy.intervalMs,
      unhealthyThreshold: options.policy.unhealthyThreshold,
      healthyThreshold: options.policy.healthyThreshold,
    },
    ratePerSecond: options.rate,
    steps: reports,
    notPlayed: steps.slice(reports.length).map((step) => step.title),
    timeline,
    requests: { ...stage.traffic.total(), skipped: stage.traffic.skipped(), latency: latencyOf(stage.traffic.results(startMs)) },
    problems,
  };
}

async function look(
  test: () => Finding | Promise<Finding>,
): Promise<{ readonly ok: boolean; readonly detail: string; readonly atMs?: number }> {
  try {
    const finding = await test();
    return typeof finding === 'boolean' ? { ok: finding, detail: '' } : finding;
  } catch (error) {
    // A daemon that does not answer is a finding like another: it may answer at the next look.
    return { ok: false, detail: messageOf(error) };
  }
}

/** Reads a node's module log as it grows, also across restarts of its daemon. */
function followLog(stage: Stage, node: NodeName, fromWallMs: number, onLine: (line: LogLine) => void): { close(): void } {
  let open = true;
  let sinceMs = Math.floor(fromWallMs);
  const seen = new Set<string>();
  const loop = async (): Promise<void> => {
    while (open) {
      try {
        for (const line of await stage.nodes[node].logs(sinceMs)) {
          const key = `${line.atMs} ${line.message}`;
          if (seen.has(key)) continue;
          seen.add(key);
          sinceMs = Math.max(sinceMs, line.wallMs - 1_000);
          onLine(line);
        }
      } catch {
        // The daemon is down: its log is read when it is up again.
      }
      await sleep(100);
    }
  };
  void loop();
  return {
    close: () => {
      open = false;
    },
  };
}
function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
