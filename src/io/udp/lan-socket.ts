/**
 * The socket of a local address: bound, bound again with growing pauses when that fails, and the addresses of the peers it sends
 * to. Lans that share a local address share its socket; the header says which lan a datagram is of.
 */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { DgramAsPromised, type SocketAsPromised } from 'dgram-as-promised';

export interface SocketProblem {
  readonly code: string;
  readonly message: string;
}
export interface PeerAddress {
  readonly lan: string;
  readonly node: string;
  /** Address or name. */
  readonly addr: string;
}
export interface LanSocketSpec {
  /** For messages: the lan, or the lans that share this address. */
  readonly lan: string;
  /** Address or name to bind. */
  readonly local: string;
  readonly port: number;
  readonly peers: readonly PeerAddress[];
  /** Default: the system's own (`getaddrinfo`). */
  readonly lookup?: typeof lookupName;
}
export interface LanSocketActs {
  readonly received: (datagram: Buffer, from: string) => void;
  readonly problem: (problem: SocketProblem) => void;
  /** The first attempt to bind has ended, well or not. */
  readonly tried: (bound: boolean) => void;
}

const firstRetryMs = 500;
const lastRetryMs = 10_000;
/** One report of the same problem in that time. */
const reportAgainMs = 60_000;

const lookupName = (name: string, family: 0 | 4 | 6): Promise<{ readonly address: string; readonly family: number }> =>
  lookup(name, { family });

interface Resolved {
  readonly address: string;
  readonly family: 4 | 6;
}

