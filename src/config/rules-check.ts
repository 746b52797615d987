/** What of failover rules that read well contradicts the rest of the configuration, or is probably not what was meant. */
import type { ProblemCode } from './codes.js';
import { nearestName } from './nearest.js';
import type { NamedAt, ReadRule } from './rules-parser.js';
import { printName } from './rules-print.js';
import { defaultRulesOf, generatedRules } from './rules-table.js';
import type { CheckerConfig, ModuleConfig, ModuleMode } from './types.js';
import type { ResourceName } from './types-rules.js';

/** Something to be said about a place in the file. */
export interface PlacedFinding<P> {
  readonly severity: 'error' | 'warning';
  readonly code: ProblemCode;
  readonly place: P;
  readonly message: string;
  readonly remedy: string;
}
/** A rule, or the label of a disabled one, with how an offset in its text becomes a place in the file. */
export interface Placed<T, P> {
  readonly what: T;
  readonly placeOf: (offset: number) => P;
  readonly line: number;
}
/** What rules are held against. */
export interface RuleSurroundings {
  readonly mode: ModuleMode | null;
  readonly extends: boolean;
  readonly check: ModuleConfig['check'];
  readonly errd: ModuleConfig['errd'];
  readonly heart: ModuleConfig['heart'];
  readonly vip: ModuleConfig['vip'];
}

/** Names of rules that are built in and are not the user's to define or to disable (section 2.12). */
const builtIn: readonly string[] = [
  'Implicit_wakeup',
  'notuptodate_server',
  'rfs_notuptodate_server',
  'degraded_server',
  'rfs_forceuptodate',
  'rfs_syncat_wait',
];
/** Rules that versions before 8.2.3 of compatible products had for all checkers of a class, with the prefix of today's. */
const historic: Readonly<Record<string, string>> = { tcp_failure: 't_', ping_failure: 'p_' };
/** Classes whose resources tell about a component; their values are not those that a rule compares with (section 4). */
const reserved: readonly string[] = ['heart', 'state', 'usersetting', 'vipd', 'errd', 'failover', 'connections'];
const checkerClasses: readonly CheckerConfig['kind'][] = [
  'tcp',
  'ping',
  'intf',
  'ip',
  'custom',
  'module',
  'http',
  'systemd',
  'splitbrain',
];
const mirrorClasses: readonly string[] = ['heartbeat', 'rfs', 'splitbrain'];
const classes: readonly string[] = [...checkerClasses, 'proc', 'script', 'heartbeat', 'rfs'];
const scripts: readonly string[] = [
  'prestart',
  'poststop',
  'transition',
  'update',
  ...['prim', 'second', 'both'].flatMap((window) => [`start_${window}`, `stop_${window}`]),
];

/** Identities that something in the configuration gives a class, or null where that cannot be told from it. */
function identitiesOf(resourceClass: string, { check, errd, heart, vip, mode }: RuleSurroundings): readonly string[] | null {
  const checkers = check?.checkers ?? [];
  switch (resourceClass) {
    case 'proc':
      return (errd?.procs ?? []).map(({ name }) => name);
    case 'script':
      return scripts;
    case 'heartbeat':
      return mode === 'mirror' ? (heart?.heartbeats ?? []).map(({ ident }) => ident) : [];
    case 'rfs':
      return mode === 'mirror' ? null : [];
    case 'splitbrain':
      return checkers.some(({ kind }) => kind === 'splitbrain')
        ? ['uptodate', ...checkers.filter(({ kind }) => kind === 'splitbrain').map(({ ident }) => ident)]
        : [];
    default: {
      // What `check="on"` of <vip> checks depends on the addresses of the node.
      const fromVip = ['intf', 'ip'].includes(resourceClass) && vip !== null;
      return fromVip ? null : checkers.filter(({ kind }) => kind === resourceClass).map(({ ident }) => ident);
    }
  }
}

interface Remark {
  readonly severity: 'error' | 'warning';
  readonly code: ProblemCode;
  readonly message: string;
  readonly remedy: string;
}
const doubt = (message: string, remedy: string): Remark => ({ severity: 'warning', code: 'CONF_DOUBTFUL', message, remedy });
const conflict = (message: string, remedy: string): Remark => ({ severity: 'error', code: 'CONF_CONFLICT', message, remedy });

