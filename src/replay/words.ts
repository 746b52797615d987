/** Facts and verdicts in words. */
import type { ScriptInput } from '../machines/script.types.js';
import type { Step } from './story.js';

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
function field(event: object, name: string): unknown {
  return Object.entries(event).find(([key]) => key === name)?.[1];
}
function inner(event: object, name: string, key: string): unknown {
  const value = field(event, name);
  return typeof value === 'object' && value !== null ? field(value, key) : undefined;
}
const seconds = (ms: unknown): string => (typeof ms === 'number' ? `${ms / 1000} s` : String(ms));

function endOf(kind: unknown, code: unknown, signal: unknown): string {
  if (kind === 'signal') return `was ended by ${signal}`;
  if (kind === 'code') return `ended with code ${code}`;
  return 'ended, nobody knows how';
}

/** What a scan of the processes found. */
function foundIn(event: object): string {
  const found = field(event, 'found');
  if (typeof found !== 'object' || found === null) return 'nothing';
  const parts = Object.entries(found).map(([name, value]) => {
    const service: unknown = field(value, 'service');
    if (typeof service === 'string') return `service ${name} ${service}`;
    const processes: unknown = field(value, 'processes');
    const pids = Array.isArray(processes) ? processes.map((one) => String(inner({ one }, 'one', 'pid'))) : [];
    return pids.length === 0 ? `${name}: no process` : `${name}: ${pids.map((pid) => `pid ${pid}`).join(', ')}`;
  });
  return parts.length === 0 ? 'nothing is watched' : parts.join('; ');
}

/** An event from outside, as one sentence. */
export function factOf({ ev, to, proc, script }: Pick<Step, 'ev' | 'to' | 'proc' | 'script'>): string {
  const what = script === null ? 'the script' : (script.split('/').at(-1) ?? script);
  const own = to.split('/')[1] ?? 'module';
  const checked = to.split('/').at(-1) ?? to;
  switch (ev.type) {
    case 'process.exited': {
      const whose = proc === null ? '' : ` of ${proc}`;
      return `process ${inner(ev, 'process', 'pid')}${whose} ${endOf(inner(ev, 'exit', 'kind'), inner(ev, 'exit', 'code'), inner(ev, 'exit', 'signal'))}`;
    }
    case 'processes.seen':
      return `a look at the processes found: ${foundIn(ev)}`;
    case 'scan.failed':
      return `the processes could not be seen: ${field(ev, 'detail')}`;
    case 'scan.due':
      return 'it was time for another look at the processes';
    case 'script.started':
      return `${what} runs as process ${field(ev, 'pid')}`;
    case 'script.exited':
      return `${what} ${endOf(field(ev, 'kind'), field(ev, 'code'), field(ev, 'detail'))}`;
    case 'script.absent':
      return `the module has no script ${what}`;
    case 'script.failed':
      return `${what} could not be started: ${field(ev, 'detail')}`;
    case 'check.ended':
      return `a check of ${checked} says ${field(ev, 'up') === true ? 'up' : 'down'}: ${field(ev, 'detail')}`;
    case 'program.ended':
      return `the program of ${checked}: ${field(ev, 'detail')}`;
    case 'resource.assign':
      return `resource ${field(ev, 'name')} was set to ${field(ev, 'value')} by ${field(ev, 'by')}`;
    case 'probes.observed':
      return "the balancers' probes were looked at";
    case 'module.add':
      return 'the module was loaded with its configuration';
    case 'module.remove':
      return 'the module was unloaded';
    case 'stop.overdue':
      return 'the stop had lasted for as long as all its limits together allow';
    case 'errd.switch':
      return `errd ${field(ev, 'on') === true ? 'enable' : 'disable'} ${field(ev, 'class')} by ${field(ev, 'by')}`;
    default:
      if (ev.type.startsWith('module.')) return commandIn(ev);
      if (ev.type.startsWith('xstate.after.')) return `the time ${ev.type.split('.')[2]} of ${own} was over`;
      if (ev.type.startsWith('xstate.error.')) return `${ev.type.split('.').slice(3).join('.')} failed: ${field(ev, 'error')}`;
      return ev.type;
  }
}

const originWords: Readonly<Record<string, string>> = {
  admin: 'asked for by',
  component: 'called by',
  rule: 'by failover rule',
  boot: 'at boot by',
  automatic: 'by itself, by',
  maxloop: 'by',
};

/** A command with who gave it. */
function commandIn(event: { readonly type: string }): string {
  const command = event.type.slice('module.'.length);
  if (command === 'handle') return `handler ${field(event, 'handler')} of process ${field(event, 'proc')}`;
  return `${command} ${originWords[String(inner(event, 'origin', 'kind'))] ?? 'by'} ${inner(event, 'origin', 'by') ?? field(event, 'by')}`;
}

/** What a machine concluded, or null where an event between machines says nothing of its own. */
export function verdictOf(event: {
  readonly type: string;
}): { readonly kind: 'verdict' | 'rule' | 'command'; readonly text: string } | null {
  switch (event.type) {
    case 'proc.failed': {
      const bound = field(event, 'tooMany') === true ? 'at most' : 'at least';
      const what =
        field(event, 'service') === true ? 'is not running' : `${field(event, 'count')} of ${bound} ${field(event, 'limit')}`;
      return {
        kind: 'verdict',
        text: `errd: ${field(event, 'name')} has failed (${what}); its action is ${inner(event, 'action', 'kind')}`,
      };
    }
    case 'proc.valued':
      return { kind: 'verdict', text: `errd: resource proc.${field(event, 'name')} is ${field(event, 'value')}` };
    case 'failover.decided':
      return { kind: 'rule', text: `failover rule ${field(event, 'rule')} asks for ${field(event, 'action')}` };
    case 'errd.surveyed':
      return {
        kind: 'verdict',
        text: `errd: first look, ${field(event, 'healthy') === true ? 'everything is there' : 'something is missing'}`,
      };
    case 'script.overtime':
      return { kind: 'verdict', text: `script ${field(event, 'script')} ran longer than ${seconds(field(event, 'limitMs'))}` };
    default:
      return event.type.startsWith('module.') ? { kind: 'command', text: commandIn(event) } : null;
  }
}

/** A script that was begun, as it was called. */
export function scriptLine({ script, args, timeoutMs, adopt }: ScriptInput): string {
  const limit = timeoutMs === null ? '' : ` (at most ${seconds(timeoutMs)})`;
  const name = script.split('/').at(-1) ?? script;
  return adopt === null ? `${name} ${args.join(' ')}${limit}` : `${name} of before the daemon's restart is ${textOf(adopt.kind)}`;
}
