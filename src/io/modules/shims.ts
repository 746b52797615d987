/** The commands that scripts find in SAFE and SAFE/private/bin (section 3.6 of the compatibility page): small shell scripts that call the CLI. */
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readPlain, writeWhole } from './files.js';

/** For the shell: one word whatever it holds. */
const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** The CLI itself takes the module from SAFEMODULE where `-m` is left out, and the daemon from HOLDFAST_SOCKET. */
export const launcher = (nodeBinary: string, cliEntry: string, safeDir: string, safevar: string): string =>
  `#!/bin/sh
# Calls the command line of Holdfast with the same arguments, for the daemon of this installation unless another is named.
[ -n "\${SAFE:-}" ] || SAFE=${quote(safeDir)}
[ -n "\${SAFEVAR:-}" ] || SAFEVAR=${quote(safevar)}
export SAFE SAFEVAR
exec ${quote(nodeBinary)} ${quote(cliEntry)} "$@"
`;

/** `boundcmd <seconds> <command…>`: the command's own code, or 2 when it is not done in time. */
export const boundCommand = `#!/bin/sh
# Runs a command for at most the given number of seconds; ends with the command's code, or with 2 when the time is over.
if [ "$#" -lt 2 ]; then
  echo 'usage: boundcmd SECONDS COMMAND [ARGUMENT...]' >&2
  exit 1
fi
seconds=$1
shift
timeout -k 1 "$seconds" "$@"
code=$?
# 124: timeout ended it; 137: it had to be killed.
case $code in
  124 | 137) exit 2 ;;
  *) exit "$code" ;;
esac
`;

/** Writes SAFE/safekit, SAFE/holdfast and SAFE/private/bin. What is the same already is left alone, so that it can be called at each start. @throws when the disk refuses. */
export const installShims = async (safeDir: string, safevar: string, cliEntry: string, nodeBinary: string): Promise<void> => {
  const bin = join(safeDir, 'private', 'bin');
  await mkdir(bin, { recursive: true });
  const call = launcher(nodeBinary, cliEntry, safeDir, safevar);
  const files: readonly (readonly [string, string])[] = [
    [join(safeDir, 'safekit'), call],
    [join(safeDir, 'holdfast'), call],
    [join(bin, 'boundcmd'), boundCommand],
  ];
  for (const [path, text] of files) {
    const there = await readPlain(path, 64 * 1024).catch(() => null);
    if (there?.bytes.toString('utf8') === text) await chmod(path, 0o755);
    else await writeWhole(path, text, 0o755);
  }
};
