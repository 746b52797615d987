/** OCF resource agents (resource agent API 1.1): where they are, the environment they are called in, and what their exit codes mean. */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Where agents are, unless the environment's OCF_ROOT says otherwise. */
const defaultRoot = '/usr/lib/ocf';
/** Not a parameter of any agent: how thoroughly `monitor` looks. */
export const checkLevelName = 'OCF_CHECK_LEVEL';

export interface AgentName {
  readonly provider: string;
  readonly type: string;
}
export interface AgentParameter {
  readonly name: string;
  readonly value: string;
}
export interface AgentCall {
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Reads `provider:agent` (`ocf:provider:agent` as well, as other products write it); null for anything that could lead elsewhere. */
export function parseAgentName(name: string): AgentName | null {
  const match = /^(?:ocf:)?([A-Za-z0-9][A-Za-z0-9_.-]*):([A-Za-z0-9][A-Za-z0-9_.-]*)$/.exec(name);
  const [, provider, type] = match ?? [];
  return provider === undefined || type === undefined ? null : { provider, type };
}

/** OCF_ROOT: of the environment, else `/usr/lib/ocf`. */
export const ocfRoot = (env: Readonly<Record<string, string>>): string => env['OCF_ROOT'] || defaultRoot;

/** The agent's executable. */
export const agentPath = (root: string, { provider, type }: AgentName): string => join(root, 'resource.d', provider, type);

/**
 * How an agent is called, beside the action's name: OCF_ROOT, OCF_RESOURCE_*, OCF_RA_VERSION_*, OCF_CHECK_LEVEL and one OCF_RESKEY_*
 * for each parameter.
 */
export function agentCall(
  agent: AgentName,
  instance: string,
  parameters: readonly AgentParameter[],
  env: Readonly<Record<string, string>>,
): AgentCall {
  const root = ocfRoot(env);
  const keys: Record<string, string> = {};
  for (const { name, value } of parameters) if (name !== checkLevelName) keys[`OCF_RESKEY_${name}`] = value;
  return {
    path: agentPath(root, agent),
    env: {
      ...env,
      ...keys,
      OCF_ROOT: root,
      OCF_RESOURCE_INSTANCE: instance,
      OCF_RESOURCE_TYPE: agent.type,
      OCF_RESOURCE_PROVIDER: agent.provider,
      OCF_RA_VERSION_MAJOR: '1',
      OCF_RA_VERSION_MINOR: '1',
      [checkLevelName]: parameters.find(({ name }) => name === checkLevelName)?.value ?? '0',
    },
  };
}

/** Whether the agent is there: `missing`, or `forbidden` when it may not be executed. */
export async function findAgent(path: string): Promise<'found' | 'missing' | 'forbidden'> {
  const isFile = await stat(path).then(
    (found) => found.isFile(),
    () => null,
  );
  if (isFile === null) return 'missing';
  if (!isFile) return 'forbidden';
  return access(path, constants.X_OK).then(
    () => 'found',
    () => 'forbidden',
  );
}

/** Names of the exit codes in the standard's words. */
const codes: Readonly<Record<number, { readonly name: string; readonly text: string }>> = {
  0: { name: 'OCF_SUCCESS', text: 'running' },
  1: { name: 'OCF_ERR_GENERIC', text: 'it failed' },
  2: { name: 'OCF_ERR_ARGS', text: 'a parameter is wrong' },
  3: { name: 'OCF_ERR_UNIMPLEMENTED', text: 'the agent does not know the action' },
  4: { name: 'OCF_ERR_PERM', text: 'privileges are missing' },
  5: { name: 'OCF_ERR_INSTALLED', text: 'the software is not installed' },
  6: { name: 'OCF_ERR_CONFIGURED', text: 'the configuration is wrong' },
  7: { name: 'OCF_NOT_RUNNING', text: 'not running' },
  8: { name: 'OCF_RUNNING_PROMOTED', text: 'running as the promoted instance' },
  9: { name: 'OCF_FAILED_PROMOTED', text: 'the promoted instance failed' },
  190: { name: 'OCF_DEGRADED', text: 'running, but degraded' },
  191: { name: 'OCF_DEGRADED_PROMOTED', text: 'running as the promoted instance, but degraded' },
};
const runningCodes: ReadonlySet<number> = new Set([0, 8, 190, 191]);

/** What the exit code of `monitor` means. */
export function monitorVerdict(code: number): { readonly up: boolean; readonly text: string } {
  const known = codes[code];
  if (known === undefined) return { up: false, text: `exit code ${code}, which the standard does not know` };
  return { up: runningCodes.has(code), text: `${known.name}: ${known.text}` };
}
