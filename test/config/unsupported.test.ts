import t from 'tap';
import { parseUserConfig } from '../../src/config/module-config.js';
import { unsupported } from '../../src/config/unsupported.js';
import { farmWith, fixture, goodValue, mirrorWith } from './fixtures.js';

const of = (text: string) =>
  unsupported(goodValue(parseUserConfig(text, 'f', {}))).map(({ element, line }) => `${element}:${line}`);

t.test('what this version carries out', async (t) => {
  t.same(of(fixture('farm-aws-7.xml')), []);
  t.same(of(fixture('light.xml')), []);
  t.same(
    of(
      farmWith(
        '<vip/><check><tcp ident="t" when="both"><to addr="::1" port="1"/></tcp></check><failover extends="no"><![CDATA[r: if (proc.p == down) then stop();]]></failover><errd><proc name="p" action="./h" class="mine"/></errd>',
        'boot="auto"',
      ),
    ),
    [],
  );
});

t.test('what it does not, with the line', async (t) => {
  t.same(of(fixture('farm-82.xml')), ['safe/service/vip:10', 'safe/service/vhost:31']);
  t.same(of(fixture('mirror.xml')), [
    'safe/service:3',
    'safe/service/heart:4',
    'safe/service/vip:5',
    'safe/service/rfs:10',
    'safe/service/vhost:17',
  ]);
  t.same(of(mirrorWith('')), ['safe/service:1', 'safe/service/heart:1']);
  t.same(of(farmWith('', 'automatic_reboot="on"')), ['safe/service:1']);
});

t.test('a configuration without lines is answered too', async (t) => {
  const { lines: _, ...config } = goodValue(parseUserConfig(farmWith('', 'automatic_reboot="on"'), 'f', {}));
  t.match(unsupported(config), [{ line: 1, message: /not supported yet/ }]);
});
