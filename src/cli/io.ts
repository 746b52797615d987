/** What a run of the CLI may touch: its output, its environment, its interruption. Tests hand in their own. */
export interface CliIo {
  /** Writes to standard output, no newline added. */
  readonly out: (text: string) => void;
  /** Writes to standard error, no newline added. */
  readonly err: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The number of this process. */
  readonly pid: number;
  /** Absolute path that relative file names start from. */
  readonly cwd: string;
  /** Whether standard output is a terminal: only then there is colour. */
  readonly tty: boolean;
  /** Asks for a secret, `twice` on a terminal; absent where there is nobody to ask. */
  readonly secret?: (prompt: string, twice: boolean) => Promise<string>;
  /** Aborted when the user interrupts (SIGINT, SIGTERM) or when nobody reads standard output any more. */
  readonly signal: AbortSignal;
}
