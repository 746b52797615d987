/** The certificate on disk, looked at without a daemon. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { parseClusterXml } from '../../../src/config/cluster-config.js';
import { httpsFacts } from '../../../src/io/health/https.js';
import { serverPair, testAuthority } from '../pki/certificates.js';

const dayMs = 86_400_000;
const parsed = parseClusterXml(
  '<cluster><lans><lan name="a"><node name="n1" addr="10.0.0.1"/><node name="n2" addr="10.0.0.2"/></lan></lans></cluster>',
  'cluster.xml',
);
if (!parsed.ok) throw new Error('cluster.xml');
const cluster = { config: parsed.value, signature: 'aa' };

t.test('off, well, not for its address, ending, unreadable', async (t) => {
  const safevar = mkdtempSync(join(tmpdir(), 'hf-health-'));
  t.teardown(() => rmSync(safevar, { recursive: true, force: true }));
  const at = (wallMs: number, node = 'n1') => httpsFacts({ safevar, node, cluster, wallMs: () => wallMs });
  const now = Date.now();
  t.equal(await at(now), null);

  const authority = await testAuthority();
  const pair = await serverPair(authority, { dns: ['n1'], ip: ['10.0.0.1'] });
  const file = (name: string): string => join(safevar, 'https', name);
  mkdirSync(file(''));
  writeFileSync(file('server.crt'), pair.certificate);
  writeFileSync(file('server.key'), pair.key);
  writeFileSync(file('cacert.crt'), authority.certificate);
  t.match(await at(now), { names: ['n1', '10.0.0.1'], validTo: /Z$/, findings: [] });
  t.match(await at(now, 'n2'), { findings: [{ code: 'NAMES', severity: 'error', message: /10\.0\.0\.2/ }] });
  t.match(await at(now + 350 * dayMs), { findings: [{ code: 'EXPIRES', severity: 'warning' }] });
  t.match(await at(now + 366 * dayMs), { findings: [{ code: 'DATES', severity: 'error' }] });

  writeFileSync(file('server.crt'), 'nonsense');
  t.match(await at(now), { names: [], validTo: '', findings: [{ code: 'UNREADABLE' }] });
  rmSync(file('server.crt'));
  mkdirSync(file('server.crt'));
  t.match(await at(now), { findings: [{ code: 'FILES', severity: 'error' }] });
});
