/**
 * SAFEVAR/cluster/cluster_ip.xml: cluster.xml with addresses in place of names, for scripts and people, as the classic product keeps it (sections 1.2 and 1.3 of the
 * compatibility page). It is written anew with every configuration and every `-G`; nothing of Holdfast reads it.
 */
import { lookup as systemLookup } from 'node:dns/promises';
import { stat } from 'node:fs/promises';
import { isIP } from 'node:net';
import { dirname, join } from 'node:path';
import { writeWhole } from './modules/files.js';

export interface ResolvedOptions {
  readonly safevar: string;
  /** The text of cluster.xml; null: there is none. */
  readonly xml: () => Promise<string | null>;
  readonly onProblem: (reason: string) => void;
  /** The first address of a name. Rejects where it has none. */
  readonly lookup?: (name: string) => Promise<string>;
}
export interface ResolvedCluster {
  /** Looks the names up and writes the file; one at a time, the last one wins. */
  write(): Promise<void>;
}

const attribute = /(\s(?:addr|laddr)\s*=\s*)(["'])([^"'<>]*)\2/g;
const bare = (address: string): string => address.trim().replace(/^\[|\]$/g, '');

/** The same text with the addresses of names; a name that has none stays. */
export async function withAddresses(xml: string, lookup: (name: string) => Promise<string>): Promise<string> {
  const names = new Set(
    [...xml.matchAll(attribute)].map((match) => bare(match[3] ?? '')).filter((name) => name !== '' && isIP(name) === 0),
  );
  const found = new Map<string, string>();
  await Promise.all(
    [...names].map(async (name) => {
      const address = await lookup(name).catch(() => null);
      if (address !== null) found.set(name, isIP(address) === 6 ? `[${address}]` : address);
    }),
  );
  return xml.replace(attribute, (whole: string, head: string, quote: string, value: string) => {
    const address = found.get(bare(value));
    return address === undefined ? whole : `${head}${quote}${address}${quote}`;
  });
}

/** Makes it; nothing is written before `write`. */
export function createResolvedCluster({ safevar, xml, onProblem, lookup = firstAddress }: ResolvedOptions): ResolvedCluster {
  const file = join(safevar, 'cluster', 'cluster_ip.xml');
  let queue = Promise.resolve();
  async function writeNow(): Promise<void> {
    const text = await xml();
    if (text === null) return;
    const resolved = await withAddresses(text, lookup);
    // The directory is replaced as a whole by the next configuration, which writes the file anew: it is not made here.
    const there = await stat(dirname(file)).catch(() => null);
    if (there?.isDirectory() === true) await writeWhole(file, resolved, 0o644);
  }
  return {
    write() {
      queue = queue.then(writeNow).catch((error: unknown) => {
        const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
        if (!missing) onProblem(`cluster_ip.xml cannot be written: ${error instanceof Error ? error.message : String(error)}`);
      });
      return queue;
    },
  };
}
async function firstAddress(name: string): Promise<string> {
  return (await systemLookup(name)).address;
}
