/** Issues certificates in a thread that ends afterwards, so that what the library takes is given back (20 MB, a second to load). */
import { Worker } from 'node:worker_threads';
import type {
  Authority,
  AuthorityRequest,
  IssuerAnswer,
  IssuerWork,
  KeyedRequest,
  RequestRequest,
  ServerRequest,
  UserCertificate,
  UserRequest,
  UserSignRequest,
} from './issuing.types.js';

/** All of them reject with an Error whose message is a sentence for people. */
export interface Issuer {
  authority(of: AuthorityRequest): Promise<Authority>;
  request(of: RequestRequest): Promise<KeyedRequest>;
  /** The certificate. */
  server(of: ServerRequest): Promise<string>;
  user(of: UserRequest): Promise<UserCertificate>;
  /** The certificate. */
  userRequest(of: UserSignRequest): Promise<string>;
}

function inThread(work: IssuerWork): Promise<IssuerAnswer> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./worker.js', import.meta.url), { name: 'holdfast-issuer', workerData: work });
    worker.once('message', (answer: IssuerAnswer) => {
      resolve(answer);
      void worker.terminate();
    });
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('The thread that issues certificates ended.')));
  });
}
async function answered<K extends IssuerWork['kind']>(
  work: Extract<IssuerWork, { readonly kind: K }>,
): Promise<Extract<IssuerAnswer, { readonly kind: K }>> {
  const answer = await inThread(work);
  if (answer.kind === 'refused') throw new Error(answer.reason);
  if (isOf(answer, work.kind)) return answer;
  throw new Error('The thread that issues certificates answered something else.');
}
function isOf<K extends IssuerWork['kind']>(
  answer: IssuerAnswer,
  kind: K,
): answer is Extract<IssuerAnswer, { readonly kind: K }> {
  return answer.kind === kind;
}

/** The real one: one thread for each piece of work. */
export function createIssuer(): Issuer {
  return {
    authority: async (of) => (await answered<'authority'>({ kind: 'authority', of })).value,
    request: async (of) => (await answered<'request'>({ kind: 'request', of })).value,
    server: async (of) => (await answered<'server'>({ kind: 'server', of })).value,
    user: async (of) => (await answered<'user'>({ kind: 'user', of })).value,
    userRequest: async (of) => (await answered<'userRequest'>({ kind: 'userRequest', of })).value,
  };
}
