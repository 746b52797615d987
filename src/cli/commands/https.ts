/** `https …`: certificates and the private authority (section 6.4 of the compatibility page). */
import { randomBytes } from 'node:crypto';
import type { HttpsReport, HttpsStatus, NodeList, UserCertificateFiles } from '../../http/api-types.js';
import { CliError, usageError } from '../cli-error.js';
import type { CommandContext } from '../command.types.js';
import { facts, localTime, printable } from '../format.js';
import { readNamedFile, show, writeNamedFile } from './shared.js';

/** Certificates are issued node by node. */
const issuingMs = 120_000;

function onOff(context: CommandContext, option: string): boolean | undefined {
  const text = context.text(option);
  if (text === null) return undefined;
  if (text !== 'on' && text !== 'off') throw usageError(`--${option} is on or off, not '${text}'`);
  return text === 'on';
}
/** The parts of a list with commas; undefined where the option was not given. */
export function listed(context: CommandContext, option: string): readonly string[] | undefined {
  return context
    .text(option)
    ?.split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
/** The first line of a file that the option names. */
export async function firstLine(context: CommandContext, option: string): Promise<string | null> {
  const file = context.text(option);
  if (file === null) return null;
  return new TextDecoder().decode(await readNamedFile(context, file)).split(/\r?\n/)[0] ?? '';
}
async function pem(context: CommandContext, option: string): Promise<string | null> {
  const file = context.text(option);
  return file === null ? null : new TextDecoder().decode(await readNamedFile(context, file));
}
/** Pairs of hex, as browsers show fingerprints. */
export const spaced = (fingerprint: string): string => (fingerprint.toUpperCase().match(/../g) ?? []).join(':');

function reportText({ items, fingerprint }: HttpsReport): string {
  const lines = items.map(({ node, ok, message }) => `${node}: ${ok ? '' : 'FAILED, '}${printable(message)}`);
  if (fingerprint !== null) lines.push(`fingerprint of the authority (SHA-256): ${spaced(fingerprint)}`);
  return `${lines.join('\n')}\n`;
}
/** Prints what a command came to on each node; 1 where it failed on one. */
export function reported(context: CommandContext, report: HttpsReport): number {
  show(context, report, () => reportText(report));
  return report.items.every(({ ok }) => ok) ? 0 : 1;
}
const findingLines = ({ node, findings }: HttpsStatus): readonly string[] =>
  findings.map(({ severity, code, message, remedy }) => printable(`${node}: ${severity} ${code}: ${message} ${remedy}`));

/** `https status`. */
export function statusText(status: HttpsStatus): string {
  const { certificate, authority } = status;
  if (certificate === null) {
    const kept =
      authority === null ? 'holdfast https setup switches it on' : 'the authority is kept; holdfast https setup switches it on';
    return `HTTPS of ${status.node}: off (${kept})\n`;
  }
  const rows: [string, string][] = [
    ['node', status.node],
    ['HTTPS', `on, port ${status.port}${status.tls12 ? ', TLS 1.3 and 1.2' : ', TLS 1.3'}`],
    ['certificate', `${certificate.subject}, by ${certificate.issuer}`],
    ['valid for', certificate.names.join(' ')],
    ['valid until', localTime(certificate.validTo)],
    ['renewed', status.renewAt === null ? 'by you (holdfast https install)' : `by itself, ${localTime(status.renewAt)}`],
    ['client certificates', status.clientCertificates ? 'asked for' : 'not asked for'],
  ];
  if (status.authorityNode !== null) rows.push(['authority on', status.authorityNode]);
  if (authority !== null) rows.push(['authority', `${authority.subject}, SHA-256 ${spaced(authority.fingerprint)}`]);
  return `${facts(rows)}${findingLines(status)
    .map((line) => `${line}\n`)
    .join('')}`;
}

/** `https setup`. */
export async function setup(context: CommandContext): Promise<number> {
  const name = context.text('name');
  const body = {
    ...{ also: listed(context, 'also'), tls12: onOff(context, 'tls12'), clientCertificates: onOff(context, 'client-certs') },
    ...(name === null ? {} : { name }),
    ...(context.flag('new-ca') ? { newAuthority: true } : {}),
  };
  const report = await context.client.json<HttpsReport>('POST', '/https/setup', { json: body, timeoutMs: issuingMs });
  return reported(context, report);
}
/** `https status`. */
export async function status(context: CommandContext): Promise<number> {
  const answer = await context.client.json<HttpsStatus>('GET', '/https');
  show(context, answer, () => statusText(answer));
  return 0;
}
/** `https check`: of all nodes; 1 when something is wrong. */
export async function check(context: CommandContext): Promise<number> {
  const nodes = await context.client.json<NodeList>('GET', '/nodes');
  const answers = await Promise.all(
    nodes.items.map(async ({ name }) => {
      try {
        return {
          node: name,
          status: await context.client.json<HttpsStatus>('GET', `/nodes/${encodeURIComponent(name)}/https`),
          error: null,
        };
      } catch (error) {
        if (!(error instanceof CliError)) throw error;
        return { node: name, status: null, error: error.message };
      }
    }),
  );
  const anyOn = answers.some(({ status }) => status?.on === true);
  const lines = answers.flatMap(({ node, status, error }) =>
    status === null
      ? [`${node}: error UNREACHABLE: ${printable(error ?? '')}`]
      : !status.on && anyOn
        ? [`${node}: error OFF: HTTPS is off here, and on elsewhere. It follows by itself; or run holdfast https setup.`]
        : findingLines(status),
  );
  show(context, { items: answers }, () =>
    lines.length > 0
      ? `${lines.join('\n')}\n`
      : anyOn
        ? 'nothing is wrong\n'
        : 'HTTPS is off (holdfast https setup switches it on)\n',
  );
  return lines.length === 0 ? 0 : 1;
}
/** `https renew`. */
export async function renew(context: CommandContext): Promise<number> {
  const answer = await context.client.json<HttpsStatus>('POST', '/https/renew', { timeoutMs: issuingMs });
  show(context, answer, () => statusText(answer));
  return 0;
}
/** `https install`. */
export async function install(context: CommandContext): Promise<number> {
  const [certificate, key] = [await pem(context, 'cert'), await pem(context, 'key')];
  if (certificate === null || key === null) throw usageError('--cert and --key are needed');
  const json = {
    ...{ certificate, key, authority: await pem(context, 'ca'), clientAuthority: await pem(context, 'client-ca') },
    tls12: onOff(context, 'tls12'),
  };
  const answer = await context.client.json<HttpsStatus>('PUT', '/https/certificate', { json, timeoutMs: issuingMs });
  show(context, answer, () => statusText(answer));
  return 0;
}
/** `https off`. */
export async function off(context: CommandContext): Promise<number> {
  const json = { local: context.flag('local') };
  return reported(context, await context.client.json<HttpsReport>('POST', '/https/off', { json, timeoutMs: issuingMs }));
}
/** `https ca`: the certificate that everybody may have. */
export async function writeAuthority(context: CommandContext): Promise<number> {
  const file = context.args.operands[0] ?? '';
  const [bytes, { authority }] = [
    await context.client.bytes('GET', '/https/authority'),
    await context.client.json<HttpsStatus>('GET', '/https'),
  ];
  await writeNamedFile(context, file, bytes, false);
  const fingerprint = authority?.fingerprint ?? '';
  show(context, { file, fingerprint }, () => `${file} holds the certificate of the authority; SHA-256 ${spaced(fingerprint)}\n`);
  return 0;
}

interface Password {
  readonly text: string;
  /** It was made here, and has to be told. */
  readonly made: boolean;
}
async function password(context: CommandContext): Promise<Password> {
  const given = await firstLine(context, 'password-file');
  if (given !== null && given.length < 8) throw usageError('the password needs 8 characters at least');
  return { text: given ?? randomBytes(12).toString('base64url'), made: given === null };
}
const told = ({ text, made }: Password): string => (made ? `password, said this once: ${text}\n` : '');

/** `https usercert`. */
export async function userCertificate(context: CommandContext): Promise<number> {
  const [name = '', role = ''] = context.args.operands;
  const days = Number(context.text('days') ?? 365);
  if (!Number.isInteger(days) || days < 1 || days > 3650) throw usageError('--days is a number from 1 to 3650');
  const found = ['Admin', 'Control', 'Monitor'].find((one) => one.toLowerCase() === role.toLowerCase());
  if (found === undefined) throw usageError(`the role is Admin, Control or Monitor, not '${role}'`);
  const inPem = context.flag('pem');
  const secret = inPem ? null : await password(context);
  const json = { name, role: found, days, password: secret?.text ?? null };
  const made = await context.client.json<UserCertificateFiles>('POST', '/https/usercert', { json, timeoutMs: issuingMs });
  const file = context.text('out') ?? `${name.replaceAll(/[^\w.-]/g, '_')}.${inPem ? 'pem' : 'p12'}`;
  const content = inPem ? `${made.certificate}${made.key ?? ''}` : Buffer.from(made.pkcs12 ?? '', 'base64');
  await writeNamedFile(context, file, content, true);
  const { fingerprint, validTo } = made;
  const password_ = secret?.made === true ? secret.text : null;
  show(
    context,
    { file, fingerprint, validTo, password: password_ },
    () => `${file}: ${name} (${found}), valid until ${localTime(validTo)}\n${secret === null ? '' : told(secret)}`,
  );
  return 0;
}
/** `https export-ca`. */
export async function exportAuthority(context: CommandContext): Promise<number> {
  const file = context.args.operands[0] ?? '';
  const secret = await password(context);
  const move = context.flag('move');
  // Written before the key goes: with --move the first answer is a copy, and only then is it taken away.
  const { pem: copy } = await context.client.json<{ readonly pem: string }>('POST', '/https/ca/export', {
    json: { password: secret.text },
  });
  await writeNamedFile(context, file, copy, true);
  if (move) await context.client.json('POST', '/https/ca/export', { json: { password: secret.text, move } });
  show(
    context,
    { file, password: secret.made ? secret.text : null },
    () => `${file} holds the authority, its key encrypted${move ? '; it is no longer on this node' : ''}\n${told(secret)}`,
  );
  return 0;
}
/** `https import-ca`. */
export async function importAuthority(context: CommandContext): Promise<number> {
  const bytes = await readNamedFile(context, context.args.operands[0] ?? '');
  const secret = await firstLine(context, 'password-file');
  if (secret === null) throw usageError('--password-file is needed');
  const json = { pem: new TextDecoder().decode(bytes), password: secret };
  return reported(context, await context.client.json<HttpsReport>('POST', '/https/ca/import', { json, timeoutMs: issuingMs }));
}
