/**
 * What 200 checks a second cost Node itself: each port is asked once a second by `node:net`, `node:http` or `node:https`, with nothing
 * around it. `KIND AUTHORITY-FILE PORT …`; says `{"ready":true}` when all have been asked, and ends with its parent.
 */
import { readFileSync } from 'node:fs';
import { type RequestOptions, request } from 'node:http';
import { request as secureRequest } from 'node:https';
import { connect } from 'node:net';
import type { TLSSocket } from 'node:tls';

const [kind = '', authorityFile = '', ...ports] = process.argv.slice(2);
process.on('disconnect', () => process.exit(0));
const ca = kind === 'https' ? readFileSync(authorityFile) : undefined;
const everyMs = 1_000;
/** By port: sessions are resumed, as checkers do. */
const sessions = new Map<number, Buffer>();

const connects = (port: number): void => {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true });
  socket.on('error', () => undefined);
  socket.once('connect', () => socket.end().resume());
};
const asks = (port: number): void => {
  const options: RequestOptions = { host: '127.0.0.1', port, path: '/', agent: false };
  const session = sessions.get(port);
  const outgoing =
    ca === undefined
      ? request(options)
      : secureRequest({ ...options, ca, ...(session === undefined ? {} : { session }) }).on('socket', (socket: TLSSocket) =>
          socket.on('session', (next) => sessions.set(port, next)),
        );
  outgoing.on('error', () => undefined);
  outgoing.on('response', (response) => response.resume());
  outgoing.end();
};
const check = kind === 'tcp' ? connects : asks;
for (const [index, port] of ports.map(Number).entries())
  setTimeout(() => setInterval(() => check(port), everyMs), (index * everyMs) / ports.length);
setTimeout(() => process.stdout.write(`${JSON.stringify({ ready: true })}\n`), 2 * everyMs);
