/** Reads a scenario: readable YAML, every mistake told with its line. The language is described in docs/scenarios/README.md. */
import { isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { ModuleCommand } from '../actors/face.js';
import { type BalancerName, balancerPresets } from './balancer.js';
import { type ScriptFault, scriptFaultKinds } from './script-book.js';
import type { CheckFault } from './sim-prober.js';

/** What a step does. `module` null: the only one there is. */
export type ScenarioAction =
  | { readonly do: 'killProcess'; readonly node: string; readonly process: string | null }
  | { readonly do: 'powerOff' | 'powerOn' | 'suspend' | 'resume'; readonly node: string }
  | { readonly do: 'killDaemon' | 'startDaemon' | 'stopDaemon' | 'freezeDaemon' | 'thawDaemon'; readonly node: string }
  | { readonly do: 'cut'; readonly left: readonly string[]; readonly right: readonly string[]; readonly both: boolean }
  | { readonly do: 'heal' }
  | { readonly do: 'links'; readonly loss: number; readonly latencyMs: number }
  | { readonly do: 'disk'; readonly node: string; readonly condition: 'full' | 'hung' | 'good' }
  | { readonly do: 'balancerCut'; readonly node: string; readonly cut: boolean }
  | { readonly do: 'clock'; readonly node: string; readonly deltaMs: number }
  | { readonly do: 'command'; readonly action: ModuleCommand; readonly module: string | null; readonly node: string | null }
  | {
      readonly do: 'set';
      readonly resource: string;
      readonly value: string;
      readonly module: string | null;
      readonly node: string;
    }
  | {
      readonly do: 'check';
      readonly resource: string;
      readonly found: CheckFault | null;
      readonly module: string | null;
      readonly node: string;
    }
  | {
      readonly do: 'script';
      readonly script: string;
      readonly module: string | null;
      readonly node: string;
      readonly fault: ScriptFault | null;
    };
export interface ScenarioStep {
  readonly atMs: number;
  readonly line: number;
  readonly text: string;
  readonly action: ScenarioAction;
}
export type ScenarioCondition =
  | {
      readonly is: 'state';
      readonly node: string;
      readonly module: string | null;
      readonly state: string;
      readonly quality: string | null;
    }
  | { readonly is: 'answer'; readonly node: string; readonly module: string | null; readonly status: 200 | 404 }
  | { readonly is: 'view'; readonly node: string; readonly members: readonly string[] }
  | { readonly is: 'lost'; readonly most: number };
export interface ScenarioExpectation {
  /** Null: at the end. */
  readonly atMs: number | null;
  readonly line: number;
  readonly text: string;
  readonly condition: ScenarioCondition;
}
export interface Scenario {
  readonly title: string;
  readonly seed: string;
  readonly nodes: number;
  readonly forMs: number;
  readonly balancer: BalancerName | null;
  /** 0: no clients. */
  readonly requestsPerSecond: number;
  readonly steps: readonly ScenarioStep[];
  readonly expectations: readonly ScenarioExpectation[];
}
export type ScenarioResult =
  | { readonly ok: true; readonly value: Scenario }
  | { readonly ok: false; readonly problems: readonly string[] };

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** A time as it is written: `500ms`, `10s`, `1.5m`. @returns ms, or null. */
export function timeOf(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text.trim());
  return match === null ? null : Number(match[1]) * (unitMs[match[2] ?? ''] ?? 1);
}

const words = (text: string): readonly string[] =>
  text
    .trim()
    .split(/[\s,]+/)
    .filter((word) => word !== '');
const commands: readonly ModuleCommand[] = ['start', 'stop', 'restart', 'stopstart', 'forcestop', 'shutdown', 'update'];
const isFault = (word: string): word is ScriptFault => scriptFaultKinds.some((kind) => kind === word);
const isCommand = (word: string): word is ModuleCommand => commands.some((command) => command === word);

interface Form {
  readonly pattern: RegExp;
  readonly usage: string;
  readonly action: (parts: readonly string[]) => ScenarioAction | string;
}
const at = (parts: readonly string[], index: number): string => parts[index] ?? '';
const orNull = (text: string): string | null => (text === '' ? null : text);
type NodeAction =
  | 'powerOff'
  | 'powerOn'
  | 'suspend'
  | 'resume'
  | 'killDaemon'
  | 'startDaemon'
  | 'stopDaemon'
  | 'freezeDaemon'
  | 'thawDaemon';
const nodeAction =
  (action: NodeAction) =>
  (parts: readonly string[]): ScenarioAction => ({ do: action, node: at(parts, 0) });

