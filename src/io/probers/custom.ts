/**
 * Checks by programs: `<custom mode="oneshot">` runs an executable of the module, `<custom ocf="…">` the `monitor` action of an OCF
 * resource agent. One run, one verdict; what the program started and left behind is ended with it.
 */
import { isAbsolute, relative, resolve, sep } from 'node:path';
import type { CheckPlace, CheckResult } from '../../actors/ports.js';
import type { CustomCheck } from '../../config/types.js';
import { lastLine, type ProgramEnd, type ProgramRunner, type ProgramSpec } from '../check-program.js';
import { agentCall, monitorVerdict, parseAgentName } from '../ocf/agent.js';
import { down, nothing, type Probe } from './probe.js';

/** The executable below the module's folder, or null for a path that leads out of it. */
export function executableIn(binDir: string, exec: string): string | null {
  if (exec === '' || isAbsolute(exec)) return null;
  const path = resolve(binDir, exec);
  const inside = relative(binDir, path);
  return inside === '' || inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside) ? null : path;
}

/** Arguments of a checker's executable: module, resource, and the words of `arg` (compatibility page, section 2.11.5). */
export const checkerArguments = (module: string, checker: Pick<CustomCheck, 'ident' | 'arg'>): readonly string[] => [
  module,
  `custom.${checker.ident}`,
  ...checker.arg.split(/\s+/).filter((word) => word !== ''),
];

const withLine = (what: string, tail: string): string => {
  const line = lastLine(tail);
  return line === null ? what : `${what}: ${line}`;
};

function verdict(exec: string, end: ProgramEnd): CheckResult {
  if (end.kind === 'failed') return down(end.message);
  if (end.kind === 'signal') return down(withLine(`${exec} was ended by ${end.signal}`, end.tail));
  return { up: end.code === 0, detail: withLine(`${exec} ended with code ${end.code}`, end.tail), stamp: null };
}

function agentVerdict(agent: string, end: ProgramEnd): CheckResult {
  if (end.kind === 'failed') return down(end.message);
  if (end.kind === 'signal') return down(withLine(`${agent} monitor was ended by ${end.signal}`, end.tail));
  const { up, text } = monitorVerdict(end.code);
  // An agent that finds everything well may still chat on its standard error.
  return { up, detail: up ? `${agent} monitor: ${text}` : withLine(`${agent} monitor: ${text}`, end.tail), stamp: null };
}

type Plan = { readonly spec: ProgramSpec; readonly judge: (end: ProgramEnd) => CheckResult } | { readonly refused: string };

function planOf(checker: CustomCheck, place: CheckPlace): Plan {
  const { binDir, env, module } = place;
  if (checker.ocf !== null) {
    const agent = parseAgentName(checker.ocf);
    if (agent === null) return { refused: `"${checker.ocf}" is no name of an OCF agent, such as heartbeat:nginx` };
    const name = `${agent.provider}:${agent.type}`;
    const call = agentCall(agent, checker.ident, checker.parameters, env);
    const timing = {
      OCF_RESKEY_CRM_meta_timeout: String(checker.timeoutMs),
      OCF_RESKEY_CRM_meta_interval: String(checker.intervalMs),
      OCF_RESKEY_CRM_meta_name: 'monitor',
    };
    return {
      spec: { path: call.path, args: ['monitor'], env: { ...call.env, ...timing }, cwd: '/' },
      judge: (end) => agentVerdict(name, end),
    };
  }
  const path = executableIn(binDir, checker.exec);
  if (path === null) return { refused: `${checker.exec} is not below the module's bin folder` };
  return {
    spec: { path, args: checkerArguments(module, checker), env, cwd: binDir },
    judge: (end) => verdict(checker.exec, end),
  };
}

/** Makes the probe of custom checkers that are run each interval; `close` ends the program's whole group. */
export const createCustomProbe =
  (run: ProgramRunner): Probe<CustomCheck> =>
  (checker, place, onResult) => {
    const plan = planOf(checker, place);
    if ('refused' in plan) {
      onResult(down(plan.refused));
      return nothing;
    }
    return run(plan.spec, (end) => onResult(plan.judge(end)));
  };
