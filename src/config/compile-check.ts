import { reportDuplicateKeys, reportDuplicates } from './duplicates.js';
import type { ElementSpec } from './element-spec.js';
import type { ProblemReport } from './problems.js';
import { childOf, childrenOf, isGiven, placeOf, read } from './read-element.js';
import {
  custom,
  intf,
  intfTo,
  ip,
  ipTo,
  moduleCheck,
  moduleTo,
  ocfParameter,
  ping,
  pingTo,
  splitbrain,
  tcp,
  tcpTo,
} from './schema-check.js';
import { grace as graceSpec } from './schema-check-common.js';
import { http, httpHeader, httpTo, systemd } from './schema-check-own.js';
import type { ActivationWindow, CheckAction, CheckConfig, CheckerConfig, CustomCheck, ModuleMode } from './types.js';
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

/** `when` and `action` of a checker of a service: a restart where it is ours, waiting where it is elsewhere. */
function serviceWindow(
  element: XmlElement,
  spec: Required<Judged> & { readonly when: typeof tcp.attributes.when; readonly action: typeof tcp.attributes.action },
  context: CheckContext,
): { readonly when: ActivationWindow; readonly action: CheckAction } {
  const when = read(element, spec.when);
  const action = read(element, spec.action) ?? (when === 'pre' ? 'wait' : 'restart');
  if (when === 'pre' && !isGiven(element, spec.action)) {
    context.report.warning(
      element,
      'CONF_DOUBTFUL',
      '`action` is left out with when="pre"; `wait` is taken.',
      'Write action="wait", or action="noaction" if the module shall start regardless.',
    );
  }
  judge(element, spec, when, action, context);
  return { when, action };
}

function compileTcp(element: XmlElement, context: CheckContext): CheckerConfig {
  const to = target(element, tcpTo);
  const { addr, port, interval, timeout } = tcpTo.attributes;
  return {
    kind: 'tcp',
    ident: read(element, tcp.attributes.ident),
    ...serviceWindow(element, tcp.attributes, context),
    grace: read(element, graceSpec),
    addr: read(to, addr),
    port: read(to, port),
    intervalMs: read(to, interval),
    timeoutMs: read(to, timeout),
  };
}

function compileHttp(element: XmlElement, context: CheckContext): CheckerConfig {
  const to = target(element, httpTo);
  const { url, method, interval, timeout, status, body, verify, ca } = httpTo.attributes;
  if (isGiven(to, body) && read(to, method) === 'HEAD') {
    const message = 'The answer to a HEAD request has no body.';
    context.report.error(placeOf(to, body), 'CONF_CONFLICT', message, 'Use method="GET", or take `body` out.');
  }
  const plain = read(to, url).startsWith('http:');
  if (isGiven(to, ca) && (plain || !read(to, verify))) {
    const message = plain ? '`ca` does not go with an address without TLS.' : '`ca` does not go with verify="off".';
    context.report.error(placeOf(to, ca), 'CONF_CONFLICT', message, 'Take one of them out.');
  }
  return {
    kind: 'http',
    ident: read(element, http.attributes.ident),
    ...serviceWindow(element, http.attributes, context),
    grace: read(element, graceSpec),
    url: read(to, url),
    method: read(to, method),
    intervalMs: read(to, interval),
    timeoutMs: read(to, timeout),
    status: read(to, status),
    body: isGiven(to, body) ? read(to, body) : null,
    verify: read(to, verify),
    ca: read(to, ca),
    headers: childrenOf(element, httpHeader).map((header) => ({
      name: read(header, httpHeader.attributes.name),
      value: read(header, httpHeader.attributes.value),
    })),
  };
}

function compileSystemd(element: XmlElement, context: CheckContext): CheckerConfig {
  const { ident, unit, interval, timeout } = systemd.attributes;
  return {
    kind: 'systemd',
    ident: read(element, ident),
    ...serviceWindow(element, systemd.attributes, context),
    grace: read(element, graceSpec),
    unit: read(element, unit),
    intervalMs: read(element, interval),
    timeoutMs: read(element, timeout),
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
    grace: read(element, graceSpec),
    addr: read(to, addr),
    intervalMs: read(to, interval),
    timeoutMs: read(to, timeout),
  };
}

function compileIntf(element: XmlElement): CheckerConfig {
  const to = target(element, intfTo);
  return {
    kind: 'intf',
    ident: read(element, intf.attributes.ident),
    when: 'pre',
    action: 'wait',
    grace: read(element, graceSpec),
    localAddr: read(to, intfTo.attributes.local_addr),
    intervalMs: read(to, intfTo.attributes.interval),
  };
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
    grace: read(element, graceSpec),
    addr: read(to, addr),
    intervalMs: read(to, interval),
  };
}

