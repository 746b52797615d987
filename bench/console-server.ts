/**
 * The web services of some nodes of a cluster that is only told of: each the real one, sealed requests and all, behind a face of plain
 * values on which states change at a steady rate. `FROM TO NODES MODULES EVENTS-PER-SECOND PORT DIRECTORY CONSOLE-DIRECTORY`; the rate is that of the
 * whole cluster. Each change bears the time at which it happened. Says `{"ready":true}`, and answers 'cpu' with its processor time.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createReadyTable } from '../src/http/ready-table.js';
import type { SealKeys } from '../src/http/seal.js';
import { startHttpService } from '../src/http/service.js';
import { createMessageSeal } from '../src/io/seal-keys.js';
import { fakeFace } from '../test/http/fake-face.js';

const [from = 0, to = 1, nodeCount = 1, moduleCount = 1, rate = 0, port = 0] = process.argv.slice(2, 8).map(Number);
const [directory = '.', consoleDir = '.'] = process.argv.slice(8);
process.on('disconnect', () => process.exit(0));

const names = Array.from({ length: nodeCount }, (_, index) => `n${index + 1}`);
const addressOf = (name: string): string => `127.0.0.${names.indexOf(name) + 1}`;
const modules = Array.from({ length: moduleCount }, (_, index) => `m${index + 1}`);
const seal = createMessageSeal('00112233445566778899aabbccddeeff');

async function startNode(name: string): Promise<void> {
  const face = fakeFace({ node: name, nodes: names, modules });
  const table = createReadyTable();
  const runDir = join(directory, name);
  mkdirSync(runDir, { recursive: true });
  const keys: SealKeys = {
    ...{ self: name, bootEpoch: 1, ...seal },
    peers: names.filter((one) => one !== name).map((one) => ({ node: one, addresses: [{ host: addressOf(one), port }] })),
  };
  await new Promise<void>((resolve, reject) => {
    startHttpService({
      ...{ face, table, runDir, cliSocket: null, version: '0', consoleDir, seal: () => keys },
      onDefect: (error) => process.stderr.write(`${error.stack}\n`),
      onFrontEvent: (event) => {
        if (event.type === 'listening') resolve();
        if (event.type === 'listenFailed') reject(new Error(event.message));
      },
    }).then((service) => service.listen([{ host: addressOf(name), port }]), reject);
  });
  for (const module of modules) table.set(module, true, 'UP', 'Ready');
  table.tick();
  setInterval(() => table.tick(), 100);
  const everyMs = (1000 * nodeCount) / rate;
  let count = names.indexOf(name);
  if (rate > 0)
    setInterval(() => {
      count += 1;
      const ready = count % 2 === 0;
      const at = new Date();
      face.ring.append({
        ...{ node: name, module: modules[count % moduleCount] ?? '', type: 'module.state', cause: null },
        ...{ at: at.toISOString(), atMs: performance.now() },
        data: { state: 'UP', quality: ready ? 'Ready' : 'Transient', path: 'UP.ready', reason: `at ${at.getTime()}`, ready },
      });
    }, everyMs);
}

for (const name of names.slice(from, to)) await startNode(name);
process.on('message', () => process.send?.(process.cpuUsage()));
process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
