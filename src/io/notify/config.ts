/** `SAFEVAR/notification.json`: who is told what, and how. Everything wrong in it is reported at once. */
import { isAbsolute } from 'node:path';
import type { ConfigResult } from '../../config/types.js';
import { type FieldReader, readSettings } from '../settings/settings-file.js';

interface ChannelBase {
  /** Unique; in logs, status and `notification test NAME`. */
  readonly name: string;
  /** After that long an attempt has failed, in ms: 1000 to 120,000. */
  readonly timeoutMs: number;
}
export interface EmailChannel extends ChannelBase {
  readonly kind: 'email';
  readonly from: string;
  readonly to: readonly string[];
  readonly host: string;
  readonly port: number;
  /** `starttls`: required, never left out; `tls`: from the first byte; `none`: in the clear. */
  readonly security: 'starttls' | 'tls' | 'none';
  /** `{"user": …, "password": …}`, mode 0600. */
  readonly credentialsFile: string | null;
  /** Certificates (PEM) to trust instead of the usual ones. */
  readonly caFile: string | null;
}
export interface WebhookChannel extends ChannelBase {
  readonly kind: 'webhook';
  /** Null: it stands in `urlFile`, because the address itself is a secret. */
  readonly url: string | null;
  readonly urlFile: string | null;
  /** Key of the signature, mode 0600. */
  readonly secretFile: string | null;
  readonly caFile: string | null;
}
export interface ExecutableChannel extends ChannelBase {
  readonly kind: 'executable';
  readonly path: string;
  readonly args: readonly string[];
}
export type ChannelConfig = EmailChannel | WebhookChannel | ExecutableChannel;

export interface NotificationConfig {
  readonly enabled: boolean;
  /** The first event opens a window of that length; what comes in it is told together. 0 to 600,000. */
  readonly windowMs: number;
  /** A critical line shortens what is left of the window to that. */
  readonly criticalMs: number;
  readonly critical: boolean;
  readonly states: boolean;
  readonly nodes: boolean;
  /** Whether the flight recorder is asked why. */
  readonly explain: boolean;
  /** Null: all modules. */
  readonly modules: readonly string[] | null;
  readonly channels: readonly ChannelConfig[];
}

const seconds = 1_000;
const name = /^[\w.-]{1,40}$/;
const mailbox = /^[^\s<>@,;"\\]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/;

/** The address of `Name <address>` or of an address alone. */
export const addressOf = (text: string): string => (/<([^<>]*)>$/.exec(text)?.[1] ?? text).trim();
const mailProblem = (text: string): string | null =>
  mailbox.test(addressOf(text)) ? null : 'It must be an address such as ops@example.org or Operators <ops@example.org>.';
const fileProblem = (text: string): string | null => (isAbsolute(text) ? null : 'It must be an absolute path.');
const isLoopbackHost = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);

/** What is wrong with a webhook's address; null if nothing is. The address is not repeated: it may be a secret. */
export function urlProblem(text: string): string | null {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return 'It must be an address such as https://hooks.example.org/holdfast.';
  }
  if (url.username !== '' || url.password !== '') return 'Put no user and password in it: use urlFile or secretFile.';
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname))) return null;
  return 'It must begin with https:// (http:// is allowed to this machine only).';
}

const base = (fields: FieldReader, kind: string): ChannelBase => ({
  name: fields.text('name', kind, (text) => (name.test(text) ? null : 'It must be 1 to 40 letters, digits, dots, hyphens.')),
  timeoutMs: fields.whole('timeoutSeconds', { least: 1, most: 120 }, 30) * seconds,
});

function email(fields: FieldReader): EmailChannel {
  const host = fields.text('host', null, (text) =>
    /^[A-Za-z0-9.:_-]{1,253}$/.test(text) ? null : 'It must be the name or address of a server.',
  );
  const security = fields.choice('security', ['starttls', 'tls', 'none'], 'starttls');
  const port = fields.whole('port', { least: 1, most: 65_535 }, security === 'tls' ? 465 : security === 'none' ? 25 : 587);
  const credentialsFile = fields.optionalText('credentialsFile', fileProblem);
  if (security === 'none' && credentialsFile !== null && !isLoopbackHost(host)) {
    fields.conflict(
      'security',
      'With security "none" the password would cross the network in the clear.',
      'Take "starttls" or "tls", or leave credentialsFile out.',
    );
  }
  return {
    ...base(fields, 'email'),
    kind: 'email',
    from: fields.text('from', null, mailProblem),
    to: fields.texts('to', null, mailProblem),
    ...{ host, port, security, credentialsFile },
    caFile: fields.optionalText('caFile', fileProblem),
  };
}

function webhook(fields: FieldReader): WebhookChannel {
  const url = fields.optionalText('url', urlProblem, true);
  const urlFile = fields.optionalText('urlFile', fileProblem);
  if (url !== null && urlFile !== null) fields.conflict('urlFile', 'url and urlFile are both there.', 'Take one of them out.');
  if (url === null && urlFile === null)
    fields.conflict('url', 'There is no right url, and no urlFile.', 'Say where to, with one of them.');
  return {
    ...base(fields, 'webhook'),
    kind: 'webhook',
    ...{ url, urlFile },
    secretFile: fields.optionalText('secretFile', fileProblem),
    caFile: fields.optionalText('caFile', fileProblem),
  };
}

function executable(fields: FieldReader): ExecutableChannel {
  return {
    ...base(fields, 'executable'),
    kind: 'executable',
    path: fields.text('path', null, fileProblem),
    args: fields.texts('args', []),
  };
}

function whole(fields: FieldReader): NotificationConfig {
  const windowMs = fields.whole('windowSeconds', { least: 0, most: 600 }, 60) * seconds;
  const criticalMs = fields.whole('criticalSeconds', { least: 0, most: 600 }, 10) * seconds;
  const modules = fields.texts('modules', [], (text) =>
    /^[A-Za-z][\w-]{0,31}$/.test(text) ? null : 'It must be the name of a module.',
  );
  const channels: readonly ChannelConfig[] = [
    ...fields.objects('email', email),
    ...fields.objects('webhook', webhook),
    ...fields.objects('executable', executable),
  ];
  for (const [index, channel] of channels.entries()) {
    if (channels.findIndex((other) => other.name === channel.name) === index) continue;
    fields.conflict(
      channel.kind,
      `Two channels are called "${channel.name}".`,
      'Give each a "name" of its own: logs and `notification test` tell them apart by it.',
    );
  }
  return {
    enabled: fields.yesNo('enabled', true),
    ...{ windowMs, criticalMs: Math.min(criticalMs, windowMs) },
    critical: fields.yesNo('critical', true),
    states: fields.yesNo('states', true),
    nodes: fields.yesNo('nodes', true),
    explain: fields.yesNo('explain', true),
    modules: modules.length === 0 ? null : modules,
    channels,
  };
}

/** Reads notification.json. What secrets it names is looked at when they are used. */
export const readNotificationConfig = (file: string, text: string): Promise<ConfigResult<NotificationConfig>> =>
  readSettings(file, text, whole);

/** Where a channel leads, for status and logs: no path of a webhook, which may be a secret. */
export function targetOf(channel: ChannelConfig): string {
  switch (channel.kind) {
    case 'email':
      return `${channel.to.map(addressOf).join(', ')} by ${channel.host}:${channel.port}`;
    case 'webhook':
      return channel.url === null ? `the address in ${channel.urlFile}` : new URL(channel.url).origin;
    case 'executable':
      return channel.path;
  }
}
