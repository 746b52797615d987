/** Who asks for the health of the modules: read from every node now and then, while the grid is shown. */
import { signal } from '@preact/signals';
import type { ProbeList, ProbeObservation } from '../../http/api-types.js';
import { api } from '../session/session.js';
import { live } from './store.js';

const everyMs = 10_000;
/** By node. */
export const probes = signal<ReadonlyMap<string, readonly ProbeObservation[]>>(new Map());

async function read(): Promise<void> {
  const online = live.nodes.peek().filter((node) => node.online);
  const answers = await Promise.all(
    online.map(async ({ name }) => {
      try {
        const { items } = await api.get<ProbeList>(`/nodes/${encodeURIComponent(name)}/probes`);
        return [name, items] as const;
      } catch {
        return [name, probes.peek().get(name) ?? []] as const;
      }
    }),
  );
  probes.value = new Map(answers);
}
/** Reads them until the returned function is called. */
export function followProbes(): () => void {
  let ended = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const round = async (): Promise<void> => {
    if (document.visibilityState === 'visible' && live.connection.peek().kind === 'live') await read();
    if (!ended) timer = setTimeout(() => void round(), probes.peek().size === 0 ? 1000 : everyMs);
  };
  void round();
  return () => {
    ended = true;
    clearTimeout(timer);
  };
}
/** The health checkers of the clouds by the names that they give themselves; of others the first word. */
export function proberName(agent: string): string {
  if (agent.startsWith('ELB-HealthChecker')) return 'AWS';
  if (agent.startsWith('GoogleHC')) return 'Google Cloud';
  if (agent.startsWith('Load Balancer Agent')) return 'Azure';
  if (agent.startsWith('Amazon-Route53')) return 'Route 53';
  return agent.split(/[ /]/)[0] ?? '';
}
