import t from 'tap';
import { parseClusterXml } from '../../src/config/cluster-config.js';
import { addNode } from '../../src/config/cluster-edit.js';

const xml = `<?xml version="1.0"?>
<!-- ours > theirs -->
<cluster>
  <lans port="4800">
    <lan name="default" command="on">
      <node name="n1" addr="10.0.0.11"/> <!-- the first -->
      <node name="n2" addr='10.0.0.12'></node>
    </lan>
    <lan name="a&amp;b"><node name="n1" addr="192.168.9.11"/></lan>
  </lans>
</cluster>
`;

t.test('a node is added to the lans that are named, and the rest of the text stays', (t) => {
  const added = addNode(xml, 'n3', [
    { lan: 'default', addr: '10.0.0.13' },
    { lan: 'a&b', addr: 'fd00::13' },
  ]);
  t.ok(added.ok);
  const text = added.ok ? added.xml : '';
  t.equal(
    text,
    xml
      .replace(`'10.0.0.12'></node>\n`, `'10.0.0.12'></node>\n      <node name="n3" addr="10.0.0.13"/>\n`)
      .replace('"192.168.9.11"/>', '"192.168.9.11"/><node name="n3" addr="[fd00::13]"/>'),
  );
  const parsed = parseClusterXml(text, 'cluster.xml');
  t.ok(parsed.ok);
  t.same(parsed.ok ? parsed.value.nodes : [], ['n1', 'n2', 'n3']);
  t.same(parsed.ok ? parsed.value.lans.map((lan) => lan.nodes.find(({ node }) => node === 'n3')?.addr) : [], [
    '10.0.0.13',
    'fd00::13',
  ]);
  t.end();
});

t.test('a lan that is not there, no nodes, no XML', (t) => {
  const address = [{ lan: 'back', addr: '10.0.0.13' }];
  t.same(addNode(xml, 'n3', address), { ok: false, lan: 'back' });
  t.same(addNode('<cluster><lans><lan name="back"/></lans></cluster>', 'n3', address), { ok: false, lan: 'back' });
  t.same(addNode('rubbish', 'n3', address), { ok: false, lan: 'back' });
  t.equal(
    addNode('<cluster><lans><lan name="back"><node name="x>y" addr="1.2.3.4" /></lan></lans></cluster>', 'a"b', address).ok,
    true,
    'a bracket in quotes ends no tag',
  );
  t.end();
});