/** What goes with what in a `<custom>`: an executable or an agent, and times where it is run again and again. */
function judgeCustom(element: XmlElement, { report }: CheckContext): CustomCheck['mode'] {
  const { exec, arg, ocf, mode, interval, timeout, grace } = custom.attributes;
  const agent = read(element, ocf);
  const given = read(element, mode);
  if (!isGiven(element, ocf) && !isGiven(element, exec)) {
    report.error(placeOf(element, exec), 'CONF_ATTRIBUTE_MISSING', '<custom> has no `exec`.', 'Give it, or `ocf`.');
  }
  for (const spec of agent === null ? [] : [exec, arg]) {
    if (!isGiven(element, spec)) continue;
    report.error(placeOf(element, spec), 'CONF_CONFLICT', `\`${spec.name}\` does not go with \`ocf\`.`, 'Take one of them out.');
  }
  if (agent !== null && given === 'loop') {
    report.error(placeOf(element, mode), 'CONF_CONFLICT', 'mode="loop" does not go with `ocf`.', 'Use mode="oneshot".');
  }
  if (agent === null && childrenOf(element, ocfParameter).length > 0) {
    report.warning(element, 'CONF_DOUBTFUL', '<param> has an effect only with `ocf`.', 'Use `arg`, or take it out.');
  }
  const effective = given ?? (agent === null ? 'loop' : 'oneshot');
  for (const spec of effective === 'loop' ? [interval, timeout, grace] : []) {
    if (!isGiven(element, spec)) continue;
    const message = `\`${spec.name}\` has an effect only with mode="oneshot".`;
    report.warning(placeOf(element, spec), 'CONF_ATTRIBUTE_IGNORED', message, 'Set that, or take it out.');
  }
  return effective;
}

function compileCustom(element: XmlElement, context: CheckContext): CheckerConfig {
  const { ident, when, exec, arg, action, interval, timeout, ocf } = custom.attributes;
  const [window, followed] = [read(element, when), read(element, action)];
  judge(element, custom.attributes, window, followed, context);
  return {
    kind: 'custom',
    ident: read(element, ident),
    when: window,
    action: followed,
    grace: read(element, graceSpec),
    exec: read(element, exec) ?? '',
    arg: read(element, arg),
    mode: judgeCustom(element, context),
    intervalMs: read(element, interval),
    timeoutMs: read(element, timeout),
    ocf: read(element, ocf),
    parameters: childrenOf(element, ocfParameter).map((parameter) => ({
      name: read(parameter, ocfParameter.attributes.name),
      value: read(parameter, ocfParameter.attributes.value),
    })),
  };
}

const moduleIdent = (element: XmlElement): string => {
  const { name, ident } = moduleCheck.attributes;
  return read(element, ident) ?? `${read(element, name)}_${read(target(element, moduleTo), moduleTo.attributes.addr)}`;
};

function compileModule(element: XmlElement, { report }: CheckContext): CheckerConfig {
  const to = target(element, moduleTo);
  const { addr, port, interval, timeout, secure, ca } = moduleTo.attributes;
  if (isGiven(to, ca) && !read(to, secure))
    report.error(placeOf(to, ca), 'CONF_CONFLICT', '`ca` goes with secure="on" only.', 'Add secure="on", or take `ca` out.');
  return {
    kind: 'module',
    ident: moduleIdent(element),
    when: 'pre',
    action: 'wait',
    grace: read(element, graceSpec),
    name: read(element, moduleCheck.attributes.name),
    addr: read(to, addr),
    port: read(to, port) ?? (read(to, secure) ? 9453 : 9010),
    intervalMs: read(to, interval),
    timeoutMs: read(to, timeout),
    secure: read(to, secure),
    ca: read(to, ca),
  };
}

function compileSplitbrain(element: XmlElement): CheckerConfig {
  const { ident, exec, arg } = splitbrain.attributes;
  return {
    kind: 'splitbrain',
    ident: read(element, ident),
    when: 'pre',
    action: 'wait',
    grace: read(element, graceSpec),
    exec: read(element, exec),
    arg: read(element, arg),
  };
}

/** Compiles `<check>` (compatibility page, sections 2.11 and 15.2); checkers come class by class, each class in the order of the file. */
export function compileCheck(element: XmlElement, context: CheckContext): CheckConfig {
  const { report } = context;
  for (const spec of [tcp, ping, intf, ip, custom, http, systemd])
    reportDuplicates(report, childrenOf(element, spec), spec.attributes.ident);
  reportDuplicateKeys(report, childrenOf(element, moduleCheck), moduleCheck.attributes.ident, moduleIdent);
  return {
    checkers: [
      ...childrenOf(element, tcp).map((checker) => compileTcp(checker, context)),
      ...childrenOf(element, ping).map((checker) => compilePing(checker, context)),
      ...childrenOf(element, intf).map((checker) => compileIntf(checker)),
      ...childrenOf(element, ip).map((checker) => compileIp(checker, context)),
      ...childrenOf(element, custom).map((checker) => compileCustom(checker, context)),
      ...childrenOf(element, moduleCheck).map((checker) => compileModule(checker, context)),
      ...childrenOf(element, splitbrain).map((checker) => compileSplitbrain(checker)),
      ...childrenOf(element, http).map((checker) => compileHttp(checker, context)),
      ...childrenOf(element, systemd).map((checker) => compileSystemd(checker, context)),
    ],
  };
}
