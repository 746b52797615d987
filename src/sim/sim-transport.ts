/**
 * The simulated transport of one daemon. It stands for the worker thread with its sockets: it paces pulses, asks silent peers, keeps
 * what was heard, drops replays, hands over with the tick what is not new, and goes on while the main loop hangs, until the lease is
 * over. Same rules as the engine of the real one.
 */
import type { OpenTransport, TimedReport, Transport, TransportEvent } from '../actors/ports.js';
import type { MembershipBody, PulseReport } from '../machines/membership.types.js';
import type { SimHost } from './sim-host.js';
import type { Datagram, HeardEcho, SimNetwork } from './sim-network.js';

/** Sequence numbers below the highest that are told apart, of each sender and lan; the real window is longer. */
const replayWindow = 31;
const goodbyes = 3;

/** The daemon as its transport sees it. */
export interface DaemonGate {
  /** The process is there. */
  alive(): boolean;
  /** Runs something on its main loop: at once, later when the loop hangs, never when the process is gone. */
  enter(run: () => void): void;
}

interface Source {
  readonly node: string;
  readonly lan: string;
  bootEpoch: number;
  highest: number;
  /** Bit n: highest - n was seen. */
  seen: number;
  atMs: number;
  clockMs: number;
  /** What it said last. */
  said: Datagram | null;
}

/** Does a datagram say anything that the one before it did not? Clocks and counters are not news. */
function isNews(before: Datagram | null, now: Datagram): boolean {
  if (before === null || before.heardIs !== now.heardIs) return true;
  const [was, is] = [before.pulse, now.pulse];
  if (was.body === is.body) return was.goodbye !== is.goodbye || was.signature !== is.signature;
  return (
    was.goodbye !== is.goodbye ||
    was.signature !== is.signature ||
    was.body.view !== is.body.view ||
    was.body.modules !== is.body.modules ||
    was.body.shareMaps !== is.body.shareMaps ||
    was.body.mapsDigest !== is.body.mapsDigest
  );
}

/** Are the same boots of the same nodes heard on the same lans? */
function sameSources(left: readonly HeardEcho[], right: readonly HeardEcho[]): boolean {
  return (
    left.length === right.length &&
    left.every((one, index) => {
      const other = right[index];
      return one.node === other?.node && one.lan === other.lan && one.bootEpoch === other.bootEpoch;
    })
  );
}

const echoes = new WeakMap<readonly HeardEcho[], ReadonlyMap<string, HeardEcho>>();
/** Long lists are read by hundreds: each is put in order once. */
const fewEchoes = 16;
/** What was heard of a node on a lan. */
function echoOf(heard: readonly HeardEcho[], node: string, lan: string): HeardEcho | undefined {
  if (heard.length <= fewEchoes) return heard.find((one) => one.node === node && one.lan === lan);
  let known = echoes.get(heard);
  if (known === undefined) {
    known = new Map(heard.map((one) => [`${one.lan} ${one.node}`, one]));
    echoes.set(heard, known);
  }
  return known.get(`${lan} ${node}`);
}

/** Takes a sequence number in. @returns whether it is new. */
function takeSequence(source: Source, sequence: number): boolean {
  const ahead = sequence - source.highest;
  if (ahead > 0) {
    source.seen = ahead > replayWindow ? 1 : ((source.seen << ahead) | 1) >>> 0;
    source.highest = sequence;
    return true;
  }
  const bit = (1 << -ahead) >>> 0;
  if (-ahead > replayWindow || (source.seen & bit) !== 0) return false;
  source.seen = (source.seen | bit) >>> 0;
  return true;
}

