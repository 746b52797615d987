/** The schema as data, for forms and editors. */
import t from 'tap';
import { configHelp } from '../../src/config/help.js';

t.test('help', (t) => {
  const { module, cluster } = configHelp();
  const service = module['safe/service'];
  t.match(service?.attributes['mode'], {
    required: true,
    initial: null,
    choices: ['farm', 'mirror', 'light'],
    modes: null,
    ignored: null,
  });
  t.match(service?.attributes['failover'], { choices: ['on', 'off'], modes: ['mirror'] });
  t.match(service?.attributes['maxloop'], { choices: null, initial: '3' });
  t.same(
    service?.children.filter(({ name }) => name === 'farm' || name === 'errd'),
    [
      { name: 'farm', min: 1, max: 1 },
      { name: 'errd', min: 0, max: 1 },
    ],
  );
  t.match(module['safe/service/errd'], { text: false, modes: null, children: [{ name: 'proc', min: 0, max: null }] });
  t.match(module['safe/service/failover'], { text: true });
  t.match(module['safe/service/heart'], { modes: ['mirror'] });
  t.ok(cluster['cluster/lans/lan/node']?.attributes['addr']?.required);
  for (const [path, { children }] of Object.entries(module))
    for (const { name } of children) t.ok(module[`${path}/${name}`], `${path}/${name} is described`);
  t.end();
});
