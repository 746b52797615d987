/** Checks of the network and of what the nodes have in common. */
import type { HealthCheck, Sight } from './checks.js';
import type { HealthFacts } from './facts.js';

const orOk = (sights: readonly Sight[], seen: string): readonly Sight[] => (sights.length > 0 ? sights : [{ level: 'ok', seen }]);
/** Clocks that differ by more than this are told, in ms. */
const skewWarningMs = 1_000;
const skewErrorMs = 60_000;

function skew({ peers }: HealthFacts): readonly Sight[] {
  return orOk(
    peers.flatMap(({ node, skewMs, tookMs }): readonly Sight[] => {
      if (skewMs === null) return [];
      // Half of the time that the question took is not known to be skew.
      const certain = Math.max(0, Math.abs(skewMs) - tookMs / 2);
      const level = certain > skewErrorMs ? 'error' : certain > skewWarningMs ? 'warning' : 'ok';
      return [
        { level, seen: `the clock of ${node} is ${(Math.abs(skewMs) / 1000).toFixed(2)} s ${skewMs < 0 ? 'behind' : 'ahead'}` },
      ];
    }),
    'there is no other node that answers',
  );
}

function ports(facts: HealthFacts): readonly Sight[] {
  return facts.ports.map(({ port, protocol, use, holder, ours, wanted }) => {
    const name = `${protocol.toUpperCase()} ${port} (${use})`;
    if (ours) return { level: 'ok', seen: `${name} is the daemon's` };
    if (holder !== null)
      return wanted || facts.daemonError !== null
        ? { level: 'error', seen: `${name} is taken by ${holder === '?' ? 'a program that cannot be seen' : holder}` }
        : { level: 'note', seen: `${name} is used by ${holder === '?' ? 'another program' : holder}` };
    return wanted ? { level: 'error', seen: `${name} is not listened on` } : { level: 'ok', seen: `${name} is free` };
  });
}

function reach({ reach: all }: HealthFacts): readonly Sight[] {
  const sights = all.flatMap(({ node, lan, address, tcpError, udpHeard }): readonly Sight[] => {
    const where = `${node} (${address}, lan ${lan})`;
    const udp: readonly Sight[] = udpHeard ? [] : [{ level: 'warning', seen: `no datagram comes from ${where}` }];
    const tcp: readonly Sight[] =
      tcpError === null ? [] : [{ level: 'warning', seen: `the web service of ${where} cannot be reached: ${tcpError}` }];
    return [...udp, ...tcp];
  });
  return orOk(sights, all.length === 0 ? 'there is no other node' : 'every node is reached on every lan');
}

const traffic = { udp: 'the datagrams of the cluster', http: 'the web service', icmp: 'pings' } as const;

function https({ https: found }: HealthFacts): readonly Sight[] {
  if (found === null)
    return [
      {
        level: 'note',
        seen: 'HTTPS is off: the console is for this machine alone, or readable on the wire',
        remedy: 'holdfast https setup',
      },
    ];
  if (found.findings.length === 0)
    return [{ level: 'ok', seen: `the certificate is valid for ${found.names.join(', ')} until ${found.validTo}` }];
  return found.findings.map(({ severity, message, remedy }) => ({ level: severity, seen: message, remedy }));
}

