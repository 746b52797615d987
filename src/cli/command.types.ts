import type { Client } from './client.js';
import type { CliIo } from './io.js';

/** An option of a command. Without `value` it is a switch. */
export interface OptionSpec {
  /** Long name, without dashes. */
  readonly name: string;
  /** One letter. */
  readonly short?: string;
  /** It may be written with one dash too, as `-name=httpd`; an option of a single letter is never meant by that. */
  readonly oneDash?: true;
  /** Name of its value in the help, for example `AM`. */
  readonly value?: string;
  readonly help: string;
  /** What a shell completes for its value. */
  readonly complete?: Completion;
}

/** A word of the command line that is no option. */
export interface OperandSpec {
  readonly name: string;
  readonly help: string;
  /** `rest`: any number of words from here on, at least one. */
  readonly count: 'one' | 'optional' | 'rest';
  readonly complete?: Completion;
}

/** Names that a shell offers: files, installed modules, or these words. */
export type Completion = 'file' | 'module' | 'none' | readonly string[];

/** One command: everything that parsing, help, completion and docs/cli.md are made from. */
export interface CommandSpec {
  /** One word, or two for commands of a group (`module install`). */
  readonly words: readonly [string] | readonly [string, string];
  /** One sentence without a full stop. */
  readonly summary: string;
  /** Whole sentences about what the summary leaves open. */
  readonly details: string;
  /** Whether `-m AM` is taken, and whether it must be there (SAFEMODULE replaces it). */
  readonly module: 'required' | 'optional' | 'none';
  readonly options: readonly OptionSpec[];
  readonly operands: readonly OperandSpec[];
  /** At least one; the command line and what it does. */
  readonly examples: readonly { readonly line: string; readonly does: string }[];
  /** The operands are text of the caller's: an unknown word that begins with a dash is text too. */
  readonly freeText?: true;
  /** Exit codes that differ from the usual ones, as sentences. */
  readonly exits?: readonly string[];
  readonly run: (context: CommandContext) => Promise<number>;
}

/** Commands under the heading that help and docs/cli.md give them. */
export interface CommandSection {
  readonly title: string;
  readonly commands: readonly CommandSpec[];
}

/** What the words of a command line came to. */
export interface ParsedArguments {
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
  readonly operands: readonly string[];
}

/** What a command is given to do its work. */
export interface CommandContext {
  readonly args: ParsedArguments;
  readonly io: CliIo;
  /** `--json`: print what the API answered. */
  readonly json: boolean;
  readonly client: Client;
  /** `-m` or SAFEMODULE; null where the command takes none or none was given. */
  readonly module: string | null;
  /** The whole table, for help and completion. */
  readonly sections: readonly CommandSection[];
  readonly flag: (name: string) => boolean;
  readonly text: (name: string) => string | null;
}
