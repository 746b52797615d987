import fc from 'fast-check';
import t from 'tap';
import { parseEventStream, type StreamEvent } from '../../src/cli/client.js';
import { calm, event, logLine } from './fixtures.js';
import { scenario } from './harness.js';

async function* chunks(parts: readonly string[]): AsyncGenerator<string> {
  yield* parts;
}
async function parsed(parts: readonly string[]): Promise<readonly StreamEvent[]> {
  const found: StreamEvent[] = [];
  for await (const item of parseEventStream(chunks(parts))) found.push(item);
  return found;
}

t.test('server-sent events', async (t) => {
  t.strictSame(
    await parsed([': hello\r\n\r\nid: 1.2\nevent: line\ndata: {"a":\ndata: 1}\n\ndata:x\n\nevent: unfinished\ndata: y\n']),
    [
      { id: '1.2', event: 'line', data: '{"a":\n1}' },
      { id: '1.2', event: 'message', data: 'x' },
    ],
  );
  t.strictSame(await parsed(['event: empty\n\nretry: 5\ndata\n\n']), [{ id: null, event: 'message', data: '' }]);
});

t.test('wherever the stream is cut', async (t) => {
  const text = 'id: 7\r\nevent: e\r\ndata: {"ü":1}\r\n\r\n: comment\n\ndata: second\n\n';
  const whole = await parsed([text]);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(text.length)), async (cuts) => {
      const ends = [...cuts, text.length].sort((left, right) => left - right);
      const parts = ends.map((end, index) => text.slice(ends[index - 1] ?? 0, end));
      t.strictSame(await parsed(parts), whole);
    }),
  );
});

scenario(
  t,
  'logview prints lines and, with --json, objects',
  {
    ...calm,
    getLogs: () => ({
      events: [
        { event: 'hello', data: 1 },
        { event: 'line', data: logLine() },
        { event: 'line', data: logLine({ level: 'C', message: 'Process httpd not running' }) },
      ],
      end: true,
    }),
  },
  async (t, { daemon, cli }) => {
    const classic = await cli(['logview', '-m', 'farm', '-s', '10', '-A']);
    t.equal(
      classic.out,
      '| 2026-01-31 14:22:33.123000 | heart | E | Local state UP Ready\n| 2026-01-31 14:22:33.123000 | heart | C | Process httpd not running\n',
    );
    t.match(daemon.requests[0]?.query, { limit: '10', verbose: 'true' });
    t.strictSame(
      [classic.code, classic.err],
      [3, 'DAEMON_UNREACHABLE: holdfastd has ended the stream; it stops, or this reader was too slow\n'],
      'a stream that ends by itself is a failure',
    );
    const { out } = await cli(['logview', '-m', 'farm', '--json']);
    t.strictSame(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
      [logLine(), logLine({ level: 'C', message: 'Process httpd not running' })],
    );
  },
);

const lost = { node: 'n1', code: 'EVENTS_LOST', message: 'Read the state again.' };
scenario(
  t,
  'events: a gap is reported, and the stream goes on',
  {
    ...calm,
    getEvents: () => ({
      events: [
        { event: 'lost', data: lost },
        { event: event.type, id: event.id, data: event },
        { event: 'error', data: { node: 'n1', code: 'INTERNAL', message: 'No.' } },
      ],
      end: false,
    }),
  },
  async (t, { daemon, cli }) => {
    t.strictSame(await cli(['events', '-m', 'farm', '--since', '7.41', '--types', 'module.*']), {
      code: 1,
      out: '2026-01-31 14:22:33  7.42  n1  farm  module.state  state=UP  quality=Ready  share=50  cause=7.41\n',
      err: 'EVENTS_LOST: Read the state again.\nINTERNAL: No.\n',
    });
    t.strictSame(daemon.requests[0]?.query, { since: '7.41', types: 'module.*', module: 'farm' });
    t.strictSame(JSON.parse((await cli(['events', '--json'])).out), event);
  },
);

scenario(
  t,
  'a stream that is refused',
  { ...calm, getLogs: () => ({ problem: 'MODULE_UNKNOWN', detail: "No module 'x' is installed here." }) },
  async (t, { cli }) => {
    t.strictSame(await cli(['logview', '-m', 'x']), {
      code: 2,
      out: '',
      err: "MODULE_UNKNOWN: No module 'x' is installed here.\n",
    });
  },
);

scenario(
  t,
  'an interrupted stream ends with 0',
  { ...calm, getEvents: () => ({ events: [{ event: event.type, id: event.id, data: event }], end: false }) },
  async (t, { cli }) => {
    const interruption = new AbortController();
    const ran = await cli(['events'], { signal: interruption.signal, onOut: () => interruption.abort() });
    t.strictSame([ran.code, ran.err], [0, '']);
  },
);
