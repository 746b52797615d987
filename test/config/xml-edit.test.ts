/** A form's changes of a text: the value arrives, and nothing else is touched. */
import fc from 'fast-check';
import t from 'tap';
import {
  addElement,
  applyChanges,
  childrenIn,
  contentOf,
  type EditDocument,
  type EditElement,
  moveElement,
  type NewElement,
  readForEdit,
  removeElement,
  setAttribute,
  setContent,
  type TextChange,
} from '../../src/config/xml-edit.js';
import { decodeReferences, quoteValue } from '../../src/config/xml-text.js';

function read(text: string): EditDocument {
  const result = readForEdit(text);
  if (!result.ok) throw new Error(`${result.problem.message}: ${text}`);
  return result.document;
}
function at(document: EditDocument, path: string, nth = 0): EditElement {
  const found = document.elements.filter((one) => one.path === path)[nth];
  if (found === undefined) throw new Error(`no ${path}`);
  return found;
}
const done = (text: string, make: (document: EditDocument) => readonly TextChange[]): string =>
  applyChanges(text, make(read(text)));
const written = (element: EditElement, name: string): string | undefined =>
  element.attributes.find((one) => one.name === name)?.value;

const file = `<?xml version="1.0"?>
<!-- why it is so -->
<safe>
  <macro name='PORT' value="80"/> <!-- the port -->
  <service mode="farm"
           boot = "on">
    <errd>
      <proc name="a"/>
      <!-- about b -->
      <proc name="b" atleast="2" />
    </errd>
    <user/>
    <failover><![CDATA[
      if (a == down) then stop();
    ]]></failover>
  </service>
</safe>
`;

t.test('what is read', (t) => {
  const document = read(file);
  const proc = at(document, 'safe/service/errd/proc', 1);
  t.match(proc, {
    name: 'proc',
    attributes: [
      { name: 'name', value: 'b' },
      { name: 'atleast', value: '2' },
    ],
  });
  t.equal(file.slice(proc.start, proc.end), '<proc name="b" atleast="2" />');
  t.same(
    childrenIn(document, at(document, 'safe/service')).map(({ name }) => name),
    ['errd', 'user', 'failover'],
  );
  t.same(
    childrenIn(document, null).map(({ name }) => name),
    ['safe'],
  );
  const broken = readForEdit('<safe>\n<a b=1/>');
  t.match(broken, { ok: false, problem: { offset: 10 } });
  t.end();
});

t.test('attributes', (t) => {
  const service = (document: EditDocument): EditElement => at(document, 'safe/service');
  const changed = done(file, (document) => setAttribute(document, service(document), 'mode', 'light'));
  t.equal(changed, file.replace('mode="farm"', 'mode="light"'));
  t.equal(
    done(file, (document) => setAttribute(document, service(document), 'maxloop', '5')),
    file.replace('boot = "on">', 'boot = "on"\n           maxloop="5">'),
    'on a line of its own, as the one before',
  );
  t.equal(
    done(file, (document) => setAttribute(document, service(document), 'boot', null)),
    file.replace('\n           boot = "on"', ''),
  );
  t.equal(
    done(file, (document) => setAttribute(document, service(document), 'mode', null)),
    file.replace(' mode="farm"', ''),
  );
  t.equal(
    done(file, (document) => setAttribute(document, service(document), 'none', null)),
    file,
  );
  t.equal(
    done(file, (document) => setAttribute(document, at(document, 'safe/macro'), 'name', `it's "x" & <y>`)),
    file.replace(`'PORT'`, `'it&apos;s "x" &amp; &lt;y>'`),
    'the quotation marks that are there stay',
  );
  t.equal(
    done(file, (document) => setAttribute(document, at(document, 'safe/service/user'), 'logging', '%L%')),
    file.replace('<user/>', '<user logging="%L%"/>'),
  );
  t.equal(
    done(file, (document) => setAttribute(document, at(document, 'safe/service/errd/proc'), 'atmax', '1')),
    file.replace('<proc name="a"/>', '<proc name="a" atmax="1"/>'),
  );
  t.end();
});

