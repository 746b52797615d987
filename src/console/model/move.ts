/**
 * When the connection node is lost the console moves to another one: the first that answers this browser gets the same page. Each node
 * serves the console itself, so that moving is going to its address; the session there is its own.
 */
import { computed, effect, signal } from '@preact/signals';
import type { NodeSummary } from '../../http/api-types.js';
import { live } from './store.js';

/** The node that the console is about to move to. */
export const movingTo = signal<{ readonly node: string; readonly address: string } | null>(null);
/** The user wants to stay, whatever happens, until the node is back. */
export const staying = signal(false);

const patienceMs = 3000;
const announceMs = 4000;
const askEveryMs = 3000;
const askTimeoutMs = 2000;

/** Origins of a node, with this page's scheme and port. */
export function originsOf(
  node: Pick<NodeSummary, 'addresses'>,
  page: { readonly protocol: string; readonly port: string },
): readonly string[] {
  return node.addresses.map(({ addr }) => {
    const host = addr.includes(':') && !addr.startsWith('[') ? `[${addr}]` : addr;
    return `${page.protocol}//${host}${page.port === '' ? '' : `:${page.port}`}`;
  });
}
/** The same page on another node. */
export function samePageAt(origin: string, from: string): string {
  const target = new URL(`${origin}${location.pathname}${location.search}`);
  target.searchParams.set('from', from);
  return target.href;
}
/** Whether a web service answers there: what it says cannot be read from here, but that it does can. */
async function answers(origin: string): Promise<boolean> {
  try {
    await fetch(`${origin}/health/console/live`, {
      mode: 'no-cors',
      cache: 'no-store',
      credentials: 'omit',
      signal: AbortSignal.timeout(askTimeoutMs),
    });
    return true;
  } catch {
    return false;
  }
}
async function firstThatAnswers(
  nodes: readonly NodeSummary[],
): Promise<{ readonly node: string; readonly address: string } | null> {
  const asked = nodes.flatMap((node) => originsOf(node, location).map((address) => ({ node: node.name, address })));
  const attempts = asked.map(async (one) => {
    if (one.address === location.origin || !(await answers(one.address))) throw new Error('silent');
    return one;
  });
  return Promise.any(attempts).catch(() => null);
}

/** Watches the connection. */
export function startMoving(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let generation = 0;
  const look = async (mine: number): Promise<void> => {
    const self = live.cluster.peek()?.self ?? '';
    const others = live.nodes.peek().filter((node) => node.name !== self);
    const found = staying.peek() ? null : await firstThatAnswers(others);
    if (mine !== generation) return;
    if (found === null) {
      timer = setTimeout(() => void look(mine), askEveryMs);
      return;
    }
    movingTo.value = found;
    timer = setTimeout(() => {
      if (mine === generation && !staying.peek()) location.replace(samePageAt(found.address, self));
    }, announceMs);
  };
  // The kind alone: each attempt that fails tells its message anew, and must not begin the waiting again.
  const connected = computed(() => live.connection.value.kind);
  const stop = effect(() => {
    const kind = connected.value;
    generation += 1;
    clearTimeout(timer);
    movingTo.value = null;
    if (kind !== 'offline') {
      if (kind === 'live') staying.value = false;
      return;
    }
    const mine = generation;
    timer = setTimeout(() => void look(mine), patienceMs);
  });
  return () => {
    stop();
    // Whoever has logged out stays where the login is.
    generation += 1;
    clearTimeout(timer);
    movingTo.value = null;
  };
}
