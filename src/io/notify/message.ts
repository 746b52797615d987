/** What a notification says: events of a window, grouped by module, in words for people. Pure. */
import type { Explanation, NodeEvent } from '../../actors/face.js';

/** One event that is worth telling. */
export interface Item {
  /** Id of the event on its node. */
  readonly id: string;
  /** Null: the node itself. */
  readonly module: string | null;
  readonly at: string;
  readonly kind: 'critical' | 'state' | 'nodes';
  /** In one sentence. */
  readonly text: string;
  /** For `state`: where it came from and where it went. */
  readonly before: string | null;
  readonly after: string | null;
  /** What the flight recorder says of a module's last change in its window. */
  readonly explanation: Explanation | null;
}
/** One notification as it is handed to a channel. */
export interface Message {
  /** The same at each attempt: a receiver can leave out what it has already. */
  readonly id: string;
  readonly node: string;
  readonly test: boolean;
  readonly severity: 'critical' | 'state' | 'test';
  readonly at: string;
  readonly subject: string;
  readonly text: string;
  readonly modules: readonly {
    readonly module: string | null;
    readonly before: string | null;
    readonly after: string | null;
    readonly events: readonly Omit<Item, 'explanation'>[];
    readonly explanation: Explanation | null;
  }[];
  /** Events that were not told: there was no room for them while the channel did not work. */
  readonly lost: number;
}

const oneLine = (text: string): string => text.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim();
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const names = (value: unknown, key: string): readonly string[] =>
  Array.isArray(value)
    ? value.flatMap((one: unknown) =>
        typeof one === 'string' ? one : typeof one === 'object' && one !== null && key in one ? text(Reflect.get(one, key)) : [],
      )
    : [];

/** Remembers the states, to say where a module came from. */
export interface Reader {
  /** What is worth telling of an event; null: nothing. */
  read(event: NodeEvent): Item | null;
}
/** What counts. */
export interface Interest {
  readonly critical: boolean;
  readonly states: boolean;
  readonly nodes: boolean;
  readonly modules: readonly string[] | null;
}

/**
 * Picks from a node's events what its notifications tell: critical lines, changes of a module's state, and nodes that come and go; these
 * are told by the leader of the view alone, everything else by the node that it happens on.
 */
export function createReader(interest: Interest, states: Iterable<readonly [string, string]>): Reader {
  const known = new Map(states);
  const item = (event: NodeEvent, kind: Item['kind'], what: string, before: string | null, after: string | null): Item => ({
    ...{ id: event.id, module: event.module, at: event.at, kind, before, after, explanation: null },
    text: oneLine(what).slice(0, 2_000),
  });
  const state = (event: NodeEvent, module: string): Item | null => {
    const after = `${text(event.data['state'])} (${text(event.data['quality'])})`;
    const before = known.get(module) ?? null;
    known.set(module, after);
    if (!interest.states || before === after) return null;
    const reason = text(event.data['reason']);
    const change = before === null ? `is ${after}` : `went from ${before} to ${after}`;
    return item(event, 'state', `${module} ${change}${reason === '' ? '' : `: ${reason}`}`, before, after);
  };
  const view = (event: NodeEvent): Item | null => {
    if (!interest.nodes || text(event.data['leader']) !== event.node) return null;
    const lost = Array.isArray(event.data['lost']) ? event.data['lost'] : [];
    const gone = lost.map((one: unknown) => {
      const [node = '?', evidence = ''] = [names([one], 'node')[0], names([one], 'evidence')[0]];
      return `node ${node} is lost${evidence === '' ? '' : ` (${evidence})`}`;
    });
    const joined = names(event.data['joined'], 'node').map((node) => `node ${node} is there`);
    if (gone.length + joined.length === 0) return null;
    const members = names(event.data['members'], 'node').join(' ');
    return item(event, 'nodes', `${[...gone, ...joined].join(', ')}; the cluster is now ${members}`, null, null);
  };
  return {
    read(event) {
      const { module, type, data } = event;
      if (module !== null && interest.modules !== null && !interest.modules.includes(module)) return null;
      if (type === 'module.state' && module !== null) return state(event, module);
      if (type === 'view.changed') return view(event);
      if ((type !== 'log' && type !== 'node.log') || data['level'] !== 'C' || !interest.critical) return null;
      return item(event, 'critical', `${text(data['component'])}: ${text(data['message'])}`, null, null);
    },
  };
}

