/** The classic product's words for certificates (section 6.4 of the compatibility page), and the CA helper. */
import type { CaHelperStarted, CaHelperStatus, HttpsReport, HttpsStatus } from '../../http/api-types.js';
import { usageError } from '../cli-error.js';
import type { CommandContext } from '../command.types.js';
import { facts, localTime, paintFor, printable, table } from '../format.js';
import { firstLine, reported, spaced, statusText } from './https.js';
import { show } from './shared.js';
import { askSecret } from './users.js';

/** Certificates are issued node by node. */
const issuingMs = 120_000;
const helperPath = '/https/helper';

function helperText({ io }: CommandContext, status: CaHelperStatus): string {
  if (!status.running) return `The CA helper of ${status.node} does not run.\n`;
  const rows = status.issued.map(({ name, use, peer, at }) => [name, use, peer, localTime(at)]);
  return `${facts([
    ['CA helper', status.urls.join(' ')],
    ['until', status.until === null ? '-' : localTime(status.until)],
    ['authority', `SHA-256 ${spaced(status.fingerprint ?? '')}`],
  ])}${rows.length === 0 ? '' : table(['CERTIFICATE', 'FOR', 'TO', 'AT'], rows, paintFor(io))}`;
}

/** `startcaserv`. */
export async function startHelper(context: CommandContext): Promise<number> {
  const minutes = Number(context.text('minutes') ?? 30);
  if (!Number.isInteger(minutes) || minutes < 1 || minutes > 480) throw usageError('--minutes is a number from 1 to 480');
  const password = await firstLine(context, 'password-file');
  if (password !== null && password.length < 8) throw usageError('the password needs 8 characters at least');
  const started = await context.client.json<CaHelperStarted>('POST', helperPath, {
    json: { minutes, password },
    timeoutMs: issuingMs,
  });
  const url = started.urls.find((one) => !/\/\/(127\.|\[::1\])/.test(one)) ?? started.urls[0] ?? '';
  const pin = started.password === null ? ` --fingerprint ${started.fingerprint ?? ''}` : '';
  const secret = started.password === null ? '' : `password of CA_admin, said this once: ${started.password}\n`;
  show(
    context,
    started,
    () => `${helperText(context, started)}${secret}On another server: holdfast initssl req ${url} CA_admin${pin}\n`,
  );
  return 0;
}
/** `stopcaserv`. */
export async function stopHelper(context: CommandContext): Promise<number> {
  const status = await context.client.json<CaHelperStatus>('DELETE', helperPath);
  show(context, status, () => helperText(context, status));
  return 0;
}
/** `https helper`. */
export async function helper(context: CommandContext): Promise<number> {
  const status = await context.client.json<CaHelperStatus>('GET', helperPath);
  show(context, status, () => helperText(context, status));
  return 0;
}
/** `getipandnames`. */
export async function ipAndNames(context: CommandContext): Promise<number> {
  const { wanted } = await context.client.json<HttpsStatus>('GET', '/https');
  show(context, { names: wanted }, () => wanted.map((name) => `${printable(name)}\n`).join(''));
  return 0;
}

/** The common name of a subject as openssl writes it (`/O=Example/CN=My CA`), or the text itself. */
function nameIn(subject: string): string {
  if (!/[/=]/.test(subject)) return subject;
  const parts = subject.split(/[/,]/).map((part) => part.trim());
  const of = (key: string): string | undefined =>
    parts.find((part) => part.toUpperCase().startsWith(`${key}=`))?.slice(key.length + 1);
  const found = of('CN') ?? of('OU') ?? of('O');
  if (found === undefined || found === '')
    throw usageError(`no name is in the subject '${subject}'; it is written like /O=Example/CN=My CA`);
  return found;
}
/** `initssl sca` and `initssl rca`. */
async function setUp(context: CommandContext, body: Readonly<Record<string, unknown>>): Promise<number> {
  return reported(context, await context.client.json<HttpsReport>('POST', '/https/setup', { json: body, timeoutMs: issuingMs }));
}
/** `initssl sca [SUBJECT]`. */
export function selfAuthority(context: CommandContext): Promise<number> {
  const subject = context.args.operands[0];
  return setUp(context, subject === undefined ? {} : { name: nameIn(subject) });
}
/** `initssl rca`. */
export function renewAuthority(context: CommandContext): Promise<number> {
  return setUp(context, { newAuthority: true });
}
/** `initssl req URL [USER[:PASSWORD]]`. */
export async function request(context: CommandContext): Promise<number> {
  const [url = '', who = 'CA_admin'] = context.args.operands;
  const colon = who.indexOf(':');
  const user = colon < 0 ? who : who.slice(0, colon);
  let password = await firstLine(context, 'password-file');
  if (colon >= 0) {
    // What others see of this process must not be the password; whoever looked before has it, though.
    process.title = 'holdfast initssl req';
    context.io.err(
      'The password on the command line can be seen by others on this machine: leave it out, and it is asked for.\n',
    );
    password ??= who.slice(colon + 1);
  }
  password ??= await askSecret(context, `Password of ${user} at ${url}`, false);
  const fingerprint = context.text('fingerprint');
  const json = { url, user, password, ...(fingerprint === null ? {} : { fingerprint }) };
  const status = await context.client.json<HttpsStatus>('POST', '/https/request', { json, timeoutMs: issuingMs });
  show(context, status, () => statusText(status));
  return 0;
}
/** `checkcert [-t all|server|CA] [-i]`: 1 when something is wrong. */
export async function checkCertificates(context: CommandContext): Promise<number> {
  const type = (context.text('type') ?? 'all').toLowerCase();
  if (!['all', 'server', 'ca'].includes(type)) throw usageError(`-t is all, server or CA, not '${type}'`);
  const status = await context.client.json<HttpsStatus>('GET', '/https');
  const ofAuthority = ({ code, message }: HttpsStatus['findings'][number]): boolean =>
    code === 'AUTHORITY' || (status.authority !== null && message.includes(status.authority.subject));
  const findings = status.findings.filter((finding) => type === 'all' || (type === 'ca') === ofAuthority(finding));
  const wanted = [
    ...(type === 'ca' ? [] : [['server', status.certificate] as const]),
    ...(type === 'server' ? [] : [['CA', status.authority] as const]),
  ];
  const wrong = findings.some(({ severity }) => severity === 'error') || wanted.some(([, found]) => found === null);
  show(context, { certificates: Object.fromEntries(wanted), findings }, () =>
    [
      ...wanted.map(([what, found]) => {
        if (found === null) return `${what}: there is none\n`;
        const until = `${what}: valid until ${localTime(found.validTo)}, SHA-256 ${spaced(found.fingerprint)}\n`;
        return context.flag('info')
          ? `${until}${facts([
              ['  subject', found.subject],
              ['  issuer', found.issuer],
              ['  valid from', localTime(found.validFrom)],
              ['  names', found.names.join(' ')],
              ['  serial', found.serial],
            ])}`
          : until;
      }),
      ...findings.map(({ severity, code, message, remedy }) => `${printable(`${severity} ${code}: ${message} ${remedy}`)}\n`),
    ].join(''),
  );
  return wrong ? 1 : 0;
}
/** `rmcerts [CA]`. */
export async function removeCertificates(context: CommandContext): Promise<number> {
  const what = context.args.operands[0];
  if (what !== undefined && what.toUpperCase() !== 'CA') throw usageError(`rmcerts takes CA or nothing, not '${what}'`);
  const json = { local: true, authority: what !== undefined };
  return reported(context, await context.client.json<HttpsReport>('POST', '/https/off', { json, timeoutMs: issuingMs }));
}
