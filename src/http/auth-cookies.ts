/** The cookies of logins. Pure. */

/** Names by which a browser itself refuses a cookie that is not Secure, or is of another path or host. */
const secureName = '__Host-holdfast_session';
const plainName = 'holdfast_session';
export const sessionCookieName = (secure: boolean): string => (secure ? secureName : plainName);

/** The value of a cookie; null where it is not there, or twice: then somebody else has put one beside ours. */
export function cookieOf(header: string, name: string): string | null {
  let found: string | null = null;
  for (const part of header.split(';')) {
    const equals = part.indexOf('=');
    if (equals === -1 || part.slice(0, equals).trim() !== name) continue;
    if (found !== null) return null;
    found = part.slice(equals + 1).trim();
  }
  return found !== null && /^[A-Za-z0-9_-]{1,200}$/.test(found) ? found : null;
}

/** A cookie that no script reads and no other site sends; it ends with the browser, or with `maxAgeS` 0 at once. */
export function setCookie(
  name: string,
  value: string,
  secure: boolean,
  options: { readonly sameSite?: 'Strict' | 'Lax'; readonly maxAgeS?: number } = {},
): string {
  const { sameSite = 'Strict', maxAgeS } = options;
  const age = maxAgeS === undefined ? '' : `; Max-Age=${maxAgeS}`;
  return `${name}=${value}; Path=/; HttpOnly; SameSite=${sameSite}${secure ? '; Secure' : ''}${age}`;
}
