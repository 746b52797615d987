import { reportDuplicateKeys, reportDuplicates } from './duplicates.js';
import type { ElementSpec } from './element-spec.js';
import type { ProblemReport } from './problems.js';
import { childOf, childrenOf, isGiven, placeOf, read } from './read-element.js';
import { custom, intf, intfTo, ip, ipTo, moduleCheck, moduleTo, ping, pingTo, splitbrain, tcp, tcpTo } from './schema-check.js';
import type { ActivationWindow, CheckAction, CheckConfig, CheckerConfig, ModuleMode } from './types.js';
import type { XmlElement } from './xml-tree.js';

interface CheckContext {
  readonly report: ProblemReport;
  readonly mode: ModuleMode | null;
}

/** A checker without its `<to>` has been reported; its typed value is built all the same, so that the other checks run. */
const target = (element: XmlElement, spec: ElementSpec): XmlElement =>
  childOf(element, spec) ?? { ...element, attributes: new Map(), children: [] };

/** An attribute specification of any checker that has both. */
interface Judged {
  readonly when: typeof tcp.attributes.when | typeof ping.attributes.when;
  readonly action?: typeof tcp.attributes.action | typeof custom.attributes.action;
}

function judge(
  element: XmlElement,
  spec: Judged,
  when: ActivationWindow,
  action: CheckAction,
  { report, mode }: CheckContext,
): void {
  if (mode !== null && mode !== 'mirror' && ['prim', 'second', 'sec'].includes(when)) {
    const message = `when="${when}" never comes true in a ${mode} module.`;
    report.error(placeOf(element, spec.when), 'CONF_CONFLICT', message, 'Use `both`, or `pre`.');
  }
  if (spec.action === undefined) return;
  const place = placeOf(element, spec.action);
  if (action === 'wait' && when !== 'pre') {
    report.error(place, 'CONF_CONFLICT', `action="wait" does not go with when="${when}".`, 'Use when="pre", or another action.');
  }
  if (when === 'pre' && action !== 'wait' && action !== 'noaction') {
    report.error(
      place,
      'CONF_CONFLICT',
      `action="${action}" does not go with when="pre".`,
      'Use `wait` or `noaction`, or another `when`.',
    );
  }
}

function compileTcp(element: XmlElement, context: CheckContext): CheckerConfig {
  const to = target(element, tcpTo);
  const when = read(element, tcp.attributes.when);
  const given = read(element, tcp.attributes.action);
  const action = given ?? (when === 'pre' ? 'wait' : 'restart');
  if (when === 'pre' && !isGiven(element, tcp.attributes.action)) {
    const message = '`action` is left out with when="pre"; `wait` is taken.';
    context.report.warning(
      element,
      'CONF_DOUBTFUL',
      message,
      'Write action="wait", or action="noaction" if the module shall start regardless.',
    );
  }
  judge(element, tcp.attributes, when, action, context);
  const { addr, port, interval, timeout } = tcpTo.attributes;
  const ident = read(element, tcp.attributes.ident);
  return {
    kind: 'tcp',
    ident,
    when,
    action,
    addr: read(to, addr),
    port: read(to, port),
    intervalMs: read(to, interval),
    timeoutMs: read(to, timeout),
  };
}

function compilePing(element: XmlElement, context: CheckContext): CheckerConfig {
  const to = target(element, pingTo);
  const when = read(element, ping.attributes.when) ?? 'pre';
  if (when !== 'pre' && !isGiven(element, ping.attributes.action)) {
    const place = placeOf(element, ping.attributes.action);
    context.report.error(
      place,
      'CONF_ATTRIBUTE_MISSING',
      `<ping> with when="${when}" has no \`action\`.`,
      'Only with when="pre" it has a default, `wait`.',
    );
  }
  const action = read(element, ping.attributes.action) ?? (when === 'pre' ? 'wait' : 'noaction');
  judge(element, ping.attributes, when, action, context);
  const { addr, interval, timeout } = pingTo.attributes;
  const ident = read(element, ping.attributes.ident);
  return {
    kind: 'ping',
    ident,
    when,
    action,
    addr: read(to, addr),
    intervalMs: read(to, interval),
    timeoutMs: read(to, timeout),
  };
}

