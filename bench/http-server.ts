/**
 * The measured server, in a process of its own: `bare` is a plain `node:http` server with the probe's answer, `service` is our whole web
 * service with 30 modules. Prints its port as JSON. With a number as second argument, that many events a second are made.
 */
import { createServer } from 'node:http';
import { join } from 'node:path';
import { createReadyTable } from '../src/http/ready-table.js';
import { startHttpService } from '../src/http/service.js';
import { fakeFace } from '../test/http/fake-face.js';

const [kind, eventsPerSecond = '0', directory = '.'] = process.argv.slice(2);
const say = (port: number): void => void process.stdout.write(`${JSON.stringify({ port })}\n`);
process.on('disconnect', () => process.exit(0));

if (kind === 'bare') {
  const server = createServer((_request, response) => {
    response.writeHead(200, ['Content-Type', 'text/plain', 'Cache-Control', 'no-store', 'Content-Length', '2']);
    response.end('OK');
  });
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    if (address !== null && typeof address === 'object') say(address.port);
  });
} else {
  const modules = Array.from({ length: 30 }, (_, index) => `m${index}`);
  const face = fakeFace({ modules });
  const table = createReadyTable();
  const service = await startHttpService({
    ...{ face, table, runDir: directory, cliSocket: join(directory, 's'), version: '0', seal: () => null },
    onDefect: (error) => process.stderr.write(`${error.stack}\n`),
    onFrontEvent: (event) => {
      if (event.type === 'listening') say(event.port);
    },
  });
  for (const module of modules) table.set(module, true, 'UP', 'Ready');
  table.tick();
  setInterval(() => table.tick(), 100);
  service.listen([{ host: '127.0.0.1', port: 0 }]);
  const perTick = Number(eventsPerSecond) / 100;
  let owed = 0;
  let last = performance.now();
  if (perTick > 0) {
    setInterval(() => {
      const now = performance.now();
      owed += ((now - last) * Number(eventsPerSecond)) / 1000;
      last = now;
      for (; owed >= 1; owed -= 1) {
        const at = new Date().toISOString();
        face.ring.append({
          node: 'n1',
          module: 'm1',
          type: 'resource.changed',
          at,
          atMs: now,
          cause: null,
          data: { name: 'proc.web', value: 'up' },
        });
      }
    }, 10);
  }
}
