/**
 * Splits a Windows command line into arguments as the C run-time does (Microsoft: "Parsing C command-line arguments"): blanks and
 * tabs separate, quotes join, a backslash counts only before a quote, and two quotes inside quotes are one. The program's own
 * name, the first, knows no backslash.
 */
export function splitCommandLine(line: string): readonly string[] {
  const args: string[] = [];
  let at = 0;
  const isBlank = (): boolean => line[at] === ' ' || line[at] === '\t';
  if (line === '') return args;

  let program = '';
  let quoted = false;
  for (; at < line.length && (quoted || !isBlank()); at += 1) {
    if (line[at] === '"') quoted = !quoted;
    else program += line[at];
  }
  args.push(program);

  for (;;) {
    while (isBlank()) at += 1;
    if (at >= line.length) return args;
    let current = '';
    quoted = false;
    while (at < line.length && (quoted || !isBlank())) {
      let backslashes = 0;
      while (line[at] === '\\') {
        backslashes += 1;
        at += 1;
      }
      if (line[at] !== '"') {
        current += '\\'.repeat(backslashes);
        if (at < line.length && (quoted || !isBlank())) {
          current += line[at];
          at += 1;
        }
        continue;
      }
      current += '\\'.repeat(Math.floor(backslashes / 2));
      if (backslashes % 2 === 1) current += '"';
      else if (quoted && line[at + 1] === '"') {
        current += '"';
        at += 1;
      } else quoted = !quoted;
      at += 1;
    }
    args.push(current);
  }
}

/**
 * One argument for cmd.exe, in quotes; null where cmd.exe could read something else in it than we meant. Inside quotes only the
 * quote itself and the percent sign are special to it, and for neither is there an escape that always works.
 */
export function quoteForCmd(argument: string): string | null {
  if (/["%\r\n\0]/.test(argument)) return null;
  // A backslash at the end would escape the closing quote for programs that the script hands the argument on to.
  return `"${argument.endsWith('\\') ? `${argument}\\` : argument}"`;
}
