/**
 * A node that asks a CA helper: it makes sure of the authority first, and only then says the password, over TLS with that authority alone.
 */
import type { Outcome } from '../../actors/face.js';
import type { CaHelperRequest } from '../../actors/face-https.js';
import { askOnce, certificateIn } from '../ask-once.js';
import type { ForeignCertificate } from '../pki/https-authority.js';
import { failed, textOf } from '../pki/https-parts.js';
import { pinOf } from './password.js';

const limits = { timeoutMs: 30_000, largestBytes: 256 * 1024 };
const defaultPort = 9001;

function readUrl(text: string): URL | null {
  try {
    const url = new URL(text);
    if (url.protocol !== 'https:' || url.username !== '' || url.password !== '') return null;
    if (url.port === '') url.port = String(defaultPort);
    return url;
  } catch {
    return null;
  }
}
const plainHex = (text: string): string => text.replaceAll(/[^0-9a-fA-F]/g, '').toLowerCase();

/**
 * Has a request signed.
 * @param known fingerprint of the authority that this node has already
 */
export async function requestAt(
  { url: text, user, password, fingerprint = null }: CaHelperRequest,
  name: string,
  request: string,
  known: string | null,
): Promise<Outcome<ForeignCertificate>> {
  const url = readUrl(text);
  if (url === null) return failed('HTTPS_HELPER', `${JSON.stringify(text.slice(0, 100))} is no address like https://n1:9001.`);
  try {
    const shown = await askOnce({ ...limits, url, path: '/certs/cacert.crt', sent: null, ca: null });
    const authority = shown.status === 200 ? certificateIn(shown.text) : null;
    if (authority === null) return failed('HTTPS_HELPER', `What answers at ${url.host} is no CA helper.`);
    const found = authority.fingerprint;
    const wanted = fingerprint === null ? (pinOf(password) ?? known) : plainHex(fingerprint);
    if (wanted === null)
      return failed(
        'HTTPS_HELPER',
        `The authority at ${url.host} has the fingerprint ${found}. Compare it with what startcaserv printed there, and say it with --fingerprint.`,
      );
    if (wanted.length < 32 || !found.startsWith(wanted))
      return failed(
        'HTTPS_HELPER',
        `What answers at ${url.host} has another authority than the one of the password or fingerprint. The password was not sent.`,
      );
    const answer = await askOnce({
      ...{ ...limits, url, path: '/caserv', ca: authority.pem },
      headers: { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` },
      sent: {
        type: 'application/x-www-form-urlencoded',
        text: new URLSearchParams({ action: 'signrequest', name, servercsr: request }).toString(),
      },
    });
    if (answer.status === 401) return failed('HTTPS_PASSWORD', `${url.host} refuses the password of ${user}.`);
    const certificate = answer.status === 201 ? certificateIn(answer.text) : null;
    return certificate === null
      ? failed('HTTPS_HELPER', `${url.host} did not sign: ${answer.text.trim().slice(0, 300) || `HTTP ${answer.status}`}`)
      : {
          ok: true,
          value: {
            certificate: `${certificate.pem}\n`,
            authority: `${authority.pem}\n`,
            node: answer.header('x-holdfast-node'),
          },
        };
  } catch (error) {
    return failed('HTTPS_HELPER', `${url.host} cannot be reached: ${textOf(error)}. Does holdfast startcaserv run there?`);
  }
}