export class LanSocket {
  readonly #spec: LanSocketSpec;
  readonly #acts: LanSocketActs;
  readonly #addresses = new Map<string, Resolved>();
  readonly #resolving = new Set<string>();
  readonly #reportedAt = new Map<string, number>();
  #socket: SocketAsPromised | null = null;
  #family: 4 | 6 = 4;
  #retryMs = firstRetryMs;
  #retry: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(spec: LanSocketSpec, acts: LanSocketActs) {
    this.#spec = spec;
    this.#acts = acts;
  }

  /** Binds, and goes on trying when that fails. Resolves after the first attempt. */
  async open(): Promise<void> {
    const bound = await this.#bind();
    this.#acts.tried(bound);
    for (const peer of this.#spec.peers) this.resolve(peer.lan, peer.node);
  }

  async #bind(): Promise<boolean> {
    const { local, port, lan } = this.#spec;
    const address = await this.#lookup(local);
    if (this.#closed) return false;
    if (address === null) {
      this.#report(
        'NET_RESOLVE',
        `The name ${local} of this node on lan ${lan} has no address. Correct cluster.xml or the name service.`,
      );
      this.#retryLater();
      return false;
    }
    this.#family = address.family;
    const socket = DgramAsPromised.createSocket(
      {
        type: address.family === 6 ? 'udp6' : 'udp4',
        // Addresses are resolved here, once; asking again for each datagram would only cost time.
        lookup: (hostname, _options, callback) => callback(null, hostname, address.family),
      },
      (datagram, { address: from }) => this.#acts.received(datagram, from),
    );
    try {
      await socket.bind({ port, address: address.address, exclusive: true });
    } catch (error) {
      await closeQuietly(socket);
      this.#report(...bindProblem(error, address.address, port, lan));
      this.#retryLater();
      return false;
    }
    if (this.#closed) {
      await closeQuietly(socket);
      return false;
    }
    this.#retryMs = firstRetryMs;
    this.#socket = socket;
    // A burst of all peers must fit while this thread is not scheduled; the kernel grants what its limits allow.
    try {
      socket.setRecvBufferSize(1_048_576);
    } catch {
      // The default is enough for a small cluster.
    }
    socket.socket.on('error', (error) => {
      this.#report('NET_SOCKET', `The socket of lan ${lan} failed (${error.message}); it is opened again.`);
      if (this.#socket === socket) this.#socket = null;
      void closeQuietly(socket);
      this.#retryLater();
    });
    return true;
  }

  /** Looks all names up anew; a socket whose own name has another address by now is bound to that one. */
  async lookUpNames(): Promise<void> {
    const { local, peers } = this.#spec;
    const bound = this.#socket;
    if (bound !== null && isIP(bare(local)) === 0) {
      const address = await this.#lookup(local);
      // Another change may have come first; where the name has no address, what is bound serves on.
      if (!this.#closed && this.#socket === bound && address !== null && address.address !== bound.address().address) {
        this.#socket = null;
        await closeQuietly(bound);
        await this.#bind();
      }
    }
    for (const peer of peers) this.resolve(peer.lan, peer.node);
  }

  #retryLater(): void {
    if (this.#closed || this.#retry !== null) return;
    this.#retry = setTimeout(() => {
      this.#retry = null;
      void this.#bind();
    }, this.#retryMs);
    this.#retryMs = Math.min(lastRetryMs, this.#retryMs * 2);
  }

  /** Looks a peer's name up again; a literal address once. */
  resolve(lan: string, node: string): void {
    const place = `${lan} ${node}`;
    const peer = this.#spec.peers.find((one) => one.lan === lan && one.node === node);
    if (peer === undefined || this.#resolving.has(place)) return;
    if (isIP(bare(peer.addr)) !== 0 && this.#addresses.has(place)) return;
    this.#resolving.add(place);
    void this.#lookup(peer.addr).then((address) => {
      this.#resolving.delete(place);
      if (address !== null) this.#addresses.set(place, address);
      else if (!this.#addresses.has(place)) {
        const message = `The name ${peer.addr} of node ${node} on lan ${lan} has no address. Correct cluster.xml or the name service.`;
        this.#report('NET_RESOLVE', message);
      }
    });
  }

  async #lookup(name: string): Promise<Resolved | null> {
    const literal = bare(name);
    const family = isIP(literal);
    if (family !== 0) return { address: literal, family: family === 6 ? 6 : 4 };
    try {
      // A node's own name may have addresses of both families: the peers' family is the one of the socket.
      const wanted = this.#socket === null ? 0 : this.#family;
      const found = await (this.#spec.lookup ?? lookupName)(literal, wanted);
      return { address: found.address, family: found.family === 6 ? 6 : 4 };
    } catch {
      return null;
    }
  }

  /** Sends if the socket is bound and the peer's address known; a failure is reported once a minute. */
  send(lan: string, node: string, datagram: Buffer): void {
    const address = this.#addresses.get(`${lan} ${node}`);
    if (this.#socket === null || address === undefined) return;
    if (address.family !== this.#family) {
      const message = `Lan ${lan} mixes IPv4 and IPv6: ${node} has ${address.address}. Give all nodes of a lan the same kind.`;
      this.#report('NET_FAMILY', message);
      return;
    }
    this.#socket.send(datagram, this.#spec.port, address.address).catch((error: unknown) => {
      this.#report('NET_SEND', `Nothing can be sent to ${node} (${address.address}) on lan ${lan}: ${messageOf(error)}.`);
    });
  }

  #report(code: string, message: string): void {
    const nowMs = performance.now();
    const last = this.#reportedAt.get(message) ?? Number.NEGATIVE_INFINITY;
    if (this.#closed || nowMs - last < reportAgainMs) return;
    // There are few different messages; should names and addresses change all the time, the memory is kept small.
    if (this.#reportedAt.size >= 256) this.#reportedAt.clear();
    this.#reportedAt.set(message, nowMs);
    this.#acts.problem({ code, message });
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    const socket = this.#socket;
    this.#socket = null;
    if (socket !== null) await closeQuietly(socket);
  }
}

/** An IPv6 literal stands in brackets in cluster.xml (section 1.2 of the compatibility page). */
function bare(address: string): string {
  return address.startsWith('[') && address.endsWith(']') ? address.slice(1, -1) : address;
}

function bindProblem(error: unknown, address: string, port: number, lan: string): [string, string] {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null;
  const place = `UDP ${isIP(address) === 6 ? `[${address}]` : address}:${port} of lan ${lan}`;
  if (code === 'EADDRINUSE') {
    return [
      'NET_PORT_IN_USE',
      `${place} is in use by another program. Stop that program (ss -lunp shows it) or change <lans port> in cluster.xml.`,
    ];
  }
  if (code === 'EADDRNOTAVAIL') {
    return [
      'NET_ADDRESS',
      `${place} is not an address of this machine. Correct addr, or set laddr to the local address, in cluster.xml.`,
    ];
  }
  if (code === 'EACCES')
    return ['NET_DENIED', `${place} may not be opened by this user. Use a port above 1023, or run with the privilege for it.`];
  return ['NET_SOCKET', `${place} cannot be opened: ${messageOf(error)}.`];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function closeQuietly(socket: SocketAsPromised): Promise<void> {
  try {
    await socket.close();
  } catch {
    // It was never opened, or has been closed already.
  }
}