/** All that a step can be; also the text of the error and of the documentation. */
export const stepForms: readonly Form[] = [
  {
    usage: 'kill process NAME on NODE',
    pattern: /^kill process (\S+) on (\S+)$/,
    action: (p) => ({ do: 'killProcess', process: at(p, 0), node: at(p, 1) }),
  },
  {
    usage: 'kill application on NODE',
    pattern: /^kill application on (\S+)$/,
    action: (p) => ({ do: 'killProcess', process: null, node: at(p, 0) }),
  },
  { usage: 'power off NODE', pattern: /^power off (\S+)$/, action: nodeAction('powerOff') },
  { usage: 'power on NODE', pattern: /^power on (\S+)$/, action: nodeAction('powerOn') },
  { usage: 'suspend NODE', pattern: /^suspend (\S+)$/, action: nodeAction('suspend') },
  { usage: 'resume NODE', pattern: /^resume (\S+)$/, action: nodeAction('resume') },
  { usage: 'kill daemon on NODE', pattern: /^kill daemon on (\S+)$/, action: nodeAction('killDaemon') },
  { usage: 'start daemon on NODE', pattern: /^start daemon on (\S+)$/, action: nodeAction('startDaemon') },
  { usage: 'stop daemon on NODE', pattern: /^stop daemon on (\S+)$/, action: nodeAction('stopDaemon') },
  { usage: 'freeze daemon on NODE', pattern: /^freeze daemon on (\S+)$/, action: nodeAction('freezeDaemon') },
  { usage: 'thaw daemon on NODE', pattern: /^thaw daemon on (\S+)$/, action: nodeAction('thawDaemon') },
  {
    usage: 'cut NODES | NODES',
    pattern: /^cut ([^|>]+)\|([^|>]+)$/,
    action: (p) => ({ do: 'cut', left: words(at(p, 0)), right: words(at(p, 1)), both: true }),
  },
  {
    usage: 'cut NODES > NODES',
    pattern: /^cut ([^|>]+)>([^|>]+)$/,
    action: (p) => ({ do: 'cut', left: words(at(p, 0)), right: words(at(p, 1)), both: false }),
  },
  { usage: 'heal', pattern: /^heal$/, action: () => ({ do: 'heal' }) },
  {
    usage: 'lose PERCENT% [delay TIME]',
    pattern: /^lose (\d+(?:\.\d+)?)%(?: delay (\S+))?$/,
    action: (p) => {
      const latencyMs = at(p, 1) === '' ? 0.3 : timeOf(at(p, 1));
      return latencyMs === null
        ? `${at(p, 1)} is no time`
        : { do: 'links', loss: Math.min(1, Number(at(p, 0)) / 100), latencyMs };
    },
  },
  {
    usage: 'fill disk of NODE',
    pattern: /^fill disk of (\S+)$/,
    action: (p) => ({ do: 'disk', node: at(p, 0), condition: 'full' }),
  },
  {
    usage: 'hang disk of NODE',
    pattern: /^hang disk of (\S+)$/,
    action: (p) => ({ do: 'disk', node: at(p, 0), condition: 'hung' }),
  },
  {
    usage: 'mend disk of NODE',
    pattern: /^mend disk of (\S+)$/,
    action: (p) => ({ do: 'disk', node: at(p, 0), condition: 'good' }),
  },
  {
    usage: 'cut NODE from balancer',
    pattern: /^cut (\S+) from balancer$/,
    action: (p) => ({ do: 'balancerCut', node: at(p, 0), cut: true }),
  },
  {
    usage: 'join NODE to balancer',
    pattern: /^join (\S+) to balancer$/,
    action: (p) => ({ do: 'balancerCut', node: at(p, 0), cut: false }),
  },
  {
    usage: 'move clock of NODE by [-]TIME',
    pattern: /^move clock of (\S+) by (-?)(\S+)$/,
    action: (p) => {
      const deltaMs = timeOf(at(p, 2));
      return deltaMs === null
        ? `${at(p, 2)} is no time`
        : { do: 'clock', node: at(p, 0), deltaMs: at(p, 1) === '-' ? -deltaMs : deltaMs };
    },
  },
  {
    usage: 'set RESOURCE to VALUE [of MODULE] on NODE',
    pattern: /^set (\S+) to (\S+)(?: of (\S+))? on (\S+)$/,
    action: (p) => ({ do: 'set', resource: at(p, 0), value: at(p, 1), module: orNull(at(p, 2)), node: at(p, 3) }),
  },
  {
    usage: 'fail|hang|mend check RESOURCE [of MODULE] on NODE',
    pattern: /^(fail|hang|mend) check (\S+)(?: of (\S+))? on (\S+)$/,
    action: (p) => ({
      do: 'check',
      found: at(p, 0) === 'mend' ? null : at(p, 0) === 'hang' ? 'hang' : 'down',
      resource: at(p, 1),
      module: orNull(at(p, 2)),
      node: at(p, 3),
    }),
  },
  {
    usage: `script NAME [of MODULE] on NODE works|${scriptFaultKinds.join('|')}`,
    pattern: /^script (\S+)(?: of (\S+))? on (\S+) (\S+)$/,
    action: (p) => {
      const fault = at(p, 3);
      if (fault !== 'works' && !isFault(fault)) return `a script works or ${scriptFaultKinds.join(', ')}`;
      return { do: 'script', script: at(p, 0), module: orNull(at(p, 1)), node: at(p, 2), fault: isFault(fault) ? fault : null };
    },
  },
  {
    usage: `${commands.join('|')} [MODULE] on NODE|all`,
    pattern: /^(\S+)(?: (\S+))? on (\S+)$/,
    action: (p) => {
      const action = at(p, 0);
      if (!isCommand(action)) return `there is no step '${action}'`;
      return { do: 'command', action, module: orNull(at(p, 1)), node: at(p, 2) === 'all' ? null : at(p, 2) };
    },
  },
];

