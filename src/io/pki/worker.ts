/** The thread that issues certificates: one piece of work, one answer, and it ends. */
import { parentPort, workerData } from 'node:worker_threads';
import { makeAuthority, makeRequest, makeUser, signServer, signUser } from './authority.js';
import type { IssuerAnswer, IssuerWork } from './issuing.types.js';

const work: IssuerWork = workerData;

async function carryOut(): Promise<IssuerAnswer> {
  switch (work.kind) {
    case 'authority':
      return { kind: 'authority', value: await makeAuthority(work.of) };
    case 'request':
      return { kind: 'request', value: await makeRequest(work.of) };
    case 'server':
      return { kind: 'server', value: await signServer(work.of) };
    case 'user':
      return { kind: 'user', value: await makeUser(work.of) };
    case 'userRequest':
      return { kind: 'userRequest', value: await signUser(work.of) };
  }
}

carryOut().then(
  (answer) => parentPort?.postMessage(answer),
  (error: unknown) =>
    parentPort?.postMessage({ kind: 'refused', reason: error instanceof Error ? error.message : String(error) }),
);
