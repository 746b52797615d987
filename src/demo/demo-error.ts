/** An expected failure of the demo: printed as one line, without a stack. `exit` is 1, or 2 for a wrong command line. */
export class DemoError extends Error {
  readonly exit: 1 | 2;

  constructor(message: string, exit: 1 | 2 = 1) {
    super(message);
    this.name = 'DemoError';
    this.exit = exit;
  }
}

/** What to print of something that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
