/** What an event says of a module's state on a node. Pure. */
import type { ModuleNodeStatus, NodeEvent, Quality, StateName } from '../../http/api-types.js';

const states: readonly StateName[] = ['STOP', 'WAIT', 'UP', 'PRIM', 'SECOND', 'ALONE', 'NOTCONFIGURED', 'UNKNOWN'];
const qualities: readonly Quality[] = ['Ready', 'Transient', 'NotReady', 'Unknown'];

/** Of one module on one node: a key for maps. */
export function cardKey(module: string, node: string): string {
  return `${module} ${node}`;
}
export function stateOf(value: unknown): StateName | null {
  return states.find((one) => one === value) ?? null;
}
export function qualityOf(value: unknown): Quality | null {
  return qualities.find((one) => one === value) ?? null;
}

type Known = Partial<Pick<ModuleNodeStatus, 'share' | 'activeRule' | 'wish' | 'budget' | 'switches' | 'tags'>>;
const isKnown = (data: object): data is Known => !('share' in data) || typeof data.share === 'number';

/** The status after an event; the same object where the event says nothing of it. */
export function afterEvent(status: ModuleNodeStatus, event: NodeEvent): ModuleNodeStatus {
  if (event.type === 'module.state') {
    const { path, reason, ready } = event.data;
    const state = stateOf(event.data['state']) ?? status.state;
    const quality = qualityOf(event.data['quality']) ?? status.quality;
    const moved = state !== status.state || quality !== status.quality;
    return {
      ...status,
      state,
      quality,
      path: typeof path === 'string' ? path : status.path,
      reason: typeof reason === 'string' ? reason : null,
      ready: ready === true,
      error: null,
      ...(moved ? { since: event.at, sinceMs: event.atMs } : {}),
    };
  }
  if (event.type === 'module.status' && isKnown(event.data)) return { ...status, ...event.data };
  return status;
}

/** What needs the eye: the worst of what is there. */
export type Verdict = 'well' | 'moving' | 'bad' | 'none';
export function verdictOf(status: Pick<ModuleNodeStatus, 'quality' | 'state' | 'error'>): Verdict {
  if (status.state === 'NOTCONFIGURED') return 'none';
  if (status.error !== null || status.state === 'UNKNOWN') return 'bad';
  if (status.quality === 'Ready') return 'well';
  return status.quality === 'Transient' ? 'moving' : 'bad';
}
/** Whether clients are served by this node. */
export function serves(status: ModuleNodeStatus): boolean {
  return status.ready;
}

export interface Tally {
  readonly serving: number;
  /** Nodes where the module is configured. */
  readonly nodes: number;
  readonly verdict: Verdict;
}
/** One module over its nodes: not served at all is bad; served, but not as it is meant to be, is moving. */
export function tallyOf(statuses: readonly ModuleNodeStatus[]): Tally {
  const configured = statuses.filter((one) => one.state !== 'NOTCONFIGURED');
  const serving = configured.filter(serves).length;
  const asWished = configured.every(
    (one) => one.error === null && (one.quality === 'Ready' || (one.state === 'STOP' && one.wish === 'stop')),
  );
  const wished = configured.some((one) => one.wish === 'start' || one.error !== null);
  const verdict = configured.length === 0 ? 'none' : serving === 0 ? (wished ? 'bad' : 'none') : asWished ? 'well' : 'moving';
  return { serving, nodes: configured.length, verdict };
}
