/**
 * The table of health checks: what each looks at, why it matters, and what to do. `docs/healthcheck.md` is made from it. Pure: facts in,
 * findings out.
 */
import type { HealthFinding, HealthLevel, HealthReport } from '../../actors/face-support.js';
import { localChecks } from './checks-local.js';
import { networkChecks } from './checks-network.js';
import type { HealthFacts } from './facts.js';

/** What a check found: how bad, and what was seen, in one sentence. `remedy` replaces the table's where more is known. */
export interface Sight {
  readonly level: HealthLevel;
  readonly seen: string;
  readonly remedy?: string;
}
export interface HealthCheck {
  readonly id: string;
  readonly title: string;
  /** What makes it a note, a warning or an error; for the page. */
  readonly triggers: string;
  readonly why: string;
  readonly remedy: string;
  /** At least one sight. */
  readonly look: (facts: HealthFacts) => readonly Sight[];
}

export const healthChecks: readonly HealthCheck[] = [...localChecks, ...networkChecks];

const order: readonly HealthLevel[] = ['ok', 'note', 'warning', 'error'];
/** The worse of two levels. */
export const worse = (left: HealthLevel, right: HealthLevel): HealthLevel =>
  order.indexOf(left) >= order.indexOf(right) ? left : right;

/** Carries out all checks, the worst findings first; those of one level stay in the table's order. */
export function evaluate(facts: HealthFacts, checks: readonly HealthCheck[] = healthChecks): HealthReport {
  const findings = checks.flatMap(({ id, title, why, remedy, look }) =>
    look(facts).map(
      (sight): HealthFinding => ({
        check: id,
        level: sight.level,
        title,
        seen: sight.seen,
        why,
        remedy: sight.level === 'ok' ? null : (sight.remedy ?? remedy),
      }),
    ),
  );
  return {
    node: facts.node,
    at: new Date(facts.nowMs).toISOString(),
    version: facts.version,
    worst: findings.reduce<HealthLevel>((worst, { level }) => worse(worst, level), 'ok'),
    findings: findings.toSorted((left, right) => order.indexOf(right.level) - order.indexOf(left.level)),
  };
}

/** The report as text, for people and for `healthcheck.txt`. */
export function reportText(report: HealthReport): string {
  const lines = report.findings.map(({ check, level, title, seen, why, remedy }) =>
    level === 'ok'
      ? `ok       ${check}: ${seen}\n`
      : `${level.padEnd(8)} ${check}: ${seen}\n         ${title}: ${why}\n${remedy === null ? '' : `         What to do: ${remedy}\n`}`,
  );
  return `Health of ${report.node}, Holdfast ${report.version}, ${report.at}: ${report.worst}\n\n${lines.join('')}`;
}

/** `docs/healthcheck.md`. */
export function healthReference(): string {
  const rows = healthChecks.map(
    ({ id, title, triggers, why, remedy }) =>
      `## ${id}\n\n${title}. ${triggers}\n\n*Why it matters:* ${why}\n\n*What to do:* ${remedy}\n`,
  );
  return [
    '# Health check\n',
    'Generated from `src/io/health/checks-*.ts` (`node scripts/generate-health-docs.mjs` after a build).\n',
    '`holdfast healthcheck` looks at this node and at what it can see of the others, and says for each finding what was seen, why it matters and',
    'what to do. It ends with 1 when there is an error, else with 0; `--json` prints the report as JSON. It changes nothing but one small file in',
    'SAFEVAR that it writes and removes. It works without a running daemon too, and then sees less. `GET /api/v1/healthcheck` answers the same;',
    'every dump and snapshot of a module holds it as `healthcheck.txt` and `healthcheck.json`.\n',
    'Levels: `ok` as it should be; `note` good to know; `warning` it works now and will not in some case; `error` something does not work.\n',
    ...rows,
  ].join('\n');
}
