/**
 * Completion scripts for bash, zsh and fish, made from the table of commands. They ask the daemon for the names of modules only, through
 * `module list --names`, and stay silent when it does not answer.
 */
import type { CommandSpec, Completion, OptionSpec } from './command.types.js';
import { groupsOf } from './lookup.js';
import { optionsOf } from './parse.js';

/** The shells that there is a script for. */
export type Shell = 'bash' | 'zsh' | 'fish';

/** Single quotes of sh, bash and zsh. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function fishQuoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

type Commands = readonly CommandSpec[];

function firstWords(commands: Commands): readonly string[] {
  return [...new Set(commands.map((command) => command.words[0]))];
}

/** What is said about a first word: the command's summary, or the members of a group. */
function firstWordHelp(commands: Commands, word: string): string {
  const members = groupsOf(commands).get(word);
  return members === undefined ? (commands.find((command) => command.words[0] === word)?.summary ?? '') : members.join(', ');
}

function flags(option: OptionSpec): readonly string[] {
  return option.short === undefined ? [`--${option.name}`] : [`-${option.short}`, `--${option.name}`];
}

function words(completion: Completion | undefined): readonly string[] {
  return typeof completion === 'object' ? completion : [];
}

function operandWords(spec: CommandSpec): readonly string[] {
  return spec.operands.flatMap((operand) => words(operand.complete));
}

function takesFile(spec: CommandSpec): boolean {
  return spec.operands.some((operand) => operand.complete === 'file');
}

// ---------------------------------------------------------------- bash

function bashValue(completion: Completion | undefined): string {
  if (completion === 'module') return 'kind=module';
  if (completion === 'file') return 'kind=file';
  return `kind=words; list=${quoted(words(completion).join(' '))}`;
}

function bashCommand(spec: CommandSpec): string {
  const options = optionsOf(spec);
  const values = options.filter((option) => option.value !== undefined);
  const cases = values.map((option) => `        ${flags(option).join('|')}) ${bashValue(option.complete)} ;;\n`).join('');
  const list = options.flatMap(flags).join(' ');
  const operands = `kind=${takesFile(spec) ? 'both' : 'words'}; list=${quoted(operandWords(spec).join(' '))}`;
  return [
    `    ${quoted(spec.words.join(' '))})\n`,
    `      case "$previous" in\n${cases}`,
    `        *) case "$current" in -*) kind=words; list=${quoted(list)} ;; *) ${operands} ;; esac ;;\n`,
    '      esac ;;\n',
  ].join('');
}

function bashScript(commands: Commands): string {
  const groupCases = [...groupsOf(commands)]
    .map(([group, members]) => `    ${group}) members=${quoted(members.join(' '))} ;;\n`)
    .join('');
  return `# Completion of holdfast for bash: source <(holdfast completion bash)
_holdfast() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local first="\${COMP_WORDS[1]}" kind=words list= members= key
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W ${quoted(firstWords(commands).join(' '))} -- "$current"))
    return
  fi
  case "$first" in
${groupCases}    *) ;;
  esac
  key="$first"
  if [ -n "$members" ]; then
    if [ "$COMP_CWORD" -eq 2 ]; then
      COMPREPLY=($(compgen -W "$members" -- "$current"))
      return
    fi
    key="$first \${COMP_WORDS[2]}"
  fi
  case "$key" in
${commands.map(bashCommand).join('')}    *) return ;;
  esac
  case "$kind" in
    module) list="$("$1" module list --names 2>/dev/null)" ;;
    file|both) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$current")) ;;
  esac
  if [ -n "$list" ]; then
    COMPREPLY+=($(compgen -W "$list" -- "$current"))
  fi
}
complete -F _holdfast holdfast
`;
}

// ---------------------------------------------------------------- zsh

/** Text inside an argument of _arguments: colons and brackets have a meaning there. */
function zshText(text: string): string {
  return text.replaceAll(/[\\[\]:]/g, (character) => `\\${character}`);
}

function zshAction(completion: Completion | undefined): string {
  if (completion === 'module') return '_holdfast_modules';
  if (completion === 'file') return '_files';
  const list = words(completion);
  return list.length === 0 ? ' ' : `(${list.join(' ')})`;
}