/** Transports of a daemon on that machine. */
export function createSimTransport(host: SimHost, network: SimNetwork, gate: DaemonGate): Transport {
  return {
    open(spec, on): OpenTransport {
      const { cluster, self, keyHex, clusterId, signature, bootEpoch, leaseMs } = spec;
      const { pulseMs, slostCount } = cluster;
      const lans = cluster.lans
        .filter((lan) => lan.nodes.some((one) => one.node === self))
        .map((lan) => ({
          name: lan.name,
          peers: lan.nodes.map((one) => one.node).filter((node) => node !== self),
          sequence: 0,
        }));
      const epochs = new Map(Object.entries(spec.knownEpochs));
      /** By lan, then by node. */
      const sources = new Map<string, Map<string, Source>>(lans.map((lan) => [lan.name, new Map()]));
      const answeredAt = new Map<string, number>();
      let body: MembershipBody | null = null;
      let open = true;
      let leaseUntilMs = host.monotonicMs() + leaseMs;
      let quietSinceMs: number | null = null;
      let lastUrgentMs = Number.NEGATIVE_INFINITY;
      let urgentPending = false;
      let asking = false;
      let waiting: TimedReport[] = [];
      let heardBefore: readonly HeardEcho[] = [];
      let heardIs: object = {};
      let dueMs = host.monotonicMs() + host.random.uniform() * pulseMs;

      const running = (): boolean => open && gate.alive();
      const post = (event: TransportEvent): void => gate.enter(() => open && on(event));
      /** Everything that came before, then the event. */
      const tell = (event: TransportEvent): void => {
        const before = waiting;
        waiting = [];
        for (const { atMs, report } of before) post({ type: 'pulse', atMs, pulse: report });
        post(event);
      };
      const tick = (atMs: number, lateMs: number): void => {
        const packets = waiting;
        waiting = [];
        post(packets.length === 0 ? { type: 'tick', atMs, lateMs } : { type: 'tick', atMs, lateMs, packets });
      };
      const mayAct = (nowMs: number): boolean => {
        if (nowMs <= leaseUntilMs) return true;
        quietSinceMs ??= nowMs;
        return false;
      };
      const heardNow = (nowMs: number): readonly HeardEcho[] => {
        const freshMs = slostCount * pulseMs;
        const heard: HeardEcho[] = [];
        for (const ofLan of sources.values()) {
          for (const { node, lan, bootEpoch: epoch, highest, atMs, clockMs } of ofLan.values()) {
            if (nowMs - atMs > freshMs) continue;
            heard.push({ node, lan, bootEpoch: epoch, sequence: highest, echoMs: clockMs, holdMs: nowMs - atMs });
          }
        }
        if (!sameSources(heard, heardBefore)) heardIs = {};
        heardBefore = heard;
        return heard;
      };
      const send = (lan: (typeof lans)[number], to: readonly string[], goodbye: boolean, asks: readonly string[]): void => {
        if (body === null) return;
        const nowMs = host.monotonicMs();
        lan.sequence += 1;
        const pulse = { from: self, lan: lan.name, bootEpoch, sequence: lan.sequence, signature, goodbye, body };
        const heard = heardNow(nowMs);
        const datagram: Datagram = { keyHex, clusterId, clockMs: nowMs, pulse: { ...pulse, heard }, heardIs, asks };
        for (const peer of to) network.send(peer, datagram);
      };
      const sendAll = (goodbye: boolean): void => {
        for (const lan of lans) send(lan, lan.peers, goodbye, []);
      };
      const silentOn = (lan: (typeof lans)[number], nowMs: number): readonly string[] =>
        lan.peers.filter((node) => {
          const source = sources.get(lan.name)?.get(node);
          if (source === undefined) return false;
          const silence = nowMs - source.atMs;
          return silence >= 2 * pulseMs && silence <= 2 * slostCount * pulseMs;
        });
      const askSilent = (): void => {
        asking = false;
        const nowMs = host.monotonicMs();
        if (!running()) return;
        for (const lan of lans) {
          const silent = silentOn(lan, nowMs);
          if (silent.length === 0) continue;
          if (mayAct(nowMs)) send(lan, silent, false, silent);
          if (asking) continue;
          asking = true;
          host.schedule(pulseMs / 4, askSilent, true);
        }
      };
      const urgent = (): void => {
        urgentPending = false;
        const nowMs = host.monotonicMs();
        if (!running() || !mayAct(nowMs)) return;
        lastUrgentMs = nowMs;
        sendAll(false);
      };
      const sendUrgently = (inMs: number): void => {
        if (urgentPending) return;
        urgentPending = true;
        // Handed to the worker, hence never at once.
        host.schedule(Math.max(0.05, inMs), urgent, true);
      };
      const receive = (datagram: Datagram): void => {
        const { keyHex: theirs, clusterId: theirCluster, clockMs, pulse, asks } = datagram;
        if (!running() || host.suspended() || theirs !== keyHex || theirCluster !== clusterId) return;
        const { from, lan } = pulse;
        const nowMs = host.monotonicMs();
        if (pulse.bootEpoch < (epochs.get(from) ?? 0)) return;
        const ofLan = sources.get(lan);
        let source = ofLan?.get(from);
        if (source === undefined || source.bootEpoch !== pulse.bootEpoch) {
          source = { node: from, lan, bootEpoch: pulse.bootEpoch, highest: 0, seen: 0, atMs: nowMs, clockMs, said: null };
          ofLan?.set(from, source);
        }
        if (!takeSequence(source, pulse.sequence)) return;
        epochs.set(from, pulse.bootEpoch);
        source.atMs = nowMs;
        if (source.highest === pulse.sequence) source.clockMs = clockMs;
        if (!mayAct(nowMs)) return;
        const echo = echoOf(pulse.heard, self, lan);
        const rttMs = echo?.bootEpoch !== bootEpoch ? null : Math.max(0, nowMs - echo.echoMs - echo.holdMs);
        const report: PulseReport = { ...pulse, rttMs };
        const isNew = isNews(source.said, datagram);
        source.said = datagram;
        if (isNew) tell({ type: 'pulse', atMs: nowMs, pulse: report });
        else waiting.push({ atMs: nowMs, report });
        const place = `${from}@${lan}`;
        if (!asks.includes(self) || nowMs - (answeredAt.get(place) ?? Number.NEGATIVE_INFINITY) < pulseMs / 8) return;
        answeredAt.set(place, nowMs);
        for (const one of lans) if (one.name === lan) send(one, [from], false, []);
      };
      const pulse = (): void => {
        if (!running()) return;
        const nowMs = host.monotonicMs();
        const lateMs = Math.max(0, nowMs - dueMs);
        // Pulses that were missed are not made up for.
        dueMs = lateMs > pulseMs ? nowMs + pulseMs : dueMs + pulseMs;
        host.schedule(dueMs - nowMs, pulse, true);
        if (mayAct(nowMs)) {
          tick(nowMs, lateMs);
          sendAll(false);
        }
        if (!asking) askSilent();
      };
      const listening = network.listen(self, receive);
      host.schedule(dueMs - host.monotonicMs(), pulse, true);
      host.schedule(1, () => running() && post({ type: 'ready', atMs: host.monotonicMs() }));

      return {
        publish: (next, isUrgent) => {
          body = next;
          if (isUrgent && running()) sendUrgently(lastUrgentMs + pulseMs / 10 - host.monotonicMs());
        },
        lookUpNames: () => undefined,
        renewLease: () => {
          const nowMs = host.monotonicMs();
          leaseUntilMs = nowMs + leaseMs;
          if (quietSinceMs === null || !running()) return;
          const lateMs = nowMs - quietSinceMs;
          // First: what is handed over renews the lease as well.
          quietSinceMs = null;
          tick(nowMs, lateMs);
          sendUrgently(0);
        },
        close: (goodbye) => {
          if (goodbye && running()) for (let count = 0; count < goodbyes; count += 1) sendAll(true);
          open = false;
          listening.close();
          return Promise.resolve();
        },
      };
    },
  };
}
