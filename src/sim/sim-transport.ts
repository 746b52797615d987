/** The simulated transport of one daemon: paces pulses, keeps what was heard, hands over packets and ticks in their order. */

import type { OpenTransport, Transport } from '../actors/ports.js';
import type { Heard, MembershipBody, PulseReport } from '../machines/membership.types.js';
import type { SimHost } from './sim-host.js';
import type { SimNetwork } from './sim-network.js';

/** Sequence numbers that are remembered of each sender and lan. */
const replayWindow = 1_024;
const goodbyes = 3;

/** @param alive whether the daemon that opened it still runs. */
export function createSimTransport(host: SimHost, network: SimNetwork, alive: () => boolean): Transport {
  return {
    open(spec, on): OpenTransport {
      const { cluster, self, keyHex, signature, bootEpoch, leaseMs } = spec;
      const lans = cluster.lans
        .filter((lan) => lan.nodes.some((one) => one.node === self))
        .map((lan) => ({ name: lan.name, peers: lan.nodes.map((one) => one.node).filter((node) => node !== self), sequence: 0 }));
      const epochs = new Map(Object.entries(spec.knownEpochs));
      const heard = new Map<string, { bootEpoch: number; highest: number; atMs: number; seen: Set<number>; sentAtMs: number }>();
      const sentAt = new Map<string, number>();
      let body: MembershipBody | null = null;
      let open = true;
      let leaseUntilMs = host.monotonicMs() + leaseMs;
      let quietSinceMs: number | null = null;
      let dueMs = host.monotonicMs();

      const running = (): boolean => open && alive();
      const mayAct = (): boolean => {
        if (host.monotonicMs() <= leaseUntilMs) return true;
        quietSinceMs ??= host.monotonicMs();
        return false;
      };
      const heardNow = (): readonly Heard[] => {
        const freshMs = cluster.slostCount * cluster.pulseMs;
        return [...heard]
          .filter(([, one]) => host.monotonicMs() - one.atMs <= freshMs)
          .map(([place, one]) => {
            const [node = '', lan = ''] = place.split('@');
            return { node, lan, bootEpoch: one.bootEpoch, sequence: one.highest };
          });
      };
      const sendAll = (goodbye: boolean): void => {
        if (body === null) return;
        const hears = heardNow();
        for (const lan of lans) {
          lan.sequence += 1;
          sentAt.set(`${lan.name}#${lan.sequence}`, host.monotonicMs());
          sentAt.delete(`${lan.name}#${lan.sequence - 64}`);
          const pulse: PulseReport = {
            from: self,
            lan: lan.name,
            bootEpoch,
            sequence: lan.sequence,
            signature,
            goodbye,
            body,
            heard: hears,
            rttMs: null,
          };
          for (const peer of lan.peers) network.send(self, peer, lan.name, keyHex, pulse);
        }
      };
      const receive = (senderKey: string | null, pulse: PulseReport): void => {
        if (!running() || host.suspended() || senderKey !== keyHex) return;
        const place = `${pulse.from}@${pulse.lan}`;
        if (pulse.bootEpoch < (epochs.get(pulse.from) ?? 0)) return;
        epochs.set(pulse.from, pulse.bootEpoch);
        let one = heard.get(place);
        if (one === undefined || one.bootEpoch < pulse.bootEpoch) {
          one = { bootEpoch: pulse.bootEpoch, highest: 0, atMs: 0, seen: new Set(), sentAtMs: 0 };
          heard.set(place, one);
        }
        if (one.seen.has(pulse.sequence) || pulse.sequence <= one.highest - replayWindow) return;
        one.seen.add(pulse.sequence);
        one.seen.delete(pulse.sequence - replayWindow);
        one.highest = Math.max(one.highest, pulse.sequence);
        one.atMs = host.monotonicMs();
        if (!mayAct()) return;
        const echo = pulse.heard.find((entry) => entry.node === self && entry.lan === pulse.lan && entry.bootEpoch === bootEpoch);
        const sentAtMs = echo === undefined ? undefined : sentAt.get(`${pulse.lan}#${echo.sequence}`);
        const rttMs = sentAtMs === undefined ? null : host.monotonicMs() - sentAtMs;
        on({ type: 'pulse', atMs: host.monotonicMs(), pulse: { ...pulse, rttMs } });
      };
      const pulse = (): void => {
        if (!running()) return;
        const nowMs = host.monotonicMs();
        const lateMs = Math.max(0, nowMs - dueMs);
        dueMs = Math.max(dueMs + cluster.pulseMs, nowMs);
        host.schedule(dueMs - nowMs, pulse, true);
        if (!mayAct()) return;
        on({ type: 'tick', atMs: nowMs, lateMs });
        sendAll(false);
      };
      const listening = network.listen(self, receive);
      dueMs = host.monotonicMs() + host.random.uniform() * cluster.pulseMs;
      host.schedule(dueMs - host.monotonicMs(), pulse, true);
      host.schedule(1, () => running() && on({ type: 'ready', atMs: host.monotonicMs() }));

      return {
        publish: (next, urgent) => {
          body = next;
          if (urgent && running() && mayAct()) sendAll(false);
        },
        renewLease: () => {
          leaseUntilMs = host.monotonicMs() + leaseMs;
          if (quietSinceMs === null || !running()) return;
          const lateMs = host.monotonicMs() - quietSinceMs;
          quietSinceMs = null;
          on({ type: 'tick', atMs: host.monotonicMs(), lateMs });
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
