/** What the thread of the CA helper and the main thread say to each other. Everything is structured-clonable. */

/** What the thread begins with; certificate and key are PEM. */
export interface CaservData {
  readonly hosts: readonly string[];
  readonly port: number;
  readonly certificate: string;
  readonly key: string;
}
/** A request, its form read. */
export interface CaservRequest {
  readonly method: string;
  readonly path: string;
  /** Address of whoever asks. */
  readonly peer: string;
  readonly authorization: string;
  /** Fields of the form of a POST; null: it is none that can be read. */
  readonly fields: Readonly<Record<string, string>> | null;
}
export interface CaservAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}
/** An address that could not be listened on. */
export interface CaservRefusal {
  readonly host: string;
  readonly code: string;
}
export type FromCaserv =
  | { readonly type: 'listening'; readonly port: number; readonly failed: readonly CaservRefusal[] }
  | { readonly type: 'request'; readonly id: number; readonly request: CaservRequest };
export type ToCaserv =
  | { readonly type: 'answer'; readonly id: number; readonly answer: CaservAnswer }
  | { readonly type: 'close' };
