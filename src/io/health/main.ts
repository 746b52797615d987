#!/usr/bin/env node
/** The health check where no daemon runs: what the CLI starts as a process of its own. It prints the report as JSON. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parseClusterXml } from '../../config/cluster-config.js';
import { parseUserConfig } from '../../config/module-config.js';
import { clusterSignature } from '../cluster-files.js';
import { loadActive } from '../modules/applied.js';
import { installedNames } from '../modules/ids.js';
import { layoutOf } from '../modules/layout.js';
import { evaluate } from './checks.js';
import { gatherHealth, type HealthSource } from './gather.js';

function version(): string {
  const value: unknown = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  return typeof value === 'object' && value !== null && 'version' in value && typeof value.version === 'string'
    ? value.version
    : '?';
}

/** The port of the settings' file; the usual one where there is none. */
async function httpPort(safe: string): Promise<number> {
  for (const path of [join(safe, 'conf', 'holdfastd.json'), '/etc/holdfast/holdfastd.json']) {
    const text = await readFile(path, 'utf8').catch(() => null);
    const port = text === null ? null : /"httpPort"\s*:\s*(\d+)/.exec(text)?.[1];
    if (port !== null && port !== undefined) return Number(port);
  }
  return 9010;
}

async function clusterOf(safevar: string): Promise<HealthSource['cluster']> {
  const xml = await readFile(join(safevar, 'cluster', 'cluster.xml'), 'utf8').catch(() => null);
  const parsed = xml === null ? null : parseClusterXml(xml, 'cluster.xml');
  return parsed?.ok === true ? { config: parsed.value, signature: clusterSignature(parsed.value) } : null;
}

async function modulesOf(safe: string, safevar: string): Promise<HealthSource['modules']> {
  const layout = layoutOf(safe, safevar);
  const found = [];
  for (const name of await installedNames(layout).catch(() => [])) {
    const loaded = await loadActive(layout, { safe, safevar, daemon: {}, extra: {}, socket: null }, parseUserConfig, name);
    if (loaded.ok) found.push(loaded.module);
  }
  return found;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { safe: { type: 'string' }, safevar: { type: 'string' }, error: { type: 'string' } },
  });
  const { safe = '/opt/holdfast', safevar = '/var/holdfast', error = 'it does not run' } = values;
  const facts = await gatherHealth({
    ...{ safe, safevar, version: version(), node: hostname(), httpPort: await httpPort(safe) },
    daemon: { runs: false, error },
    cluster: await clusterOf(safevar),
    modules: await modulesOf(safe, safevar),
    ...{ nodes: [], peers: [], wallMs: () => Date.now() },
  });
  process.stdout.write(`${JSON.stringify(evaluate(facts))}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
