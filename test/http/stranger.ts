/** Runs inside a network namespace of its own: asks a service on 10.77.0.1 from 10.77.0.1, which is not loopback. Prints what it got. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createReadyTable } from '../../src/http/ready-table.js';
import { startHttpService } from '../../src/http/service.js';
import { fakeFace } from './fake-face.js';
import { type Answer, ask, withResolvers } from './harness.js';

const runDir = mkdtempSync(join(tmpdir(), 'holdfast-stranger-'));
const table = createReadyTable();
const ports = new Map<string, number>();
const { promise, resolve } = withResolvers<void>();
let accesses = 0;
const service = await startHttpService({
  ...{ face: fakeFace(), table, runDir, cliSocket: null, version: '0', seal: () => null },
  onDefect: (error) => console.error(error),
  onAccess: () => {
    accesses += 1;
  },
  onFrontEvent: (event) => {
    if (event.type !== 'listening') return;
    ports.set(event.address.host, event.port);
    if (ports.size === 2) resolve();
  },
});
table.set('farm', true, 'UP', 'Ready');
table.tick();
const loop = setInterval(() => table.tick(), 100);
service.listen([
  { host: '10.77.0.1', port: 0 },
  { host: '127.0.0.1', port: 0 },
]);
await promise;
const host = '10.77.0.1';
const stranger = { host, port: ports.get(host) ?? 0, localAddress: host };
const code = (answer: Answer): unknown =>
  typeof answer.json === 'object' && answer.json !== null && 'code' in answer.json ? answer.json.code : null;
const both = (answer: Answer): readonly unknown[] => [answer.status, code(answer)];
const probe = await ask(stranger, '/var/modules/farm/ready.txt');
const result = {
  probe: [probe.status, probe.text],
  health: (await ask(stranger, '/health/farm/ready')).status,
  api: both(await ask(stranger, '/api/v1/cluster')),
  page: both(await ask(stranger, '/api/')),
  change: both(await ask(stranger, '/api/v1/modules/farm/actions', { method: 'POST', json: { action: 'stop' } })),
  spoofed: both(await ask(stranger, '/api/v1/cluster', { headers: { 'x-holdfast-peer': '127.0.0.1', host: 'localhost' } })),
  sealed: both(await ask(stranger, '/api/v1/sealed', { method: 'POST', body: 'x' })),
  throughLoopback: (await ask({ host: '127.0.0.1', port: ports.get('127.0.0.1') ?? 0 }, '/api/v1/cluster')).status,
  reachedTheApp: accesses,
};
clearInterval(loop);
await service.close();
rmSync(runDir, { recursive: true, force: true });
console.log(JSON.stringify(result));
