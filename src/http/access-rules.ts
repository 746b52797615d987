/** Who may come in: pure rules that the front and the app share. */

/** Requests of other nodes: they prove themselves. */
export const sealedPath = '/api/v1/sealed';

/** A node that joins proves itself by its token. */
export const joinPath = '/api/v1/join';

/** The authority's certificate: everybody may see it, and has to compare its fingerprint. */
export const authorityPath = '/api/v1/https/authority';

/** 127/8, ::1 and their IPv4-mapped forms. */
export function isLoopback(address: string): boolean {
  const plain = address.startsWith('::ffff:') ? address.slice(7) : address;
  return plain === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(plain);
}

/** As long as there are no users, other machines are answered on this alone. */
export function isOpenToOtherMachines(method: string, path: string): boolean {
  if (method === 'GET') return path === authorityPath;
  return method === 'POST' && (path === sealedPath || path === joinPath);
}

/** Pages that are the same for everybody and show nothing of the cluster: the console's files, where logins begin and end. */
export function isPublicPage(method: string, path: string): boolean {
  const reads = method === 'GET' || method === 'HEAD';
  return (
    reads &&
    (path === '/' || path === '/console' || path.startsWith('/console/') || path === '/openid' || path.startsWith('/openid/'))
  );
}

/** `host[:port]` of a Host or Origin header, without the port and brackets, in lower case; null if it is none. */
export function hostName(header: string): string | null {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::(\d{1,5}))?$/i.exec(header);
  return match === null ? null : (match[1] ?? match[2] ?? '').toLowerCase();
}

/** What a browser, or whoever else, says about where a request comes from. */
export interface RequestOrigin {
  readonly method: string;
  readonly host: string;
  readonly origin: string;
  readonly fetchSite: string;
  readonly contentType: string;
  /** The `X-Holdfast-Request` header is there. */
  readonly custom: boolean;
  /** It came by HTTPS. */
  readonly secure: boolean;
}

export function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD';
}

/**
 * Whether a page of another site asks, by what browsers say of it.
 * @returns what is wrong, in one sentence; null if nothing is.
 */
export function crossSiteProblem(request: RequestOrigin): string | null {
  const own = `${request.secure ? 'https' : 'http'}://${request.host.toLowerCase()}`;
  if (request.origin !== '' && request.origin.toLowerCase() !== own)
    return `The page at ${JSON.stringify(request.origin.slice(0, 100))} may not use the API of this node.`;
  if (request.fetchSite !== '' && request.fetchSite !== 'same-origin' && request.fetchSite !== 'none')
    return 'A page of another site may not use the API of this node.';
  return null;
}
/** A change needs what no form of another site can send. */
export function formProblem(request: RequestOrigin): string | null {
  if (isSafe(request.method) || request.custom) return null;
  if (request.contentType.split(';')[0]?.trim().toLowerCase() === 'application/json') return null;
  return 'A request that changes something needs Content-Type: application/json or the header X-Holdfast-Request.';
}

/**
 * Guards a TCP client on this machine that needs no login against pages of other sites: DNS rebinding (the Host is not this node's) and cross-site requests.
 * @returns what is wrong, in one sentence; null if nothing is.
 */
export function originProblem(request: RequestOrigin, hostNames: ReadonlySet<string>): string | null {
  const name = hostName(request.host);
  if (name === null || !(isLoopback(name) || name === 'localhost' || hostNames.has(name))) {
    return `The Host header names ${JSON.stringify(request.host.slice(0, 100))}, which is not this node.`;
  }
  return crossSiteProblem(request) ?? formProblem(request);
}
