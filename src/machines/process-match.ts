import type { ProcConfig } from '../config/types.js';

/** A compiled POSIX extended regular expression, as `src/config/posix-regex.ts` makes them. */
interface CompiledRegex {
  test(text: string): boolean;
}
/** Compiles a pattern; handed in because the machines import only types of the configuration. */
export type CompileRegex = (
  pattern: string,
  options: { readonly ignoreCase: boolean },
) => { readonly ok: true; readonly regex: CompiledRegex } | { readonly ok: false; readonly message: string };

/** Says whether a process is one of a `<proc>`. */
interface ProcessTest {
  (process: { readonly name: string; readonly args: readonly string[] }): boolean;
  /** Does the answer hang on the arguments of a process of that name? Where it does not, they need not be read. */
  readonly needsArguments: (name: string) => boolean;
}

/** The test of one `<proc>`, compiled once and used on every process of every scan. */
export interface ProcessMatcher {
  readonly matches: ProcessTest;
  /** What is wrong with a pattern; such a `<proc>` matches nothing. Null when all is well. */
  readonly problem: string | null;
}

/** The kernel keeps that many bytes of a command's name (TASK_COMM_LEN less the closing zero). */
const linuxNameBytes = 15;
/** Names of Windows are compared in lower case and up to that many characters (compatibility page, 2.10). */
const windowsNameCharacters = 63;

/**
 * Compiles the test that says whether a process is one of a `<proc>` (compatibility page, 2.10): the name as the platform knows
 * it, or `nameregex` in its stead (Linux only), and `argregex` on the arguments with the executable first, joined by blanks. What
 * is given must all hold. A `<proc service="yes">` matches no process.
 */
export function compileMatcher(
  proc: Pick<ProcConfig, 'name' | 'nameRegex' | 'argRegex' | 'service'>,
  platform: 'linux' | 'windows',
  compileRegex: CompileRegex,
): ProcessMatcher {
  const noNeed = { needsArguments: (): boolean => false };
  const nothing = (problem: string | null): ProcessMatcher => ({ matches: Object.assign(() => false, noNeed), problem });
  if (proc.service) return nothing(null);

  let nameTest = platform === 'windows' ? windowsNameTest(proc.name) : linuxNameTest(proc.name);
  if (proc.nameRegex !== null && platform === 'linux') {
    const compiled = compileRegex(proc.nameRegex, { ignoreCase: false });
    if (!compiled.ok) return nothing(`nameregex: ${compiled.message}`);
    nameTest = (name) => compiled.regex.test(name);
  }
  const byName = ({ name }: { readonly name: string }): boolean => nameTest(name);
  if (proc.argRegex === null) return { matches: Object.assign(byName, noNeed), problem: null };
  const compiled = compileRegex(proc.argRegex, { ignoreCase: platform === 'windows' });
  if (!compiled.ok) return nothing(`argregex: ${compiled.message}`);
  const byBoth = ({ name, args }: { readonly name: string; readonly args: readonly string[] }): boolean =>
    nameTest(name) && compiled.regex.test(args.join(' '));
  return { matches: Object.assign(byBoth, { needsArguments: nameTest }), problem: null };
}

/** Compares as the kernel cuts names: after 15 bytes, wherever that is in a letter. A cut letter reads as U+FFFD. */
function linuxNameTest(wanted: string): (name: string) => boolean {
  let whole = '';
  let room = linuxNameBytes;
  for (const letter of wanted) {
    const length = utf8Length(letter);
    // The kernel keeps a part of this letter, unless there is no room at all.
    if (length > room)
      return room === 0 ? (name) => name === whole : (name) => name !== whole && name.replace(/\uFFFD+$/, '') === whole;
    whole += letter;
    room -= length;
  }
  return (name) => name === whole;
}

function utf8Length(letter: string): number {
  const code = Number(letter.codePointAt(0));
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code < 0x10000 ? 3 : 4;
}

/** Windows reports `nginx.exe`; a configuration may leave the extension out. */
function windowsNameTest(wanted: string): (name: string) => boolean {
  const lower = wanted.toLowerCase();
  const cut = (name: string): string => name.slice(0, windowsNameCharacters);
  return (name) => cut(name.toLowerCase()) === cut(lower) || cut(name.toLowerCase()) === cut(`${lower}.exe`);
}
