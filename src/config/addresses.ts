import { isIP, isIPv4 } from 'node:net';

const hostLabel = /^[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/;

/** Whether this is a DNS name: labels of RFC 1123, underscores let through because real networks have them. */
export function isHostName(text: string): boolean {
  const labels = text.replace(/\.$/, '').split('.');
  const numeric = /(?:^|\.)[0-9]+\.?$/.test(text);
  return text.length <= 253 && !numeric && labels.every((label) => hostLabel.test(label));
}

/** An IPv6 address without its brackets; anything else as it is. */
export function withoutBrackets(text: string): string {
  const inner = /^\[(.*)\]$/.exec(text)?.[1];
  return inner !== undefined && isIP(inner) === 6 ? inner : text;
}

/** Whether this is an IPv4 address, an IPv6 address (in brackets or not) or a DNS name. */
export const isHost = (text: string): boolean => isIP(withoutBrackets(text)) !== 0 || isHostName(text);

/** Whether this is an IPv4 or IPv6 address, and no name. */
export const isAddress = (text: string): boolean => isIP(withoutBrackets(text)) !== 0;

/** Whether this is an IPv4 network mask: ones, then zeroes. */
export function isNetmask(text: string): boolean {
  if (!isIPv4(text)) return false;
  const bits = text
    .split('.')
    .map((part) => Number(part).toString(2).padStart(8, '0'))
    .join('');
  return /^1*0*$/.test(bits);
}

/** One spelling for each address, so that two spellings of the same one are seen as equal. Names are compared in lower case. */
export function canonicalAddress(text: string): string {
  const plain = withoutBrackets(text);
  return isIP(plain) === 6 && !plain.includes('%')
    ? new URL(`http://[${plain}]`).hostname
    : plain.toLowerCase().replace(/\.$/, '');
}
