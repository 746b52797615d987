/** What is wrong with the OCF agents of a configuration, found when it is checked or applied and not when they are needed. */
import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { nearestName } from '../../config/nearest.js';
import type { ConfigProblem, CustomCheck, ModuleConfig } from '../../config/types.js';
import type { ProgramRunner } from '../check-program.js';
import { type AgentName, agentCall, findAgent, ocfRoot, parseAgentName } from './agent.js';
import { checkParameters, readMetaData } from './meta-data.js';

const element = 'safe/service/check/custom';

export interface AgentCheckOptions {
  readonly run: ProgramRunner;
  /** The file's name and its text with macros replaced, for the lines of findings. */
  readonly file: string;
  readonly text: string;
  /** Environment of the module's scripts. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Looks at each agent of `<custom ocf="…">`: one that is not on this node is a warning, since the configuration may be meant for others;
 * one that may not be executed, a parameter that it does not know, or one that it needs and has not got, is an error.
 */
export async function checkAgents(config: ModuleConfig, options: AgentCheckOptions): Promise<readonly ConfigProblem[]> {
  const checkers = (config.check?.checkers ?? []).flatMap((checker) =>
    checker.kind === 'custom' && checker.ocf !== null ? [checker] : [],
  );
  const found = await Promise.all(checkers.map((checker) => checkAgent(checker, options)));
  return found.flat();
}

async function checkAgent(checker: CustomCheck, options: AgentCheckOptions): Promise<readonly ConfigProblem[]> {
  const lines = linesOf(options.text, checker.ident);
  const problem = (
    severity: ConfigProblem['severity'],
    attribute: string | null,
    value: string | null,
    message: string,
    remedy: string,
    line = lines.checker,
  ): ConfigProblem => ({
    severity,
    code: 'CONF_AGENT',
    file: options.file,
    line,
    column: 1,
    element: attribute === 'name' ? `${element}/param` : element,
    attribute,
    value,
    message,
    remedy,
  });
  const written = checker.ocf ?? '';
  const agent = parseAgentName(written);
  if (agent === null) {
    return [
      problem(
        'error',
        'ocf',
        written,
        `"${written}" is no name of an agent.`,
        'Write provider:agent, for example heartbeat:nginx.',
      ),
    ];
  }
  const call = agentCall(agent, checker.ident, checker.parameters, options.env);
  switch (await findAgent(call.path)) {
    case 'missing':
      return [
        problem(
          'warning',
          'ocf',
          written,
          `The agent ${written} is not on this node.`,
          await whereToFind(agent, call.path, options.env),
        ),
      ];
    case 'forbidden':
      return [
        problem(
          'error',
          'ocf',
          written,
          `The agent ${call.path} is not an executable file.`,
          'Make it one, or name another agent.',
        ),
      ];
    case 'found':
  }
  const declared = await readMetaData(options.run, call.path, call.env);
  if (typeof declared === 'string') {
    const message = `The agent ${written} does not say which parameters it has: ${declared}.`;
    return [
      problem('warning', 'ocf', written, message, `Try it by hand: OCF_ROOT=${ocfRoot(options.env)} ${call.path} meta-data`),
    ];
  }
  return checkParameters(written, declared, checker.parameters).map(({ severity, name, message, remedy }) =>
    problem(
      severity,
      name === null ? null : 'name',
      name,
      message,
      remedy,
      name === null ? lines.checker : lines.parameter(name),
    ),
  );
}

async function whereToFind({ provider, type }: AgentName, path: string, env: Readonly<Record<string, string>>): Promise<string> {
  const siblings = await readdir(dirname(path)).catch(() => null);
  if (siblings === null) {
    return `There is no ${dirname(path)}: install the package with the agents of ${provider}${provider === 'heartbeat' ? ' (resource-agents)' : ''}, or set OCF_ROOT (now ${ocfRoot(env)}).`;
  }
  const near = nearestName(type, siblings);
  return near === null ? `It would be ${path}; install it on the nodes that need it.` : `Did you mean \`${provider}:${near}\`?`;
}

/** Lines of a checker and of its parameters; comments are left out of account. 1 where they are not found. */
function linesOf(text: string, ident: string): { readonly checker: number; readonly parameter: (name: string) => number } {
  const bare = text.replace(/<!--[\s\S]*?-->/g, (comment) => comment.replace(/[^\n]/g, ' '));
  const lineAt = (index: number): number => bare.slice(0, index).split('\n').length;
  const attribute = (name: string, value: string): RegExp =>
    new RegExp(`\\s${name}\\s*=\\s*["']${value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}["']`);
  for (const match of bare.matchAll(/<custom\s[^>]*>/g)) {
    if (!attribute('ident', ident).test(match[0])) continue;
    const checker = lineAt(match.index);
    const end = bare.indexOf('</custom>', match.index);
    const inside = end < 0 ? '' : bare.slice(match.index, end);
    return {
      checker,
      parameter: (name) => {
        const found = [...inside.matchAll(/<param\s[^>]*>/g)].find((one) => attribute('name', name).test(one[0]));
        return found === undefined ? checker : lineAt(match.index + found.index);
      },
    };
  }
  return { checker: 1, parameter: () => 1 };
}
