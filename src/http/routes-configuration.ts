/** Routes that the configuration pages of the console need beside those of the command line. */
import type { Route } from './route.types.js';

const megabyte = 1024 * 1024;

export const configurationRoutes = [
  {
    method: 'POST',
    path: '/cluster/address-check',
    operationId: 'checkAddress',
    role: 'admin',
    answerMs: 6000,
    tag: 'Cluster',
    summary: 'Whether a daemon answers at an address, and under which name: before there is a cluster, too.',
    body: { kind: 'json', schema: 'AddressCheckBody', limit: 4096 },
    success: { status: 200, schema: 'AddressReport', description: 'What was found; nothing of what answers is told but a name.' },
    errors: [],
  },
  {
    method: 'POST',
    path: '/modules/{module}/config/inspect',
    operationId: 'inspectConfig',
    role: 'admin',
    tag: 'Configuration',
    summary:
      'Everything that is wrong or doubtful about a userconfig.xml that is being written. Nothing is kept, no script is run.',
    body: { kind: 'json', schema: 'InspectConfigBody', limit: 4 * megabyte },
    success: { status: 200, schema: 'InspectedConfig', description: 'The findings, in the order of the text.' },
    errors: ['MODULE_UNKNOWN'],
  },
  {
    method: 'DELETE',
    path: '/modules/{module}/config/{file}',
    operationId: 'deleteConfigFile',
    role: 'admin',
    tag: 'Configuration',
    summary: 'Deletes a file; needs `If-Match` with its version.',
    success: { status: 204, description: 'Deleted.' },
    errors: ['MODULE_UNKNOWN', 'FILE_CONFLICT', 'FILE_UNKNOWN', 'CONF_INVALID', 'HTTP_PRECONDITION', 'DISK'],
  },
  {
    method: 'GET',
    path: '/modules/{module}/versions',
    operationId: 'listVersions',
    role: 'admin',
    tag: 'Configuration',
    summary: 'The last three configurations that were applied on this node, the newest first.',
    success: { status: 200, schema: 'VersionList', description: 'The configurations.' },
    errors: ['MODULE_UNKNOWN', 'DISK'],
  },
  {
    method: 'POST',
    path: '/modules/{module}/versions/{version}/restore',
    operationId: 'restoreVersion',
    role: 'admin',
    tag: 'Configuration',
    summary: 'Puts one of them in the place of the edited files. What is applied stays until it is applied.',
    success: { status: 204, description: 'Restored.' },
    errors: ['MODULE_UNKNOWN', 'FILE_UNKNOWN', 'MODULE_ARCHIVE', 'DISK'],
  },
  {
    method: 'GET',
    path: '/backups',
    operationId: 'listBackups',
    role: 'admin',
    tag: 'Modules',
    summary:
      'Modules that were uninstalled on this node, the newest first; `PUT /modules/{module}?template=backup/NAME` installs one again.',
    success: { status: 200, schema: 'BackupList', description: 'The backups.' },
    errors: ['DISK'],
  },
] as const satisfies readonly Route[];
