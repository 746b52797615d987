/** Text of a scenario's report: pure functions. */
import type { CheckReport, Latency, ScenarioReport, StepReport, TimelineEntry } from './report.types.js';
import type { RequestCounts } from './traffic.js';
import type { RequestResult } from './traffic.types.js';

/** A time in the unit that reads best: `850 ms`, `2.35 s`. */
export function duration(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(2)} s`;
}

/** One line of the timeline: when, how long after the break, where, what. */
export function timelineLine(entry: TimelineEntry): string {
  const at = `${(entry.atMs / 1_000).toFixed(3)} s`.padStart(10);
  const after = (entry.afterMs === null ? '' : `+${duration(entry.afterMs)}`).padStart(9);
  return `${at} ${after}  ${entry.where.padEnd(8)}  ${entry.what}`;
}

/** One line of a check. */
export function checkLine(check: CheckReport): string {
  const time = check.withinMs === null ? '' : `  ${duration(check.afterMs)} (within ${duration(check.withinMs)})`;
  return `  ${check.ok ? 'ok    ' : 'FAILED'}  ${check.what}${check.detail === null ? '' : `: ${check.detail}`}${time}`;
}

/** `312 sent, 3 failed, n1 155, n2 154`. */
export function countsText(counts: RequestCounts): string {
  const nodes = Object.entries(counts.byNode)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([node, count]) => `, ${node} ${count}`);
  const reasons = Object.entries(counts.failures).map(([reason, count]) => `${reason} ${count}`);
  return `${counts.sent} sent, ${counts.failed} failed${reasons.length === 0 ? '' : ` (${reasons.join(', ')})`}${nodes.join('')}`;
}

/** The heading of a step with its requests. */
export function stepLine(step: StepReport): string {
  return `${step.ok ? 'ok    ' : 'FAILED'}  ${step.title}  [${duration(step.durationMs)}; ${countsText(step.requests)}]`;
}

/** Median, 99th percentile and maximum of the answered requests; null without any. */
export function latencyOf(results: readonly RequestResult[]): Latency | null {
  const times = results.flatMap((result) => (result.error === null ? [result.tookMs] : [])).sort((a, b) => a - b);
  if (times.length === 0) return null;
  const at = (part: number): number => round(times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? 0);
  return { medianMs: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}
function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}

/** The end of a scenario: the timeline, the steps with what failed of them, the requests, the verdict. */
export function reportText(report: ScenarioReport): string {
  const lines: string[] = [
    '',
    'Timeline (since the start, since the break of the step)',
    ...report.timeline.map(timelineLine),
    '',
    'Steps',
  ];
  for (const step of report.steps) lines.push(stepLine(step), ...step.checks.filter((check) => !check.ok).map(checkLine));
  for (const title of report.notPlayed) lines.push(`--      ${title}  [not played]`);
  const { latency, skipped } = report.requests;
  lines.push('', `Requests: ${countsText(report.requests)}${skipped === 0 ? '' : `, ${skipped} not sent (too many under way)`}`);
  if (latency !== null)
    lines.push(`Answers: median ${latency.medianMs} ms, p99 ${latency.p99Ms} ms, slowest ${latency.maxMs} ms`);
  for (const problem of report.problems) lines.push(`Problem: ${problem}`);
  const played = report.steps.length;
  const good = report.steps.filter((step) => step.ok).length;
  lines.push(
    `${report.ok ? 'Passed' : 'FAILED'}: ${good} of ${played + report.notPlayed.length} steps ended as they should, in ${duration(report.durationMs)}`,
    '',
  );
  return lines.join('\n');
}
