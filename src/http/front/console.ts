/**
 * What a browser asks of the front itself: the console's files, and the tiles of the mosaic. They are answered by the front's thread, so
 * that the page is there also when the daemon behind it hangs, and strangers who ask for it cost the daemon nothing.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ConsoleFiles, consoleBase } from '../console-files.js';
import type { ReadyReader } from '../ready-table.js';

/** Addresses that lead to a page of the console, as they are in SafeKit. */
const redirects: Readonly<Record<string, string>> = {
  '/': consoleBase,
  '/console': consoleBase,
  '/safekit/mosaic.html': `${consoleBase}mosaic`,
  '/swagger-ui': '/api/',
  '/swagger-ui/': '/api/',
};
const tile = /^\/mosaic\/([A-Za-z][\w-]{0,31})\/tile$/;

/** Whether the path is one of those that are answered here, for anyone. */
export function isConsolePath(path: string): boolean {
  return path.startsWith(consoleBase) || Object.hasOwn(redirects, path) || tile.test(path);
}

export interface ConsoleSite {
  readonly files: ConsoleFiles;
  readonly table: ReadyReader;
  readonly node: string;
  /** Addresses of the cluster's nodes. */
  readonly hosts: () => readonly string[];
}

function end(
  incoming: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array | string,
): void {
  response.writeHead(status, { ...headers, 'Content-Length': status === 304 ? 0 : Buffer.byteLength(body) });
  response.end(incoming.method === 'HEAD' ? undefined : body);
}

/**
 * One tile: which node answers for a module, on a connection that ends with it, so that the next tile is balanced anew. It tells what the
 * probe tells anyone already (the header Holdfast-Started of an OK names the node), and nothing where the module does not serve.
 */
function answerTile(incoming: IncomingMessage, response: ServerResponse, module: string, site: ConsoleSite): void {
  const health = site.table.read(module);
  const serves = health?.ready === true && health.alive;
  end(
    incoming,
    response,
    200,
    { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff', Connection: 'close' },
    JSON.stringify({ module, node: serves ? site.node : null }),
  );
}

/** Answers a path of `isConsolePath`. */
export async function answerConsole(
  incoming: IncomingMessage,
  response: ServerResponse,
  path: string,
  query: string,
  site: ConsoleSite,
): Promise<void> {
  const target = redirects[path];
  if (target !== undefined && Object.hasOwn(redirects, path)) {
    end(incoming, response, 302, { Location: `${target}${query}`, 'Cache-Control': 'no-store' }, '');
    return;
  }
  const module = tile.exec(path)?.[1];
  if (module !== undefined) {
    answerTile(incoming, response, module, site);
    return;
  }
  const { status, headers, body } = await site.files.answer({
    method: incoming.method ?? '',
    path,
    acceptEncoding: String(incoming.headers['accept-encoding'] ?? ''),
    ifNoneMatch: incoming.headers['if-none-match'] ?? '',
    hosts: site.hosts(),
  });
  end(incoming, response, status, headers, body);
}
