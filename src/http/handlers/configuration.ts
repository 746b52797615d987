/** What is installed and configured: modules, their files, templates, ports. */
import { ApiError, unwrap } from '../problem.js';
import { type ApiRequest, empty, type Handler, json, list } from '../request.js';
import { filePath, installedModule, moduleOf } from './common.js';

export const installModule: Handler = async (request, { face }) => {
  const archive = await request.bytes();
  // The face says MODULE_NAME for a bad name, with what is allowed.
  const name = request.params['module'] ?? '';
  const template = archive.length === 0 ? (request.query.text('template') ?? name) : null;
  const id = request.query.integer('id');
  return json(
    unwrap(
      await face.install.install(
        name,
        archive.length === 0 ? null : archive,
        template,
        id,
        request.query.yes('force'),
        request.caller,
      ),
    ),
  );
};
export const uninstallModule: Handler = async (request, { face }) => {
  unwrap(await face.install.uninstall(installedModule(request, face), request.caller));
  return empty;
};
export const getConfInfo: Handler = async (request, { face }) => json(unwrap(await face.install.info(moduleOf(request))));
export const listConfigFiles: Handler = async (request, { face }) =>
  list(unwrap(await face.install.listFiles(moduleOf(request))));

/** One entity tag of If-Match or If-None-Match, without quotes; `*` for any. */
function tagOf(header: string): string | null {
  const match = /^\s*(?:W\/)?"([^"]*)"\s*$|^\s*(\*)\s*$/.exec(header);
  return match === null ? null : (match[1] ?? match[2] ?? null);
}
export const getConfigFile: Handler = async (request, { face }) => {
  const file = unwrap(await face.install.readFile(moduleOf(request), filePath(request.params['file'] ?? '')));
  return { kind: 'bytes', type: 'text/plain; charset=utf-8', value: file.content, headers: { ETag: `"${file.etag}"` } };
};
/** The version that is replaced; null: the file must not exist yet. */
function replacedVersion(request: ApiRequest): string | null {
  const match = request.header('if-match');
  if (match !== '') {
    const tag = tagOf(match);
    if (tag === null) throw new ApiError('HTTP_PRECONDITION', 'If-Match needs one version in quotes, or *.');
    return tag;
  }
  if (request.header('if-none-match').trim() === '*') return null;
  throw new ApiError(
    'HTTP_PRECONDITION',
    'Give the version that is replaced in If-Match (the ETag of GET), or If-None-Match: * for a new file.',
  );
}
export const putConfigFile: Handler = async (request, { face }) => {
  const version = replacedVersion(request);
  let content: string;
  const bytes = await request.bytes();
  try {
    content = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new ApiError('HTTP_BODY', 'The file is no text in UTF-8.');
  }
  const { etag } = unwrap(
    await face.install.writeFile(moduleOf(request), filePath(request.params['file'] ?? ''), content, version, request.caller),
  );
  return { kind: 'empty', headers: { ETag: `"${etag}"` } };
};
export const checkModule: Handler = async (request, { face }) => json(unwrap(await face.install.check(moduleOf(request))));
export const applyModule: Handler = async (request, { face }) =>
  json(unwrap(await face.install.apply(moduleOf(request), request.caller)));
export const deconfigureModule: Handler = async (request, { face }) => {
  unwrap(await face.install.deconfigure(moduleOf(request), request.caller));
  return empty;
};
export const packageModule: Handler = async (request, { face }) => {
  const name = moduleOf(request);
  const value = unwrap(await face.install.package(name));
  return {
    kind: 'bytes',
    type: 'application/zip',
    value,
    headers: { 'Content-Disposition': `attachment; filename="${name}.safe"` },
  };
};
export const listPorts: Handler = async (request, { face }) =>
  list(unwrap(await face.install.ports(request.query.text('module'), request.query.integer('id'))));
export const inspectConfig: Handler = async (request, { face }) => {
  const { xml } = await request.json('InspectConfigBody');
  return json(unwrap(await face.install.inspect(moduleOf(request), xml)));
};
export const deleteConfigFile: Handler = async (request, { face }) => {
  const tag = tagOf(request.header('if-match'));
  if (tag === null)
    throw new ApiError('HTTP_PRECONDITION', 'Give the version that is deleted in If-Match (the ETag of GET), or *.');
  unwrap(await face.install.deleteFile(moduleOf(request), filePath(request.params['file'] ?? ''), tag, request.caller));
  return empty;
};
export const listVersions: Handler = async (request, { face }) => list(unwrap(await face.install.versions(moduleOf(request))));
export const restoreVersion: Handler = async (request, { face }) => {
  unwrap(await face.install.restore(moduleOf(request), request.params['version'] ?? '', request.caller));
  return empty;
};
export const listBackups: Handler = async (_request, { face }) => list(unwrap(await face.install.backups()));
export const listTemplates: Handler = async (_request, { face }) => list(await face.install.templates());
