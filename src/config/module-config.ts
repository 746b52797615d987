import { compileService } from './compile-service.js';
import { reportDuplicates } from './duplicates.js';
import { deepFreeze } from './freeze.js';
import type { ProblemReport } from './problems.js';
import { childOf, childrenOf, placeOf, read } from './read-element.js';
import { farm, farmLan, heart, heartbeat, macro, moduleFile, safe, service } from './schema-module.js';
import { balancingCluster, balancingGroup, balancingHost, loadBalancingList, vip } from './schema-vip.js';
import type { ClusterConfig, ConfigResult, ModuleConfig, ModuleMode } from './types.js';
import { validateElement } from './validate.js';
import { readDocument, type XmlDocument } from './xml-document.js';
import type { XmlElement } from './xml-tree.js';

/** What reading a module's configuration can depend on beside the file. */
export interface ModuleConfigOptions {
  /** Decides how long names of processes are; `linux` by default. */
  readonly platform?: 'linux' | 'windows';
  /** With it, names of lans and nodes are held against the cluster. */
  readonly cluster?: ClusterConfig;
}

function linesOf(element: XmlElement, lines: Map<string, number> = new Map()): Map<string, number> {
  for (const child of element.children) {
    if (!lines.has(child.path)) lines.set(child.path, child.position.line);
    linesOf(child, lines);
  }
  return lines;
}

function modeOf(element: XmlElement): ModuleMode | null {
  const parsed = service.attributes.mode.parse(element.attributes.get('mode')?.value ?? '');
  return parsed.ok ? parsed.value : null;
}

function checkReferences(element: XmlElement, cluster: ClusterConfig, report: ProblemReport): void {
  const lanNames = cluster.lans.map(({ name }) => name);
  const inside = (parents: readonly XmlElement[], spec: Parameters<typeof childrenOf>[1]) =>
    parents.flatMap((parent) => childrenOf(parent, spec));
  const lans = [...inside(inside([element], farm), farmLan), ...inside(inside([element], heart), heartbeat)];
  for (const lan of lans) {
    const name = read(lan, farmLan.attributes.name);
    if (name !== '' && !lanNames.includes(name)) {
      report.error(
        placeOf(lan, farmLan.attributes.name),
        'CONF_REFERENCE',
        `cluster.xml has no lan "${name}".`,
        `It has: ${lanNames.join(', ')}.`,
      );
    }
  }
  const groups = inside(inside(inside([element], vip), loadBalancingList), balancingGroup);
  for (const host of inside(inside(groups, balancingCluster), balancingHost)) {
    const name = read(host, balancingHost.attributes.name);
    if (name !== '' && !cluster.nodes.includes(name)) {
      report.error(
        placeOf(host, balancingHost.attributes.name),
        'CONF_REFERENCE',
        `cluster.xml has no node "${name}".`,
        `It has: ${cluster.nodes.join(', ')}.`,
      );
    }
  }
  const prim = read(element, service.attributes.defaultprim);
  if (!['alone', 'lastprim', ...cluster.nodes].includes(prim)) {
    const place = placeOf(element, service.attributes.defaultprim);
    report.error(
      place,
      'CONF_REFERENCE',
      `cluster.xml has no node "${prim}".`,
      `Use alone, lastprim, or one of: ${cluster.nodes.join(', ')}.`,
    );
  }
}

function compileModule({ report, root, isUnresolved }: XmlDocument, options: ModuleConfigOptions): ModuleConfig | null {
  if (root === null) return null;
  const module = childOf(root, safe);
  const element = module && childOf(module, service);
  const mode = element && modeOf(element);
  validateElement(root, moduleFile, { report, mode, isUnresolved });
  if (module === null || element === null) return null;
  const macros = [...childrenOf(root, macro), ...childrenOf(module, macro)];
  reportDuplicates(report, macros, macro.attributes.name);
  if (options.cluster !== undefined) checkReferences(element, options.cluster, report);
  return {
    macros: macros.map((each) => ({ name: read(each, macro.attributes.name), value: read(each, macro.attributes.value) })),
    ...compileService(element, { report, mode, isUnresolved, platform: options.platform ?? 'linux' }),
    lines: Object.fromEntries(linesOf(root)),
  };
}

/**
 * Reads `userconfig.xml` (compatibility page, section 2): macros and environment expanded, checked, defaulted, typed.
 *
 * @param fileName name for the findings.
 * @param env environment variables that a `%NAME%` may mean; macros of the file win.
 * @returns the deep-frozen configuration with its warnings, or everything that is wrong. What this version cannot carry out yet is no error here: see `unsupported`.
 */
export function parseUserConfig(
  text: string,
  fileName: string,
  env: Readonly<Record<string, string>>,
  options: ModuleConfigOptions = {},
): ConfigResult<ModuleConfig> {
  const document = readDocument(text, fileName, env);
  const value = compileModule(document, options);
  const { report } = document;
  if (value === null || report.failed()) return deepFreeze({ ok: false, problems: report.all() });
  return deepFreeze({ ok: true, value, warnings: report.all() });
}

/**
 * The text of `userconfig.xml` with its macros and environment expanded, as it is kept in `safeconf.xml`; comments and layout stay.
 * Reading the result again yields the same configuration, without the environment.
 */
export function expandUserConfig(text: string, fileName: string, env: Readonly<Record<string, string>>): ConfigResult<string> {
  const { report, root, text: expanded } = readDocument(text, fileName, env);
  if (root === null || report.failed()) return deepFreeze({ ok: false, problems: report.all() });
  return deepFreeze({ ok: true, value: expanded, warnings: report.all() });
}
