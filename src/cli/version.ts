import { readFileSync } from 'node:fs';

/** The version in package.json, two folders above this file in the sources as well as in what is built; 'unknown' where it is missing. */
export function ownVersion(): string {
  try {
    const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    const version = typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : null;
    return typeof version === 'string' ? version : 'unknown';
  } catch {
    return 'unknown';
  }
}
