/** What the thread that issues certificates is asked, and answers. Certificates, keys and requests are PEM. */

/** What a server's certificate is valid for. */
export interface CertificateNames {
  readonly dns: readonly string[];
  readonly ip: readonly string[];
}
export interface Authority {
  readonly certificate: string;
  readonly key: string;
}
export interface KeyedRequest {
  readonly request: string;
  readonly key: string;
}
export interface UserCertificate {
  readonly certificate: string;
  readonly key: string;
  /** Null: no password was given. */
  readonly pkcs12: Uint8Array | null;
}
export interface AuthorityRequest {
  readonly name: string;
  readonly days: number;
  readonly nowWallMs: number;
}
export interface RequestRequest {
  readonly name: string;
  readonly names: CertificateNames;
}
export interface ServerRequest {
  readonly authority: Authority;
  readonly request: string;
  readonly name: string;
  /** Null: those that the request asks for. */
  readonly names: CertificateNames | null;
  readonly days: number;
  readonly nowWallMs: number;
}
export interface UserRequest {
  readonly authority: Authority;
  readonly name: string;
  readonly role: string;
  readonly days: number;
  readonly nowWallMs: number;
  /** Of the PKCS #12; null: none is made. */
  readonly password: string | null;
}
/** A user's own request: the key stays with whoever made it. */
export interface UserSignRequest {
  readonly authority: Authority;
  readonly request: string;
  readonly name: string;
  readonly role: string;
  readonly days: number;
  readonly nowWallMs: number;
}
/** One piece of work for the thread. */
export type IssuerWork =
  | { readonly kind: 'authority'; readonly of: AuthorityRequest }
  | { readonly kind: 'request'; readonly of: RequestRequest }
  | { readonly kind: 'server'; readonly of: ServerRequest }
  | { readonly kind: 'user'; readonly of: UserRequest }
  | { readonly kind: 'userRequest'; readonly of: UserSignRequest };
export type IssuerAnswer =
  | { readonly kind: 'authority'; readonly value: Authority }
  | { readonly kind: 'request'; readonly value: KeyedRequest }
  | { readonly kind: 'server'; readonly value: string }
  | { readonly kind: 'user'; readonly value: UserCertificate }
  | { readonly kind: 'userRequest'; readonly value: string }
  | { readonly kind: 'refused'; readonly reason: string };
