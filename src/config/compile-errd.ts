import { reportDuplicateKeys } from './duplicates.js';
import { nearestName } from './nearest.js';
import type { ProblemReport } from './problems.js';
import { childrenOf, isGiven, placeOf, read } from './read-element.js';
import { errd, proc } from './schema-module.js';
import type { ErrdConfig, ModuleMode, ProcAction, ProcConfig } from './types.js';
import type { XmlElement } from './xml-tree.js';

/** What the compilation of `<errd>` depends on. */
export interface ErrdContext {
  readonly report: ProblemReport;
  readonly mode: ModuleMode | null;
  readonly platform: 'linux' | 'windows';
}

/** The kernel keeps 15 characters of a command name (proc(5), `comm`); Windows names have up to 63 in compatible products. */
const nameLength = { linux: 15, windows: 63 } as const;
const builtIn = ['restart', 'stopstart', 'stop', 'noaction'] as const;
const notOffered = ['wait', 'swap', 'wakeup'];

function compileAction(element: XmlElement, { report }: ErrdContext): ProcAction {
  const place = placeOf(element, proc.attributes.action);
  const written = read(element, proc.attributes.action).trim();
  const kind = builtIn.find((name) => name === written);
  if (kind !== undefined) return { kind };
  const allowed = `Use ${builtIn.join(', ')}, or the name of an executable.`;
  if (notOffered.includes(written)) report.error(place, 'CONF_ATTRIBUTE_VALUE', `errd has no action \`${written}\`.`, allowed);
  const near = /[./\\]/.test(written) ? null : nearestName(written, builtIn);
  if (near !== null) {
    report.warning(
      place,
      'CONF_DOUBTFUL',
      `\`${written}\` is taken for an executable of that name.`,
      `If \`${near}\` is meant, write that; else write ./${written}.`,
    );
  }
  if (!isGiven(element, proc.attributes.class)) {
    const message = 'An executable as `action` needs a `class` of its own.';
    report.warning(
      element,
      'CONF_DOUBTFUL',
      message,
      'Give the <proc> a `class`, so that the executable can switch the watching off and on.',
    );
  }
  return { kind: 'handler', exec: written };
}

function compileName(element: XmlElement, { report, platform }: ErrdContext): string {
  const { name, service, nameregex } = proc.attributes;
  const written = read(element, name);
  const limit = nameLength[platform];
  if (written.length <= limit || read(element, service) || isGiven(element, nameregex)) return written;
  const message = `"${written}" has ${written.length} characters, of which ${limit} are compared; the rest is cut off.`;
  report.warning(
    placeOf(element, name),
    'CONF_NAME_TRUNCATED',
    message,
    `Write "${written.slice(0, limit)}", or use \`argregex\`.`,
  );
  return written.slice(0, limit);
}

function checkProc(element: XmlElement, config: ProcConfig, { report, mode }: ErrdContext): void {
  const { class: className, nameregex, argregex, atmax, restart_services } = proc.attributes;
  if (mode !== null && mode !== 'mirror' && ['prim', 'second', 'sec'].includes(config.class ?? '')) {
    const message = `class="${config.class}" never comes true in a ${mode} module.`;
    report.error(placeOf(element, className), 'CONF_CONFLICT', message, 'Use `both`, `pre`, or a name of your own.');
  }
  if (config.atMax >= 0 && config.atLeast > config.atMax) {
    const message = `At least ${config.atLeast} and at most ${config.atMax} can never both hold.`;
    report.error(placeOf(element, atmax), 'CONF_CONFLICT', message, 'Give atleast="-1", if only the maximum matters.');
  }
  for (const spec of [nameregex, argregex]) {
    if (config.service && isGiven(element, spec)) {
      report.warning(
        placeOf(element, spec),
        'CONF_ATTRIBUTE_IGNORED',
        `\`${spec.name}\` has no effect with service="yes".`,
        'Take it out.',
      );
    }
  }
  if (config.restartServices.length > 0 && !(config.service && config.action.kind === 'restart')) {
    const message = '`restart_services` has an effect only with service="yes" and action="restart".';
    report.warning(placeOf(element, restart_services), 'CONF_ATTRIBUTE_IGNORED', message, 'Set these, or take it out.');
  }
}

function compileProc(element: XmlElement, context: ErrdContext): ProcConfig {
  const {
    service,
    nameregex,
    argregex,
    class: className,
    restart_services,
    atleast,
    atmax,
    start_after,
    settle,
  } = proc.attributes;
  const services = read(element, restart_services) ?? '';
  const config: ProcConfig = {
    name: compileName(element, context),
    service: read(element, service),
    nameRegex: read(element, nameregex),
    argRegex: read(element, argregex),
    class: read(element, className),
    action: compileAction(element, context),
    restartServices: services
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
    atLeast: read(element, atleast),
    atMax: read(element, atmax),
    startAfter: read(element, start_after),
    settleMs: read(element, settle),
  };
  checkProc(element, config, context);
  return config;
}

/** Compiles `<errd>` (compatibility page, section 2.10). Names are cut to what the platform compares. */
export function compileErrd(element: XmlElement, context: ErrdContext): ErrdConfig {
  const elements = childrenOf(element, proc);
  const procs = elements.map((each) => compileProc(each, context));
  const names = new Map(elements.map((each, index) => [each, String(procs[index]?.name)]));
  reportDuplicateKeys(context.report, elements, proc.attributes.name, (each) => String(names.get(each)));
  return { pollTimerMs: read(element, errd.attributes.polltimer), procs };
}