t.test('elements are put in where they belong, as the file is written', (t) => {
  const order = ['farm', 'user', 'errd', 'check', 'failover'];
  const proc: NewElement = { name: 'proc', attributes: { name: 'c' } };
  t.equal(
    done(file, (document) => addElement(document, at(document, 'safe/service/errd'), proc)),
    file.replace('atleast="2" />', 'atleast="2" />\n      <proc name="c"/>'),
    'behind the last of its kind',
  );
  const tcp: NewElement = { name: 'check', children: [{ name: 'tcp', children: [{ name: 'to', attributes: { addr: '::1' } }] }] };
  t.equal(
    done(file, (document) => addElement(document, at(document, 'safe/service'), tcp, order)),
    file.replace('<user/>', '<user/>\n    <check>\n      <tcp>\n        <to addr="::1"/>\n      </tcp>\n    </check>'),
    'where the order has it',
  );
  t.equal(
    done(file, (document) => addElement(document, at(document, 'safe/service'), { name: 'farm' }, order)),
    file.replace('<errd>', '<farm/>\n    <errd>'),
    'before the first',
  );
  t.match(
    done(file, (document) => addElement(document, at(document, 'safe/service'), { name: 'odd' }, order)),
    /<\/failover>\n {4}<odd\/>\n/,
    'what no order knows comes last',
  );
  t.equal(
    done(file, (document) => addElement(document, at(document, 'safe/service/user'), { name: 'var', attributes: { name: 'X' } })),
    file.replace('<user/>', '<user>\n      <var name="X"/>\n    </user>'),
    'an empty tag is opened',
  );
  const crlf = '<a>\r\n\t<b/>\r\n</a>';
  t.equal(
    done(crlf, (document) => addElement(document, at(document, 'a/b'), { name: 'c' })),
    '<a>\r\n\t<b>\r\n\t\t<c/>\r\n\t</b>\r\n</a>',
  );
  const oneLine = '<a><b x="1"/><d/></a>';
  t.equal(
    done(oneLine, (document) => addElement(document, at(document, 'a'), { name: 'b' }, ['b', 'd'])),
    '<a><b x="1"/><b/><d/></a>',
  );
  t.equal(
    done(oneLine, (document) => addElement(document, at(document, 'a'), { name: 'a0', children: [{ name: 'z' }] }, ['a0', 'b'])),
    '<a><a0><z/></a0><b x="1"/><d/></a>',
  );
  t.equal(
    done('<a></a>', (document) => addElement(document, at(document, 'a'), { name: 'b' })),
    '<a>\n  <b/>\n</a>',
  );
  t.equal(
    done('<a>\n  <!-- c -->\n</a>', (document) => addElement(document, at(document, 'a'), { name: 'b' })),
    '<a>\n  <b/>\n  <!-- c -->\n</a>',
  );
  t.equal(
    done('<z><a/></z>', (document) => addElement(document, at(document, 'z/a'), { name: 'b' })),
    '<z><a><b/></a></z>',
  );
  t.equal(
    done('<z><a>x</a></z>', (document) => addElement(document, at(document, 'z/a'), { name: 'b' })),
    '<z><a><b/>x</a></z>',
  );
  t.end();
});

t.test('elements are taken out and moved', (t) => {
  const proc = (document: EditDocument, nth: number): EditElement => at(document, 'safe/service/errd/proc', nth);
  t.equal(
    done(file, (document) => removeElement(document, proc(document, 0))),
    file.replace('      <proc name="a"/>\n', ''),
  );
  t.equal(
    done(file, (document) => removeElement(document, at(document, 'safe/macro'))),
    file.replace(`<macro name='PORT' value="80"/>`, ''),
    'what else is on the line stays',
  );
  t.equal(
    done('<a><b/>x<b/></a>', (document) => removeElement(document, at(document, 'a/b', 1))),
    '<a><b/>x</a>',
  );
  const moved = file
    .replace('<proc name="a"/>', '@')
    .replace('<proc name="b" atleast="2" />', '<proc name="a"/>')
    .replace('@', '<proc name="b" atleast="2" />');
  t.equal(
    done(file, (document) => moveElement(document, proc(document, 0), 1)),
    moved,
  );
  t.equal(
    done(file, (document) => moveElement(document, proc(document, 1), -1)),
    moved,
  );
  t.equal(
    done(file, (document) => moveElement(document, proc(document, 0), -1)),
    file,
    'the first stays first',
  );
  t.equal(
    done('<a/><b/><a x="1"/>', (document) => moveElement(document, at(document, 'a'), 1)),
    '<a x="1"/><b/><a/>',
    'roots too',
  );
  t.end();
});

t.test('CDATA', (t) => {
  const failover = (document: EditDocument): EditElement => at(document, 'safe/service/failover');
  t.match(contentOf(read(file), failover(read(file))), /a == down/);
  t.equal(contentOf(read(file), at(read(file), 'safe/service/user')), '');
  t.equal(contentOf(read('<a>x</a>'), at(read('<a>x</a>'), 'a')), null);
  const two = '<a><![CDATA[x]]> <![CDATA[y]]></a>';
  t.equal(contentOf(read(two), at(read(two), 'a')), null);
  const changed = done(file, (document) => setContent(document, failover(document), 'x ]]> y'));
  t.equal(contentOf(read(changed), failover(read(changed))), 'x ]]> y');
  t.ok(changed.startsWith(file.slice(0, file.indexOf('<![CDATA['))));
  t.equal(
    done('<a/>', (document) => setContent(document, at(document, 'a'), 'b')),
    '<a><![CDATA[b]]></a>',
  );
  t.equal(
    done('<a />', (document) => setContent(document, at(document, 'a'), '')),
    '<a />',
  );
  t.equal(
    done('<a> </a>', (document) => setContent(document, at(document, 'a'), 'b')),
    '<a><![CDATA[b]]></a>',
  );
  t.equal(
    done('<a>\n<![CDATA[b]]>\n</a>', (document) => setContent(document, at(document, 'a'), '')),
    '<a>\n\n</a>',
  );
  t.end();
});

