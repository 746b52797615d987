/** Whether something answers at an address, and what it is called. Of what answers nothing is told but a name, so that no page is read by it. */
import { promises as dns } from 'node:dns';
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { AddressPort, AddressReport } from '../../actors/face-network.js';
import { isHost, withoutBrackets } from '../../config/addresses.js';

/** The world that is looked at; tests have another. */
export interface LookWorld {
  /** Addresses of a name, none where it has none. */
  resolve(name: string): Promise<readonly string[]>;
  /** Names of an address. */
  reverse(address: string): Promise<readonly string[]>;
  /** Addresses of this machine. */
  own(): readonly string[];
}
export interface LookOptions {
  readonly node: () => string;
  readonly port: number;
  readonly timeoutMs?: number;
  readonly world?: LookWorld;
}

const usualTimeoutMs = 2500;
const mostAtOnce = 16;
const answerLimit = 16 * 1024;
const nodeName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

export const realWorld: LookWorld = {
  resolve: async (name) => (await dns.lookup(name, { all: true })).map(({ address }) => address),
  reverse: (address) => dns.reverse(address),
  own: () =>
    Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .map(({ address }) => address),
};

async function readSome(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.length;
    if (bytes > answerLimit) return '';
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
/** The name of the daemon that said this; null: no daemon of ours speaks like that. */
function speaker(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('node' in value) || !('methods' in value || 'code' in value))
      return null;
    return typeof value.node === 'string' && nodeName.test(value.node) ? value.node : null;
  } catch {
    return null;
  }
}

interface Heard {
  readonly state: 'node' | 'other' | 'refused' | 'silent';
  readonly name: string | null;
}
async function ask(url: URL, signal: AbortSignal, hops = 1): Promise<Heard> {
  const secure = url.protocol === 'https:';
  const { request } = secure ? await import('node:https') : { request: httpRequest };
  // Only a name is taken from it: there is nothing to believe, and a cluster's own authority is not known here yet.
  const options: RequestOptions & { readonly rejectUnauthorized: boolean } = { agent: false, signal, rejectUnauthorized: false };
  return new Promise((resolve) => {
    const outgoing = request(url, options, (response) => {
      const location = response.headers.location ?? '';
      if (hops > 0 && response.statusCode === 308 && URL.canParse(location) && new URL(location).hostname === url.hostname) {
        response.destroy();
        resolve(ask(new URL(location), signal, hops - 1));
        return;
      }
      readSome(response).then(
        (text) => {
          const name = speaker(text);
          resolve({ state: name === null ? 'other' : 'node', name });
        },
        () => resolve({ state: 'other', name: null }),
      );
    });
    outgoing.once('error', (error: NodeJS.ErrnoException) => {
      const state =
        error.code === 'ECONNREFUSED'
          ? 'refused'
          : error.code === 'ECONNRESET' || error.code === 'HPE_INVALID_CONSTANT'
            ? 'other'
            : 'silent';
      resolve({ state, name: null });
    });
    outgoing.end();
  });
}
/** What comes in time; else the other value. */
async function within<T>(work: Promise<T>, signal: AbortSignal, otherwise: T): Promise<T> {
  return Promise.race([
    work.catch(() => otherwise),
    new Promise<T>((resolve) => {
      signal.addEventListener('abort', () => resolve(otherwise), { once: true });
    }),
  ]);
}
const shortName = (names: readonly string[]): string | null => {
  const first = names[0]?.split('.')[0] ?? '';
  return nodeName.test(first) && isIP(names[0] ?? '') === 0 && first !== 'localhost' ? first : null;
};

/** Makes it. */
export function createAddressLook({
  node,
  port: usualPort,
  timeoutMs = usualTimeoutMs,
  world = realWorld,
}: LookOptions): AddressPort {
  let running = 0;

  async function look(address: string, port: number): Promise<AddressReport> {
    const plain = withoutBrackets(address.trim());
    const signal = AbortSignal.timeout(timeoutMs);
    const report = (
      state: AddressReport['state'],
      addresses: readonly string[],
      name: string | null,
      message: string,
    ): AddressReport => ({
      ...{ address, addresses, state, name, message },
    });
    if (!isHost(address.trim()))
      return report('unknown', [], null, `${JSON.stringify(address.slice(0, 80))} is no address and no name.`);
    const addresses = isIP(plain) === 0 ? await within(world.resolve(plain), signal, []) : [plain];
    const [first] = addresses;
    if (first === undefined) return report('unknown', [], null, `The name ${plain} has no address, or no name server answers.`);
    // Of a name, its first part; of an address, the name that the name servers know.
    const named = async (): Promise<string | null> =>
      shortName(isIP(plain) === 0 ? [plain] : await within(world.reverse(plain), signal, []));
    const host = first.includes(':') ? `[${first}]` : first;
    const where = `${host}:${port}`;
    const [heard, machine] = await Promise.all([ask(new URL(`http://${where}/api/v1/login`), signal), named()]);
    if (world.own().includes(first) && (heard.name === null || heard.name === node()))
      return report('self', addresses, node(), 'This is the node that the console comes from.');
    if (heard.state === 'node')
      return report('node', addresses, heard.name, `The daemon of node ${heard.name} answers at ${where}.`);
    if (heard.state === 'other')
      return report('other', addresses, machine, `Something answers at ${where}, but it is no daemon of Holdfast.`);
    if (heard.state === 'refused')
      return report('refused', addresses, machine, `The machine ${first} is there, but no daemon listens on port ${port}.`);
    return report(
      'silent',
      addresses,
      machine,
      `Nothing came back from ${where} within ${timeoutMs / 1000} s: is the machine on, and the port open in its firewall?`,
    );
  }
  return {
    async look(address, port) {
      if (running >= mostAtOnce) return null;
      running += 1;
      try {
        return await look(address, port ?? usualPort);
      } finally {
        running -= 1;
      }
    },
  };
}
