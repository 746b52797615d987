/**
 * Takes secrets out of what leaves this machine: those that are known by their value, wherever they stand, and whatever stands where
 * secrets usually do. What is taken out is `***`.
 */

/** Names of settings, variables and parameters that hold secrets. */
const sensitive =
  /passw(?:or)?d|pass(?:phrase|code)|(?<![a-z])pass(?![a-z])|pwd|secret|token|credential|api_?-?key|auth_?-?key|priv(?:ate)?_?-?key|access_?-?key|community|cookie|bearer/i;
export const isSensitiveName = (name: string): boolean =>
  sensitive.test(name) && !/file$|path$|timeout$|^token_?type$|^(?:OLD)?PWD$/i.test(name);

export const hidden = '***';
/** A shorter value is not looked for: it would be found everywhere. */
const shortestSecret = 5;

export interface Redactor {
  /** One line of text, or several. */
  text(text: string): string;
  /** A JSON value: members with sensitive names lose their values, texts are redacted. */
  json(value: unknown): unknown;
}

/** A secret in the forms in which it may stand in a file. */
function formsOf(secret: string): readonly string[] {
  const xml = secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
  const json = JSON.stringify(secret).slice(1, -1);
  return [secret, xml, json, encodeURIComponent(secret), Buffer.from(secret).toString('base64').replace(/=+$/, '')];
}

const word = String.raw`[\w.-]*(?:passw(?:or)?d|passphrase|passwd|password|pwd|secret|token|credentials?|api[_-]?key|auth[_-]?key|priv(?:ate)?[_-]?key|access[_-]?key|community|PASS)[\w-]*`;
/** `name="DB_PASSWORD" … value="x"` in an element, in either order. */
const namedValue = new RegExp(String.raw`(<[^<>]*\bname\s*=\s*(["'])${word}\2[^<>]*\bvalue\s*=\s*)(?:"[^"]*"|'[^']*')`, 'gi');
const valueNamed = new RegExp(String.raw`(<[^<>]*\bvalue\s*=\s*)(?:"[^"]*"|'[^']*')([^<>]*\bname\s*=\s*(["'])${word}\3)`, 'gi');
/** `password = x`, `"password": "x"`, `--password=x`, `PASSWORD='x'`. */
const assigned = new RegExp(
  String.raw`((?<![\w.-])-{0,2}["']?${word}["']?[ \t]*(?:=|:)[ \t]*)("(?:[^"\\]|\\.)*"|'[^']*'|[^\s"',;&<>]+)`,
  'gi',
);
/** `--password x`. */
const option = new RegExp(String.raw`((?<![\w.-])--?${word}[ \t]+)(?!-)("(?:[^"\\]|\\.)*"|'[^']*'|[^\s"']+)`, 'gi');
const userInAddress = /([a-z][a-z0-9+.-]*:\/\/[^\s/:@"']*:)[^\s/@"']+(?=@)/gi;
const bearer = /(\b(?:Bearer|Basic)\s+)[A-Za-z0-9+/=._~-]{8,}/g;
const ownToken = /\bhf_[a-z]+_[A-Za-z0-9]+_[A-Za-z0-9_-]+/g;
const keyBlock = /-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----[\s\S]*?(?:-----END \1-----|$)/g;
/** A value that is a reference (`%MACRO%`, `$VARIABLE`, nothing) is no secret. */
const reference = /^["']?(?:%\w+%|\$\{?\w+\}?|\*{3}|)["']?$/;

const quotedLike = (value: string): string => {
  const quote = value.at(0);
  return quote === '"' || quote === "'" ? `${quote}${hidden}${quote}` : hidden;
};
const replaceValue = (whole: string, before: string, value: string): string =>
  reference.test(value) ? whole : `${before}${quotedLike(value)}`;

/** @param secrets values that are known to be secret. */
export function createRedactor(secrets: readonly string[]): Redactor {
  const known = [...new Set(secrets.filter((secret) => secret.length >= shortestSecret).flatMap(formsOf))].sort(
    (left, right) => right.length - left.length,
  );
  const text = (given: string): string => {
    let clean = given;
    for (const form of known) if (clean.includes(form)) clean = clean.replaceAll(form, hidden);
    return clean
      .replaceAll(namedValue, `$1"${hidden}"`)
      .replaceAll(valueNamed, `$1"${hidden}"$2`)
      .replaceAll(assigned, replaceValue)
      .replaceAll(option, replaceValue)
      .replaceAll(userInAddress, `$1${hidden}`)
      .replaceAll(bearer, `$1${hidden}`)
      .replaceAll(ownToken, hidden)
      .replaceAll(keyBlock, `(a private key was here)`);
  };
  const json = (value: unknown): unknown => {
    if (typeof value === 'string') return text(value);
    if (Array.isArray(value)) return value.map(json);
    if (typeof value !== 'object' || value === null) return value;
    const named = 'name' in value && typeof value.name === 'string' && isSensitiveName(value.name);
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => {
        const secret = typeof item === 'string' && item !== '' && (isSensitiveName(key) || (named && key === 'value'));
        return [key, secret ? hidden : json(item)];
      }),
    );
  };
  return { text, json };
}

/** The arguments of a process as one line, without what may be secret in them. */
export function commandLine(args: readonly string[], redactor: Redactor): string {
  const program = (args[0] ?? '').split('/').at(-1) ?? '';
  const shown = args.map((arg, index) => {
    const before = args[index - 1] ?? '';
    if (index > 0 && /^--?[\w-]+$/.test(before) && isSensitiveName(before) && !arg.startsWith('-')) return hidden;
    if (/^(?:mysql|mariadb|sshpass)/.test(program) && /^-p./.test(arg)) return `-p${hidden}`;
    return redactor.text(arg);
  });
  return shown
    .join(' ')
    .replaceAll(/\p{Cc}+/gu, ' ')
    .slice(0, 2_000);
}
