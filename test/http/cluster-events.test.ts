/** The events of all nodes as one stream: shared feeds, resuming, what is lost, what does not answer. */
import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import type { NodeEvent, NodeFace, Outcome } from '../../src/actors/face.js';
import { type ClusterItem, createClusterEvents, parseSince } from '../../src/http/cluster-events.js';
import type { PeerClient, PeerRequest } from '../../src/http/peer-client.js';
import type { SealedAnswer } from '../../src/http/seal.js';

const event = (node: string, id: string, type = 'module.state'): NodeEvent => ({
  ...{ id, node, module: 'farm', type, at: '2026-01-31T14:22:33.000Z', atMs: 1, cause: null },
  data: { state: 'UP' },
});
const answered = (status: number, value: unknown): Outcome<SealedAnswer> => ({
  ok: true,
  value: { status, headers: {}, body: Buffer.from(JSON.stringify(value)) },
});
const page = (items: readonly NodeEvent[], next: string, lost = false) => answered(200, { items, next, lost });
const unreachable: Outcome<SealedAnswer> = { ok: false, failure: { code: 'NODE_UNREACHABLE', message: 'Node n2 is silent.' } };

/** A node n1 with a peer n2 that answers when the test says so. */
function lab(peerNames: readonly string[] = ['n2']) {
  const listeners = new Set<(one: NodeEvent) => void>();
  const asked: {
    readonly node: string;
    readonly path: string;
    readonly role: string;
    answer(outcome: Outcome<SealedAnswer>): void;
    readonly aborted: () => boolean;
  }[] = [];
  let names = peerNames;
  const face: Pick<NodeFace, 'node' | 'nodes' | 'subscribe' | 'events'> = {
    node: 'n1',
    nodes: () =>
      ['n1', ...names].map((name) => ({
        ...{ name, self: name === 'n1', online: true, leader: false, addresses: [], lans: [] },
        ...{ sameConfiguration: true, evidence: null, error: null },
      })),
    subscribe: (onEvent) => {
      listeners.add(onEvent);
      return { close: () => void listeners.delete(onEvent) };
    },
    events: (since) =>
      since === '7.1' ? { items: [event('n1', '7.2')], lost: false, next: '7.2' } : { items: [], lost: true, next: '7.2' },
  };
  const peers: PeerClient = {
    call: (node: string, request: PeerRequest) =>
      new Promise((resolve) => {
        asked.push({
          node,
          path: request.path,
          role: request.role,
          answer: resolve,
          aborted: () => request.signal?.aborted === true,
        });
      }),
  };
  const events = createClusterEvents({ face, peers, pauseMs: 0, retryMs: 0 });
  return {
    events,
    asked,
    listeners,
    tell: (one: NodeEvent) => {
      for (const listener of listeners) listener(one);
    },
    rename: (next: readonly string[]) => {
      names = next;
    },
    /** Answers the newest question, and waits for the next one. */
    async answer(outcome: Outcome<SealedAnswer>) {
      const count = asked.length;
      asked.at(-1)?.answer(outcome);
      for (let turns = 0; asked.length === count && turns < 1000; turns += 1) await turn();
    },
  };
}
function words(items: readonly ClusterItem[]): readonly string[] {
  return items.map((item) =>
    item.kind === 'event' ? `${item.event.node} ${item.event.id}` : `${item.notice.node} ${item.notice.code}`,
  );
}

t.test('one question a peer, however many listen; nobody listens, nobody asks', async (t) => {
  const { events, asked, answer, tell, listeners } = lab();
  t.equal(asked.length, 0);
  const [first, second]: [ClusterItem[], ClusterItem[]] = [[], []];
  const one = events.subscribe(new Map(), (item) => first.push(item));
  const two = events.subscribe(new Map(), (item) => second.push(item));
  t.match(asked, [{ node: 'n2', path: '/api/v1/events?types=-', role: 'monitor' }]);
  await answer(page([], '3.10'));
  t.match(asked.at(-1)?.path, /since=3\.10&waitMs=1000$/);
  await answer(page([event('n2', '3.11')], '3.11'));
  tell(event('n1', '7.3'));
  t.strictSame(words(first), ['n2 3.11', 'n1 7.3']);
  t.strictSame(words(second), words(first));
  one.close();
  t.equal(asked.at(-1)?.aborted(), false);
  two.close();
  t.equal(asked.at(-1)?.aborted(), true);
  t.equal(listeners.size, 0);
});

t.test('who comes back goes on where it was, or is told to read again', async (t) => {
  const { events, answer } = lab();
  const kept = events.subscribe(new Map(), () => undefined);
  await answer(page([], '3.10'));
  await answer(page([event('n2', '3.11'), event('n2', '3.12')], '3.12'));
  const again: ClusterItem[] = [];
  events.subscribe(
    new Map([
      ['n1', '7.1'],
      ['n2', '3.11'],
    ]),
    (item) => again.push(item),
  );
  t.strictSame(words(again), ['n1 7.2', 'n2 3.12']);
  const late: ClusterItem[] = [];
  events.subscribe(
    new Map([
      ['n1', '6.1'],
      ['n2', '3.1'],
      ['n9', '1.1'],
    ]),
    (item) => late.push(item),
  );
  t.strictSame(words(late), ['n1 EVENTS_LOST', 'n2 EVENTS_LOST', 'n9 EVENTS_LOST']);
  kept.close();
  events.close();
});

t.test('a node that is silent is told once, and read again when it is back', async (t) => {
  const { events, answer } = lab();
  const items: ClusterItem[] = [];
  events.subscribe(new Map(), (item) => items.push(item));
  await answer(page([], '3.10'));
  await answer(unreachable);
  await answer(unreachable);
  await answer(answered(500, { code: 'INTERNAL' }));
  t.strictSame(words(items), ['n2 NODE_UNREACHABLE']);
  const late: ClusterItem[] = [];
  events.subscribe(new Map(), (item) => late.push(item));
  t.strictSame(words(late), ['n2 NODE_UNREACHABLE'], 'whoever comes later is told, too');
  await answer(page([event('n2', '4.1')], '4.1'));
  t.strictSame(words(items).slice(1), ['n2 EVENTS_LOST', 'n2 4.1']);
  await answer(page([event('n2', '5.1')], '5.1', true));
  t.strictSame(words(items).slice(3), ['n2 EVENTS_LOST', 'n2 5.1'], 'its ring went round');
  events.close();
});

t.test('nodes come and go', async (t) => {
  const { events, asked, tell, rename } = lab();
  events.subscribe(new Map(), () => undefined);
  rename(['n3']);
  tell(event('n1', '7.4', 'view.changed'));
  t.equal(asked[0]?.aborted(), true);
  t.equal(asked.at(-1)?.node, 'n3');
  events.close();
});

t.test('since', async (t) => {
  t.strictSame(
    [...parseSince('n1=3.17,n2=5.4')],
    [
      ['n1', '3.17'],
      ['n2', '5.4'],
    ],
  );
  t.strictSame([...parseSince('n1,=3.1,n2=x,n3=1.2.3,n4=7.8')], [['n4', '7.8']]);
  t.strictSame([...parseSince(null)], []);
});