const clockTime = (at: string): string => at.slice(11, 23);
const plural = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** `what and why`, the oldest fact first; two lines of the restart counter say nothing to whoever is woken. */
function reasons(explanation: Explanation | null): readonly string[] {
  if (explanation === null) return [];
  const { chain, doubt } = explanation;
  const links = chain.filter(({ kind }) => kind !== 'state').slice(0, 12);
  if (links.length === 0) return [];
  return [
    '  Why:',
    ...links.map((link) => `    ${clockTime(link.at)}  ${oneLine(link.text)}`),
    ...(doubt === null ? [] : [`    (this may not be the whole truth: ${oneLine(doubt)})`]),
  ];
}

export interface Batch {
  readonly id: string;
  readonly node: string;
  readonly items: readonly Item[];
  readonly lost: number;
}

/** The notification of a batch; at least one event is in it. */
export function messageOf(batch: Batch): Message {
  const { node, items } = batch;
  const groups = [...new Set(items.map((item) => item.module))].map((module) => {
    const events = items.filter((item) => item.module === module);
    const changes = events.filter((item) => item.kind === 'state');
    return {
      ...{ module, events: events.map(({ explanation: _explanation, ...event }) => event) },
      before: changes[0]?.before ?? null,
      after: changes.at(-1)?.after ?? null,
      explanation: events.findLast((item) => item.explanation !== null)?.explanation ?? null,
    };
  });
  const critical = items.filter((item) => item.kind === 'critical').length;
  const headings = groups.map(({ module, events, before, after }) => {
    const lines = events.filter((item) => item.kind === 'critical').length;
    const parts = [
      ...(after === null ? [] : [before === null ? after : before === after ? `${after} again` : `${before} -> ${after}`]),
      ...(lines === 0 ? [] : [plural(lines, 'critical line')]),
      ...events.filter((item) => item.kind === 'nodes').map((item) => item.text),
    ];
    return `${module ?? `node ${node}`}: ${parts.join(', ')}`;
  });
  const short = headings.length <= 3 ? headings : [...headings.slice(0, 3), `${headings.length - 3} more`];
  const subject = `[holdfast ${node}]${critical > 0 ? ' CRITICAL' : ''} ${short.join('; ')}`;
  const body = groups.flatMap(({ module, events, explanation }, index) => [
    headings[index] ?? '',
    ...events.map((item) => `  ${clockTime(item.at)}  ${item.kind === 'critical' ? 'CRITICAL  ' : ''}${item.text}`),
    ...reasons(explanation),
    ...(module === null || explanation === null ? [] : [`  More: holdfast explain -m ${module}`]),
    '',
  ]);
  const at = items[0]?.at ?? '';
  return {
    ...{ id: batch.id, node, test: false, severity: critical > 0 ? 'critical' : 'state', at, lost: batch.lost },
    subject: oneLine(subject).slice(0, 200),
    text: [
      `What happened on node ${node}, ${at.slice(0, 10)} from ${clockTime(at)} to ${clockTime(items.at(-1)?.at ?? '')} UTC:`,
      '',
      ...body,
      ...(batch.lost === 0 ? [] : [`${plural(batch.lost, 'earlier event')} could not be told: this channel did not work.`, '']),
      `Node ${node} tells what happens on node ${node}; the other nodes send their own.`,
      '',
    ].join('\n'),
    modules: groups,
  };
}

/** What `notification test` sends. */
export function testMessage(id: string, node: string, at: string, who: string): Message {
  return {
    ...{ id, node, at, test: true, severity: 'test', modules: [], lost: 0 },
    subject: `[holdfast ${node}] test notification`,
    text: [
      `This is a test of the notifications of node ${node}, asked for by ${oneLine(who)} at ${at}.`,
      'Nothing has happened.',
      '',
    ].join('\n'),
  };
}
