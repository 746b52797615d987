/** What the measured checks look at, in a process of its own: its work must not count. Prints the ports as JSON. */
import { readFileSync } from 'node:fs';
import { createServer as createWebServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createServer, type Server } from 'node:net';

const [keyFile, certificateFile] = process.argv.slice(2);
process.on('disconnect', () => process.exit(0));

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(address !== null && typeof address === 'object' ? address.port : 0);
    });
  });
}
const page = `{"status":"ok"}${' '.repeat(1_000)}`;
const answer: RequestListener = (request, response) => {
  response.writeHead(200, { 'Holdfast-Started': 'n1 1' });
  response.end(request.url === '/page' ? page : 'OK');
};
const plain = await listen(
  createServer((socket) => {
    socket.on('error', () => undefined);
    socket.resume();
  }),
);
const web = await listen(createWebServer(answer));
const secure =
  keyFile === undefined || certificateFile === undefined
    ? 0
    : await listen(createSecureServer({ key: readFileSync(keyFile), cert: readFileSync(certificateFile) }, answer));
process.stdout.write(`${JSON.stringify({ plain, web, secure })}\n`);
