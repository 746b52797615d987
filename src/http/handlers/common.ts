/** What several handlers need. */
import type { NodeFace } from '../../actors/face.js';
import { ApiError } from '../problem.js';
import type { ApiRequest } from '../request.js';

const moduleName = /^[A-Za-z][\w-]{0,31}$/;

/** The module of the path. @throws ApiError MODULE_UNKNOWN for what cannot be a module's name */
export function moduleOf(request: ApiRequest): string {
  const name = request.params['module'] ?? '';
  if (!moduleName.test(name)) throw unknownModule(name);
  return name;
}
export function unknownModule(name: string): ApiError {
  return new ApiError('MODULE_UNKNOWN', `There is no module ${JSON.stringify(name.slice(0, 40))} on this node.`);
}
/** What the face has of a module, or MODULE_UNKNOWN for its null. */
export function ofModule<T>(name: string, value: T | null): T {
  if (value === null) throw unknownModule(name);
  return value;
}
/** A module that is installed here. @throws ApiError MODULE_UNKNOWN */
export function installedModule(request: ApiRequest, face: NodeFace): string {
  const name = moduleOf(request);
  if (face.module(name) === null) throw unknownModule(name);
  return name;
}
/** A path inside a module: relative, without `..`, backslashes and control characters. @throws ApiError FILE_UNKNOWN */
export function filePath(path: string): string {
  const segments = path.split('/');
  const odd = [...path].some((character) => character < ' ' || character === '\\' || character === '\u007f');
  if (path.length > 400 || odd || segments.some((segment) => segment === '' || segment === '.' || segment === '..')) {
    throw new ApiError('FILE_UNKNOWN', `${JSON.stringify(path.slice(0, 100))} is no path of a file in a module.`);
  }
  return path;
}
