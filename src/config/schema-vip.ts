import { choice, host, integer, netmask, onOff, optional, plainName, required, shaped, text, time } from './attribute-types.js';
import { any, element, maybe, some } from './element-spec.js';

const portOrAll = /^(\*|[1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])$/;

/** `<virtual_addr>`: compatibility page, section 2.5. */
export const virtualAddress = element({
  name: 'virtual_addr',
  doc: 'A virtual address.',
  attributes: {
    addr: required(host('addr', '', 'The address.')),
    where: optional(
      choice(
        'where',
        ['alias', 'one_side_alias', 'one_side'],
        'alias',
        'farm: `alias`, on all UP nodes; mirror: `one_side_alias` on the serving node, `one_side` there as the first address of the interface.',
      ),
      '`alias` in a farm, `one_side_alias` in a mirror',
    ),
    check: onOff('check', true, 'Watches it: checker `ip.<addr>`, then stopstart.'),
    connections: onOff('connections', false, 'Counts active connections into the resource `connections.<addr>`.'),
    netmask: optional(netmask('netmask', 'Mask, needed where the interface has several.'), 'that of the interface'),
  },
  children: [],
});
/** `<virtual_interface>`. */
export const virtualInterface = element({
  name: 'virtual_interface',
  doc: 'Addresses on a virtual MAC.',
  attributes: {
    type: required(choice('type', ['vmac_directed', 'vmac_invisible'], 'vmac_directed', 'How the nodes share what arrives.')),
    addr: optional(
      shaped(
        'addr',
        '',
        'Unicast MAC; not used with vmac_directed.',
        /^[0-9A-Fa-f][02468ACEace](?:[:-][0-9A-Fa-f]{2}){5}$/,
        'a unicast MAC such as 5A:FE:0A:00:00:32',
      ),
      '5A:FE and the first address',
    ),
  },
  children: [some(virtualAddress)],
});
/** `<real_interface>`. */
export const realInterface = element({
  name: 'real_interface',
  doc: 'Addresses on the real MAC.',
  modes: ['mirror'],
  attributes: {},
  children: [some(virtualAddress)],
});
/** `<interface>`. */
export const networkInterface = element({
  name: 'interface',
  doc: 'A network interface that carries virtual addresses.',
  attributes: {
    check: onOff('check', true, 'Watches it: checker `intf.<network>`, then wait. Not with bonding.'),
    arpreroute: onOff('arpreroute', false, 'Sends gratuitous ARP for the addresses (IPv4).'),
    arpinterval: time('arpinterval', 60, 's', 'Time between two of them.'),
    arpelapse: time('arpelapse', 1200, 's', 'How long they are sent.'),
    name: optional(text('name', '', 'Name of the interface, for example bond0.'), 'found by the address'),
  },
  children: [any(virtualInterface), any(realInterface)],
});
/** `<interface_list>`. */
export const interfaceList = element({
  name: 'interface_list',
  doc: 'The interfaces.',
  attributes: {},
  children: [any(networkInterface)],
});

/** `<rule>`: compatibility page, section 2.6. */
export const balancingRule = element({
  name: 'rule',
  doc: 'What traffic is shared, and by what. Traffic to a virtual address that no rule matches is refused.',
  attributes: {
    virtual_addr: host('virtual_addr', '*', 'Virtual address.', ['*']),
    port: shaped('port', '*', 'Destination port.', portOrAll, '`*`, or a port from 1 to 65535'),
    proto: required(
      choice('proto', ['tcp', 'udp', 'arp'], 'tcp', 'Protocol; `arp` shares the answers to ARP requests, with `on_addr` only.'),
    ),
    filter: required(
      choice(
        'filter',
        ['on_addr', 'on_port', 'on_ipid'],
        'on_addr',
        'Shared by address of the client, by its port, or by the identification field of IP (UDP only).',
      ),
    ),
  },
  children: [],
});
/** `<host>`. */
export const balancingHost = element({
  name: 'host',
  doc: 'A node with its weight.',
  attributes: {
    name: required(plainName('name', 'Name of the node.')),
    power: integer('power', 1, 'Its weight against the others; 0: no traffic.', 0, 1_000_000_000),
  },
  children: [],
});
/** `<cluster>` of a group. */
export const balancingCluster = element({
  name: 'cluster',
  doc: 'Nodes of the group; left out: all, equally.',
  attributes: {},
  children: [some(balancingHost)],
});
/** `<group>`. */
export const balancingGroup = element({
  name: 'group',
  doc: 'Rules that share one distribution.',
  attributes: { name: required(plainName('name', 'Name; the resource is `<name>_<n>`.')) },
  children: [maybe(balancingCluster), any(balancingRule)],
});
/** `<loadbalancing_list>`. */
export const loadBalancingList = element({
  name: 'loadbalancing_list',
  doc: 'The groups.',
  modes: ['farm'],
  attributes: {},
  children: [any(balancingGroup)],
});

/** `<vip>`: compatibility page, section 2.5. */
export const vip = element({
  name: 'vip',
  doc: 'Virtual addresses in one subnet. Left out in a cloud, where the balancer has the address.',
  modes: ['farm', 'mirror'],
  attributes: {
    tcpreset: onOff('tcpreset', true, 'Resets the connections of an address before it goes.'),
    scriptcontrol: onOff('scriptcontrol', false, 'Scripts open and close the traffic.', { modes: ['farm'] }),
  },
  children: [maybe(interfaceList), maybe(loadBalancingList)],
});