function compileIntf(element: XmlElement): CheckerConfig {
  const localAddr = read(target(element, intfTo), intfTo.attributes.local_addr);
  return { kind: 'intf', ident: read(element, intf.attributes.ident), when: 'pre', action: 'wait', localAddr };
}

function compileIp(element: XmlElement, context: CheckContext): CheckerConfig {
  const to = target(element, ipTo);
  const when = read(element, ip.attributes.when) ?? (context.mode === 'mirror' ? 'prim' : 'both');
  judge(element, { when: ip.attributes.when }, when, 'stopstart', context);
  const { addr, interval } = ipTo.attributes;
  return {
    kind: 'ip',
    ident: read(element, ip.attributes.ident),
    when,
    action: 'stopstart',
    addr: read(to, addr),
    intervalMs: read(to, interval),
  };
}

function compileCustom(element: XmlElement, context: CheckContext): CheckerConfig {
  const { ident, when, exec, arg, action } = custom.attributes;
  const [window, followed] = [read(element, when), read(element, action)];
  judge(element, custom.attributes, window, followed, context);
  return {
    kind: 'custom',
    ident: read(element, ident),
    when: window,
    action: followed,
    exec: read(element, exec),
    arg: read(element, arg),
  };
}

const moduleIdent = (element: XmlElement): string => {
  const { name, ident } = moduleCheck.attributes;
  return read(element, ident) ?? `${read(element, name)}_${read(target(element, moduleTo), moduleTo.attributes.addr)}`;
};

function compileModule(element: XmlElement): CheckerConfig {
  const to = target(element, moduleTo);
  const { addr, port, interval, timeout, secure } = moduleTo.attributes;
  return {
    kind: 'module',
    ident: moduleIdent(element),
    when: 'pre',
    action: 'wait',
    name: read(element, moduleCheck.attributes.name),
    addr: read(to, addr),
    port: read(to, port) ?? (read(to, secure) ? 9453 : 9010),
    intervalMs: read(to, interval),
    timeoutMs: read(to, timeout),
    secure: read(to, secure),
  };
}

function compileSplitbrain(element: XmlElement): CheckerConfig {
  const { ident, exec, arg } = splitbrain.attributes;
  return {
    kind: 'splitbrain',
    ident: read(element, ident),
    when: 'pre',
    action: 'wait',
    exec: read(element, exec),
    arg: read(element, arg),
  };
}

/** Compiles `<check>` (compatibility page, sections 2.11 and 15.2); checkers come class by class, each class in the order of the file. */
export function compileCheck(element: XmlElement, context: CheckContext): CheckConfig {
  const { report } = context;
  for (const spec of [tcp, ping, intf, ip, custom]) reportDuplicates(report, childrenOf(element, spec), spec.attributes.ident);
  reportDuplicateKeys(report, childrenOf(element, moduleCheck), moduleCheck.attributes.ident, moduleIdent);
  return {
    checkers: [
      ...childrenOf(element, tcp).map((checker) => compileTcp(checker, context)),
      ...childrenOf(element, ping).map((checker) => compilePing(checker, context)),
      ...childrenOf(element, intf).map((checker) => compileIntf(checker)),
      ...childrenOf(element, ip).map((checker) => compileIp(checker, context)),
      ...childrenOf(element, custom).map((checker) => compileCustom(checker, context)),
      ...childrenOf(element, moduleCheck).map((checker) => compileModule(checker)),
      ...childrenOf(element, splitbrain).map((checker) => compileSplitbrain(checker)),
    ],
  };
}
