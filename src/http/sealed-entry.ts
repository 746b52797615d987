/** The door for the other nodes of the cluster. */
import { sealedPath } from './access-rules.js';
import { type BodyReader, strangersBudget } from './body.js';
import type { Step } from './context.js';
import { answeredHeaders, forwardedHeaders } from './forward.js';
import { ApiError } from './problem.js';
import type { Sealer, SealKeys, SealRefusal } from './seal.js';

/** Bytes of a sealed request: whoever sends it has proved nothing until it has been read. */
const sealedLimit = 8 * 1024 * 1024;

export interface SealedEntryOptions {
  readonly seal: () => SealKeys | null;
  readonly sealer: Sealer;
  readonly bodies: BodyReader;
  /** Turns what is thrown into a problem document, so that it can be sealed too. */
  readonly answerProblems: Step;
  /** Told of every request that is not carried out. */
  readonly onRefused: (sender: RefusedRequest) => void;
}
/** Who was refused. */
export interface RefusedRequest {
  /** Whose request it is by its seal; null where nothing is proved. */
  readonly node: string | null;
  readonly address: string;
  /** `otherRun`: it was made for another run of this daemon, recorded or not: its sender is told which one runs now. */
  readonly reason: SealRefusal | 'otherRun';
}

/** The second step: opens a sealed request, has it answered like any other, and seals the answer. */
export function createSealedEntry({ seal, sealer, bodies, answerProblems, onRefused }: SealedEntryOptions): Step {
  return async function unseal(ctx, next) {
    if (ctx.path !== sealedPath) {
      await next();
      return;
    }
    if (ctx.method !== 'POST') throw new ApiError('HTTP_METHOD', 'Sealed requests are posted.', { headers: { Allow: 'POST' } });
    const keys = seal();
    if (keys === null) throw new ApiError('HTTP_SEAL', 'This node has no cluster key.');
    const opened = sealer.open(keys, await bodies.read(ctx.req, sealedLimit, ctx.state.source, strangersBudget));
    if (opened.kind === 'refused') {
      onRefused({ node: opened.from ?? null, address: ctx.state.source, reason: opened.why });
      throw new ApiError('HTTP_SEAL', opened.reason);
    }
    let reply: Uint8Array;
    if (opened.kind === 'otherRun') {
      onRefused({ node: null, address: ctx.state.source, reason: 'otherRun' });
      reply = opened.reply;
    } else {
      const { method, path, headers, body, caller, role } = opened.request;
      ctx.method = method;
      ctx.url = path;
      ctx.req.headers = Object.fromEntries(
        forwardedHeaders.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]])),
      );
      const who = `${caller.who} via ${opened.from}`;
      const { identity } = caller;
      const { from } = opened;
      Object.assign(ctx.state, {
        who,
        role,
        proof: 'sealed',
        identity,
        local: true,
        sealed: true,
        from,
        body: Buffer.from(body),
      });
      await answerProblems(ctx, next);
      const answered = ctx.body;
      const bytes = typeof answered === 'string' ? Buffer.from(answered) : Buffer.isBuffer(answered) ? answered : Buffer.alloc(0);
      const answer = answeredHeaders.flatMap((name) => (ctx.response.get(name) === '' ? [] : [[name, ctx.response.get(name)]]));
      reply = opened.answer({ status: ctx.status, headers: Object.fromEntries(answer), body: bytes });
      for (const name of answeredHeaders) ctx.remove(name);
    }
    ctx.status = 200;
    ctx.body = Buffer.from(reply);
    ctx.type = 'application/octet-stream';
  };
}
