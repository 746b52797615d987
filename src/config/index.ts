/** What the rest of Holdfast uses of the configuration; the types are in `types.ts`. */
export { parseClusterXml } from './cluster-config.js';
export { type ProblemCode, problemCodes } from './codes.js';
export { expandUserConfig, type ModuleConfigOptions, parseUserConfig } from './module-config.js';
export { compilePosixRegex, type PosixRegex, type PosixRegexResult } from './posix-regex.js';
export { formatProblems } from './problems.js';
export { configReference } from './reference.js';
export { unsupported } from './unsupported.js';