const tagName = fc.constantFrom('safe', 'service', 'proc', 'to', 'x-y');
const gap = fc.constantFrom('', ' ', '\n', '\n    ', '\t', '<!-- it\'s <a> "note" -->', '\r\n  ');
const value = fc.string({ maxLength: 12, unit: fc.constantFrom(...`ab% <>&"'\t\n]é€`) });
const attributes = fc.dictionary(fc.constantFrom('name', 'mode', 'addr', 'z'), value, { maxKeys: 3 });
const { element } = fc.letrec<{ element: string }>((tie) => ({
  element: fc
    .tuple(
      tagName,
      attributes,
      fc.array(
        fc.tuple(
          gap,
          fc.oneof(
            { maxDepth: 3, withCrossShrink: true },
            fc.constant('<leaf/>'),
            fc.constant('<![CDATA[a > b]]>'),
            tie('element'),
          ),
        ),
        { maxLength: 3 },
      ),
      gap,
      fc.constantFrom('"', "'"),
    )
    .map(([tag, all, inside, last, quote]) => {
      const mark = quote === '"' ? '"' : "'";
      const opening = `<${tag}${Object.entries(all)
        .map(([key, one]) => ` ${key} = ${mark}${quoteValue(one, mark)}${mark}`)
        .join('')}`;
      return inside.length === 0 && last === ''
        ? `${opening} />`
        : `${opening}>${inside.map(([before, one]) => before + one).join('')}${last}</${tag}>`;
    }),
}));
/** Everything of a document but what an edit is about. */
const shape = (document: EditDocument) =>
  document.elements.map(({ path, attributes: all }) => ({ path, all: all.map((one) => [one.name, one.value]) }));

t.test('properties', (t) => {
  fc.assert(
    fc.property(element, fc.nat(), fc.constantFrom('name', 'mode', 'new'), fc.option(value), (text, which, attribute, wanted) => {
      const document = read(text);
      const target = document.elements[which % document.elements.length];
      if (target === undefined) return;
      const changes = setAttribute(document, target, attribute, wanted);
      const next = read(applyChanges(text, changes));
      const found = next.elements[target.index];
      // A reader of XML takes blanks for line ends that are not written as references: these are.
      t.equal(found && written(found, attribute), wanted ?? undefined);
      const expected = shape(document);
      const rest = shape(next);
      for (const [index, one] of rest.entries()) if (index !== target.index) t.same(one, expected[index]);
      if (wanted !== null && found !== undefined) {
        const [change] = changes;
        t.ok(
          change !== undefined && next.text.startsWith(text.slice(0, change.from)) && next.text.endsWith(text.slice(change.to)),
        );
      }
    }),
    { numRuns: 300 },
  );
  fc.assert(
    fc.property(element, fc.nat(), attributes, (text, which, all) => {
      const document = read(text);
      const target = document.elements[which % document.elements.length];
      if (target === undefined) return;
      const added = read(applyChanges(text, addElement(document, target, { name: 'added', attributes: all })));
      const found = added.elements.find((one) => one.name === 'added');
      t.same(Object.fromEntries(found?.attributes.map((one) => [one.name, one.value]) ?? []), all);
      t.equal(found?.parent, target.index);
      t.same(
        shape(added).filter(({ path }) => !path.endsWith('added')),
        shape(document),
      );
      if (found !== undefined) {
        const back = read(applyChanges(added.text, removeElement(added, found)));
        t.same(shape(back), shape(document), 'taken out again, all is as before');
      }
    }),
    { numRuns: 300 },
  );
  fc.assert(
    fc.property(element, fc.nat(), fc.constantFrom(-1 as const, 1 as const), (text, which, direction) => {
      const document = read(text);
      const target = document.elements[which % document.elements.length];
      if (target === undefined) return;
      const moved = read(applyChanges(text, moveElement(document, target, direction)));
      t.same(shape(moved).map(String).sort(), shape(document).map(String).sort());
      t.equal(moved.text.length, text.length);
    }),
    { numRuns: 200 },
  );
  fc.assert(
    fc.property(fc.string({ maxLength: 30, unit: fc.constantFrom(...'ab]>[<!C') }), (content) => {
      const text = '<a><b/><c>\n<![CDATA[old]]>\n</c></a>';
      const document = read(text);
      const next = read(applyChanges(text, setContent(document, at(document, 'a/c'), content)));
      t.equal(contentOf(next, at(next, 'a/c')), content);
    }),
  );
  fc.assert(
    fc.property(
      value,
      fc.constantFrom('"' as const, "'" as const),
      (one, quote) => decodeReferences(quoteValue(one, quote)) === one,
    ),
  );
  t.end();
});
