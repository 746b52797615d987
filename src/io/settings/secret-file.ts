/** Secrets that stand in files of their own, which nobody but their owner may read. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** No secret is longer, in bytes. */
const largestSecret = 16 * 1024;

/** A secret file cannot be used; the message names the file and what to do, and nothing of what is in it. */
export class SecretFileError extends Error {
  override readonly name = 'SecretFileError';
}

/**
 * The text of a secret file, without the line end.
 * @throws SecretFileError where it is absent, no regular file, another user's, readable by others (mode 0600 is wanted), empty or too large
 */
export async function readSecretFile(path: string): Promise<string> {
  const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'error';
    throw new SecretFileError(
      code === 'ENOENT'
        ? `The secret file ${path} is not there: make it, with mode 0600.`
        : `The secret file ${path} cannot be read (${code}): it must belong to the user of holdfastd, with mode 0600.`,
    );
  });
  try {
    const facts = await handle.stat();
    if (!facts.isFile()) throw new SecretFileError(`The secret file ${path} is no regular file.`);
    if (process.platform !== 'win32') {
      const own = process.getuid?.() ?? 0;
      if (facts.uid !== own && facts.uid !== 0)
        throw new SecretFileError(`The secret file ${path} belongs to another user: chown it to the user of holdfastd.`);
      if ((facts.mode & 0o077) !== 0) {
        const mode = (facts.mode & 0o777).toString(8).padStart(4, '0');
        throw new SecretFileError(`The secret file ${path} has mode ${mode}, others may read it: chmod 0600 ${path}`);
      }
    }
    if (facts.size > largestSecret) throw new SecretFileError(`The secret file ${path} is larger than ${largestSecret} bytes.`);
    const text = (await handle.readFile('utf8')).replace(/\r?\n$/, '');
    if (text === '') throw new SecretFileError(`The secret file ${path} is empty.`);
    return text;
  } finally {
    await handle.close();
  }
}

/** `text` without any of the secrets, also as they look in base64: what a server says back may hold them. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) {
    if (secret.length < 4) continue;
    for (const form of [secret, Buffer.from(secret).toString('base64'), encodeURIComponent(secret)])
      clean = clean.replaceAll(form, '***');
  }
  return clean;
}
