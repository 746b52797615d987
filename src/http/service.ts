/** The whole web service of a daemon: the front on its TCP addresses, the app behind it, the CLI's socket. */
import type { ProbeObservation } from './api-types.js';
import { createHttpApp, type HttpAppOptions } from './app.js';
import { createFront, type FrontAddress, type FrontEvent, type FrontLimits, type ProbeAnswers } from './front/front.js';
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
export interface HttpService {
  readonly peers: PeerClient;
  /** Listens on exactly these TCP addresses; may be called again when the node's addresses change. Failures are events, and are retried. */
  listen(addresses: readonly FrontAddress[]): void;
  /** Addresses of the cluster's nodes: the console's page may ask whether they answer. */
  setHosts(hosts: readonly string[]): void;
  probes(): Promise<readonly ProbeObservation[]>;
  /** How often probes were answered, by module. */
  answers(): Promise<readonly ProbeAnswers[]>;
  close(): Promise<void>;
}

/**
 * Starts the web service; TCP is not listened on before `listen`.
 * @throws ApiError HTTP_LISTEN when the CLI's socket cannot be opened
 */
export async function startHttpService(options: HttpServiceOptions): Promise<HttpService> {
  const app = createHttpApp({ ...options, probes: () => front.probes() });
  await app.listen();
  const { frontLimits, table, onFrontEvent, face } = options;
  const front = createFront({
    ...{ table, socketPath: app.socketPath, secret: app.secret, node: face.node, onEvent: onFrontEvent },
    ...(frontLimits === undefined ? {} : { limits: frontLimits }),
    ...(options.consoleDir === undefined ? {} : { consoleDir: options.consoleDir }),
  });
  const admit = (): void => front.admit(options.authority?.required() === true);
  options.authority?.onChange(admit);
  admit();
  return {
    peers: app.peers,
    listen: (addresses) => front.listen(addresses),
    setHosts: (hosts) => front.setHosts(hosts),
    probes: () => front.probes(),
    answers: () => front.answers(),
    async close() {
      await front.close();
      await app.close();
    },
  };
}
