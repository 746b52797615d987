import { reportDuplicates } from './duplicates.js';
import type { ProblemReport } from './problems.js';
import { childOf, childrenOf, placeOf, read } from './read-element.js';
import {
  balancingCluster,
  balancingGroup,
  balancingHost,
  balancingRule,
  interfaceList,
  loadBalancingList,
  networkInterface,
  realInterface,
  vip,
  virtualAddress,
  virtualInterface,
} from './schema-vip.js';
import type { LoadBalancingGroup, ModuleMode, VipConfig, VipInterface, VirtualAddress } from './types.js';
import type { XmlElement } from './xml-tree.js';

interface VipContext {
  readonly report: ProblemReport;
  readonly mode: ModuleMode | null;
}

function compileAddress(element: XmlElement, { report, mode }: VipContext): VirtualAddress {
  const { addr, where, check, connections, netmask } = virtualAddress.attributes;
  const place = read(element, where);
  if (place !== null && mode !== null && (place === 'alias') !== (mode === 'farm')) {
    const remedy = mode === 'farm' ? 'Use `alias`.' : 'Use `one_side_alias` or `one_side`.';
    report.error(placeOf(element, where), 'CONF_CONFLICT', `where="${place}" does not go with a ${mode} module.`, remedy);
  }
  return {
    addr: read(element, addr),
    where: place ?? (mode === 'mirror' ? 'one_side_alias' : 'alias'),
    check: read(element, check),
    connections: read(element, connections),
    netmask: read(element, netmask),
  };
}

function compileInterface(element: XmlElement, context: VipContext): readonly VipInterface[] {
  const { check, arpreroute, arpinterval, arpelapse, name } = networkInterface.attributes;
  const shared = {
    check: read(element, check),
    arpReroute: read(element, arpreroute),
    arpIntervalMs: read(element, arpinterval),
    arpElapseMs: read(element, arpelapse),
    name: read(element, name),
  };
  const virtual = childrenOf(element, virtualInterface);
  const real = childrenOf(element, realInterface);
  if (virtual.length + real.length === 0) {
    const remedy = 'Put a <virtual_interface> (farm) or a <real_interface> (mirror) into it.';
    context.report.error(element, 'CONF_ELEMENT_MISSING', '<interface> carries no address.', remedy);
  }
  const addresses = (holder: XmlElement) => childrenOf(holder, virtualAddress).map((address) => compileAddress(address, context));
  return [
    ...virtual.map((holder): VipInterface => {
      const { type, addr } = virtualInterface.attributes;
      return { ...shared, kind: read(holder, type), mac: read(holder, addr), addresses: addresses(holder) };
    }),
    ...real.map((holder): VipInterface => ({ ...shared, kind: 'real', mac: null, addresses: addresses(holder) })),
  ];
}

function compileRule(element: XmlElement, { report }: VipContext): LoadBalancingGroup['rules'][number] {
  const { virtual_addr, port, proto, filter } = balancingRule.attributes;
  const [protocol, key, written] = [read(element, proto), read(element, filter), read(element, port)];
  if (protocol === 'arp' && key !== 'on_addr') {
    report.error(
      placeOf(element, filter),
      'CONF_CONFLICT',
      `proto="arp" does not go with filter="${key}".`,
      'Use filter="on_addr".',
    );
  }
  if (protocol === 'tcp' && key === 'on_ipid') {
    report.warning(
      placeOf(element, filter),
      'CONF_DOUBTFUL',
      'filter="on_ipid" would tear TCP connections apart.',
      'Use `on_addr` or `on_port`.',
    );
  }
  return {
    virtualAddr: read(element, virtual_addr),
    port: written === '*' ? '*' : Number(written),
    proto: protocol,
    filter: key,
  };
}

function compileGroup(element: XmlElement, context: VipContext): LoadBalancingGroup {
  const cluster = childOf(element, balancingCluster);
  const hostElements = cluster === null ? [] : childrenOf(cluster, balancingHost);
  reportDuplicates(context.report, hostElements, balancingHost.attributes.name);
  const { name, power } = balancingHost.attributes;
  const hosts = hostElements.map((host) => ({ name: read(host, name), power: read(host, power) }));
  if (cluster !== null && hosts.length > 0 && hosts.every((host) => host.power === 0)) {
    context.report.warning(
      cluster,
      'CONF_DOUBTFUL',
      'All nodes of the group have power 0.',
      'No node takes its traffic; give one a power.',
    );
  }
  return {
    name: read(element, balancingGroup.attributes.name),
    hosts,
    rules: childrenOf(element, balancingRule).map((rule) => compileRule(rule, context)),
  };
}

/** Compiles `<vip>` (compatibility page, sections 2.5 and 2.6). An `<interface>` with several holders of addresses becomes several entries. */
export function compileVip(element: XmlElement, context: VipContext): VipConfig {
  const list = childOf(element, interfaceList);
  const balancing = childOf(element, loadBalancingList);
  const groups = balancing === null ? [] : childrenOf(balancing, balancingGroup);
  reportDuplicates(context.report, groups, balancingGroup.attributes.name);
  return {
    tcpReset: read(element, vip.attributes.tcpreset),
    scriptControl: read(element, vip.attributes.scriptcontrol),
    interfaces: list === null ? [] : childrenOf(list, networkInterface).flatMap((each) => compileInterface(each, context)),
    groups: groups.map((group) => compileGroup(group, context)),
  };
}
