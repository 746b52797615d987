import t from 'tap';
import { identify } from '../../src/actors/identity.js';
import { parseClusterXml } from '../../src/config/cluster-config.js';

const parsed = parseClusterXml(
  '<cluster><lans><lan name="default"><node name="n1" addr="10.0.0.1"/><node name="n2" addr="10.0.0.2" laddr="192.168.0.2"/></lan></lans></cluster>',
  'cluster.xml',
);
if (!parsed.ok) throw new Error('the fixture is wrong');
const cluster = parsed.value;

t.test('a node knows itself by name, by address, or by the name of the host', async (t) => {
  t.same(identify(cluster, 'n2', 'host', []), { ok: true, value: 'n2' });
  t.same(identify(cluster, null, 'host', ['127.0.0.1', '10.0.0.1']), { ok: true, value: 'n1' });
  t.same(identify(cluster, null, 'host', ['192.168.0.2']), { ok: true, value: 'n2' });
  t.same(identify(cluster, null, 'n1.example.org', []), { ok: true, value: 'n1' });
});

t.test('what is not clear is refused with a remedy', async (t) => {
  t.match(identify(cluster, 'n3', 'host', []), { ok: false, failure: { code: 'CONF_NODE', message: /n3.*n1, n2/ } });
  t.match(identify(cluster, null, 'host', ['10.9.9.9']), { ok: false, failure: { message: /10\.9\.9\.9.*--node/ } });
  t.match(identify(cluster, null, 'host', ['10.0.0.1', '10.0.0.2']), { ok: false, failure: { message: /n1, n2.*--node/ } });
});
