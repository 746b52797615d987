/** The state of everything in one line. */
import { computed } from '@preact/signals';
import type { ModuleNodeStatus } from '../../http/api-types.js';
import { serves, type Tally, tallyOf, type Verdict, verdictOf } from './status.js';
import { live } from './store.js';

export interface Summary {
  readonly verdict: Verdict;
  readonly nodes: number;
  readonly modules: number;
  /** Modules that are wished for, and served by no node. */
  readonly notServed: readonly string[];
  /** Nodes that are not heard. */
  readonly unreachable: readonly string[];
  /** Cards that are not as they are meant to be. */
  readonly attention: number;
}
/** The states of a module that are known. */
export function statusesOf(module: string): readonly ModuleNodeStatus[] {
  const entry = live.modules.value?.find((one) => one.name === module);
  return (entry?.nodes ?? []).map((node) => live.status(module, node).value).filter((one) => one !== null);
}
export function moduleTally(module: string): Tally {
  return tallyOf(statusesOf(module));
}
function asMeant(one: ModuleNodeStatus): boolean {
  const verdict = verdictOf(one);
  return verdict === 'well' || verdict === 'none' || (one.error === null && one.state === 'STOP' && one.wish === 'stop');
}
export const summary = computed<Summary | null>(() => {
  const modules = live.modules.value;
  if (modules === null) return null;
  let attention = 0;
  const notServed: string[] = [];
  for (const { name } of modules) {
    const statuses = statusesOf(name);
    attention += statuses.filter((one) => !asMeant(one)).length;
    if (statuses.some((one) => one.wish === 'start' || one.error !== null) && !statuses.some(serves)) notServed.push(name);
  }
  const unreachable = live.nodes.value.filter((node) => !node.online).map((node) => node.name);
  const verdict = notServed.length > 0 ? 'bad' : attention > 0 || unreachable.length > 0 ? 'moving' : 'well';
  return { verdict, nodes: live.nodes.value.length, modules: modules.length, notServed, unreachable, attention };
});