/** One step's words. @returns the action, or what is wrong. */
export function parseStep(text: string): ScenarioAction | string {
  const plain = text.trim().replace(/\s+/g, ' ');
  for (const { pattern, action } of stepForms) {
    const match = pattern.exec(plain);
    if (match !== null) return action(match.slice(1).map((part) => part ?? ''));
  }
  return `'${plain}' is no step; there are: ${stepForms.map(({ usage }) => usage).join('; ')}`;
}

/** One expectation's words. @returns the condition, or what is wrong. */
export function parseCondition(text: string): ScenarioCondition | string {
  const plain = text.trim().replace(/\s+/g, ' ');
  const lost = /^lost requests at most (\d+)$/.exec(plain);
  if (lost !== null) return { is: 'lost', most: Number(lost[1]) };
  const view = /^view of (\S+) is (.+)$/.exec(plain);
  if (view !== null) return { is: 'view', node: view[1] ?? '', members: words(view[2] ?? '') };
  const answer = /^(\S+?)(?:\/(\S+))? answers (200|404)$/.exec(plain);
  if (answer !== null)
    return { is: 'answer', node: answer[1] ?? '', module: answer[2] ?? null, status: answer[3] === '200' ? 200 : 404 };
  const state = /^(\S+?)(?:\/(\S+))? is (STOP|WAIT|UP|OFF)(?: (Ready|Transient|NotReady))?$/.exec(plain);
  if (state !== null)
    return { is: 'state', node: state[1] ?? '', module: state[2] ?? null, state: state[3] ?? '', quality: state[4] ?? null };
  return `'${plain}' is no expectation; there are: NODE[/MODULE] is STATE [QUALITY]; NODE[/MODULE] answers 200|404; view of NODE is NODES; lost requests at most N`;
}

const nodesOf = (value: ScenarioAction | ScenarioCondition): readonly string[] => {
  const single = 'node' in value && value.node !== null ? [value.node] : [];
  const sides = 'left' in value ? [...value.left, ...value.right] : [];
  return [...single, ...sides, ...('members' in value ? value.members : [])];
};

interface Entry {
  /** Null: at the end. */
  readonly atMs: number | null;
  readonly text: string;
  readonly line: number;
}
const keys: readonly string[] = ['title', 'nodes', 'for', 'seed', 'balancer', 'requests', 'steps', 'expect'];

