/**
 * The table of failover rules that a configuration means: default rules, those that checkers generate, the user's own, without the
 * disabled ones. Source: compatibility page, sections 2.11, 2.12 and 15.2; ADR 0013.
 */
import type { CheckerConfig, ModuleConfig, ModuleMode } from './types.js';
import type { Rule, RuleExpression, TableRule } from './types-rules.js';

const isDown = (resourceClass: string, id: string): RuleExpression => ({
  kind: 'compare',
  scope: 'local',
  class: resourceClass,
  id,
  equals: true,
  value: 'down',
});

/** The rules that every module has (section 2.12, 'Default, checkers'). */
export const defaultRules: readonly Rule[] = [
  { label: 'module_failure', when: isDown('module', '?'), action: 'wait' },
  { label: 'interface_failure', when: isDown('intf', '?'), action: 'wait' },
  { label: 'ip_failure', when: isDown('ip', '?'), action: 'stopstart' },
];
const mirrorRules: readonly Rule[] = [{ label: 'splitbrain_failure', when: isDown('splitbrain', 'uptodate'), action: 'wait' }];

/** The default rules of a module of that mode. */
export const defaultRulesOf = (mode: ModuleMode): readonly Rule[] =>
  mode === 'mirror' ? [...defaultRules, ...mirrorRules] : defaultRules;

/** First letters of the rules that checkers generate; those of the other classes have a default rule. */
const letters: Partial<Readonly<Record<CheckerConfig['kind'], string>>> = {
  tcp: 't',
  ping: 'p',
  custom: 'c',
  http: 'h',
  systemd: 's',
};

/** The rules that the checkers' `action` asks for: `t_<ident>`, `p_<ident>`, `c_<ident>`, and ours `h_<ident>`, `s_<ident>`. */
export function generatedRules(checkers: readonly CheckerConfig[]): readonly Rule[] {
  return checkers.flatMap(({ kind, ident, action }) => {
    const letter = letters[kind];
    return letter === undefined || action === 'noaction'
      ? []
      : [{ label: `${letter}_${ident}`, when: isDown(kind, ident), action }];
  });
}

/**
 * The rules that a configuration means, in the order in which ties are decided. `extends="no"` leaves the default ones out; those that a
 * checker's own `action` asks for stay. A disabled default or generated rule is left out; a user's rule may take its name.
 */
export function ruleTable(config: Pick<ModuleConfig, 'service' | 'check' | 'failover'>): readonly TableRule[] {
  const { service, check, failover } = config;
  const built = [
    ...(failover?.extends === false
      ? []
      : defaultRulesOf(service.mode).map((rule) => ({ ...rule, source: 'default' as const, line: null }))),
    ...generatedRules(check?.checkers ?? []).map((rule) => ({ ...rule, source: 'generated' as const, line: null })),
  ];
  return [
    ...built.filter(({ label }) => !(failover?.disabled ?? []).includes(label)),
    ...(failover?.rules ?? []).map((rule) => ({ ...rule, source: 'user' as const })),
  ];
}
