/** What the two ends of a join say to each other, checked: the other end may be of another version. */
import type { HttpsEnrol, HttpsNodeResult } from '../../actors/face-https.js';
import type { Arrival } from './addresses.js';

/** What the inviting node answers, sealed. */
export interface Admitted {
  readonly name: string;
  readonly inviter: string;
  readonly nodes: readonly string[];
  /** Key and configuration, base64. */
  readonly bundle: string;
  /** Null: HTTPS is off, or with certificates that each node has to be given. */
  readonly enrol: HttpsEnrol | null;
  readonly modules: readonly { readonly name: string; readonly id: number }[];
  readonly steps: readonly HttpsNodeResult[];
}

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === 'string';
const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isText);
function isList<T>(value: unknown, is: (item: unknown) => item is T): value is readonly T[] {
  return Array.isArray(value) && value.every(is);
}
const isModule = (value: unknown): value is Admitted['modules'][number] =>
  isFields(value) && isText(value['name']) && Number.isInteger(value['id']);
const isStep = (value: unknown): value is HttpsNodeResult =>
  isFields(value) && isText(value['node']) && typeof value['ok'] === 'boolean' && isText(value['message']);
const isEnrol = (value: unknown): value is HttpsEnrol =>
  isFields(value) &&
  isText(value['authorityNode']) &&
  isText(value['authority']) &&
  isTexts(value['also']) &&
  typeof value['tls12'] === 'boolean' &&
  typeof value['clientCertificates'] === 'boolean';

/** Null: it is not complete. */
export function readArrival(value: unknown): Omit<Arrival, 'peer'> | null {
  if (!isFields(value)) return null;
  const { name, addresses, networks } = value;
  if (!isText(name) || name === '' || name.length > 64 || !isTexts(addresses) || !isTexts(networks)) return null;
  if (addresses.length > 64 || networks.length > 256) return null;
  return { name, addresses, networks };
}
/** Null: it is not complete. */
export function readAdmitted(value: unknown): Admitted | null {
  if (!isFields(value)) return null;
  const { name, inviter, nodes, bundle, enrol, modules, steps } = value;
  if (!isText(name) || !isText(inviter) || !isTexts(nodes) || !isText(bundle)) return null;
  if ((enrol !== null && !isEnrol(enrol)) || !isList(modules, isModule) || !isList(steps, isStep)) return null;
  return { name, inviter, nodes, bundle, enrol, modules, steps };
}
