/** The inspection for developers: actors, events and snapshots arrive; a page of another site, and another machine, do not get in. */
import t from 'tap';
import { WebSocket } from 'ws';
import { createActor } from 'xstate';
import { plain } from '../../src/actors/recorder-plain.js';
import { startDevInspector } from '../../src/io/inspect-dev.js';
import { nodeMachine } from '../../src/machines/node.machine.js';

const failed = (url: string, origin?: string): Promise<string> =>
  new Promise((resolve) => {
    const socket = new WebSocket(url, origin === undefined ? {} : { origin });
    socket.once('open', () => resolve('open'));
    socket.once('error', (error) => resolve(error.message));
  });

t.test('what the machines do is told to whoever is connected', async (t) => {
  const developers = await startDevInspector({ port: 0, plain });
  t.teardown(() => developers.close());
  const url = `ws://127.0.0.1:${developers.port}/inspect`;
  const actor = createActor(nodeMachine, { id: 'n1', inspect: developers.inspect });
  actor.start();
  const socket = new WebSocket(url);
  const seen: { readonly type: string }[] = [];
  await new Promise<void>((resolve) => {
    socket.on('message', (data) => {
      seen.push(JSON.parse(String(data)));
      const isTold = seen.some((one) => one.type === '@xstate.event' && JSON.stringify(one).includes('module.remove'));
      if (isTold && seen.at(-1)?.type === '@xstate.snapshot') resolve();
    });
    socket.once('open', () => actor.send({ type: 'module.remove', name: 'web' }));
  });
  t.ok(
    seen.some(({ type }) => type === '@xstate.actor'),
    'one who comes later learns which actors there are',
  );
  t.match(
    seen.find((one) => one.type === '@xstate.event' && JSON.stringify(one).includes('module.remove')),
    {
      event: { type: 'module.remove', name: 'web' },
    },
  );
  t.match(seen.at(-1), { snapshot: { status: 'active' } });
  socket.terminate();
  actor.stop();
});

t.test('it listens on this machine alone, at its path, for no page of another site', async (t) => {
  const developers = await startDevInspector({ port: 0, plain });
  t.teardown(() => developers.close());
  const url = `ws://127.0.0.1:${developers.port}/inspect`;
  t.match(await failed(url, 'https://evil.example'), /403/);
  t.match(await failed(`ws://127.0.0.1:${developers.port}/`), /403/);
  t.equal(await failed(url, 'http://localhost:5173'), 'open');
  t.match(await failed(`ws://[::1]:${developers.port}/inspect`), /ECONNREFUSED|EADDRNOTAVAIL/);
  t.match(await failed(`ws://127.0.0.2:${developers.port}/inspect`), /ECONNREFUSED/);
  const again = startDevInspector({ port: developers.port, plain });
  await t.rejects(again, { code: 'EADDRINUSE' });
});
