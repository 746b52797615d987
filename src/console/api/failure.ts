/** Why a request came to nothing. */
import type { Problem } from '../../http/api-types.js';

/** What the daemon refused, or why it was not reached. */
export class ApiFailure extends Error {
  /** 0: no answer came. */
  readonly status: number;
  readonly code: string;
  /** The whole problem document, if the answer was one. */
  readonly problem: Problem | null;
  constructor(status: number, code: string, message: string, problem: Problem | null) {
    super(message);
    this.status = status;
    this.code = code;
    this.problem = problem;
  }
}
