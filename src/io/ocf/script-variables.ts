/** The agents of a configuration as the module's scripts see them: what is written once, at the checker, starts and stops the application too. */
import type { ModuleConfig } from '../../config/types.js';
import { checkLevelName, parseAgentName } from './agent.js';

export interface ScriptVariable {
  readonly name: string;
  readonly value: string;
}

/**
 * `HOLDFAST_OCF_COUNT`, and for each `<custom ocf="…">` that watches the module's own application (any `when` but `pre`), in the order
 * of the file from 1 on: `HOLDFAST_OCF_<n>_PROVIDER`, `_TYPE`, `_INSTANCE`, `_PARAMETERS` (names, blanks between) and
 * `_PARAMETER_<name>`. Besides, the module's own limits in ms, 0 where there is none: `HOLDFAST_OCF_START_MS`, `_STOP_MS`, `_FORCE_MS`.
 * Nothing where no agent is used.
 */
export function scriptVariables(config: ModuleConfig): readonly ScriptVariable[] {
  const agents = (config.check?.checkers ?? []).flatMap((checker) => {
    const agent = checker.kind === 'custom' && checker.ocf !== null ? parseAgentName(checker.ocf) : null;
    return checker.kind !== 'custom' || agent === null || checker.when === 'pre' ? [] : [{ ...agent, checker }];
  });
  if (agents.length === 0) return [];
  const { user } = config;
  const own = agents.flatMap(({ provider, type, checker }, index): readonly ScriptVariable[] => {
    const prefix = `HOLDFAST_OCF_${index + 1}`;
    const parameters = checker.parameters.filter(({ name }) => name !== checkLevelName);
    return [
      { name: `${prefix}_PROVIDER`, value: provider },
      { name: `${prefix}_TYPE`, value: type },
      { name: `${prefix}_INSTANCE`, value: checker.ident },
      { name: `${prefix}_PARAMETERS`, value: [...new Set(parameters.map(({ name }) => name))].join(' ') },
      ...parameters.map(({ name, value }) => ({ name: `${prefix}_PARAMETER_${name}`, value })),
    ];
  });
  return [
    { name: 'HOLDFAST_OCF_COUNT', value: String(agents.length) },
    { name: 'HOLDFAST_OCF_START_MS', value: String(user?.startTimeoutMs ?? 0) },
    { name: 'HOLDFAST_OCF_STOP_MS', value: String(user?.nicestopTimeoutMs ?? 0) },
    { name: 'HOLDFAST_OCF_FORCE_MS', value: String(user?.forcestopTimeoutMs ?? 0) },
    ...own,
  ];
}
