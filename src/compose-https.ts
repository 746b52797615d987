/** Puts HTTPS and joining together, for the composition root. */
import { networkInterfaces } from 'node:os';
import type { Caller, ClusterAdministration, ModuleAdministration, NodeFace, Outcome } from './actors/face.js';
import type { JoinAdministration } from './actors/face-https.js';
import type { Clock } from './actors/ports.js';
import type { AppliedCluster } from './actors/stores.js';
import { apiBase } from './http/api-types.js';
import type { Distribution } from './http/distribution.js';
import { parseJson } from './http/json.js';
import type { PeerClient } from './http/peer-client.js';
import { createCaHelper, type ManagedCaHelper } from './io/caserv/service.js';
import { openCaserv } from './io/caserv/thread.js';
import { createJoin } from './io/join/join.js';
import { knockAt } from './io/join/knock.js';
import { createHttps } from './io/pki/https.js';
import type { ManagedHttps, Serving } from './io/pki/https-parts.js';
import { createIssuer } from './io/pki/issuer.js';
import { createHttpsStore } from './io/pki/store.js';
import type { Message } from './machines/messages.js';
import { messages } from './machines/messages.js';

export interface HttpsParts {
  readonly safevar: string;
  readonly clock: Clock;
  readonly hostname: string;
  readonly named: string | null;
  readonly node: () => string;
  readonly cluster: () => AppliedCluster | null;
  readonly administration: ClusterAdministration;
  readonly modules: ModuleAdministration;
  readonly face: () => NodeFace;
  readonly peers: () => PeerClient;
  readonly distribution: () => Pick<Distribution, 'distribute'>;
  readonly ports: { readonly http: number; readonly https: number; readonly caHelper: number };
  /** Addresses that the web service listens on. */
  readonly hosts: () => readonly string[];
  readonly log: (line: Message) => void;
  readonly note: (caller: Caller, text: string) => void;
  readonly onChange: (serving: Serving | null) => void;
}

/** What a node asks another one in its own name. */
const self = { caller: { who: 'holdfast', identity: null }, role: 'admin' } as const;
const fetchMs = 30_000;

type Answered = { readonly status: number; readonly body: Uint8Array };
function failureOf(node: string, { status, body }: Answered): Outcome<never> {
  const value = parseJson(Buffer.from(body).toString());
  const said = new Map<string, unknown>(typeof value === 'object' && value !== null ? Object.entries(value) : []);
  const [code, detail] = [said.get('code'), said.get('detail')];
  const message = typeof detail === 'string' ? detail : `Node ${node} answered with HTTP ${status}.`;
  return { ok: false, failure: { code: typeof code === 'string' ? code : 'NODE_UNREACHABLE', message: `${node}: ${message}` } };
}

/** Addresses of this machine with the length of their network. */
const networks = (): readonly string[] =>
  Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .flatMap(({ cidr }) => (cidr === null ? [] : [cidr]));

/** Makes both; nothing happens before `begin`. */
export function composeHttps(parts: HttpsParts): {
  readonly https: ManagedHttps;
  readonly caHelper: ManagedCaHelper;
  readonly join: JoinAdministration;
} {
  const { safevar, clock, hostname, named, node, cluster, administration, modules, ports, log, note } = parts;
  const issuer = createIssuer();
  const https = createHttps({
    store: createHttpsStore(safevar, (reason) => log(messages.partFailed('HTTPS', reason))),
    issuer,
    ...{ clock, hostname, node, cluster, log, note, port: ports.https, onChange: parts.onChange },
    async ask(to, method, path, body, timeoutMs) {
      const content =
        body === null ? {} : { headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(body)) };
      const answer = await parts.peers().call(to, { ...self, method, path: `${apiBase}${path}`, timeoutMs, ...content });
      if (!answer.ok) return answer;
      const { status, body: bytes } = answer.value;
      return status >= 200 && status <= 299
        ? { ok: true, value: parseJson(Buffer.from(bytes).toString()) }
        : failureOf(to, answer.value);
    },
  });
  const join = createJoin({
    ...{ clock, hostname, named, node, cluster, administration, https, modules, networks, ports, log, note, knock: knockAt },
    installed: () =>
      parts
        .face()
        .modules()
        .map(({ name, id }) => ({ name, id })),
    isOnline: (name) =>
      parts
        .face()
        .nodes()
        .some((one) => one.name === name && one.online),
    distribute: (xml, nodes, caller) => parts.distribution().distribute({ xml, nodes: [...nodes] }, { caller, role: 'admin' }),
    async fetchModule(from, name) {
      const path = `${apiBase}/modules/${encodeURIComponent(name)}/package`;
      const answer = await parts.peers().call(from, { ...self, method: 'GET', path, timeoutMs: fetchMs });
      if (!answer.ok) return answer;
      return answer.value.status === 200 ? { ok: true, value: answer.value.body } : failureOf(from, answer.value);
    },
  });
  const caHelper = createCaHelper({
    ...{ https, issuer, clock, hostname, node, log, note, port: ports.caHelper, hosts: parts.hosts, open: openCaserv },
  });
  return { https, caHelper, join };
}
