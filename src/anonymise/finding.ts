/** Finds in text what tells whose it is: addresses, mail addresses, names of hosts and domains. Pure. */
import { isIPv4, isIPv6 } from 'node:net';

export type Kind = 'ipv4' | 'ipv6' | 'mac' | 'mail' | 'domain';
export interface Found {
  readonly kind: Kind;
  readonly text: string;
  readonly index: number;
}

/** Last labels of names that are names of domains; two-letter ones are countries', unless files are called so. */
const topLevel = new Set(
  'com org net edu gov mil int info biz name pro io dev app cloud online site tech store eu local lan internal intern corp intranet home localdomain private domain arpa'.split(
    ' ',
  ),
);
const extensions = new Set('sh py md pl rs so ps cc la js ts go mk in am ac is to id do at up my no md'.split(' '));
/** What stands before the point in names of resources (section 4 of the compatibility page). */
const resourceClasses = new Set(
  'proc tcp ping intf ip custom module http systemd splitbrain heart heartbeat rfs vip farm usersetting node errd'.split(' '),
);

function isDomain(text: string): boolean {
  const labels = text.toLowerCase().split('.');
  const last = labels.at(-1) ?? '';
  if (labels.length === 2 && resourceClasses.has(labels[0] ?? '')) return false;
  if (topLevel.has(last)) return last !== 'name' && last !== 'app' ? true : labels.length > 2;
  return last.length === 2 && labels.length > 1 && !extensions.has(last);
}

/** Addresses that say nothing about anybody: loopback, everybody, masks, groups. */
function isCommon(address: string): boolean {
  if (isIPv4(address)) return /^(?:127\.|0\.|255\.|22[4-9]\.|23\d\.)/.test(address);
  return /^(?:::1?|ff[0-9a-f]{2}:.*)$/i.test(address);
}

const mail = /[A-Za-z0-9._%+-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}/g;
const mac = /(?<![0-9A-Fa-f:-])(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}(?![0-9A-Fa-f:-])/g;
const ipv4 = /(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d)/g;
const ipv6 = /(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])/g;
const domain = /(?<![\w@./-])(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,}(?![\w-]|\.\w)/g;
const hostInAddress = /(?<=:\/\/|@)(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}(?![\w-])/g;

/** Everything in a text, in order, nothing twice. */
export function findIn(text: string): readonly Found[] {
  const found: Found[] = [];
  const covered = (from: number, to: number): boolean =>
    found.some(({ index, text: one }) => from < index + one.length && index < to);
  const add = (kind: Kind, pattern: RegExp, is: (one: string) => boolean): void => {
    for (const match of text.matchAll(pattern)) {
      const [one] = match;
      if (is(one) && !covered(match.index, match.index + one.length)) found.push({ kind, text: one, index: match.index });
    }
  };
  const hasPoint = text.includes('.');
  if (hasPoint && text.includes('@')) add('mail', mail, () => true);
  if (text.includes(':') || text.includes('-')) add('mac', mac, () => true);
  if (hasPoint) add('ipv4', ipv4, (one) => isIPv4(one) && !isCommon(one));
  if (text.includes(':')) add('ipv6', ipv6, (one) => isIPv6(one) && !isCommon(one));
  if (hasPoint) {
    add('domain', hostInAddress, () => true);
    add('domain', domain, isDomain);
  }
  return found.sort((left, right) => left.index - right.index);
}
