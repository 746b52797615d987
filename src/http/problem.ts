/** Failures as RFC 9457 problem documents. */
import { type ErrorCode, errorCatalogue } from '../actors/errors.js';
import type { Failure, Outcome } from '../actors/face.js';
import type { ConfigProblem } from '../config/types.js';
import type { Problem } from './api-types.js';

/** An expected failure on its way to the client. */
export class ApiError extends Error {
  readonly code: ErrorCode;
  readonly problems: readonly ConfigProblem[];
  readonly headers: Readonly<Record<string, string>>;

  /** @param message what happened and what to change, in whole sentences. */
  constructor(
    code: ErrorCode,
    message: string,
    options: { readonly problems?: readonly ConfigProblem[]; readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.problems = options.problems ?? [];
    this.headers = options.headers ?? {};
  }
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCatalogue, code);
}
/** A failure of the face as an error; a code that the catalogue does not have is INTERNAL. */
export function errorOf(failure: Failure): ApiError {
  const known = isErrorCode(failure.code);
  return new ApiError(
    known ? failure.code : 'INTERNAL',
    known ? failure.message : `${failure.code}: ${failure.message}`,
    failure.problems === undefined ? {} : { problems: failure.problems },
  );
}
/** The value of an outcome. @throws ApiError with the failure's code. */
export function unwrap<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value;
  throw errorOf(outcome.failure);
}

/** The problem document of an error. @param instance path of the request. */
export function problemOf(error: ApiError, instance: string, node: string): Problem {
  const { status, meaning } = errorCatalogue[error.code];
  return {
    type: `/api/#error-${error.code}`,
    title: meaning,
    status,
    detail: error.message,
    instance,
    code: error.code,
    node,
    ...(error.problems.length === 0 ? {} : { problems: error.problems }),
  };
}
