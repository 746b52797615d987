/**
 * Logins by an OpenID provider: authorization code with PKCE, state and nonce; the id token is verified by the library, claims give the
 * role. What the provider has to be asked again and again (its metadata and keys) is remembered.
 */
import { readFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import * as client from 'openid-client';
import type { OidcPending, Role } from '../../actors/face-auth.js';
import { readSecretFile } from '../settings/secret-file.js';
import type { OidcConfig } from './config.js';

export type OidcAnswer =
  | { readonly kind: 'in'; readonly name: string; readonly role: Role }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'unavailable'; readonly why: string };
export interface Oidc {
  /** Where the browser has to go, and what has to be remembered until it comes back. @throws where the provider cannot be reached */
  begin(redirectUri: string): Promise<{ readonly url: string; readonly pending: OidcPending }>;
  /** The browser is back, with that address. */
  finish(url: string, pending: OidcPending): Promise<OidcAnswer>;
  /** Reads the provider's metadata anew. @throws where it cannot be reached */
  check(): Promise<string>;
}

/** How long the provider's metadata is good. */
const metadataMs = 3_600_000;
const answerLimit = 1024 * 1024;

/** A fetch that trusts the certificates given and nothing else, and takes no endless answer: the built-in one cannot. */
function fetchWith(ca: Buffer, timeoutMs: number): typeof client.customFetch extends symbol ? client.CustomFetch : never {
  return (url, options) =>
    new Promise((resolve, reject) => {
      const target = new URL(url);
      const ask = target.protocol === 'https:' ? httpsRequest : httpRequest;
      const outgoing = ask(
        target,
        { method: options.method, headers: options.headers, ca, timeout: timeoutMs, minVersion: 'TLSv1.2', agent: false },
        (response) => {
          const chunks: Buffer[] = [];
          let bytes = 0;
          response.on('data', (chunk: Buffer) => {
            bytes += chunk.length;
            if (bytes > answerLimit) outgoing.destroy(new Error('The provider answers with more than 1 MB.'));
            else chunks.push(chunk);
          });
          response.on('error', reject);
          response.on('end', () => {
            const headers = new Headers();
            for (const [name, value] of Object.entries(response.headersDistinct))
              for (const one of value ?? []) headers.append(name, one);
            const status = response.statusCode ?? 502;
            const body = status === 204 || status === 304 ? null : Buffer.concat(chunks);
            resolve(new Response(body, { status, headers }));
          });
        },
      );
      outgoing.on('timeout', () => outgoing.destroy(new Error(`${target.host} did not answer in time.`)));
      outgoing.on('error', reject);
      const { body } = options;
      if (body === null || body === undefined) outgoing.end();
      else if (typeof body === 'string' || body instanceof Uint8Array) outgoing.end(body);
      else if (body instanceof URLSearchParams) outgoing.end(body.toString());
      else outgoing.destroy(new Error('This kind of body is not sent.'));
    });
}

/** The values of a claim as texts; `a.b` goes into objects. */
function claimTexts(claims: unknown, name: string): readonly string[] {
  let value: unknown = claims;
  const whole = typeof claims === 'object' && claims !== null && Object.hasOwn(claims, name);
  for (const step of whole ? [name] : name.split('.')) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
    value = Object.entries(value).find(([key]) => key === step)?.[1];
  }
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.flatMap((one) =>
    typeof one === 'string' || typeof one === 'number' || typeof one === 'boolean' ? [String(one)] : [],
  );
}
/** The greatest role that the claims give; null: none. */
export function roleOfClaims(config: OidcConfig, claims: unknown): Role | null {
  const has = (rules: readonly string[]): boolean =>
    rules.some((rule) => {
      const colon = rule.indexOf(':');
      return claimTexts(claims, rule.slice(0, colon)).includes(rule.slice(colon + 1));
    });
  if (has(config.admin)) return 'admin';
  if (has(config.control)) return 'control';
  return has(config.monitor) ? 'monitor' : null;
}
function reasonOf(error: unknown): string {
  const { message, cause }: { readonly message: string; readonly cause?: unknown } =
    error instanceof Error ? error : { message: String(error) };
  const because = cause instanceof Error ? `: ${cause.message}` : '';
  return `${message}${because}`.slice(0, 300);
}

export function createOidc(config: OidcConfig): Oidc {
  let known: { readonly configuration: client.Configuration; readonly atMs: number } | null = null;

  async function discover(): Promise<client.Configuration> {
    const secret = config.clientSecretFile === null ? null : await readSecretFile(config.clientSecretFile);
    const url = new URL(config.issuer);
    const configuration = await client.discovery(
      url,
      config.clientId,
      undefined,
      secret === null ? client.None() : client.ClientSecretBasic(secret),
      {
        timeout: config.timeoutMs / 1000,
        ...(url.protocol === 'http:' ? { execute: [client.allowInsecureRequests] } : {}),
        ...(config.caFile === null ? {} : { [client.customFetch]: fetchWith(await readFile(config.caFile), config.timeoutMs) }),
      },
    );
    known = { configuration, atMs: performance.now() };
    return configuration;
  }
  async function configured(): Promise<client.Configuration> {
    return known !== null && performance.now() - known.atMs < metadataMs ? known.configuration : discover();
  }
  return {
    async begin(redirectUri) {
      const configuration = await configured();
      const verifier = client.randomPKCECodeVerifier();
      const pending: OidcPending = { state: client.randomState(), nonce: client.randomNonce(), verifier, redirectUri };
      const url = client.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope: config.scopes.join(' '),
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        state: pending.state,
        nonce: pending.nonce,
      });
      return { url: url.href, pending };
    },
    async finish(url, { state, nonce, verifier, redirectUri }) {
      try {
        const configuration = await configured();
        // What the provider sent along, at the address that was registered with it.
        const back = new URL(redirectUri);
        back.search = new URL(url, redirectUri).search;
        const tokens = await client.authorizationCodeGrant(configuration, back, {
          ...{ pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true },
        });
        const idClaims = tokens.claims();
        if (idClaims === undefined) return { kind: 'refused', why: 'the provider sent no id token' };
        const more =
          configuration.serverMetadata().userinfo_endpoint === undefined
            ? {}
            : await client.fetchUserInfo(configuration, tokens.access_token, idClaims.sub);
        const claims = { ...more, ...idClaims };
        const name = claimTexts(claims, config.userClaim)[0] ?? idClaims.sub;
        const role = roleOfClaims(config, claims);
        return role === null
          ? { kind: 'refused', why: `no claim of ${name.slice(0, 64)} has a role` }
          : { kind: 'in', name, role };
      } catch (error) {
        const answered = error instanceof client.AuthorizationResponseError || error instanceof client.ResponseBodyError;
        const wrong = answered || error instanceof client.ClientError;
        return { kind: wrong ? 'refused' : 'unavailable', why: reasonOf(error) };
      }
    },
    async check() {
      const { issuer } = (await discover()).serverMetadata();
      return issuer;
    },
  };
}
