/** Both ends of a join: the node that invites changes cluster.xml and tells the others; the node that comes takes all over. */
import type { Caller, ClusterAdministration, Failure, ModuleAdministration, Outcome } from '../../actors/face.js';
import type {
  HttpsAdministration,
  HttpsEnrol,
  HttpsNodeResult,
  JoinAdministration,
  JoinAnswer,
  JoinOrder,
  JoinReport,
} from '../../actors/face-https.js';
import type { Clock } from '../../actors/ports.js';
import type { AppliedCluster } from '../../actors/stores.js';
import { addNode } from '../../config/cluster-edit.js';
import { type Message, messages } from '../../machines/messages.js';
import { placeNode } from './addresses.js';
import { readToken, sealAnswer, sealRequest, tokenText } from './exchange.js';
import { createInvitations } from './invitations.js';
import type { KnockAt } from './knock.js';
import { type Admitted, readAdmitted, readArrival } from './said.js';

/** What became of a configuration on each node. */
interface Distributed {
  readonly items: readonly { readonly node: string; readonly state: string; readonly message: string }[];
}
export interface JoinOptions {
  readonly clock: Clock;
  readonly hostname: string;
  /** The name that the daemon was given; null: none. */
  readonly named: string | null;
  readonly node: () => string;
  readonly cluster: () => AppliedCluster | null;
  readonly administration: Pick<ClusterAdministration, 'xml' | 'check' | 'importBundle' | 'exportBundle'>;
  readonly https: Pick<HttpsAdministration, 'status' | 'authority' | 'enrol'>;
  readonly modules: Pick<ModuleAdministration, 'install' | 'apply'>;
  /** Modules that are installed here, with their ids. */
  readonly installed: () => readonly { readonly name: string; readonly id: number }[];
  readonly isOnline: (node: string) => boolean;
  /** Applies a changed cluster.xml here, with the key that is there, and gives it to these nodes, as `-G` does. One that is away gets it when it returns. */
  readonly distribute: (xml: string, nodes: readonly string[], caller: Caller) => Promise<Outcome<Distributed>>;
  readonly fetchModule: (node: string, module: string) => Promise<Outcome<Uint8Array>>;
  /** This machine's addresses with the length of their network. */
  readonly networks: () => readonly string[];
  readonly ports: { readonly http: number; readonly https: number };
  readonly knock: KnockAt;
  readonly log: (line: Message) => void;
  readonly note: (caller: Caller, text: string) => void;
}

const failed = (code: string, message: string): { readonly ok: false; readonly failure: Failure } => ({
  ok: false,
  failure: { code, message },
});
const bracketed = (host: string): string => (host.includes(':') && !host.startsWith('[') ? `[${host}]` : host);

