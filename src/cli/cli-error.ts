import type { ConfigProblem } from '../config/types.js';

/** An expected failure of the CLI: what is printed as `CODE: message` and decides the exit code. */
export class CliError extends Error {
  /** A code of the error catalogue. */
  readonly code: string;
  /** What is wrong in a configuration, each with file, line and column. */
  readonly problems: readonly ConfigProblem[];
  /** Decides the exit code where the catalogue does not: the status of the API's answer. */
  readonly status: number | null;

  constructor(code: string, message: string, problems: readonly ConfigProblem[] = [], status: number | null = null) {
    super(message);
    this.name = 'CliError';
    this.code = code;
    this.problems = problems;
    this.status = status;
  }
}

/** The command line is not understood: exit 2. */
export function usageError(message: string): CliError {
  return new CliError('USAGE', message);
}

/** Something of the compatibility page's section 5 that this version knows, but does not carry out: exit 2. */
export function notSupportedYet(what: string): CliError {
  return new CliError('USAGE', `'${what}' is not supported yet`, [], 501);
}

/** A usage error with where to read on. */
export function withHint(error: CliError, command: string | null): CliError {
  return new CliError(error.code, `${error.message} (holdfast help${command === null ? '' : ` ${command}`} shows how)`);
}
