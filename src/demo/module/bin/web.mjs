// The demo's application: a small web server that says which node and process answered, and how often it has.
// Usage: web.mjs --node NAME --listen ADDRESS:PORT --pid-file FILE
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { node: { type: 'string' }, listen: { type: 'string' }, 'pid-file': { type: 'string' } },
});
const listen = values.listen ?? '127.0.0.1:8081';
const separator = listen.lastIndexOf(':');
const pidFile = values['pid-file'];
let requests = 0;

const server = createServer({ keepAliveTimeout: 5_000, requestTimeout: 10_000, headersTimeout: 5_000 }, (_request, response) => {
  requests += 1;
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(`${JSON.stringify({ node: values.node, pid: process.pid, requests })}\n`);
});
server.maxConnections = 1_000;
server.on('error', (error) => {
  console.error(`web: ${error.message}`);
  process.exit(1);
});
server.listen(Number(listen.slice(separator + 1)), listen.slice(0, separator), () => {
  // The file appears whole, and only when the port is open: that is what the start script waits for.
  if (pidFile !== undefined) {
    writeFileSync(`${pidFile}.new`, `${process.pid}\n`);
    renameSync(`${pidFile}.new`, pidFile);
  }
  console.log(`web: ${values.node} listens on ${listen}, pid ${process.pid}`);
});

process.on('SIGTERM', () => {
  // What has begun is answered; nothing new is accepted.
  server.close(() => {
    if (pidFile !== undefined) rmSync(pidFile, { force: true });
    process.exit(0);
  });
  server.closeIdleConnections();
});
