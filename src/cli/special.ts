/** `-r …`: the special commands of scripts and tools that are commands of ours (sections 3.6 and 5.5 of the compatibility page). */
import { usageError } from './cli-error.js';

/** The value of `-name v` or `-name=v`, as anontool takes them. */
function given(words: readonly string[], name: string): string | null {
  const at = words.findIndex((word) => word === `-${name}` || word.startsWith(`-${name}=`));
  if (at < 0) return null;
  const word = words[at] ?? '';
  return word.includes('=') ? word.slice(word.indexOf('=') + 1) : (words[at + 1] ?? null);
}

function anontool(words: readonly string[]): readonly string[] {
  if (words[0] !== 'anonymize-snapshot') throw usageError('anontool knows anonymize-snapshot only');
  const from = given(words, 'insnapshotfile');
  if (from === null) throw usageError('anontool anonymize-snapshot needs -insnapshotfile FILE');
  const to = given(words, 'outsnapshotfile') ?? from.replace(/(?:\.zip)?$/, '_anonymized.zip');
  const catalogue = given(words, 'additionalcatalogfile');
  const exclude = given(words, 'fileexclusionpattern');
  return [
    'anonymise',
    ...(catalogue === null ? [] : [`--words=${catalogue}`]),
    ...(exclude === null ? [] : [`--exclude=${exclude}`]),
    from,
    to,
  ];
}

/** Tools of SAFE/web/bin that have a command of their own here. */
const classicTools = ['startcaserv', 'stopcaserv', 'getipandnames', 'initssl', 'makeusercert', 'checkcert', 'rmcerts'];

/** What the words after `-r` mean as a command of ours; null where it is none. */
export function specialCommand(words: readonly string[]): readonly string[] | null {
  const [first = '', ...rest] = words;
  if (['incloop', 'resetloop', 'checkloop'].includes(first)) return words;
  if (/^healthcheck(?:\.sh|\.ps1)?$/.test(first)) return ['healthcheck', ...rest];
  if (classicTools.includes(first)) return words;
  return first === 'anontool' ? anontool(rest) : null;
}
