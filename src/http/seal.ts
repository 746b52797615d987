/**
 * Requests between nodes: what a sealed message holds, and how a node knows that it is authentic, meant for it, and new.
 *
 * A request names its sender, its receiver and the receiver's present run, and carries the sender's boot epoch and a counter. The
 * receiver takes each (epoch, counter) once, and no epoch older than the newest. A message recorded earlier is thus of no use: within a
 * run the counter has been seen, and after a restart of the receiver its run is another. The answer is sealed with the digest of the very
 * request as associated data, so that an answer cannot be given to another question.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Caller } from '../actors/face.js';
import { isRouteRole, type RouteRole } from './auth-roles.js';
import { isTextRecord, parseObject, textOf } from './json.js';

/** Another node of the cluster, and where its port 9010 is, the preferred address first. */
export interface SealPeer {
  readonly node: string;
  readonly addresses: readonly { readonly host: string; readonly port: number }[];
}
/**
 * What the cluster's key can do for us: AES-256-GCM under HKDF(cluster key, 'http'), with a fresh random nonce inside. `aad` is
 * authenticated but not carried.
 */
export interface SealKeys {
  /** This node's name. */
  readonly self: string;
  /** Counts the daemon's starts on this node, kept on disk. */
  readonly bootEpoch: number;
  readonly peers: readonly SealPeer[];
  seal(bytes: Uint8Array, aad: Uint8Array): Uint8Array;
  /** Null: not sealed with this key, or changed. */
  open(sealed: Uint8Array, aad: Uint8Array): Uint8Array | null;
  /** Tells the present key from others; absent where there are none. */
  readonly id?: string;
  /** Keys before this one, newest first; absent: none. */
  readonly older?: readonly RetiredSeal[];
}

/** A key that was replaced. */
export interface RetiredSeal {
  /** Tells keys apart. */
  readonly id: string;
  seal(bytes: Uint8Array, aad: Uint8Array): Uint8Array;
  open(sealed: Uint8Array, aad: Uint8Array): Uint8Array | null;
  /** Requests under it are still taken; else it only tells who still has it. */
  readonly accepted: () => boolean;
  /**
   * It was taken until a moment ago. Clocks differ, and whoever comes with it then may have the present key as well: the request is refused, and made again with
   * that one; nobody is named for it. Absent: never.
   */
  readonly lately?: () => boolean;
}

export interface SealedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly caller: Caller;
  /** What the caller may do there. */
  readonly role: RouteRole;
}
export interface SealedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}
/** Counters that may arrive out of order. */
export const replayWindow = 1024;
const headLimit = 64 * 1024;
const requestAad = Buffer.from('holdfast/http/request/1');

function answerAad(sealedRequest: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from('holdfast/http/answer/1 '), createHash('sha256').update(sealedRequest).digest()]);
}
/** Length of the head (4 bytes), head as JSON, body. */
function pack(head: Readonly<Record<string, unknown>>, body: Uint8Array): Uint8Array {
  const text = Buffer.from(JSON.stringify(head));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  return Buffer.concat([length, text, body]);
}
function unpack(bytes: Uint8Array): { readonly head: Readonly<Record<string, unknown>>; readonly body: Uint8Array } | null {
  if (bytes.length < 4) return null;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = buffer.readUInt32BE(0);
  if (length > headLimit || length > buffer.length - 4) return null;
  const head = parseObject(buffer.toString('utf8', 4, 4 + length));
  return head === null ? null : { head, body: buffer.subarray(4 + length) };
}

/** Which of a sender's counters have been taken. */
interface Window {
  epoch: number;
  highest: number;
  readonly seen: Set<number>;
}
function take(window: Window, epoch: number, counter: number): boolean {
  if (epoch < window.epoch) return false;
  if (epoch > window.epoch) {
    window.epoch = epoch;
    window.highest = 0;
    window.seen.clear();
  }
  if (counter <= window.highest - replayWindow || window.seen.has(counter)) return false;
  window.seen.add(counter);
  if (counter > window.highest) {
    window.highest = counter;
    for (const old of window.seen) if (old <= counter - replayWindow) window.seen.delete(old);
  }
  return true;
}

/** Why a request is refused; `lateKey`: its key was taken until a moment ago. */
export type SealRefusal = 'otherCluster' | 'oldKey' | 'lateKey' | 'stranger' | 'misdirected' | 'seenBefore' | 'incomplete';
/** The receiver's verdict. `answer` seals what is to be sent back. */
export type Opened =
  | { readonly kind: 'request'; readonly from: string; readonly request: SealedRequest; answer(answer: SealedAnswer): Uint8Array }
  /** Authentic, but for another run of this daemon: `reply` tells the sender which one runs now. */
  | { readonly kind: 'otherRun'; readonly reply: Uint8Array }
  | {
      readonly kind: 'refused';
      readonly reason: string;
      readonly why: SealRefusal;
      /** Whose request it is, where that is proved. */
      readonly from?: string;
    };
