/** `config`, `deconfig`, `confcheck`, `confinfo` of a module (section 5.4 of the compatibility page). */

import type { ConfigResult } from '../../config/types.js';
import type { CheckResult, ConfInfo, ConfigProblem, ModuleSummary, RuleLine } from '../../http/api-types.js';
import { CliError, usageError } from '../cli-error.js';
import type { CommandContext } from '../command.types.js';
import { facts, localTime, printable } from '../format.js';
import { moduleName, modulePath, readNamedFile, show } from './shared.js';

/** `config`: applies the edited configuration on this node. */
export async function config(context: CommandContext): Promise<number> {
  const summary = await context.client.json<ModuleSummary>('POST', modulePath(moduleName(context), '/config/apply'));
  show(
    context,
    summary,
    () =>
      `${summary.name} is configured: ${summary.mode ?? 'no mode'}, id ${summary.id}, signature ${summary.signature ?? '-'}\n`,
  );
  return 0;
}

/** `deconfig`: takes the applied configuration back; the edited files stay. */
export async function deconfig(context: CommandContext): Promise<number> {
  const module = moduleName(context);
  await context.client.json('DELETE', modulePath(module, '/config'));
  if (!context.json) context.io.out(`${module} is no longer configured; its edited files are still there\n`);
  return 0;
}

function signatureText(part: ConfInfo['active']): string {
  return part === null ? 'none' : `${part.signature}, ${localTime(part.at)}`;
}

/** `confinfo`: signature and date of the applied and of the edited configuration. */
export async function confInfo(context: CommandContext): Promise<number> {
  const info = await context.client.json<ConfInfo>('GET', modulePath(moduleName(context), '/confinfo'));
  const applied = info.active !== null && info.active.signature === info.current?.signature;
  show(context, info, () =>
    facts([
      ['module', info.module],
      ['node', info.node],
      ['active', signatureText(info.active)],
      ['current', signatureText(info.current)],
      ['up to date', applied ? 'yes' : `no: holdfast config -m ${info.module} applies the edited configuration`],
    ]),
  );
  return 0;
}

/** A typed configuration as an indented outline: what is null or empty is left out. */
export function outline(value: unknown, indent = ''): string {
  if (typeof value !== 'object' || value === null) return `${indent}${scalar(value)}\n`;
  const entries = Array.isArray(value)
    ? value.map((item) => ['-', item] as const)
    : Object.entries(value).map(([name, item]) => [`${name}:`, item] as const);
  return entries
    .filter(([, item]) => item !== null && !(Array.isArray(item) && item.length === 0))
    .map(([label, item]) => {
      if (typeof item !== 'object' || item === null) return `${indent}${label} ${scalar(item)}\n`;
      const inner = outline(item, `${indent}  `);
      return label === '-' ? `${indent}- ${inner.trimStart()}` : `${indent}${label}\n${inner}`;
    })
    .join('');
}

function scalar(value: unknown): string {
  return typeof value === 'string' ? printable(value === '' ? '""' : value) : JSON.stringify(value);
}

/** Where elements stand in the file is for messages, and rules are shown as text: people who read the result have no use for these. */
function readable(config: unknown): unknown {
  if (typeof config !== 'object' || config === null) return config;
  const { lines: _, ...rest } = { lines: null, ...config };
  if (!('failover' in rest) || typeof rest.failover !== 'object' || rest.failover === null) return rest;
  const { rules: __, ...failover } = { rules: null, ...rest.failover };
  return { ...rest, failover };
}

async function warn(context: CommandContext, warnings: readonly ConfigProblem[]): Promise<void> {
  if (context.json || warnings.length === 0) return;
  const { formatProblems } = await import('../../config/problems.js');
  context.io.err(`${formatProblems(warnings)}\n`);
}

/** The failover rules that a configuration means, with where each comes from. */
function rulesText(rules: readonly RuleLine[]): string {
  if (rules.length === 0) return '';
  const lines = rules.map(({ label, condition, action, source, line }) => {
    const origin = line === null ? source : `line ${line}`;
    return `  ${printable(`${label}: if (${condition}) then ${action}();`)} /* ${origin} */\n`;
  });
  return `rules:\n${lines.join('')}`;
}

async function showCheck(context: CommandContext, result: CheckResult): Promise<number> {
  await warn(context, result.warnings);
  show(context, result, () => `${outline(readable(result.config))}${rulesText(result.rules ?? [])}`);
  return 0;
}

function text(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new CliError('CONF_INVALID', `${file} is not UTF-8 text`);
  }
}

function checked<T>(result: ConfigResult<T>, file: string): { readonly config: T; readonly warnings: readonly ConfigProblem[] } {
  if (!result.ok) throw new CliError('CONF_INVALID', `${file} has errors`, result.problems);
  return { config: result.value, warnings: result.warnings };
}

/** `confcheck`: the module's edited configuration by the daemon, or a file without any daemon. */
export async function confCheck(context: CommandContext): Promise<number> {
  const file = context.args.operands[0];
  if (file === undefined) {
    const module = context.module ?? (context.io.env['SAFEMODULE'] || null);
    if (module === null) throw usageError('name a module with -m AM, or a file');
    return showCheck(context, await context.client.json<CheckResult>('POST', modulePath(module, '/config/check')));
  }
  if (context.module !== null) throw usageError('either -m AM or a file, not both');
  const source = text(await readNamedFile(context, file), file);
  const { parseUserConfig } = await import('../../config/module-config.js');
  const environment = Object.fromEntries(
    Object.entries(context.io.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  const { config, warnings } = checked(parseUserConfig(source, file, environment), file);
  const { unsupported } = await import('../../config/unsupported.js');
  const later = unsupported(config).map(
    (part): ConfigProblem => ({
      severity: 'warning',
      code: 'CONF_UNSUPPORTED',
      file,
      line: part.line,
      column: 1,
      element: part.element,
      attribute: null,
      value: null,
      message: part.message,
      remedy: 'This version refuses to apply it.',
    }),
  );
  const { ruleTable } = await import('../../config/rules-table.js');
  const { ruleLine } = await import('../../config/rules-print.js');
  return showCheck(context, { config, warnings: [...warnings, ...later], rules: ruleTable(config).map(ruleLine) });
}

/** `cluster confcheck FILE`: without any daemon. */
export async function checkClusterFile(context: CommandContext, file: string): Promise<number> {
  const source = text(await readNamedFile(context, file), file);
  const { parseClusterXml } = await import('../../config/cluster-config.js');
  return showCheck(context, checked(parseClusterXml(source, file), file));
}