/**
 * A rule that waits for something that is looked at only while the module is UP: a process or a script that failed then is never seen to
 * be well again, a checker is unknown while it is off.
 */
function judgeWait(name: ResourceName, { check, errd }: RuleSurroundings): Remark | null {
  const isMeant = (one: string): boolean => name.id === one || name.id === '?' || name.id === '*';
  const shown = printName(name);
  const watched = (errd?.procs ?? []).some((proc) => isMeant(proc.name) && proc.class !== 'pre');
  if (name.class === 'script' || (name.class === 'proc' && watched)) {
    const message = `\`${shown}\` changes only while the module is UP: a module that waits for it never starts again.`;
    return conflict(message, 'Use another action, or a checker with when="pre".');
  }
  const checked = (check?.checkers ?? []).some(
    ({ kind, ident, when }) => kind === name.class && isMeant(ident) && when !== 'pre',
  );
  return checked
    ? doubt(
        `\`${shown}\` is checked only while the module is UP and unknown while it waits: the module starts again at once.`,
        'Use a checker with when="pre", or another action.',
      )
    : null;
}

/** What is to be said about a name in a rule; null: nothing. */
function judgeName(name: ResourceName, around: RuleSurroundings): Remark | null {
  const shown = printName(name);
  const { mode } = around;
  if (reserved.includes(name.class)) {
    const message = `\`${shown}\` belongs to a component; no rule can use it.`;
    return conflict(message, `Rules are about ${classes.join(', ')}.`);
  }
  if (name.scope === 'remote' && mode !== null && mode !== 'mirror') {
    const message = `A ${mode} module has no remote resources: \`${shown}\` is always unknown.`;
    return doubt(message, 'Leave `remote.` out.');
  }
  if (name.scope === 'remote') return null;
  if (!classes.includes(name.class)) {
    const near = nearestName(name.class, classes);
    const hint = near === null ? `Known classes: ${classes.join(', ')}.` : `Did you mean \`${near}.${name.id}\`?`;
    return doubt(`There is no class "${name.class}": \`${shown}\` is unknown until somebody sets it.`, hint);
  }
  if (mirrorClasses.includes(name.class) && mode !== null && mode !== 'mirror') {
    return doubt(
      `A ${mode} module has no resources of the class "${name.class}": \`${shown}\` never has a value.`,
      'Take the rule out.',
    );
  }
  return judgeIdentity(name, around);
}

function judgeIdentity(name: ResourceName, around: RuleSurroundings): Remark | null {
  const shown = printName(name);
  const identities = identitiesOf(name.class, around);
  const found =
    identities === null || (name.id === '?' || name.id === '*' ? identities.length > 0 : identities.includes(name.id));
  if (found) return null;
  const checker = name.class === 'proc' ? '<proc>' : name.class === 'script' ? 'script' : `<${name.class}>`;
  if (name.id === '?' || name.id === '*') {
    const message = `There is no ${checker}: \`${shown}\` names nothing until somebody sets one.`;
    return doubt(message, `Something must do so: \`holdfast set -r ${name.class}.NAME -v down\`.`);
  }
  const near = nearestName(name.id, identities);
  return doubt(
    `There is no ${checker} of the name "${name.id}": \`${shown}\` is unknown until somebody sets it.`,
    near === null
      ? `Something must do so: \`holdfast set -r ${name.class}.${name.id} -v down\`.`
      : `Did you mean \`${name.class}.${near}\`?`,
  );
}

