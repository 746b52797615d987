import t from 'tap';
import { parseClusterXml } from '../../src/config/cluster-config.js';
import { formatProblems } from '../../src/config/problems.js';
import { brief, findingsOf, fixture, goodValue, sees } from './fixtures.js';

const parse = (text: string) => parseClusterXml(text, 'cluster.xml');
const messages = (text: string) => findingsOf(parse(text)).map(({ code, message }) => `${code} ${message}`);
const cluster = (lans: string, attributes = '') => `<cluster><lans ${attributes}>${lans}</lans></cluster>`;
const lan = (name: string, nodes: readonly string[], attributes = '') =>
  `<lan name="${name}" ${attributes}>${nodes.map((node, index) => `<node name="${node}" addr="10.${name.length}.0.${index + 1}"/>`).join('')}</lan>`;

t.test('the example of the compatibility page', async (t) => {
  const result = parse(fixture('cluster.xml'));
  t.same(brief(result), ['warning CONF_ATTRIBUTE_IGNORED 8:22 cluster/lans/lan @console']);
  t.same(goodValue(result), {
    port: 4800,
    preset: 'lan',
    pulseMs: 100,
    slostCount: 10,
    mlostCount: 20,
    lans: [
      {
        name: 'default',
        command: true,
        nodes: [
          { node: 'n1', addr: '10.0.0.11', laddr: null },
          { node: 'n2', addr: '10.0.0.12', laddr: null },
          { node: 'n3', addr: '2001:db8::13', laddr: '10.0.0.13' },
        ],
      },
      {
        name: 'back',
        command: false,
        nodes: [
          { node: 'n1', addr: '192.168.9.11', laddr: null },
          { node: 'n2', addr: 'n2.example.org', laddr: null },
        ],
      },
    ],
    nodes: ['n1', 'n2', 'n3'],
  });
  t.ok(Object.isFrozen(goodValue(result).lans[0]?.nodes[0]));
});

t.test('every error is found at once', async (t) => {
  t.equal(`${formatProblems(findingsOf(parse(fixture('cluster-errors.xml'))))}\n`, fixture('cluster-errors.expected.txt'));
});

t.test('failure detection: our defaults, the presets, and what is given wins', async (t) => {
  const detection = (attributes: string) => {
    const { pulseMs, slostCount, mlostCount, preset, port } = goodValue(parse(cluster(lan('a', ['n1', 'n2']), attributes)));
    return [preset, pulseMs, slostCount, mlostCount, port];
  };
  t.same(detection(''), ['lan', 100, 5, 8, 4800]);
  t.same(detection('preset="fast"'), ['fast', 25, 5, 8, 4800]);
  t.same(detection('preset="wan"'), ['wan', 500, 8, 12, 4800]);
  t.same(detection('preset="wan" pulse="1s" slost_count="3" mlost_count="4" port="5000"'), ['wan', 1000, 3, 4, 5000]);
});

t.test('the lan of distributed commands', async (t) => {
  const commands = (text: string) => goodValue(parse(text)).lans.map(({ command }) => command);
  t.same(commands(cluster(lan('a', ['n1', 'n2']) + lan('bb', ['n1', 'n2']))), [true, false], 'the first, when none is named');
  t.same(commands(cluster(lan('a', ['n1', 'n2']) + lan('bb', ['n1', 'n2'], 'command="on"'))), [false, true]);
  const partial = cluster(lan('a', ['n1', 'n2']) + lan('bb', ['n3', 'n1', 'n2']));
  t.same(commands(partial), [false, true], 'the first that has all nodes');
  sees(t, messages(partial), [/CONF_DOUBTFUL The first lan does not have all nodes/]);
  t.same(goodValue(parse(partial)).nodes, ['n1', 'n2', 'n3'], 'in the order of first appearance');
  sees(t, messages(cluster(lan('a', ['n1', 'n2'], 'command="on"') + lan('bb', ['n3', 'n1', 'n2']))), [
    /The lan with command="on" does not have all nodes/,
  ]);
  sees(t, messages(cluster(lan('a', ['n1', 'n2']) + lan('bb', ['n2', 'n3']))), [/No lan has all nodes/]);
});

t.test('structure and size', async (t) => {
  sees(t, messages('<cluster/>'), [/<cluster> has no <lans>/]);
  sees(t, messages('<lans/>'), [/the file has no <cluster>/, /<lans> is not known in the file/]);
  sees(t, messages('<cluster'), [/CONF_XML/]);
  sees(t, messages(cluster('')), [/<lans> has no <lan>/]);
  sees(t, messages(cluster(lan('a', ['n1']))), [/CONF_DOUBTFUL The cluster has one node only/]);
  sees(
    t,
    messages(
      cluster(
        lan(
          'a',
          Array.from({ length: 33 }, (_, index) => `n${index}`),
        ),
      ),
    ),
    [/The cluster has 33 nodes/],
  );
  sees(t, messages(cluster('<lan name="a"><node name="n1" addr="%HOME%"/><node name="n2" addr="n2"/></lan>')), [
    /"%HOME%" is no address/,
  ]);
  sees(
    t,
    messages(cluster('<lan name="a"><node name="n1" addr="N1.example.org"/><node name="n2" addr="n1.Example.org."/></lan>')),
    [/CONF_DUPLICATE/],
  );
});
