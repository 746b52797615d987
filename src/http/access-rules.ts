/** Who may come in: pure rules that the front and the app share. */

/** The one path of the API that other machines reach: it proves itself. */
export const sealedPath = '/api/v1/sealed';

/** 127/8, ::1 and their IPv4-mapped forms. */
export function isLoopback(address: string): boolean {
  const plain = address.startsWith('::ffff:') ? address.slice(7) : address;
  return plain === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(plain);
}

/** Without logins, other machines are answered on this alone. */
export function isOpenToOtherMachines(method: string, path: string): boolean {
  return method === 'POST' && path === sealedPath;
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
}

/**
 * Guards a TCP client on this machine against pages of other sites: DNS rebinding (the Host is not this node's) and cross-site requests.
 * @returns what is wrong, in one sentence; null if nothing is.
 */
export function originProblem(request: RequestOrigin, hostNames: ReadonlySet<string>): string | null {
  const name = hostName(request.host);
  if (name === null || !(isLoopback(name) || name === 'localhost' || hostNames.has(name))) {
    return `The Host header names ${JSON.stringify(request.host.slice(0, 100))}, which is not this node.`;
  }
  if (request.origin !== '' && request.origin.toLowerCase() !== `http://${request.host.toLowerCase()}`) {
    return `The page at ${JSON.stringify(request.origin.slice(0, 100))} may not use the API of this node.`;
  }
  if (request.fetchSite !== '' && request.fetchSite !== 'same-origin' && request.fetchSite !== 'none') {
    return 'A page of another site may not use the API of this node.';
  }
  const safe = request.method === 'GET' || request.method === 'HEAD';
  if (!safe && !request.custom && request.contentType.split(';')[0]?.trim().toLowerCase() !== 'application/json') {
    return 'A request that changes something needs Content-Type: application/json or the header X-Holdfast-Request.';
  }
  return null;
}
