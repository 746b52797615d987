/** The certificate that the web service shows, as it is on disk, so that it can be looked at without a daemon. */
import { join } from 'node:path';
import { readPlain } from '../modules/files.js';
import { factsOf, inspect, readCertificates } from '../pki/inspect.js';
import { clusterNames, isCertifiable } from '../pki/names.js';
import type { HttpsFacts } from './facts.js';
import type { HealthSource } from './gather.js';

const largest = 1024 * 1024;

/** Null: HTTPS is off. What cannot be read is a finding. */
export async function httpsFacts({
  safevar,
  node,
  cluster,
  wallMs,
}: Pick<HealthSource, 'safevar' | 'node' | 'cluster' | 'wallMs'>): Promise<HttpsFacts | null> {
  const text = async (name: string): Promise<string | null> =>
    (await readPlain(join(safevar, 'https', name), largest))?.bytes.toString('utf8') ?? null;
  try {
    const [certificate, key, authority] = [await text('server.crt'), await text('server.key'), await text('cacert.crt')];
    if (certificate === null || key === null) return null;
    const names = cluster === null ? [] : clusterNames(cluster.config, node).filter(isCertifiable);
    const findings = inspect({ certificate, key, authority, names, nowWallMs: wallMs() });
    const leaf = readCertificates(certificate)[0];
    return {
      names: leaf === undefined ? [] : factsOf(leaf).names,
      validTo: leaf === undefined ? '' : factsOf(leaf).validTo,
      findings,
    };
  } catch (error) {
    const message = `The certificate in SAFEVAR/https cannot be read: ${error instanceof Error ? error.message : String(error)}.`;
    const remedy = 'Look at the modes and the disk, or have a new one issued: holdfast https renew.';
    return { names: [], validTo: '', findings: [{ severity: 'error', code: 'FILES', message, remedy }] };
  }
}
