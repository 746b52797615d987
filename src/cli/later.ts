/**
 * Words of the compatibility page's section 5 that this version knows but does not carry out yet: they are answered with 'not supported yet', never 'unknown'.
 */
export const laterWords: readonly string[] = [
  'swap',
  'prim',
  'second',
  'primforce',
  'secondforce',
  'webserver',
  'safeagent',
  'uninstall',
  'rfsverify',
  'rfsdiff',
  'rfssync',
  '-r',
];

const laterGroupWords: Readonly<Record<string, readonly string[]>> = {
  module: ['genkey', 'delkey'],
  boot: ['webon', 'weboff', 'webstatus', 'snmpon', 'snmpoff', 'snmpstatus'],
};

/** Whether the second word of a group of commands is one that comes later, for example `cluster create`. */
export function isLaterGroupWord(group: string, word: string | undefined): boolean {
  return word !== undefined && (laterGroupWords[group]?.includes(word) ?? false);
}

/** All of them as they are written, for docs/cli.md. */
export function laterSpellings(): readonly string[] {
  const members = Object.entries(laterGroupWords).flatMap(([group, words]) => words.map((word) => `${group} ${word}`));
  return [...laterWords, ...members];
}
