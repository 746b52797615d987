/** What must be so before the demo begins: the platform, the ports. Whatever is not is one line that says what to do. */
import { createSocket } from 'node:dgram';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { DemoError } from './demo-error.js';
import { type Layout, socketPathLimit } from './layout.js';

interface Endpoint {
  readonly what: string;
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
}

/** The endpoints that the demo listens on. */
export function endpoints(layout: Layout): readonly Endpoint[] {
  return [
    { what: 'the load balancer', protocol: 'tcp', address: layout.balancerAddress, port: layout.ports.balancer },
    ...layout.nodes.flatMap((node): Endpoint[] => [
      { what: `the application on ${node.name}`, protocol: 'tcp', address: node.address, port: layout.ports.application },
      { what: `the health probe of ${node.name}`, protocol: 'tcp', address: node.address, port: layout.ports.http },
      { what: `the membership of ${node.name}`, protocol: 'udp', address: node.address, port: layout.ports.cluster },
    ]),
  ];
}

/** Why the demo cannot run on this platform; null when it can. */
export function platformProblem(platform: NodeJS.Platform, hasProc: boolean): string | null {
  if (platform === 'linux' && hasProc) return null;
  const here = platform === 'win32' ? 'Windows' : platform === 'darwin' ? 'macOS' : platform;
  return `the demo needs Linux with /proc (here: ${here}); in a container: docker run --rm -it --init -v "$PWD":/holdfast -w /holdfast node:20 npm run demo`;
}

/** Checks the platform, the length of the sockets' paths, and that every port is free. @throws DemoError. */
export async function preflight(layout: Layout): Promise<void> {
  const problem = platformProblem(process.platform, existsSync('/proc/self/stat'));
  if (problem !== null) throw new DemoError(problem);
  for (const node of layout.nodes) {
    if (Buffer.byteLength(node.socket) > socketPathLimit) {
      throw new DemoError(`the path ${node.socket} is too long for a local socket: choose a shorter directory with --dir`);
    }
  }
  for (const endpoint of endpoints(layout)) {
    const code = await tryListen(endpoint);
    if (code !== null) throw new DemoError(portProblem(endpoint, code));
  }
}

/** One line about a port that could not be had. */
export function portProblem(endpoint: Endpoint, code: string): string {
  const where = `${endpoint.address}:${endpoint.port}/${endpoint.protocol}`;
  const finder = `ss -lnp${endpoint.protocol === 'tcp' ? 't' : 'u'} 'sport = :${endpoint.port}'`;
  switch (code) {
    case 'EADDRINUSE':
      return `${where}, wanted for ${endpoint.what}, is in use: see who has it with "${finder}" and stop that, or take other ports with --ports-base 18080`;
    case 'EADDRNOTAVAIL':
      return `the address ${endpoint.address}, wanted for ${endpoint.what}, is not there: add it with "sudo ip address add ${endpoint.address}/8 dev lo" (macOS: sudo ifconfig lo0 alias ${endpoint.address})`;
    case 'EACCES':
      return `${where}, wanted for ${endpoint.what}, is not allowed to you: take ports above 1023 with --ports-base 18080`;
    default:
      return `${where}, wanted for ${endpoint.what}, cannot be had: ${code}`;
  }
}

/** Null, or the code of the error. */
function tryListen(endpoint: Endpoint): Promise<string | null> {
  return new Promise((resolve) => {
    if (endpoint.protocol === 'tcp') {
      const server = createServer();
      server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      server.listen(endpoint.port, endpoint.address, () => server.close(() => resolve(null)));
      return;
    }
    const socket = createSocket('udp4');
    socket.once('error', (error: NodeJS.ErrnoException) => {
      socket.close();
      resolve(error.code ?? error.message);
    });
    socket.bind(endpoint.port, endpoint.address, () => socket.close(() => resolve(null)));
  });
}