/** Makes it. Nothing is kept on disk: invitations end with the daemon. */
export function createJoin(options: JoinOptions): JoinAdministration {
  const { clock, administration, https, modules, log, note } = options;
  const invitations = createInvitations(() => clock.monotonicMs());
  let queue: Promise<unknown> = Promise.resolve();
  let joining = false;

  function urls({ config }: AppliedCluster): readonly string[] {
    const on = https.status().on;
    const [scheme, port] = on ? ['https', options.ports.https] : ['http', options.ports.http];
    const lans = [...config.lans].sort((left, right) => Number(right.command) - Number(left.command));
    const own = lans.flatMap((lan) => lan.nodes).filter(({ node }) => node === options.node());
    return [...new Set(own.map(({ addr }) => `${scheme}://${bracketed(addr)}:${port}`))];
  }
  /** cluster.xml with the new node in it. */
  async function withNode(
    applied: AppliedCluster,
    request: unknown,
    peer: string,
  ): Promise<Outcome<{ name: string; xml: string; changed: boolean }>> {
    const said = readArrival(request);
    if (said === null) return failed('JOIN_REFUSED', 'The request is not complete: do both nodes have the same version?');
    const placed = placeNode(applied.config, { ...said, peer });
    if (!placed.ok) return failed('JOIN_REFUSED', placed.message);
    const current = await administration.xml();
    if (!current.ok) return current;
    const { name } = said;
    if (applied.config.nodes.includes(name)) {
      // A node that was installed anew comes back: with the same name and the same addresses, while nobody of that name is there.
      const same = placed.addresses.every(({ lan, addr }) =>
        applied.config.lans.some(
          (one) =>
            one.name === lan && one.nodes.some((known) => known.node === name && known.addr.replace(/^\[|\]$/g, '') === addr),
        ),
      );
      if (options.isOnline(name))
        return failed('JOIN_REFUSED', `A node ${name} is a member and online: take another name with --name.`);
      if (!same)
        return failed(
          'JOIN_REFUSED',
          `cluster.xml has a node ${name} with other addresses: take another name, or change cluster.xml first.`,
        );
      return { ok: true, value: { name, xml: current.value, changed: false } };
    }
    const taken = placed.addresses.find(({ lan, addr }) =>
      applied.config.lans.some(
        (one) => one.name === lan && one.nodes.some((known) => known.addr.replace(/^\[|\]$/g, '') === addr),
      ),
    );
    if (taken !== undefined)
      return failed(
        'JOIN_REFUSED',
        `On the lan ${taken.lan} another node has the address ${taken.addr}: name another one with --addr.`,
      );
    const edited = addNode(current.value, name, placed.addresses);
    if (!edited.ok) return failed('JOIN_REFUSED', `The lan ${edited.lan} cannot be found in cluster.xml.`);
    const checked = administration.check(edited.xml);
    return checked.ok
      ? { ok: true, value: { name, xml: edited.xml, changed: true } }
      : failed(
          'JOIN_REFUSED',
          `With that node cluster.xml is not valid: ${(checked.failure.problems ?? []).map(({ message }) => message).join(' ')}`,
        );
  }
  async function admitNow(...[message, peer]: Parameters<JoinAdministration['admit']>): Promise<Outcome<JoinAnswer>> {
    const presented = invitations.present(message, peer);
    if (presented.kind === 'again') return { ok: true, value: presented.answer };
    if (presented.kind === 'refused') {
      if (presented.failure.code !== 'JOIN_THROTTLED') log(messages.joinRefused(peer, presented.failure.code));
      return { ok: false, failure: presented.failure };
    }
    const applied = options.cluster();
    if (applied === null || applied.keyHex === null)
      return failed('JOIN_REFUSED', 'The inviting node has no cluster key any more.');
    const next = await withNode(applied, presented.request, peer);
    if (!next.ok) {
      log(messages.joinRefused(peer, next.failure.code));
      return next;
    }
    const { name, xml, changed } = next.value;
    const steps: HttpsNodeResult[] = [];
    if (changed) {
      // Not to the new node, which has no key yet: it is given all of it with the answer.
      const caller = { who: `holdfast join of ${name}`, identity: null };
      const given = await options.distribute(xml, applied.config.nodes, caller);
      if (!given.ok) {
        log(messages.joinRefused(peer, given.failure.code));
        return failed('JOIN_REFUSED', `cluster.xml cannot be given to the nodes: ${given.failure.message}`);
      }
      for (const { node, state, message: text } of given.value.items) {
        const ok = state === 'done' || state === 'same';
        steps.push({ node, ok, message: ok ? 'Has the new configuration.' : `Does not have the new configuration yet: ${text}` });
      }
    }
    const packed = await administration.exportBundle();
    if (!packed.ok) return packed;
    const bundle = packed.value;
    const state = https.status();
    const authority = https.authority();
    const enrol: HttpsEnrol | null =
      state.on && state.kind === 'private' && state.authorityNode !== null && authority !== null
        ? {
            authorityNode: state.authorityNode,
            authority,
            also: state.also,
            tls12: state.tls12,
            clientCertificates: state.clientCertificates,
          }
        : null;
    const admitted: Admitted = {
      name,
      inviter: options.node(),
      nodes: [...new Set([...applied.config.nodes, name])],
      bundle: Buffer.from(bundle).toString('base64'),
      enrol,
      modules: [...options.installed()],
      steps,
    };
    const answer = sealAnswer(presented.token, message, admitted);
    if (answer === null) return failed('JOIN_REFUSED', 'The request has no usable key.');
    presented.use(answer);
    log(messages.nodeAdmitted(name, peer));
    note({ who: `holdfast join of ${name}`, identity: null }, `node ${name} let in from ${peer}`);
    return { ok: true, value: answer };
  }

  async function installModules(
    wanted: readonly string[],
    admitted: Admitted,
    caller: Caller,
  ): Promise<readonly HttpsNodeResult[]> {
    const names = wanted.includes('*') ? admitted.modules.map(({ name }) => name) : wanted;
    const steps: HttpsNodeResult[] = [];
    for (const name of names) {
      const known = admitted.modules.find((module) => module.name === name);
      const step = (ok: boolean, message: string): void =>
        void steps.push({ node: admitted.name, ok, message: `Module ${name}: ${message}` });
      if (known === undefined) {
        step(false, `${admitted.inviter} does not have it.`);
        continue;
      }
      const archive = await options.fetchModule(admitted.inviter, name);
      const installed = archive.ok ? await modules.install(name, archive.value, null, known.id, false, caller) : archive;
      const applied = installed.ok ? await modules.apply(name, caller) : installed;
      step(applied.ok, applied.ok ? 'installed and configured.' : applied.failure.message);
    }
    return steps;
  }
  async function joinNow(order: JoinOrder, caller: Caller): Promise<Outcome<JoinReport>> {
    const token = readToken(order.token);
    if (token === null) return failed('JOIN_TOKEN', 'That is no token, or not all of it: copy it as cluster invite printed it.');
    if (options.cluster() !== null)
      return failed('CONF_STATE', 'This node belongs to a cluster already: holdfast cluster deconfig takes it out.');
    const wanted = order.name ?? null;
    if (options.named !== null && wanted !== null && wanted !== options.named)
      return failed('CONF_NODE', `The daemon was started as ${options.named}: leave --name out, or start it with another name.`);
    const name = options.named ?? wanted ?? options.hostname.split('.')[0] ?? options.hostname;
    const { message, read } = sealRequest(token, { name, addresses: order.addresses ?? [], networks: options.networks() });
    const answered = await options.knock(order.url, message, token.fingerprint);
    if (!answered.ok) return answered;
    const admitted = readAdmitted(read(answered.value));
    if (admitted === null)
      return failed('JOIN_UNREACHABLE', 'What answers does not know the token: it is not the node that invited.');
    const steps: HttpsNodeResult[] = [...admitted.steps];
    const own = (ok: boolean, text: string): void => void steps.push({ node: admitted.name, ok, message: text });
    const imported = await administration.importBundle(Buffer.from(admitted.bundle, 'base64'), caller);
    if (!imported.ok) return imported;
    own(true, 'Has the key and the configuration of the cluster.');
    log(messages.nodeJoined(order.url, caller.who));
    if (admitted.enrol !== null) {
      const enrolled = await https.enrol(admitted.enrol, caller);
      own(enrolled.ok, enrolled.ok ? 'HTTPS is on.' : `HTTPS is not on yet: ${enrolled.failure.message}`);
    }
    steps.push(...(await installModules(order.modules ?? [], admitted, caller)));
    note(caller, `join ${order.url}`);
    return { ok: true, value: { node: admitted.name, nodes: admitted.nodes, steps } };
  }

  return {
    async invite(minutes, caller) {
      const applied = options.cluster();
      if (applied === null)
        return failed('CONF_NONE', 'There is no cluster configuration yet: holdfast cluster config, or cluster create.');
      if (applied.locked) return failed('CONF_LOCKED', 'The cluster configuration is locked: no node can be added.');
      if (applied.keyHex === null) return failed('CONF_NONE', 'The cluster has no key: holdfast cluster genkey makes one.');
      const token = invitations.make(
        minutes,
        https.authority() === null ? null : (https.status().authority?.fingerprint ?? null),
      );
      if (token === null) return failed('JOIN_REFUSED', 'There are too many invitations: wait until some have ended.');
      note(caller, `cluster invite (${minutes} min)`);
      log(messages.nodeInvited(caller.who, minutes));
      const expires = new Date(clock.wallMs() + minutes * 60_000).toISOString();
      return { ok: true, value: { token: tokenText(token), expires, urls: urls(applied) } };
    },
    admit(message, peer) {
      const next = queue.then(() => admitNow(message, peer));
      queue = next.catch(() => undefined);
      return next;
    },
    async join(order, caller) {
      if (joining) return failed('CONF_STATE', 'This node is joining already.');
      joining = true;
      try {
        return await joinNow(order, caller);
      } finally {
        joining = false;
      }
    },
  };
}