/** A request on its way: `read` opens the answer to it. */
export interface SealedMessage {
  readonly bytes: Uint8Array;
  read(
    sealed: Uint8Array,
  ): { readonly kind: 'answer'; readonly answer: SealedAnswer } | { readonly kind: 'otherRun' } | { readonly kind: 'refused' };
}
export interface Sealer {
  /** Seals a request for a node, with the present key or with one before it. */
  request(keys: SealKeys, to: string, request: SealedRequest, by?: RetiredSeal): SealedMessage;
  /** Opens a request that came in. */
  open(keys: SealKeys, sealed: Uint8Array): Opened;
}

/** Opens with the present key, or with one before it. */
function openWithAny(keys: SealKeys, sealed: Uint8Array): { readonly plain: Uint8Array; readonly by: RetiredSeal | null } | null {
  const plain = keys.open(sealed, requestAad);
  if (plain !== null) return { plain, by: null };
  for (const by of keys.older ?? []) {
    const old = by.open(sealed, requestAad);
    if (old !== null) return { plain: old, by };
  }
  return null;
}

/** One per daemon: holds its run's name, its counter, and what was seen of others. */
export function createSealer(run: string = randomBytes(16).toString('hex')): Sealer {
  const runs = new Map<string, string>();
  const windows = new Map<string, Window>();
  let counter = 0;

  return {
    request(keys, to, request, by) {
      const seal = by ?? keys;
      counter += 1;
      const { method, path, headers, caller, role } = request;
      const head = {
        from: keys.self,
        to,
        toRun: runs.get(to) ?? '',
        epoch: keys.bootEpoch,
        counter,
        method,
        path,
        headers,
        caller,
        role,
      };
      const bytes = seal.seal(pack(head, request.body), requestAad);
      const aad = answerAad(bytes);
      return {
        bytes,
        read(sealed) {
          const plain = seal.open(sealed, aad);
          const message = plain === null ? null : unpack(plain);
          if (message === null) return { kind: 'refused' };
          const { run: theirs, status, headers: answered } = message.head;
          if (typeof theirs === 'string') runs.set(to, theirs);
          if (status === 0) return { kind: 'otherRun' };
          if (typeof status !== 'number' || !isTextRecord(answered)) return { kind: 'refused' };
          return { kind: 'answer', answer: { status, headers: answered, body: message.body } };
        },
      };
    },
    open(keys, sealed) {
      const opened = openWithAny(keys, sealed);
      const message = opened === null ? null : unpack(opened.plain);
      if (opened === null || message === null)
        return { kind: 'refused', reason: 'It is not sealed with the key of this cluster.', why: 'otherCluster' };
      const { by } = opened;
      const { from, to, toRun, epoch, counter: sent, method, path, headers, caller, role } = message.head;
      if (typeof from !== 'string' || !keys.peers.some((peer) => peer.node === from)) {
        return { kind: 'refused', reason: 'Its sender is no other node of this cluster.', why: 'stranger' };
      }
      if (by !== null && !by.accepted())
        return {
          ...{ kind: 'refused', reason: 'It is sealed with a key of this cluster that was replaced.' },
          ...(by.lately?.() === true ? { why: 'lateKey' } : { why: 'oldKey', from }),
        };
      const seal = by ?? keys;
      if (to !== keys.self) return { kind: 'refused', reason: 'It is meant for another node.', why: 'misdirected' };
      const aad = answerAad(sealed);
      if (toRun !== run) return { kind: 'otherRun', reply: seal.seal(pack({ run, status: 0 }, new Uint8Array()), aad) };
      if (!Number.isSafeInteger(epoch) || !Number.isSafeInteger(sent) || typeof epoch !== 'number' || typeof sent !== 'number') {
        return { kind: 'refused', reason: 'It has no counter.', why: 'incomplete' };
      }
      // One for each key: whoever has an old one must not be able to spend the new one's counters.
      const place = `${by?.id ?? ''}\0${from}`;
      const window = windows.get(place) ?? { epoch: 0, highest: 0, seen: new Set() };
      windows.set(place, window);
      if (!take(window, epoch, sent)) {
        return { kind: 'refused', reason: 'It was seen before, or is too old.', why: 'seenBefore', from };
      }
      if (typeof method !== 'string' || typeof path !== 'string' || !isTextRecord(headers) || !isRouteRole(role)) {
        return { kind: 'refused', reason: 'It is not complete.', why: 'incomplete' };
      }
      const who = textOf(caller, 'who');
      if (who === null) return { kind: 'refused', reason: 'It does not say who asks.', why: 'incomplete' };
      return {
        kind: 'request',
        from,
        request: { method, path, headers, body: message.body, caller: { who, identity: textOf(caller, 'identity') }, role },
        answer: (answer) => seal.seal(pack({ run, status: answer.status, headers: answer.headers }, answer.body), aad),
      };
    },
  };
}
