/** Where everything of the demo is: directories, addresses, ports. */
import { join } from 'node:path';

/** The four ports. `cluster` is UDP, the others TCP. */
export interface DemoPorts {
  readonly balancer: number;
  readonly application: number;
  readonly http: number;
  readonly cluster: number;
}
/** One node. */
export interface NodeLayout {
  readonly name: NodeName;
  readonly address: string;
  readonly dir: string;
  /** SAFE: what is installed. */
  readonly safe: string;
  /** SAFEVAR: working files. */
  readonly safeVar: string;
  /** The daemon's local socket. */
  readonly socket: string;
  /** What the daemon prints. */
  readonly output: string;
}
export type NodeName = 'n1' | 'n2';
/** The whole demo. */
export interface Layout {
  readonly dir: string;
  readonly ports: DemoPorts;
  readonly balancerAddress: string;
  readonly nodes: readonly NodeLayout[];
  /** The module's name. */
  readonly module: string;
}

/** Longest path of a local socket (sun_path without its end). */
export const socketPathLimit = 107;

/** Lays the demo out under `dir`; `portsBase` null takes the usual ports (compatibility page section 1.6). */
export function layOut(dir: string, portsBase: number | null): Layout {
  const ports: DemoPorts =
    portsBase === null
      ? { balancer: 8080, application: 8081, http: 9010, cluster: 4800 }
      : { balancer: portsBase, application: portsBase + 1, http: portsBase + 2, cluster: portsBase + 3 };
  const node = (name: NodeName, address: string): NodeLayout => {
    const nodeDir = join(dir, name);
    const safeVar = join(nodeDir, 'var');
    return {
      name,
      address,
      dir: nodeDir,
      safe: join(nodeDir, 'safe'),
      safeVar,
      socket: join(safeVar, 'holdfast.sock'),
      output: join(nodeDir, 'holdfastd.out'),
    };
  };
  return { dir, ports, balancerAddress: '127.0.0.1', nodes: [node('n1', '127.0.0.1'), node('n2', '127.0.0.2')], module: 'web' };
}

/** `cluster.xml` of the demo. */
export function clusterXml(layout: Layout): string {
  const nodes = layout.nodes.map((node) => `      <node name="${node.name}" addr="${node.address}"/>`);
  return [
    '<cluster>',
    `  <lans port="${layout.ports.cluster}">`,
    '    <lan name="default" command="on">',
    ...nodes,
    '    </lan>',
    '  </lans>',
    '</cluster>',
    '',
  ].join('\n');
}
