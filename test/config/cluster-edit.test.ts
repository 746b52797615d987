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
    <lan name="back"><node name="n1" addr="192.168.9.11"/></lan>
  </lans>
</cluster>
`;

t.test('a node is added to the lans that are named, and the rest of the text stays', (t) => {
  const added = addNode(xml, 'n3', [
    { lan: 'default', addr: '10.0.0.13' },
    { lan: 'back', addr: '192.168.9.13' },
  ]);
  t.ok(added.ok);
  const text = added.ok ? added.xml : '';
  t.equal(
    text,
    xml
      .replace(`'10.0.0.12'></node>\n`, `'10.0.0.12'></node>\n      <node name="n3" addr="10.0.0.13"/>\n`)
      .replace('"192.168.9.11"/>', '"192.168.9.11"/><node name="n3" addr="192.168.9.13"/>'),
  );
  const parsed = parseClusterXml(text, 'cluster.xml');
  t.ok(parsed.ok);
  t.same(parsed.ok ? parsed.value.nodes : [], ['n1', 'n2', 'n3']);
  t.same(parsed.ok ? parsed.value.lans.map((lan) => lan.nodes.find(({ node }) => node === 'n3')?.addr) : [], [
    '10.0.0.13',
    '192.168.9.13',
  ]);
  t.end();
});

t.test('a lan that is not there, no nodes, no XML', (t) => {
  const address = [{ lan: 'rear', addr: 'fd00::13' }];
  t.same(addNode(xml, 'n3', address), { ok: false, lan: 'rear' });
  t.same(addNode('<cluster><lans><lan name="rear"/></lans></cluster>', 'n3', address), { ok: false, lan: 'rear' });
  for (const text of ['rubbish', '<cluster', '<cluster><lans a=></lans>', '<!-- for ever', '<cluster>words</cluster>'])
    t.same(addNode(text, 'n3', address), { ok: false, lan: 'rear' }, text);
  const odd = '<cluster><lans><lan name="r&#101;ar"><node name="x>y" addr="1.2.3.4" /></lan></lans></cluster>';
  t.same(
    addNode(odd, 'a"b', address),
    { ok: true, xml: odd.replace('</lan>', '<node name="a&#34;b" addr="[fd00::13]"/></lan>') },
    'a bracket in quotes ends no tag; references are read and written',
  );
  t.end();
});
