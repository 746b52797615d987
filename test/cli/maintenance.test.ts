/** The commands of maintenance, the history of a resource, and the warning of `state`. */
import t from 'tap';
import type { Resource, SwitchStates } from '../../src/http/api-types.js';
import { calm, farm, status } from './fixtures.js';
import { scenario } from './harness.js';

const at = '2026-01-31T14:22:33.123Z';
const states: SwitchStates = { errd: true, checker: true, failover: false, boot: true, bootRule: 'ignore' };

scenario(
  t,
  'on, off and status of each switch',
  {
    getSwitches: () => ({ json: states }),
    setSwitch: ({ body }) => {
      const { switch: what, on } = Object.assign({ switch: '', on: false }, body);
      return { json: { ...states, bootRule: 'on', [what]: on } };
    },
  },
  async (t, { cli, daemon }) => {
    const table: readonly [string, number, string][] = [
      ['errd off', 0, 'errd of farm is off: no failure of that kind has a consequence until it is on again\n'],
      ['errd on', 0, 'errd of farm is on\n'],
      ['errd suspend', 0, 'errd of farm is off: no failure of that kind has a consequence until it is on again\n'],
      ['errd resume', 0, 'errd of farm is on\n'],
      ['checker off', 0, 'checker of farm is off: no failure of that kind has a consequence until it is on again\n'],
      ['failover on', 0, 'failover of farm is on\n'],
      ['boot off', 0, 'boot of farm is off; without effect: the configuration has boot="on"\n'],
      ['errd status', 0, 'on\n'],
      ['checker status', 0, 'on\n'],
      ['failover status', 1, 'off\n'],
      ['boot status', 0, 'on\n'],
    ];
    for (const [line, code, out] of table) {
      t.same(await cli([...line.split(' '), '-m', 'farm']), { code, out, err: '' }, line);
    }
    const json = await cli(['failover', 'status', '-m', 'farm', '--json']);
    t.same([json.code, JSON.parse(json.out)], [1, states]);
    await cli(['checker', 'on', '-m', 'farm', '-i', 'tool']);
    t.same(daemon.requests.at(-1)?.body, { switch: 'checker', on: true, identity: 'tool' });
    t.match(await cli(['boot', 'webon', '-m', 'farm']), { code: 2, err: /not supported yet/ });
    t.match(await cli(['checker', 'offf', '-m', 'farm']), { code: 2, err: /did you mean 'checker off'/ });
    t.match(await cli(['errd', 'off']), { code: 2, err: /which module/ });
  },
);

const values: readonly Resource[] = Array.from({ length: 5 }, (_, index) => ({
  name: 'custom.web',
  value: String(index),
  at,
  atMs: index,
  by: 'x\u001b[31m',
}));
scenario(
  t,
  'the history of a resource, page by page',
  {
    getResourceHistory: ({ query }) =>
      query['before'] === undefined
        ? { json: { items: values.slice(3), next: '3' } }
        : { json: { items: values.slice(0, 3), next: null } },
  },
  async (t, { cli, daemon }) => {
    const { code, out } = await cli(['get', '-m', 'farm', '-r', 'custom.web', '--history']);
    t.equal(code, 0);
    t.same(
      out
        .trimEnd()
        .split('\n')
        .slice(1)
        .map((line) => line.split(/ {2,}/)[1]),
      ['0', '1', '2', '3', '4'],
      'oldest first',
    );
    t.notMatch(out, '\u001b');
    t.same(
      daemon.requests.map(({ query }) => query['before'] ?? null),
      [null, '3'],
    );
    const json = await cli(['get', '-m', 'farm', '-r', 'custom.web', '--history', '--json']);
    t.equal(JSON.parse(json.out).items.length, 5);
    t.match(await cli(['get', '-m', 'farm', '--history']), { code: 2, err: /-r class\.id/ });
  },
);

const off = { errd: false, checker: true, failover: false, boot: 'off' } as const;
const maintained = { ...farm, nodes: [status({ switches: off }), status({ node: 'n2', switches: { ...off, failover: true } })] };
scenario(
  t,
  'state warns while something is switched off',
  { ...calm, listModules: () => ({ json: { items: [maintained], next: null } }), getModule: () => ({ json: maintained }) },
  async (t, { cli }) => {
    const warnings = /WARNING: errd, failover of farm on n1 are switched off\nWARNING: errd of farm on n2 is switched off\n/;
    t.match((await cli(['state'])).out, warnings);
    t.match((await cli(['state', '-m', 'farm'])).out, warnings);
    t.match((await cli(['state', '-m', 'farm', '-v'])).out, warnings);
    t.notMatch((await cli(['state', '-m', 'farm', '-lq'])).out, /WARNING/, 'one line, for scripts');
  },
);