function zshCommand(spec: CommandSpec): string {
  const options = optionsOf(spec).map((option) => {
    const value = option.value === undefined ? '' : `:${zshText(option.value)}:${zshAction(option.complete)}`;
    const names = flags(option);
    const rest = quoted(`[${zshText(option.help)}]${value}`);
    const excluding = names.length === 1 ? '' : quoted(`(${names.join(' ')})`);
    return names.length === 1 ? `${names[0]}${rest}` : `${excluding}{${names.join(',')}}${rest}`;
  });
  const operands = spec.operands.map((operand) => {
    const prefix = operand.count === 'rest' ? '*' : operand.count === 'optional' ? ':' : '';
    return quoted(`${prefix}:${zshText(operand.name)}:${zshAction(operand.complete)}`);
  });
  const lines = [...options, ...operands].map((argument) => ` \\\n        ${argument}`).join('');
  return `    ${quoted(spec.words.join(' '))})\n      _arguments -s${lines} ;;\n`;
}

function zshList(pairs: readonly (readonly [string, string])[]): string {
  return pairs.map(([word, help]) => quoted(`${word.replaceAll(':', '\\:')}:${help}`)).join(' ');
}

function zshScript(commands: Commands): string {
  const groupCases = [...groupsOf(commands)]
    .map(([group, members]) => {
      const list = zshList(
        members.map((member) => [
          member,
          commands.find((item) => item.words[0] === group && item.words[1] === member)?.summary ?? '',
        ]),
      );
      return `    ${group}) members=(${list}) ;;\n`;
    })
    .join('');
  return `#compdef holdfast
# Completion of holdfast for zsh: put it as _holdfast into a folder of $fpath, or: source <(holdfast completion zsh)
_holdfast_modules() {
  local -a names
  names=(\${(f)"$(holdfast module list --names 2>/dev/null)"})
  compadd -a names
}
_holdfast() {
  local key
  local -a first members
  first=(${zshList(firstWords(commands).map((word) => [word, firstWordHelp(commands, word)]))})
  if (( CURRENT == 2 )); then
    _describe command first
    return
  fi
  key="$words[2]"
  case "$key" in
${groupCases}    *) ;;
  esac
  if (( \${#members} )); then
    if (( CURRENT == 3 )); then
      _describe command members
      return
    fi
    key="$words[2] $words[3]"
    shift words
    (( CURRENT-- ))
  fi
  shift words
  (( CURRENT-- ))
  case "$key" in
${commands.map(zshCommand).join('')}    *) ;;
  esac
}
if [ "\${funcstack[1]}" = _holdfast ]; then
  _holdfast "$@"
else
  compdef _holdfast holdfast
fi
`;
}

// ---------------------------------------------------------------- fish

function fishValue(completion: Completion | undefined): string {
  if (completion === 'module') return " -x -a '(holdfast module list --names 2>/dev/null)'";
  if (completion === 'file') return ' -r -F';
  const list = words(completion);
  return list.length === 0 ? ' -x' : ` -x -a ${fishQuoted(list.join(' '))}`;
}

function fishCommand(spec: CommandSpec): string {
  const at = `-n ${fishQuoted(`__holdfast_at ${spec.words.join(' ')}`)}`;
  const lines = optionsOf(spec).map((option) => {
    const short = option.short === undefined ? '' : ` -s ${option.short}`;
    const value = option.value === undefined ? '' : fishValue(option.complete);
    return `complete -c holdfast ${at}${short} -l ${option.name}${value} -d ${fishQuoted(option.help)}\n`;
  });
  const list = operandWords(spec);
  if (list.length > 0) lines.push(`complete -c holdfast ${at} -a ${fishQuoted(list.join(' '))}\n`);
  if (takesFile(spec)) lines.push(`complete -c holdfast ${at} -F\n`);
  return lines.join('');
}

function fishScript(commands: Commands): string {
  const firsts = firstWords(commands)
    .map(
      (word) =>
        `complete -c holdfast -n __holdfast_first -a ${fishQuoted(word)} -d ${fishQuoted(firstWordHelp(commands, word))}\n`,
    )
    .join('');
  const members = commands
    .filter((spec) => spec.words[1] !== undefined)
    .map(
      (spec) =>
        `complete -c holdfast -n ${fishQuoted(`__holdfast_only ${spec.words[0]}`)} -a ${spec.words[1]} -d ${fishQuoted(spec.summary)}\n`,
    )
    .join('');
  return `# Completion of holdfast for fish: holdfast completion fish > ~/.config/fish/completions/holdfast.fish
function __holdfast_first
  test (count (commandline -opc)) -eq 1
end
function __holdfast_only
  set -l typed (commandline -opc)
  test (count $typed) -eq 2; and test "$typed[2]" = "$argv[1]"
end
function __holdfast_at
  set -l typed (commandline -opc)
  set -l last (math (count $argv) + 1)
  test (count $typed) -ge $last; and test "$typed[2..$last]" = "$argv"
end
complete -c holdfast -f
${firsts}${members}${commands.map(fishCommand).join('')}`;
}

/** The completion script for that shell. */
export function completionScript(commands: Commands, shell: Shell): string {
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](commands);
}
