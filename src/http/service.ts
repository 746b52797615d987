/** The whole web service of a daemon: the fronts on its TCP addresses, the app behind them, the CLI's socket. */
import type { ProbeObservation } from './api-types.js';
import { createHttpApp, type HttpApp, type HttpAppOptions } from './app.js';
import {
  createFront,
  type Front,
  type FrontAddress,
  type FrontEvent,
  type FrontLimits,
  type ProbeAnswers,
  type SecureContext,
} from './front/front.js';
import type { PeerClient } from './peer-client.js';
import type { ReadyTable } from './ready-table.js';

export interface HttpServiceOptions extends Omit<HttpAppOptions, 'probes'> {
  /** Written by the control loop; see `createReadyTable`. */
  readonly table: ReadyTable;
  readonly frontLimits?: Partial<FrontLimits>;
  /** Directory of the console's built files; absent: none are served. */
  readonly consoleDir?: string;
  readonly onFrontEvent: (event: FrontEvent) => void;
}
/** Where HTTPS is answered, with what certificate. */
export interface HttpsListening {
  readonly addresses: readonly FrontAddress[];
  readonly context: SecureContext;
  /** What may not stay plain on the other addresses is sent to this port. */
  readonly redirectPort: number;
}
export interface HttpService {
  readonly peers: PeerClient;
  readonly distribution: HttpApp['distribution'];
  /**
   * Listens on exactly these TCP addresses; may be called again when the node's addresses change. Failures are events, and are retried.
   * @param https HTTPS besides, or null for none. With another certificate the connections that are there stay.
   */
  listen(addresses: readonly FrontAddress[], https?: HttpsListening | null): void;
  /** Addresses of the cluster's nodes: the console's page may ask whether they answer. */
  setHosts(hosts: readonly string[]): void;
  probes(): Promise<readonly ProbeObservation[]>;
  /** How often probes were answered, by module. */
  answers(): Promise<readonly ProbeAnswers[]>;
  close(): Promise<void>;
}

function added(all: readonly ProbeAnswers[]): readonly ProbeAnswers[] {
  const sums = new Map<string, ProbeAnswers>();
  for (const { module, ready, refused } of all) {
    const before = sums.get(module) ?? { module, ready: 0, refused: 0 };
    sums.set(module, { module, ready: before.ready + ready, refused: before.refused + refused });
  }
  return [...sums.values()];
}

/**
 * Starts the web service; TCP is not listened on before `listen`.
 * @throws ApiError HTTP_LISTEN when the CLI's socket cannot be opened
 */
export async function startHttpService(options: HttpServiceOptions): Promise<HttpService> {
  const fronts = (): readonly Front[] => (secure === null ? [plain] : [plain, secure]);
  const probes = async (): Promise<readonly ProbeObservation[]> =>
    (await Promise.all(fronts().map((front) => front.probes()))).flat();
  const app = createHttpApp({ ...options, probes });
  await app.listen();
  const { frontLimits, table, onFrontEvent, face } = options;
  const usual = {
    ...{ table, socketPath: app.socketPath, secret: app.secret, node: face.node, onEvent: onFrontEvent },
    ...(frontLimits === undefined ? {} : { limits: frontLimits }),
    ...(options.consoleDir === undefined ? {} : { consoleDir: options.consoleDir }),
  };
  const plain = createFront(usual);
  /** A thread of its own, so that handshakes never keep a probe waiting; only while HTTPS is on. */
  let secure: Front | null = null;
  let hosts: readonly string[] = [];
  const closing = new Set<Promise<void>>();

  const others = (): boolean => options.authority?.required() === true;
  const admit = (): void => {
    for (const front of fronts()) front.admit(others());
  };
  options.authority?.onChange(admit);
  admit();

  function end(front: Front): void {
    const ended = front.close().finally(() => closing.delete(ended));
    closing.add(ended);
  }
  return {
    peers: app.peers,
    distribution: app.distribution,
    listen(addresses, https = null) {
      plain.redirect(https?.redirectPort ?? null);
      plain.listen(addresses);
      if (https === null) {
        if (secure !== null) end(secure);
        secure = null;
        return;
      }
      if (secure === null) {
        secure = createFront({ ...usual, secure: https.context });
        secure.admit(others());
        secure.setHosts(hosts);
      } else secure.secure(https.context);
      secure.listen(https.addresses);
    },
    setHosts(wanted) {
      hosts = wanted;
      for (const front of fronts()) front.setHosts(wanted);
    },
    probes,
    answers: async () => added((await Promise.all(fronts().map((front) => front.answers()))).flat()),
    async close() {
      await Promise.all([...fronts().map((front) => front.close()), ...closing]);
      await app.close();
    },
  };
}
