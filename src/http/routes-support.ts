/** Routes for when something is wrong: health, dumps, snapshots, cleaning. */
import type { Route } from './route.types.js';

/** A dump or a snapshot of a large journal on a slow disk, anonymised, may take minutes. */
const snapshotMs = 15 * 60_000;
/** Most bytes of one part of a snapshot. */
export const partBytes = 4 * 1024 * 1024;

export const supportRoutes = [
  {
    method: 'GET',
    path: '/healthcheck',
    operationId: 'getHealth',
    answerMs: 30_000,
    tag: 'Support',
    summary:
      'Looks at this node, and at what it can see of the others: what is wrong, why it matters, what to do (`healthcheck`).',
    success: { status: 200, schema: 'HealthReport', description: 'The findings, the worst first.' },
    errors: [],
    role: 'monitor',
  },
  {
    method: 'GET',
    path: '/self',
    operationId: 'getSelf',
    tag: 'Support',
    summary: 'What a node says of itself when another one checks its health: version, clock, signatures.',
    success: { status: 200, schema: 'SelfFacts', description: 'The facts.' },
    errors: [],
    role: 'monitor',
  },
  {
    method: 'POST',
    path: '/modules/{module}/dump',
    operationId: 'makeDump',
    answerMs: snapshotMs,
    tag: 'Support',
    summary: 'Writes everything that is known of the module now into SAFEVAR/snapshot; the last three are kept (`dump`).',
    success: { status: 201, schema: 'DumpInfo', description: 'Where it is.' },
    errors: ['MODULE_UNKNOWN', 'DISK'],
    role: 'control',
  },
  {
    method: 'GET',
    path: '/modules/{module}/snapshot.zip',
    operationId: 'getSnapshotZip',
    answerMs: snapshotMs,
    tag: 'Support',
    summary:
      'Makes a dump, then a zip of the last three dumps and configurations (`snapshot`). Keys, passwords and tokens are never in it.',
    query: [
      {
        name: 'anonymise',
        description: 'Replaces addresses, names of nodes, hosts, users and domains.',
        schema: { type: 'boolean', default: false },
      },
    ],
    success: { status: 200, type: 'application/zip', description: 'The zip, as it is read from the disk.' },
    errors: ['MODULE_UNKNOWN', 'DISK', 'SNAPSHOT_ANONYMISE'],
    role: 'admin',
  },
  {
    method: 'POST',
    path: '/modules/{module}/snapshots',
    operationId: 'makeSnapshot',
    answerMs: snapshotMs,
    tag: 'Support',
    summary: 'Makes a snapshot that is then read in parts: so another node hands it on. It is removed after ten minutes.',
    body: { kind: 'json', schema: 'SnapshotBody' },
    success: { status: 201, schema: 'SnapshotFile', description: 'Its id and size.' },
    errors: ['MODULE_UNKNOWN', 'DISK', 'SNAPSHOT_ANONYMISE'],
    role: 'admin',
  },
  {
    method: 'GET',
    path: '/snapshots/{id}',
    operationId: 'getSnapshotPart',
    answerMs: 30_000,
    tag: 'Support',
    summary: 'A part of a snapshot, 4 MiB at most; empty at its end.',
    query: [{ name: 'offset', description: 'Where it begins.', schema: { type: 'integer', minimum: 0, default: 0 } }],
    success: { status: 200, type: 'application/octet-stream', description: 'The bytes.' },
    errors: ['SNAPSHOT_UNKNOWN'],
    role: 'admin',
  },
  {
    method: 'DELETE',
    path: '/snapshots/{id}',
    operationId: 'releaseSnapshot',
    tag: 'Support',
    summary: 'Removes a snapshot that was read.',
    success: { status: 204, description: 'It is gone.' },
    errors: [],
    role: 'admin',
  },
  {
    method: 'POST',
    path: '/modules/{module}/clean',
    operationId: 'cleanModule',
    answerMs: 60_000,
    tag: 'Support',
    summary: 'Removes the logs of a module, the history of its resources, or processes that are left of it (`clean`).',
    body: { kind: 'json', schema: 'CleanBody' },
    success: { status: 200, schema: 'CleanResult', description: 'What was removed or ended.' },
    errors: ['MODULE_UNKNOWN', 'MODULE_STATE', 'DISK'],
    role: 'admin',
  },
] as const satisfies readonly Route[];
