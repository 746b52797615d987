import { readFileSync } from 'node:fs';
import t from 'tap';
import type { ElementSpec } from '../../src/config/element-spec.js';
import { configReference } from '../../src/config/reference.js';
import { clusterFile } from '../../src/config/schema-cluster.js';
import { moduleFile } from '../../src/config/schema-module.js';

const all = (spec: ElementSpec): readonly ElementSpec[] => [spec, ...spec.children.flatMap((child) => all(child.spec))];
const specs = [...all(clusterFile), ...all(moduleFile)];

t.test('docs/config.md is what the schema says', async (t) => {
  const written = readFileSync(new URL('../../docs/config.md', import.meta.url), 'utf8');
  t.ok(written === configReference(), 'run `npm run build && node scripts/generate-config-docs.mjs`');
});

t.test('the schema is consistent', async (t) => {
  for (const spec of specs) {
    t.match(spec.doc, /[.)]$/, `${spec.name} is described`);
    const names = spec.children.map((child) => child.spec.name);
    t.equal(new Set(names).size, names.length);
    for (const [name, attribute] of Object.entries(spec.attributes)) {
      t.equal(attribute.name, name);
      t.match(attribute.doc, /\.$/, `${spec.name} ${name} is described`);
      const { defaultText } = attribute;
      if (
        attribute.required ||
        attribute.ignored !== null ||
        attribute.fallback === null ||
        defaultText === null ||
        defaultText === ''
      )
        continue;
      t.same(
        attribute.parse(defaultText),
        { ok: true, value: attribute.fallback },
        `the default of ${spec.name} ${name} can be written`,
      );
    }
  }
});

t.test('every element of the compatibility page has a place', async (t) => {
  const expected =
    'cluster lans lan node safe macro service heart heartbeat server farm vip interface_list interface virtual_interface real_interface virtual_addr loadbalancing_list group host rule rfs replicated notreplicated tocheck flow user var vhost virtualhostname errd proc check tcp ping intf ip custom param module splitbrain http header systemd to failover ready';
  const known = new Set(specs.map(({ name }) => name));
  for (const name of expected.split(' ')) t.ok(known.has(name), name);
});
