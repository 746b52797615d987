/**
 * The console's built files: which there are, with which headers they are answered, and the page's policy. Only what was listed at the
 * start is ever read, by its listed name, so that no path leads out of the directory.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';

/** Where the console is. */
export const consoleBase = '/console/';

export interface ConsoleRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly acceptEncoding: string;
  readonly ifNoneMatch: string;
  /** Addresses of the cluster's nodes: the page may ask whether they answer. */
  readonly hosts: readonly string[];
}
export interface ConsoleAnswer {
  readonly status: 200 | 304 | 404 | 405;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string;
}
export interface ConsoleFiles {
  /** Never rejects: what cannot be read is 404. */
  answer(request: ConsoleRequest): Promise<ConsoleAnswer>;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.json': 'application/json',
};
const encodings = [
  { name: 'br', suffix: '.br' },
  { name: 'gzip', suffix: '.gz' },
] as const;
const page = 'index.html';
const plain = { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' };

/** `host:*` for each address that a policy can name: names and IPv4; there is no way to write an IPv6 address in one. */
function sources(hosts: readonly string[]): string {
  return hosts
    .filter((host) => /^[a-z0-9.-]{1,255}$/i.test(host))
    .map((host) => ` ${host}:*`)
    .join('');
}
/** The policy of the page: nothing but files of this origin, and no script or style in the page itself. */
export function contentPolicy(hosts: readonly string[]): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    `connect-src 'self'${sources(hosts)}`,
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}
const always = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/** Whether `gzip` or `br` is among what a client takes, and not refused by `q=0`. */
function accepts(header: string, encoding: string): boolean {
  return header.split(',').some((part) => {
    const [name = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    return name === encoding && !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
  });
}
async function namesIn(directory: string): Promise<ReadonlySet<string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return new Set(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(directory, join(entry.parentPath, entry.name)).replaceAll(sep, '/')),
  );
}

/** What is asked for and not there may have come with an update: the directory is listed again, at most so often. */
const listEveryMs = 1000;

/** @param directory `dist/console`; it is listed at the first request. */
export function createConsoleFiles(directory: string): ConsoleFiles {
  let listing: Promise<ReadonlySet<string>> = Promise.resolve(new Set());
  let listedAtMs = Number.NEGATIVE_INFINITY;
  async function listed(wanted: string): Promise<ReadonlySet<string>> {
    const names = await listing;
    if (names.has(wanted) || performance.now() - listedAtMs < listEveryMs) return names;
    listedAtMs = performance.now();
    listing = namesIn(directory).catch((): ReadonlySet<string> => new Set());
    return listing;
  }
  const missing = (names: ReadonlySet<string>): ConsoleAnswer => ({
    status: 404,
    headers: plain,
    body: names.size === 0 ? 'The console is not built: npm run build' : 'NOT FOUND',
  });
  return {
    async answer({ method, path, acceptEncoding, ifNoneMatch, hosts }) {
      if (method !== 'GET' && method !== 'HEAD') return { status: 405, headers: { ...plain, Allow: 'GET, HEAD' }, body: '' };
      const wanted = path.slice(consoleBase.length);
      const isPage = !wanted.startsWith('assets/');
      const names = await listed(isPage ? page : wanted);
      const asset = names.has(wanted) && wanted !== page;
      // What is not among the files is a page of the console; but an asset that is not there (any more) is not.
      if (!asset && !isPage) return missing(names);
      const name = asset ? wanted : page;
      const encoding = encodings.find((one) => names.has(`${name}${one.suffix}`) && accepts(acceptEncoding, one.name));
      const bytes = await readFile(join(directory, `${name}${encoding?.suffix ?? ''}`)).catch(() => null);
      if (bytes === null) return missing(new Set());
      const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
      const headers = {
        ...always,
        'Content-Type': types[extname(name)] ?? 'application/octet-stream',
        'Content-Security-Policy': contentPolicy(hosts),
        // The names of assets hold a hash of their content.
        'Cache-Control': asset ? 'public, max-age=31536000, immutable' : 'no-cache',
        ETag: etag,
        Vary: 'Accept-Encoding',
      };
      if (ifNoneMatch.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag))
        return { status: 304, headers, body: '' };
      return {
        status: 200,
        headers: { ...headers, ...(encoding === undefined ? {} : { 'Content-Encoding': encoding.name }) },
        body: bytes,
      };
    },
  };
}