/** Reads a scenario. `known` are the nodes where a cluster.xml names them; else they are n1, n2 … as many as `nodes` says. */
export function parseScenario(text: string, fileName: string, known: readonly string[] | null): ScenarioResult {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter });
  const problems: string[] = [];
  const lineOf = (node: unknown): number => {
    const range: unknown = typeof node === 'object' && node !== null && 'range' in node ? node.range : null;
    return Array.isArray(range) && typeof range[0] === 'number' ? counter.linePos(range[0]).line : 1;
  };
  const problem = (line: number, message: string): void => void problems.push(`${fileName}:${line}: ${message}`);
  for (const error of document.errors) problem(error.linePos?.[0].line ?? 1, error.message.split('\n')[0] ?? 'not YAML');
  const root = document.contents;
  if (!isMap(root)) {
    if (problems.length === 0) problem(1, `a scenario is a map with the keys ${keys.join(', ')}`);
    return { ok: false, problems };
  }
  const values = new Map<string, unknown>();
  for (const { key, value } of root.items) {
    const name = isScalar(key) ? String(key.value) : '';
    if (!keys.includes(name)) problem(lineOf(key), `there is no key '${name}'; there are: ${keys.join(', ')}`);
    values.set(name, value);
  }
  const scalar = (name: string): { readonly text: string; readonly line: number } | null => {
    const node = values.get(name);
    return isScalar(node) ? { text: String(node.value), line: lineOf(node) } : null;
  };
  const number = (name: string, fallback: number, low: number, high: number): number => {
    const given = scalar(name);
    if (given === null) return fallback;
    const value = Number(given.text);
    if (Number.isFinite(value) && value >= low && value <= high) return value;
    problem(given.line, `${name} is a number from ${low} to ${high}, not '${given.text}'`);
    return fallback;
  };
  const count = known?.length ?? number('nodes', 2, 1, 1_000);
  const nodes = known ?? Array.from({ length: count }, (_, index) => `n${index + 1}`);
  const forGiven = scalar('for');
  const forMs = forGiven === null ? 60_000 : timeOf(forGiven.text);
  if (forMs === null) problem(forGiven?.line ?? 1, `for is a time such as 60s, not '${forGiven?.text}'`);
  const balancerGiven = scalar('balancer');
  const names = Object.keys(balancerPresets);
  if (balancerGiven !== null && balancerGiven.text !== 'none' && !names.includes(balancerGiven.text)) {
    problem(balancerGiven.line, `balancer is one of ${names.join(', ')}, none; not '${balancerGiven.text}'`);
  }
  const isBalancer = (name: string): name is BalancerName => names.includes(name);

  /** Entries such as `- at 10s: words`; an entry of mere words belongs to the end. */
  const entries = (name: string): readonly Entry[] => {
    const list = values.get(name);
    if (list === undefined || (isScalar(list) && list.value === null)) return [];
    if (!isSeq(list)) {
      problem(lineOf(list), `${name} is a list`);
      return [];
    }
    return list.items.flatMap((item): readonly Entry[] => {
      const line = lineOf(item);
      if (isScalar(item)) return [{ atMs: null, text: String(item.value), line }];
      const pair = isMap(item) ? item.items[0] : undefined;
      const when = isScalar(pair?.key) ? String(pair.key.value) : '';
      const what = isScalar(pair?.value) ? String(pair.value.value) : '';
      const match = /^at (\S+)$/.exec(when);
      const atMs = match?.[1] === 'end' ? forMs : timeOf(match?.[1] ?? '');
      if (atMs === null || what === '') {
        problem(line, `an entry is written 'at TIME: …' (TIME such as 10s or 500ms), not '${when}: ${what}'`);
        return [];
      }
      if (forMs !== null && atMs > forMs) problem(line, `${when} is after the end (for: ${forMs / 1_000}s)`);
      return [{ atMs, text: what, line }];
    });
  };
  const checked = <T extends ScenarioAction | ScenarioCondition>(line: number, value: T | string): readonly T[] => {
    if (typeof value === 'string') {
      problem(line, value);
      return [];
    }
    const unknown = nodesOf(value).filter((node) => !nodes.includes(node));
    if (unknown.length > 0)
      problem(
        line,
        `there is no node ${unknown.join(', ')}; there are: ${nodes.slice(0, 10).join(', ')}${nodes.length > 10 ? ' …' : ''}`,
      );
    return [value];
  };
  const steps = entries('steps').flatMap(({ atMs, text: what, line }) => {
    if (atMs === null) problem(line, `a step needs its time: 'at 10s: ${what}'`);
    return checked(line, parseStep(what)).map((action) => ({ atMs: atMs ?? 0, line, text: what, action }));
  });
  const expectations = entries('expect').flatMap(({ atMs, text: what, line }) =>
    checked(line, parseCondition(what)).map((condition) => ({ atMs, line, text: what, condition })),
  );
  const requestsPerSecond = number('requests', 10, 0, 1_000);
  if (problems.length > 0) return { ok: false, problems };
  const balancer = balancerGiven === null ? 'haproxy' : isBalancer(balancerGiven.text) ? balancerGiven.text : null;
  return {
    ok: true,
    value: {
      title: scalar('title')?.text ?? fileName,
      seed: scalar('seed')?.text ?? '1',
      nodes: count,
      forMs: forMs ?? 60_000,
      balancer,
      requestsPerSecond: balancer === null ? 0 : requestsPerSecond,
      steps,
      expectations,
    },
  };
}
