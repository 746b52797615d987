import { canonicalAddress } from './addresses.js';
import { reportDuplicateKeys, reportDuplicates } from './duplicates.js';
import { deepFreeze } from './freeze.js';
import type { ProblemReport } from './problems.js';
import { childOf, childrenOf, placeOf, read } from './read-element.js';
import { clusterFile, clusterLan, clusterLans, clusterNode, clusterPresets, clusterRoot } from './schema-cluster.js';
import type { ClusterConfig, ClusterLan, ConfigResult } from './types.js';
import { validateElement } from './validate.js';
import { readDocument } from './xml-document.js';
import type { XmlElement } from './xml-tree.js';

/** All-to-all heartbeats are meant for this many nodes (design of the membership). */
const mostNodes = 32;

function compileLan(element: XmlElement, report: ProblemReport): ClusterLan {
  const nodes = childrenOf(element, clusterNode);
  reportDuplicates(report, nodes, clusterNode.attributes.name);
  reportDuplicateKeys(report, nodes, clusterNode.attributes.addr, (node) =>
    canonicalAddress(read(node, clusterNode.attributes.addr)),
  );
  for (const node of nodes) {
    const written = node.attributes.get('addr')?.value;
    if (written?.includes(':') && !written.startsWith('[') && read(node, clusterNode.attributes.addr) !== '') {
      report.warning(
        placeOf(node, clusterNode.attributes.addr),
        'CONF_DOUBTFUL',
        'An IPv6 address is written in brackets here.',
        `Write [${written}].`,
      );
    }
  }
  const { name, command } = clusterLan.attributes;
  return {
    name: read(element, name),
    command: read(element, command),
    nodes: nodes.map((node) => ({
      node: read(node, clusterNode.attributes.name),
      addr: read(node, clusterNode.attributes.addr),
      laddr: read(node, clusterNode.attributes.laddr),
    })),
  };
}

function chooseCommandLan(
  lans: readonly ClusterLan[],
  elements: readonly XmlElement[],
  total: number,
  report: ProblemReport,
): readonly ClusterLan[] {
  const complete = lans.map((lan) => new Set(lan.nodes.map(({ node }) => node)).size === total);
  const asked = elements.filter((_, index) => lans[index]?.command);
  for (const element of asked.slice(1)) {
    report.error(
      placeOf(element, clusterLan.attributes.command),
      'CONF_CONFLICT',
      'A second lan has command="on".',
      'At most one lan carries distributed commands.',
    );
  }
  const [first] = elements;
  if (first !== undefined && !complete.includes(true)) {
    report.error(first, 'CONF_CONFLICT', 'No lan has all nodes.', 'At least one lan must have every node of the cluster.');
    return lans;
  }
  for (const [index, element] of elements.entries()) {
    if (lans[index]?.command && !complete[index]) {
      report.error(
        placeOf(element, clusterLan.attributes.command),
        'CONF_CONFLICT',
        'The lan with command="on" does not have all nodes.',
        'Add the missing nodes, or choose another lan.',
      );
    }
  }
  if (asked.length > 0) return lans;
  const chosen = complete.indexOf(true);
  if (first !== undefined && chosen > 0) {
    const message = 'The first lan does not have all nodes, so it cannot carry distributed commands.';
    report.warning(first, 'CONF_DOUBTFUL', message, `"${lans[chosen]?.name}" is taken; say so with command="on" there.`);
  }
  return lans.map((lan, index) => ({ ...lan, command: index === chosen }));
}

function compileCluster(element: XmlElement, report: ProblemReport): ClusterConfig {
  const { port, preset, pulse, slost_count, mlost_count } = clusterLans.attributes;
  const defaults = clusterPresets[read(element, preset)];
  const lanElements = childrenOf(element, clusterLan);
  reportDuplicates(report, lanElements, clusterLan.attributes.name);
  const lans = lanElements.map((lan) => compileLan(lan, report));
  const nodes = [...new Set(lans.flatMap((lan) => lan.nodes.map(({ node }) => node)))];
  if (nodes.length === 1) {
    report.warning(
      element,
      'CONF_DOUBTFUL',
      'The cluster has one node only.',
      'That is enough for light modules; farm and mirror need two.',
    );
  }
  if (nodes.length > mostNodes) {
    report.warning(
      element,
      'CONF_DOUBTFUL',
      `The cluster has ${nodes.length} nodes.`,
      `It is made for up to ${mostNodes}, because each speaks to each.`,
    );
  }
  return {
    port: read(element, port),
    preset: read(element, preset),
    pulseMs: read(element, pulse) ?? defaults.pulseMs,
    slostCount: read(element, slost_count) ?? defaults.slostCount,
    mlostCount: read(element, mlost_count) ?? defaults.mlostCount,
    lans: chooseCommandLan(lans, lanElements, nodes.length, report),
    nodes,
  };
}

/**
 * Reads `cluster.xml` (compatibility page, section 1.2). Macros are not expanded in it.
 *
 * @param fileName name for the findings.
 * @returns the deep-frozen configuration with its warnings, or everything that is wrong. Addresses are without brackets.
 */
export function parseClusterXml(text: string, fileName: string): ConfigResult<ClusterConfig> {
  const { report, root, isUnresolved } = readDocument(text, fileName, null);
  if (root !== null) validateElement(root, clusterFile, { report, mode: null, isUnresolved });
  const cluster = root && childOf(root, clusterRoot);
  const lans = cluster && childOf(cluster, clusterLans);
  const value = lans && compileCluster(lans, report);
  if (value === null || report.failed()) return deepFreeze({ ok: false, problems: report.all() });
  return deepFreeze({ ok: true, value, warnings: report.all() });
}
