import t from 'tap';
import { parseUserConfig } from '../../src/config/module-config.js';
import { createSourceLines } from '../../src/config/source-lines.js';
import { readDocument } from '../../src/config/xml-document.js';
import { scanXml, xmlLimits } from '../../src/config/xml-scan.js';
import { decodeReferences, encodeValue } from '../../src/config/xml-text.js';
import { brief, farmWith, findingsOf, fixture, goodValue, sees } from './fixtures.js';

const parse = (text: string) => parseUserConfig(text, 'f.xml', {});

t.test('a text that is not well-formed gives one error, with its place', async (t) => {
  const cases: readonly (readonly [text: string, place: string, message: RegExp])[] = [
    ['', '1:1', /no element/],
    ['  \n <!-- only this -->', '1:1', /no element/],
    ['text <safe/>', '1:1', /text outside of any element/],
    ['<safe/> more', '1:9', /text outside of any element/],
    ['<safe>\n <service>\n</safe>', '3:1', /<\/safe> closes nothing: <service> is still open/],
    ['<safe>\n\n <service mode="farm">', '3:2', /<service> is never closed/],
    ['</safe>', '1:1', /<\/safe> closes nothing\./],
    ['<safe></safe', '1:7', /closing tag is not complete/],
    ['<safe><1/></safe>', '1:7', /begins no tag/],
    ['<safe a="1" a="2"/>', '1:13', /attribute a of <safe> is given twice/],
    ['<safe a=1/>', '1:7', /attribute a of <safe> has no proper value/],
    ['<safe a/>', '1:7', /has no proper value/],
    ['<safe a="x<y"/>', '1:7', /has no proper value/],
    ['<safe a="x/>', '1:7', /has no proper value/],
    ['<safe a="x"b="y"/>', '1:12', /no blank before `b`/],
    ['<safe "x"/>', '1:7', /`"` is not expected/],
    ['<safe', '1:6', /tag <safe> is not closed/],
    ['<safe <b/></safe>', '1:7', /tag <safe> is not closed/],
    ['<safe>&nbsp;</safe>', '1:7', /`&` begins no entity/],
    ['<safe a="&x;"/>', '1:10', /`&` begins no entity/],
    ['<safe a="a & b"/>', '1:12', /`&` begins no entity/],
    ['<safe a="&#0;"/>', '1:10', /&#0; is no character/],
    ['<safe a="&#x110000;"/>', '1:10', /is no character/],
    ['<safe a="&#xD800;"/>', '1:10', /is no character/],
    ['<safe>a ]]> b</safe>', '1:9', /closes no CDATA section/],
    ['<safe><!-- x</safe>', '1:7', /comment that begins here is never closed/],
    ['<safe><![CDATA[ x</safe>', '1:7', /CDATA section that begins here is never closed/],
    ['<![CDATA[x]]><safe/>', '1:1', /CDATA section outside/],
    ['<safe><!ELEMENT x></safe>', '1:7', /begins neither a comment/],
    ['<safe><?php x</safe>', '1:7', /processing instruction that begins here/],
    [' <?xml version="1.0"?><safe/>', '1:2', /XML declaration is not at the very beginning/],
    ['<safe>\u0000</safe>', '1:7', /character that XML does not allow/],
    ['<safe>\uD800</safe>', '1:7', /character that XML does not allow/],
    ['<!DOCTYPE safe', '1:1', /DOCTYPE is never closed/],
    ['<!DOCTYPE safe SYSTEM "x><safe/>', '1:23', /quotation in the DOCTYPE/],
  ];
  for (const [text, place, message] of cases) {
    const findings = findingsOf(parse(text));
    sees(
      t,
      findings.map((found) => `${found.line}:${found.column} ${found.message}`),
      [new RegExp(`^${place} .*${message.source}`)],
      text,
    );
    t.equal(findings[0]?.code, 'CONF_XML');
  }
});

t.test('declarations are refused, wherever they hide', async (t) => {
  const bomb = '<!DOCTYPE safe [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><safe x="&b;"/>';
  t.same(brief(parse(bomb)), ['error CONF_XML_DOCTYPE 1:16 ']);
  t.same(brief(parse('<!DOCTYPE safe SYSTEM "file:///etc/passwd" [ ]><safe/>')), ['error CONF_XML_DOCTYPE 1:44 ']);
  t.same(brief(parse('<safe/><!DOCTYPE safe>')), ['error CONF_XML_DOCTYPE 1:8 ']);
  t.same(brief(parse('<!DOCTYPE safe><!DOCTYPE safe><safe/>')), ['error CONF_XML_DOCTYPE 1:16 ']);
  const good = `<!DOCTYPE safe PUBLIC '-//x' "a>b[c.dtd">\n${fixture('light.xml')}`;
  t.equal(parse(good).ok, true, 'one that names a file is skipped, and the file not read');
});

t.test('limits', async (t) => {
  const nested = (depth: number) => `${'<a>'.repeat(depth)}${'</a>'.repeat(depth)}`;
  t.equal(scanXml(nested(xmlLimits.depth)).ok, true);
  t.same(brief(parse(nested(xmlLimits.depth + 1))), [`error CONF_XML_LIMIT 1:${1 + 3 * xmlLimits.depth} `]);
  const attributes = (count: number) => `<a${Array.from({ length: count }, (_, index) => ` a${index}="1"`).join('')}/>`;
  t.equal(scanXml(attributes(xmlLimits.attributes)).ok, true);
  t.match(brief(parse(attributes(xmlLimits.attributes + 1))), [/CONF_XML_LIMIT/]);
  t.equal(scanXml(`<a>${'<b/>'.repeat(xmlLimits.elements - 1)}</a>`).ok, true);
  t.match(brief(parse(`<a>${'<b/>'.repeat(xmlLimits.elements)}</a>`)), [/CONF_XML_LIMIT/]);
  const wide = attributes(100).repeat(xmlLimits.allAttributes / 100);
  t.equal(scanXml(wide).ok, true);
  t.match(brief(parse(`${wide}<a b=""/>`)), [/CONF_XML_LIMIT/]);
  const padded = (length: number) => fixture('light.xml').padEnd(length, ' ');
  t.equal(parse(padded(xmlLimits.characters)).ok, true);
  t.match(brief(parse(padded(xmlLimits.characters + 1))), [/CONF_XML_LIMIT 1:1/]);
});

t.test('a large hostile file is refused soon and with a bounded list', async (t) => {
  const started = performance.now();
  const names = Array.from({ length: 100 }, (_, index) => ` x${index}="%NOBODY%"`).join('');
  const many = parse(`<safe>${`<service${names}/>`.repeat(190)}</safe>`);
  const found = findingsOf(many);
  t.equal(found.length, 501);
  t.equal(found.filter(({ code }) => code === 'CONF_TOO_MANY').length, 1);
  for (const text of [
    `<a ${' '.repeat(1_000_000)}`,
    `<a b="${'x'.repeat(1_000_000)}`,
    `${'<'.repeat(1_000_000)}`,
    `<a>${'&'.repeat(1_000_000)}`,
    `<!DOCTYPE ${'"'.repeat(1_000_000)}`,
    `<!--${'-'.repeat(1_000_000)}`,
    `<a ${'b '.repeat(500_000)}>`,
    `<a>${']]'.repeat(500_000)}`,
    `<a>${'<![CDATA[]]>'.repeat(80_000)}</a>`,
    `<safe>${'<service/>'.repeat(4_900)}</safe>`,
    `<safe>${`<service ${Array.from({ length: 120 }, (_, index) => `modf${index}="1"`).join(' ')}/>`.repeat(160)}</safe>`,
  ]) {
    t.equal(parse(text).ok, false);
  }
  t.ok(performance.now() - started < 20_000, `${Math.round(performance.now() - started)} ms`);
});

t.test('line ends of all kinds, byte order mark, comments and instructions do not disturb', async (t) => {
  const body = (end: string) =>
    [
      '<?xml version="1.0"?>',
      '<?style x?>',
      '<!-- a -- b -->',
      '<safe>',
      '<!-- <service> -->',
      '<service mode="light" bot="on"/>',
      '</safe>',
      '',
    ].join(end);
  for (const end of ['\n', '\r\n', '\r']) {
    for (const mark of ['', '\uFEFF']) {
      t.same(brief(parse(mark + body(end))), ['warning CONF_ATTRIBUTE_UNKNOWN 6:23 safe/service @bot']);
    }
  }
});

t.test('positions are those of the author also after macros changed the length of the text', async (t) => {
  const long = 'x'.repeat(300);
  const text = `<safe><macro name="L" value="${long}"/><macro name="S" value=""/><service mode="light"><user><var name="A" value="%L%%L%"/><var name="B" value="%S%%S%%S%"/></user><failover><![CDATA[%L%]]><![CDATA[\n]]><![CDATA[y]]></failover><user/></service></safe>`;
  const line = createSourceLines(text);
  const at = line(text.lastIndexOf('<user/>'));
  const end = (section: string) => line(text.indexOf(section) + section.length);
  t.same(
    findingsOf(parse(text)).map(({ code, line: row, column }) => ({ code, line: row, column })),
    [
      { code: 'CONF_RULE', ...end('[CDATA[%L%') },
      { code: 'CONF_RULE', ...end('[CDATA[y') },
      { code: 'CONF_ELEMENT_REPEATED', ...at },
    ],
  );
  const document = readDocument(text, 'f.xml', {});
  const failover = document.root?.children[0]?.children[2]?.children[1];
  const found = failover?.contents.map((content) => [content.text.slice(0, 2), content.position]);
  const places = [...text.matchAll(/<!\[CDATA\[/g)].map((match) => line(match.index));
  t.same(found, [
    ['xx', places[0]],
    ['\n', places[1]],
    ['y', places[2]],
  ]);
});

t.test('both quotation marks', async (t) => {
  const config = goodValue(
    parse(
      `<safe><service mode = 'light' ><user><var name='A' value='"x"'/><var value = "it's" name\n=\t"B"/></user></service ></safe>`,
    ),
  );
  t.same(config.user?.vars, [
    { name: 'A', value: '"x"' },
    { name: 'B', value: "it's" },
  ]);
});

t.test('references are resolved once, and encoded values survive', async (t) => {
  t.equal(decodeReferences('&lt;&gt;&amp;&quot;&apos;&#65;&#x1F600;&amp;lt;'), '<>&"\'A😀&lt;');
  t.equal(decodeReferences('&other;'), '&other;');
  for (const value of ['%A%', 'a\tb\r\nc', '<&>"\'', '']) t.equal(decodeReferences(encodeValue(value)), value);
  const config = goodValue(
    parse(farmWith('').replace('<user/>', '<user><var name="A" value="&amp;lt;&#10;&#37;X&#37;\n\tz"/></user>')),
  );
  t.equal(config.user?.vars[0]?.value, '&lt;\n%X%  z', 'white space in an attribute is blanks, unless written as a reference');
});

t.test("a caller's mistake is not taken for one of the file", async (t) => {
  t.throws(() => Reflect.apply(scanXml, undefined, [{}]), TypeError);
});
