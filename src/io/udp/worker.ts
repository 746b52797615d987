/**
 * The thread that owns the cluster's sockets. It keeps the pulse whatever the main thread is busy with, and hands over what came
 * in the true order and with the true times: before a tick is reported, everything has been read that came before it.
 */
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { Engine, goodbyeCount } from './engine.js';
import { LanSocket } from './lan-socket.js';
import type { FromWorker, ToWorker, WorkerSpec } from './messages.js';

/** Turns of the event loop for which a late tick waits at most while datagrams keep coming; each turn reads up to 32 of a socket. */
const maxDrainTurns = 64;
/** Names of nodes not heard for that long are looked up again, at most that often. */
const lookupAgainMs = 10_000;

const port = parentPort;
if (port === null) throw new Error('This is the entry of a worker thread.');
const spec: WorkerSpec = workerData;
const post = (message: FromWorker): void => port.postMessage(message);
const now = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000;

// The pulse should be kept on a crowded machine too. On Linux this raises this thread only, elsewhere it would raise the process.
if (process.platform === 'linux') {
  try {
    setPriority(-15);
  } catch {
    // Not privileged: the lateness that follows is measured, told and allowed for.
  }
}

const { cluster, self } = spec;
const socketOfLan = new Map<string, LanSocket>();
const engine = new Engine(spec, { send: (lan, node, datagram) => socketOfLan.get(lan)?.send(lan, node, datagram), post }, now());

const lease = new BigInt64Array(spec.lease);
let lastRenewed = 0n;
let received = 0;
let closing = false;
let pulseTimer: NodeJS.Timeout | null = null;
let askTimer: NodeJS.Timeout | null = null;
let urgentTimer: NodeJS.Timeout | null = null;
let lookedUpAtMs = now();
let dueMs = now() + Math.random() * cluster.pulseMs;

function openSockets(): void {
  const own = cluster.lans.flatMap((lan) => {
    const address = lan.nodes.find((node) => node.node === self);
    return address === undefined ? [] : [{ lan, local: address.laddr ?? address.addr }];
  });
  let bound = 0;
  const attempts = [...new Set(own.map((one) => one.local))].map((local) => {
    const lans = own.filter((one) => one.local === local).map((one) => one.lan);
    const names = lans.map((lan) => lan.name);
    const peers = lans.flatMap((lan) =>
      lan.nodes.filter((node) => node.node !== self).map((node) => ({ lan: lan.name, node: node.node, addr: node.addr })),
    );
    const socket = new LanSocket(
      { lan: names.join(', '), local, port: cluster.port, peers },
      {
        received: take,
        problem: ({ code, message }) => post([{ type: 'error', lan: names[0] ?? null, code, message }]),
        tried: (isBound) => {
          bound += isBound ? 1 : 0;
        },
      },
    );
    for (const name of names) socketOfLan.set(name, socket);
    return socket.open();
  });
  void Promise.all(attempts).then(() => {
    if (bound > 0) post([{ type: 'ready', atMs: now() }]);
  });
}

function take(datagram: Buffer, from: string): void {
  received += 1;
  heedLease();
  if (closing || (spec.dropRate > 0 && Math.random() < spec.dropRate)) return;
  engine.received(datagram, now(), from);
}

/** Takes note of what the main thread has renewed: it writes the time into memory that both see, without a message. */
function heedLease(): void {
  const renewed = Atomics.load(lease, 0);
  if (renewed === lastRenewed) return;
  lastRenewed = renewed;
  if (engine.renewLease(Number(renewed), now())) sendUrgently(0);
}

/** Calls back after the sockets have been read until nothing more comes. */
function afterReading(then: () => void): void {
  let seen = -1;
  let turns = 0;
  const look = (): void => {
    if (received === seen || turns >= maxDrainTurns) {
      then();
      return;
    }
    seen = received;
    turns += 1;
    setImmediate(look);
  };
  look();
}

function schedulePulse(): void {
  pulseTimer = setTimeout(
    () => {
      const lateMs = Math.max(0, now() - dueMs);
      afterReading(() => {
        if (closing) return;
        const nowMs = now();
        heedLease();
        engine.pulse(nowMs, lateMs);
        // Pulses that were missed are not made up for.
        dueMs = lateMs > cluster.pulseMs ? nowMs + cluster.pulseMs : dueMs + cluster.pulseMs;
        schedulePulse();
        scheduleAsking();
        lookUpAgain(nowMs);
      });
    },
    Math.max(0, dueMs - now()),
  );
}

function scheduleAsking(): void {
  if (askTimer !== null || closing || !engine.hasSilentPeers(now())) return;
  engine.askSilent(now());
  askTimer = setTimeout(() => {
    askTimer = null;
    afterReading(scheduleAsking);
  }, cluster.pulseMs / 4);
}

function lookUpAgain(nowMs: number): void {
  if (nowMs - lookedUpAtMs < lookupAgainMs) return;
  lookedUpAtMs = nowMs;
  const silentMs = 2 * cluster.slostCount * cluster.pulseMs;
  for (const [lan, socket] of socketOfLan) for (const node of engine.silentFor(lan, silentMs, nowMs)) socket.resolve(lan, node);
}

function sendUrgently(inMs: number): void {
  if (urgentTimer !== null) return;
  if (inMs === 0) {
    engine.urgent(now());
    return;
  }
  urgentTimer = setTimeout(() => {
    urgentTimer = null;
    if (!closing) engine.urgent(now());
  }, inMs);
}

async function close(goodbye: boolean): Promise<void> {
  closing = true;
  for (const timer of [pulseTimer, askTimer, urgentTimer]) if (timer !== null) clearTimeout(timer);
  for (let turn = 0; goodbye && turn < goodbyeCount; turn += 1) {
    engine.goodbye(now());
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await Promise.all([...new Set(socketOfLan.values())].map((socket) => socket.close()));
  post('closed');
  port?.close();
}

port.on('message', (message: ToWorker) => {
  if (closing) return;
  switch (message.type) {
    case 'publish': {
      const inMs = engine.publish(message.body, message.urgent, now());
      if (inMs !== null) sendUrgently(inMs);
      return;
    }
    case 'lookUpNames':
      for (const socket of new Set(socketOfLan.values())) void socket.lookUpNames();
      return;
    case 'rekey':
      engine.rekey(message.keys, now());
      return;
    case 'close':
      void close(message.goodbye);
      return;
  }
});

openSockets();
schedulePulse();
