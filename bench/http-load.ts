/**
 * The load, in a process of its own. `rate PORT PATH CONNECTIONS MS`: as many requests as possible over keep-alive connections, one at a
 * time on each. `steady PORT PER_SECOND MS MODULES`: probes at that rate whatever the answers take, and an event stream read beside them.
 * Prints what it found as JSON.
 */
import { Agent, request } from 'node:http';
import { connect } from 'node:net';

const [mode, portText = '0', ...rest] = process.argv.slice(2);
const port = Number(portText);

/** Raw sockets: the client must cost less than the server that it measures. */
async function rate(
  path: string,
  connections: number,
  ms: number,
): Promise<{ readonly perSecond: number; readonly failed: number }> {
  const head = Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: bench\r\n\r\n`);
  let count = 0;
  let failed = 0;
  const begun = performance.now();
  await Promise.all(
    Array.from(
      { length: connections },
      () =>
        new Promise<void>((resolve, reject) => {
          const socket = connect({ host: '127.0.0.1', port, noDelay: true }, () => socket.write(head));
          let text = '';
          socket.on('data', (chunk) => {
            text += chunk.toString('latin1');
            if (!text.endsWith('\r\n\r\nOK')) return;
            if (!text.startsWith('HTTP/1.1 200')) failed += 1;
            text = '';
            count += 1;
            if (performance.now() - begun < ms) socket.write(head);
            else socket.end();
          });
          socket.on('close', () => resolve());
          socket.on('error', reject);
        }),
    ),
  );
  return { perSecond: (count * 1000) / (performance.now() - begun), failed };
}

async function steady(
  perSecond: number,
  ms: number,
  modules: number,
): Promise<{ readonly times: readonly number[]; readonly failed: number; readonly events: number }> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const times: number[] = [];
  let failed = 0;
  let events = 0;
  const stream = request(
    { host: '127.0.0.1', port, path: '/api/v1/events', headers: { accept: 'text/event-stream' }, agent: false },
    (response) => {
      response.on('data', (chunk: Buffer) => {
        for (let at = chunk.indexOf('\ndata: '); at >= 0; at = chunk.indexOf('\ndata: ', at + 1)) events += 1;
      });
    },
  );
  stream.on('error', () => undefined);
  stream.end();
  const probe = (index: number): Promise<void> =>
    new Promise((resolve) => {
      const begun = performance.now();
      const outgoing = request(
        { host: '127.0.0.1', port, path: `/var/modules/m${index % modules}/ready.txt`, agent },
        (response) => {
          response.resume();
          response.on('end', () => {
            times.push(performance.now() - begun);
            if (response.statusCode !== 200) failed += 1;
            resolve();
          });
        },
      );
      outgoing.on('error', () => {
        failed += 1;
        resolve();
      });
      outgoing.end();
    });
  const open: Promise<void>[] = [];
  const begun = performance.now();
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const due = Math.floor(((performance.now() - begun) * perSecond) / 1000);
      while (open.length < due) open.push(probe(open.length));
      if (performance.now() - begun < ms) return;
      clearInterval(timer);
      resolve();
    }, 1);
  });
  await Promise.all(open);
  stream.destroy();
  agent.destroy();
  return { times, failed, events };
}

const [first = '', second = '0', third = '0'] = rest;
const result =
  mode === 'rate' ? await rate(first, Number(second), Number(third)) : await steady(Number(first), Number(second), Number(third));
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(0);
