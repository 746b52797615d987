/** Gathers what the health checks look at. Loaded when somebody asks. */
import { join } from 'node:path';
import type { NodeSummary } from '../../actors/face.js';
import type { PeerFacts } from '../../actors/face-support.js';
import type { ClusterConfig } from '../../config/types.js';
import { type CommandRunner, runCommand } from '../run-command.js';
import type { HealthFacts } from './facts.js';
import { readFirewall, type Traffic } from './firewall.js';
import { httpsFacts } from './https.js';
import { certificatesBelow, diskFacts, isSynchronised, loopDelay, machineFacts, openFiles } from './machine.js';
import { checkModes } from './modes.js';
import { type NeedyModule, needsOf } from './needs.js';
import { portFacts, reachFacts, unresolvedNames } from './network.js';

/** What only the daemon knows, or what stands on disk where it does not run. */
export interface HealthSource {
  readonly node: string;
  readonly version: string;
  readonly safe: string;
  readonly safevar: string;
  readonly httpPort: number;
  readonly httpsPort?: number;
  readonly daemon:
    | { readonly runs: true; readonly pid: number; readonly setByMs: number; readonly logLinesLost: number }
    | { readonly runs: false; readonly error: string };
  readonly cluster: { readonly config: ClusterConfig; readonly signature: string } | null;
  readonly nodes: readonly NodeSummary[];
  readonly peers: readonly PeerFacts[];
  readonly modules: readonly (NeedyModule & { readonly signature: string | null })[];
  readonly run?: CommandRunner;
  readonly wallMs: () => number;
  /** How long the event loop is watched, in ms. Default 1,000. */
  readonly watchMs?: number;
}

/** Names and addresses that the configuration has, with who uses them. */
function namesOf({ cluster, modules }: HealthSource): readonly { readonly name: string; readonly usedBy: string }[] {
  const nodes = (cluster?.config.lans ?? []).flatMap((lan) =>
    lan.nodes.map(({ node, addr }) => ({ name: addr, usedBy: `node ${node} in cluster.xml` })),
  );
  const checked = modules.flatMap(({ name: module, config }) =>
    (config.check?.checkers ?? []).flatMap((checker) =>
      (checker.kind === 'tcp' || checker.kind === 'ping') && checker.addr !== ''
        ? [{ name: checker.addr, usedBy: `checker ${checker.ident} of module ${module}` }]
        : [],
    ),
  );
  return [...nodes, ...checked];
}

/** Everything at once: it takes about two seconds, and changes nothing but a small file that is removed. */
export async function gatherHealth(source: HealthSource): Promise<HealthFacts> {
  const { httpsPort = 9453 } = source;
  const https = await httpsFacts(source);
  const { safe, safevar, daemon, cluster, httpPort, modules, nodes, peers, run = runCommand } = source;
  const udpPort = cluster?.config.port ?? 4800;
  const runs = daemon.runs;
  const traffic: readonly Traffic[] = [
    { what: 'udp', protocol: 'udp', port: udpPort },
    { what: 'http', protocol: 'tcp', port: httpPort },
    { what: 'icmp', protocol: 'icmp', port: null },
  ];
  const pid = runs ? daemon.pid : null;
  const [disks, synchronised, ports, reach, firewall, needs, modes, unresolved, machine, files, loopDelayMs, certificates] =
    await Promise.all([
      Promise.all([diskFacts(safevar, true), diskFacts(safe, false)]),
      isSynchronised(run),
      portFacts(
        [
          { port: udpPort, protocol: 'udp', use: 'cluster', wanted: runs && cluster !== null },
          { port: httpPort, protocol: 'tcp', use: 'web service', wanted: runs },
          { port: httpsPort, protocol: 'tcp', use: 'web service, HTTPS', wanted: runs && https !== null },
        ],
        pid,
      ),
      reachFacts(nodes, httpPort),
      readFirewall(run, traffic),
      needsOf(modules),
      checkModes({ safe, safevar }),
      unresolvedNames(namesOf(source)),
      machineFacts(),
      openFiles(pid),
      runs ? loopDelay(source.watchMs ?? 1_000) : Promise.resolve(null),
      Promise.all([certificatesBelow(join(safevar, 'pki')), certificatesBelow(join(safevar, 'https'))]),
    ]);
  return {
    ...{ nowMs: source.wallMs(), node: source.node, version: source.version },
    daemonError: daemon.runs ? null : daemon.error,
    clock: { synchronised, setByMs: daemon.runs ? daemon.setByMs : null },
    disks: disks.filter((disk) => disk !== null),
    ...{ ports, reach, firewall, peers, modes, unresolved, machine, openFiles: files, loopDelayMs },
    signature: cluster?.signature ?? null,
    modules: modules.map(({ name, signature }) => ({ name, signature })),
    ...needs,
    certificates: certificates.flat(),
    https,
    logLinesLost: daemon.runs ? daemon.logLinesLost : null,
  };
}
