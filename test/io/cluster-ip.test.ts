import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { createResolvedCluster, withAddresses } from '../../src/io/cluster-ip.js';

const xml = `<cluster>
  <!-- kept as it is -->
  <lans><lan name="a"><node name="n1" addr="one.example"/><node name='n2' addr='10.0.0.2'/></lan>
  <lan name="b"><node name="n1" addr="[2001::1]" laddr = "six.example"/><node name="n2" addr="gone.example"/></lan></lans>
</cluster>
`;
const known = new Map([
  ['one.example', '10.0.0.1'],
  ['six.example', '2001::6'],
]);
const lookup = async (name: string): Promise<string> => {
  const address = known.get(name);
  if (address === undefined) throw new Error('ENOTFOUND');
  return address;
};

t.test('names give way to addresses, everything else stays', async (t) => {
  const text = await withAddresses(xml, lookup);
  t.equal(text, xml.replace('one.example', '10.0.0.1').replace('six.example', '[2001::6]'));
});

t.test('the file beside cluster.xml', async (t) => {
  const safevar = mkdtempSync(join(tmpdir(), 'hf-ip-'));
  t.teardown(() => rmSync(safevar, { recursive: true, force: true }));
  const problems: string[] = [];
  let present: string | null = null;
  const resolved = createResolvedCluster({
    safevar,
    xml: async () => present,
    onProblem: (reason) => problems.push(reason),
    lookup,
  });
  const file = join(safevar, 'cluster', 'cluster_ip.xml');
  await resolved.write();
  present = xml;
  await resolved.write();
  t.notOk(existsSync(join(safevar, 'cluster')), 'without the directory nothing is made');
  mkdirSync(join(safevar, 'cluster'));
  await resolved.write();
  t.match(readFileSync(file, 'utf8'), /addr="10\.0\.0\.1"/);
  known.set('one.example', '10.0.0.9');
  await Promise.all([resolved.write(), resolved.write()]);
  t.match(readFileSync(file, 'utf8'), /addr="10\.0\.0\.9"/, 'looked up anew');
  t.same(readdirSync(join(safevar, 'cluster')), ['cluster_ip.xml'], 'nothing is left beside it');
  rmSync(file);
  mkdirSync(join(file, 'in the way'), { recursive: true });
  await resolved.write();
  t.match(problems, [/cannot be written/]);

  const real = createResolvedCluster({
    safevar,
    xml: async () => '<node addr="localhost"/>',
    onProblem: (reason) => problems.push(reason),
  });
  rmSync(file, { recursive: true });
  await real.write();
  t.match(readFileSync(file, 'utf8'), /addr="(127\.0\.0\.1|\[::1\])"/);
});
