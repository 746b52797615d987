/** `rules`: the table of failover rules with how each stands. */
import type { RuleReport, RuleStatus } from '../../http/api-types.js';
import type { CommandContext } from '../command.types.js';
import { paintFor, printable, table } from '../format.js';
import { moduleName, modulePath, show } from './shared.js';

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** How a rule stands, in one or two words. */
function standing(rule: RuleStatus): string {
  if (rule.remainingMs !== null) return `in ${seconds(rule.remainingMs)}`;
  if (rule.active) return 'active';
  if (rule.truth === 'init') return 'init';
  if (rule.truth === 'fails') return 'no';
  return rule.considered ? 'holds' : 'holds, idle';
}

const phases: Readonly<Record<RuleReport['phase'], string>> = {
  off: 'no rule is evaluated while the module is stopped or between two states',
  evaluating: 'before the start only rules that wait are evaluated',
  blocked: 'the module waits: only rules that wait are evaluated',
  up: 'the module is up: all rules are evaluated',
};

function text(context: CommandContext, report: RuleReport): string {
  const rows = report.rules.map((rule) => [
    printable(rule.label),
    standing(rule),
    rule.action,
    rule.line === null ? rule.source : `line ${rule.line}`,
    printable(rule.condition),
    printable(rule.why),
  ]);
  const head = [
    `${report.module} on ${report.node}: ${report.enabled ? phases[report.phase] : 'failover rules are switched off'}`,
    `an action is carried out when its rule has held for ${seconds(report.handleTimeMs)}`,
  ];
  const heading = ['RULE', 'HOLDS', 'ACTION', 'FROM', 'CONDITION', 'WHY'];
  return `${head.map(printable).join('\n')}\n${table(heading, rows, paintFor(context.io))}`;
}

/** `rules`: which failover rules hold now, and why not. */
export async function rules(context: CommandContext): Promise<number> {
  const report = await context.client.json<RuleReport>('GET', modulePath(moduleName(context), '/rules'));
  show(context, report, () => text(context, report));
  return 0;
}