export const networkChecks: readonly HealthCheck[] = [
  {
    id: 'cluster.members',
    title: 'The other nodes answer',
    triggers: 'Warning for a node that does not answer a request under the cluster key.',
    why: 'Commands on several nodes, and the console, need it; and a node that is not there cannot take over.',
    remedy: 'start the node, or look at its network; another cluster key or clock is said in its log',
    look: ({ peers }) =>
      orOk(
        peers.map(
          ({ node, facts, error }): Sight =>
            facts === null
              ? { level: 'warning', seen: `${node}: ${error ?? 'no answer'}` }
              : { level: 'ok', seen: `${node} answers` },
        ),
        'there is no other node',
      ),
  },
  {
    id: 'clock.skew',
    title: 'The clocks agree',
    triggers: 'Warning when the clock of another node differs by more than 1 s, error from 60 s on.',
    why: 'Logs of the nodes cannot be compared; from a minute on logins and certificates may be refused.',
    remedy: 'synchronise all nodes with the same time service',
    look: skew,
  },
  {
    id: 'versions',
    title: 'All nodes have the same version',
    triggers: 'Warning for another version of Holdfast on a node.',
    why: 'Different versions work together while an upgrade goes on, not for longer: what only one knows is refused by the other.',
    remedy: 'finish the upgrade',
    look: ({ peers, version }) =>
      orOk(
        peers.flatMap(({ node, facts }): readonly Sight[] =>
          facts === null || facts.version === version
            ? []
            : [{ level: 'warning', seen: `${node} has ${facts.version}, this node ${version}` }],
        ),
        `every node that answers has ${version}`,
      ),
  },
  {
    id: 'cluster.signature',
    title: 'All nodes have the same cluster configuration',
    triggers: 'Error when the signature of cluster.xml differs; a note while there is no cluster configuration.',
    why: 'Nodes with different configurations do not form one cluster: both may serve alone.',
    remedy: 'apply the same cluster.xml everywhere: holdfast -H "*" -G from the node that has the right one',
    look: ({ peers, signature }) =>
      signature === null
        ? [{ level: 'note', seen: 'no cluster configuration is applied here', remedy: 'holdfast cluster config FILE' }]
        : orOk(
            peers.flatMap(({ node, facts }): readonly Sight[] =>
              facts === null || facts.signature === signature
                ? []
                : [{ level: 'error', seen: `${node} has another cluster configuration` }],
            ),
            'every node that answers has the same cluster configuration',
          ),
  },
  {
    id: 'modules.signature',
    title: 'Modules are configured alike',
    triggers: 'Warning when a module is applied with another configuration on another node.',
    why: 'After a failover the application would run with another configuration, or not at all.',
    remedy: 'apply the same configuration everywhere: holdfast -H "*" -E AM from the node that has the right one',
    look: ({ peers, modules }) =>
      orOk(
        peers.flatMap(({ node, facts }) =>
          (facts?.modules ?? []).flatMap(({ name, signature }): readonly Sight[] => {
            const own = modules.find((module) => module.name === name)?.signature ?? null;
            if (own === null || signature === null || own === signature) return [];
            return [{ level: 'warning', seen: `module ${name} has another configuration on ${node}` }];
          }),
        ),
        'modules that are applied on several nodes have the same configuration',
      ),
  },
  {
    id: 'https',
    title: "The web service's certificate",
    triggers:
      'Error when the certificate has ended, is not valid for an address that cluster.xml has for this node, or does not fit to its key or authority; warning from 30 days before its end; a note while HTTPS is off.',
    why: 'Browsers, the console of other nodes and programs refuse such a certificate.',
    remedy: 'holdfast https check names what is wrong on every node, and what to do',
    look: https,
  },
  {
    id: 'ports',
    title: 'The ports are ours',
    triggers:
      'Error when another program has a port of ours, or the daemon does not listen on one that it should; a note for one that is reserved.',
    why: 'Without its UDP port the node is alone; without its web service no balancer sends traffic.',
    remedy: 'stop the other program, or give Holdfast other ports (port in cluster.xml, httpPort in holdfastd.json)',
    look: ports,
  },
  {
    id: 'reach',
    title: 'The other nodes are reached on every lan',
    triggers: 'Warning for each lan on which a node is not heard, or its web service cannot be connected to.',
    why: 'A lan that does not carry heartbeats is no second way: when the other one fails, both nodes take the other for dead.',
    remedy: 'look at cables, switches, routes and packet filters of that lan: UDP 4800, TCP 9010 and 9453',
    look: reach,
  },
  {
    id: 'firewall',
    title: 'The packet filter lets us through',
    triggers:
      'Error for a rule that names one of our ports and drops it; warning for a policy that lets nothing in and no rule that lets it through.',
    why: 'Nodes that do not hear each other take each other for dead, and both serve.',
    remedy: 'let UDP 4800, TCP 9010 and 9453, and ICMP echo in from the other nodes',
    look: ({ firewall }) =>
      firewall === null
        ? [
            {
              level: 'note',
              seen: 'the packet filter cannot be read here',
              remedy: 'run the health check as root, with nft or iptables installed',
            },
          ]
        : orOk(
            firewall.map(
              ({ what, rule, named }): Sight => ({
                level: named ? 'error' : 'warning',
                seen: `${traffic[what]} may not come in: ${rule}`,
              }),
            ),
            'no rule of the packet filter stops our traffic',
          ),
  },
  {
    id: 'names',
    title: 'Names have addresses',
    triggers: 'Warning for a name of cluster.xml or of a checker that does not resolve, or not within 2 s.',
    why: 'A name that does not resolve is a node or a checked service that cannot be reached.',
    remedy: 'put the name into /etc/hosts, or use its address: both work while the name server does not',
    look: ({ unresolved }) =>
      orOk(
        unresolved.map(
          ({ name, usedBy, error }): Sight => ({ level: 'warning', seen: `${name} (${usedBy}) does not resolve: ${error}` }),
        ),
        'every name of the configuration resolves',
      ),
  },
];
