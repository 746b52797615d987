import type { ModuleCheck } from '../../config/types.js';
import { exchange, type HttpMeans, type Question } from './exchange.js';
import { down, fileOf, type Probe, placeText, up } from './probe.js';

/** Header of ready.txt: `NODE TOKEN` where several nodes serve at the same time (UP), `TOKEN` where one does (PRIM, ALONE). */
export const startedHeader = 'holdfast-started';

/** What is remembered of another module between two checks. */
interface Memory {
  /** Counts the starts that were noticed. */
  starts: number;
  /** Last token by node; '' is the one place that serves alone. */
  readonly tokens: Map<string, string>;
}

/** Nodes of one module that are remembered; a cluster has fewer. */
const mostNodes = 256;

/**
 * Notices that the other module was started anew: the node that answered has another token than when it answered last. Behind one
 * address a farm's nodes answer in turn, each with its own: only a change of the same node's token is a start. Where one node serves
 * alone, another one's token is a failover, which counts as a start.
 * @returns what changes with each start that was noticed; null where the other side does not say
 */
function stampOf(memory: Memory, header: string | null): string | null {
  const match = /^(?:(\S{1,255}) )?(\S{1,64})$/.exec(header ?? '');
  if (match === null) return null;
  const [, node = '', token = ''] = match;
  const before = memory.tokens.get(node);
  if (before !== undefined && before !== token) memory.starts += 1;
  if (before !== undefined || memory.tokens.size < mostNodes) memory.tokens.set(node, token);
  return String(memory.starts);
}

/** `<module>` (compatibility page, 2.11.6): up when another module's ready.txt says so, on this cluster or another one. */
export function createModuleProbe(means: HttpMeans & { readonly userAgent: string }): Probe<ModuleCheck> {
  const known = new WeakMap<ModuleCheck, { readonly question: Question; readonly memory: Memory }>();
  return (checker, place, onResult) => {
    let entry = known.get(checker);
    if (entry === undefined) {
      const host = checker.addr.replace(/^\[|\]$/g, '');
      entry = {
        question: {
          secure: checker.secure,
          host,
          port: checker.port,
          method: 'GET',
          path: `/var/modules/${encodeURIComponent(checker.name)}/ready.txt`,
          headers: { Host: placeText(host, checker.port), 'User-Agent': means.userAgent, Connection: 'close' },
          serverName: host,
          verify: true,
          authorities: fileOf(place, checker.ca),
          bodyBytes: 0,
        },
        memory: { starts: 0, tokens: new Map() },
      };
      known.set(checker, entry);
    }
    const { question, memory } = entry;
    return exchange(means, question, (answer) => {
      if (answer.kind === 'failed') onResult(down(answer.detail));
      else if (answer.status === 200)
        onResult(up(`${checker.name} is ready on ${answer.place}`, stampOf(memory, answer.header(startedHeader))));
      else if (answer.status === 404) onResult(down(`${checker.name} is not ready on ${answer.place}`));
      else onResult(down(`${answer.place} answers ${answer.status} about ${checker.name}`));
    });
  };
}
