import t from 'tap';
import { targetsOf } from '../../src/cli/hosts.js';
import { summaryCode } from '../../src/cli/remote.js';

const hosts = ['n1', 'n2'].map((node, index) => ({
  ...{ node, self: index === 0, online: true, url: `http://10.0.0.1${index + 1}:9010` },
  urls: [`http://10.0.0.1${index + 1}:9010`],
}));
/** The same with HTTPS, and a second address of n1. */
const secureHosts = hosts.map((host, index) => {
  const urls = [`https://10.0.0.1${index + 1}:9453`, ...(index === 0 ? ['https://192.168.9.11:9453'] : []), ...host.urls];
  return { ...host, url: urls[0] ?? '', urls };
});
const named = (text: string): readonly string[] => targetsOf(text, hosts).map(({ url, node }) => `${node ?? '-'} ${url}`);

t.test('the forms of -H', (t) => {
  const all = ['n1 http://10.0.0.11:9010', 'n2 http://10.0.0.12:9010'];
  t.same(named('*'), all);
  t.same(named('n2, n1,n2'), ['n2 http://10.0.0.12:9010', 'n1 http://10.0.0.11:9010'], 'each once');
  t.same(named('[http],*'), all, 'the protocol that they have anyway');
  t.same(named('[https:9453],n1,other'), ['- https://10.0.0.11:9453', '- https://other:9453']);
  t.same(named('[https],other'), ['- https://other:9453']);
  t.same(named('http://10.0.0.12:9010,https://a/'), ['n2 http://10.0.0.12:9010', '- https://a:9453']);
  t.same(named('other'), ['- http://other:9010']);
  t.same(named('::1,[2001::1]'), ['- http://[::1]:9010', '- http://[2001::1]:9010']);
  const secure = (text: string): readonly string[] =>
    targetsOf(text, secureHosts).map(({ url, node }) => `${node ?? '-'} ${url}`);
  t.same(secure('*'), ['n1 https://10.0.0.11:9453', 'n2 https://10.0.0.12:9453']);
  t.same(secure('[https],*'), secure('*'));
  t.same(secure('[https:9453],n2'), ['n2 https://10.0.0.12:9453']);
  t.same(secure('[http],n2'), ['n2 http://10.0.0.12:9010']);
  t.same(secure('https://10.0.0.12,https://192.168.9.11:9453/'), ['n2 https://10.0.0.12:9453', 'n1 https://192.168.9.11:9453']);
  t.same(secure('10.0.0.12,http://10.0.0.11:9010'), ['n2 http://10.0.0.12:9010', 'n1 http://10.0.0.11:9010'], 'by their address');
  t.same(secure('[https:9999],n2'), ['- https://10.0.0.12:9999'], 'another port is asked itself');
  for (const nobody of ['', ' , ', '[http]', 'a b']) t.throws(() => named(nobody), { code: 'USAGE' }, nobody);
  t.end();
});

t.test('one exit code for all', (t) => {
  t.equal(summaryCode([0, 0]), 0);
  t.equal(summaryCode([2, 2]), 2);
  t.equal(summaryCode([0, 3]), 1);
  t.end();
});
