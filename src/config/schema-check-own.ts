import { type AttributeSpec, anyText, choice, onOff, regex, required, shaped } from './attribute-types.js';
import { any, element, once } from './element-spec.js';
import { isHttpUrl, parseStatusRanges } from './http-values.js';
import { ca, dependentAction, grace, ident, interval, serviceWhen, timeout } from './schema-check-common.js';
import type { HttpCheck } from './types.js';

const url: AttributeSpec<string> = {
  ...anyText('url', '', 'Address of the page; redirections are not followed.'),
  allowed: 'an address that begins with http:// or https://, without user and password',
  parse: (written) =>
    isHttpUrl(written)
      ? { ok: true, value: written }
      : { ok: false, code: 'CONF_ATTRIBUTE_VALUE', message: 'is no such address' },
};
const status: AttributeSpec<HttpCheck['status']> = {
  ...anyText('status', '200-399', 'Codes of the answer that count as up.', { since: 'ours' }),
  allowed: 'codes from 100 to 599 and ranges of them, commas between: 200,204,300-302',
  fallback: [{ from: 200, to: 399 }],
  parse: (written) => {
    const value = parseStatusRanges(written);
    return value === null ? { ok: false, code: 'CONF_ATTRIBUTE_VALUE', message: 'is not allowed' } : { ok: true, value };
  },
};

/** `<to>` of an HTTP checker. */
export const httpTo = element({
  name: 'to',
  doc: 'What is tested.',
  attributes: {
    url: required(url),
    method: choice('method', ['GET', 'HEAD'], 'GET', 'Method of the request.'),
    interval: interval(),
    timeout: timeout('Time for the whole answer; what takes longer is down.'),
    status,
    body: { ...regex('body', 'Must match the first 64 KB of the body; left out: any body will do.', 'plain'), defaultText: null },
    verify: onOff('verify', true, "Whether the server's TLS certificate must be valid for its name."),
    ca,
  },
  children: [],
});
/** `<header>` of the request of an HTTP checker. */
export const httpHeader = element({
  name: 'header',
  doc: 'A header of the request.',
  attributes: {
    name: required(
      shaped('name', '', 'Name of the header.', /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/, 'a name of letters, digits and hyphens'),
    ),
    value: required(
      shaped('value', '', 'Value of the header.', /^[\t\x20-\x7e\x80-\xff]{0,4000}$/, 'a text on one line, of Latin letters'),
    ),
  },
  children: [],
});
/** `<http>`: ours. */
export const http = element({
  name: 'http',
  doc: 'Asks an HTTP service for a page.',
  since: 'ours',
  attributes: {
    ident: ident('http'),
    when: serviceWhen,
    action: dependentAction('h', '`restart`; `wait` with `pre`', 'ours'),
    grace,
  },
  children: [once(httpTo), any(httpHeader)],
});

/** `<systemd>`: ours. */
export const systemd = element({
  name: 'systemd',
  doc: 'Looks whether a systemd unit is active.',
  since: 'ours',
  attributes: {
    ident: ident('systemd'),
    unit: required(
      shaped(
        'unit',
        '',
        'Name of the unit; without a suffix it is a service.',
        /^[A-Za-z0-9:_.\\@-]{1,255}$/,
        'the name of a unit: letters, digits and : _ . \\ @ -',
      ),
    ),
    when: serviceWhen,
    action: dependentAction('s', '`restart`; `wait` with `pre`', 'ours'),
    interval: interval(),
    timeout: timeout(),
    grace,
  },
  children: [],
});