/** Holds the rules of all sections against each other and against the rest of the configuration. */
export function checkRules<P>(
  rules: readonly Placed<ReadRule, P>[],
  disabled: readonly Placed<{ readonly label: string; readonly offset: number }, P>[],
  around: RuleSurroundings,
): readonly PlacedFinding<P>[] {
  const findings: PlacedFinding<P>[] = [];
  const say = (remark: Remark, place: P): void => {
    findings.push({ ...remark, place });
  };
  const off = new Set(disabled.map(({ what }) => what.label));
  const made = [
    ...(around.extends ? defaultRulesOf(around.mode ?? 'farm') : []),
    ...generatedRules(around.check?.checkers ?? []),
  ].map(({ label }) => label);
  const first = new Map<string, number>();
  for (const { what, placeOf, line } of rules) {
    const { label, action, names, offset, actionOffset } = what;
    const before = first.get(label);
    if (builtIn.includes(label)) {
      say(conflict(`The rule \`${label}\` is built in.`, 'Choose another label.'), placeOf(offset));
    } else if (before !== undefined) {
      const message = `There is a rule \`${label}\` on line ${before} already.`;
      say({ severity: 'error', code: 'CONF_DUPLICATE', message, remedy: 'Each must have its own label.' }, placeOf(offset));
    } else if (made.includes(label) && !off.has(label)) {
      const kind = around.extends && defaultRulesOf(around.mode ?? 'farm').some((rule) => rule.label === label);
      const message = `\`${label}\` is ${kind ? 'a default rule' : 'the rule that a checker generates'}.`;
      const remedy = `Choose another label, or switch that one off first, in a section of Lua: Rules.disable("${label}").`;
      say({ severity: 'error', code: 'CONF_DUPLICATE', message, remedy }, placeOf(offset));
    }
    first.set(label, before ?? line);
    if (action === 'swap' && around.mode !== null && around.mode !== 'mirror') {
      const message = `A ${around.mode} module cannot swap.`;
      say(conflict(message, 'Only the two nodes of a mirror change places; use stopstart() or stop().'), placeOf(actionOffset));
    }
    for (const { name, offset: at } of distinct(names)) {
      const remark = judgeName(name, around);
      if (remark !== null) say(remark, placeOf(at));
      const waiting = action === 'wait' && name.scope === 'local' ? judgeWait(name, around) : null;
      if (waiting !== null) say(waiting, placeOf(at));
    }
  }
  for (const { what, placeOf } of disabled) {
    const remark = judgeDisabled(what.label, made, [...first.keys()], around);
    if (remark !== null) say(remark, placeOf(what.offset));
  }
  return findings;
}

/** Each resource of a rule once, where it stands first. */
const distinct = (names: readonly NamedAt[]): readonly NamedAt[] => [
  ...new Map([...names].reverse().map((named) => [printName(named.name), named])).values(),
];

function judgeDisabled(label: string, made: readonly string[], own: readonly string[], around: RuleSurroundings): Remark | null {
  if (made.includes(label)) return null;
  if (builtIn.includes(label))
    return conflict(`The rule \`${label}\` is built in and cannot be switched off.`, 'Take the line out.');
  if (own.includes(label))
    return conflict(`\`${label}\` is a rule of your own.`, 'Take the rule out instead of switching it off.');
  const prefix = Object.hasOwn(historic, label) ? historic[label] : undefined;
  if (prefix !== undefined) {
    const today = made.filter((one) => one.startsWith(prefix));
    const names = today.length === 0 ? `${prefix}<ident>` : today.join(', ');
    return conflict(`There is no rule \`${label}\` any more: each checker has its own.`, `Switch these off: ${names}.`);
  }
  if (!around.extends && defaultRulesOf('mirror').some((rule) => rule.label === label)) {
    return doubt(`extends="no" leaves \`${label}\` out already.`, 'Take the line out.');
  }
  const near = nearestName(label, made);
  const known = made.length === 0 ? 'There are none.' : `There are: ${made.join(', ')}.`;
  return conflict(`There is no rule \`${label}\` to switch off.`, near === null ? known : `Did you mean \`${near}\`?`);
}

/** Classes with a default rule that `extends="no"` takes away, of which there are checkers that no rule of the user's uses. */
export function withoutRules(rules: readonly ReadRule[], { check }: RuleSurroundings): readonly CheckerConfig[] {
  const used = new Set(rules.flatMap(({ names }) => names.map(({ name }) => name.class)));
  return (check?.checkers ?? []).filter(({ kind }) => ['intf', 'ip', 'module'].includes(kind) && !used.has(kind));
}
