/** The HTTP surface: sealed requests of other nodes, queries and bodies. */
import { createCipheriv } from 'node:crypto';
import { violations } from '../../src/http/conform.js';
import { ApiError } from '../../src/http/problem.js';
import { parseBody, parseQuery } from '../../src/http/request.js';
import type { QueryParameter } from '../../src/http/route.types.js';
import { routes } from '../../src/http/routes.js';
import { type JsonSchema, schemas } from '../../src/http/schemas.js';
import { createSealer, type SealKeys } from '../../src/http/seal.js';
import { deriveKey } from '../../src/io/keys.js';
import { createMessageSeal } from '../../src/io/seal-keys.js';
import type { SeededRandom } from '../../src/sim/random.js';
import { mutateBytes, mutateText, mutateValue, oddValue, pickFrom } from './mutate.js';
import { must, showBytes, type Target } from './target.js';

const clusterKey = '00112233445566778899aabbccddeeff';
const box = {
  ...createMessageSeal(clusterKey),
  /** As the real one, but with a nonce that is always the same: the same seed must make the same inputs. */
  seal(bytes: Uint8Array, associated: Uint8Array): Uint8Array {
    const nonce = Buffer.alloc(12, 7);
    const cipher = createCipheriv('aes-256-gcm', deriveKey(clusterKey, 'http', 'request'), nonce);
    cipher.setAAD(associated);
    const sealed = Buffer.concat([cipher.update(bytes), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
  },
};
const aad = Buffer.from('holdfast/http/request/1');
const keys = (self: string): SealKeys => ({
  ...{ self, bootEpoch: 1, peers: ['n1', 'n2', 'n3'].filter((node) => node !== self).map((node) => ({ node, addresses: [] })) },
  ...box,
});
const request = {
  ...{ method: 'PUT', path: '/api/v1/modules/web/files/bin%2Fstart?local=true', headers: { accept: 'x', 'if-match': '"3"' } },
  ...{ body: Buffer.from('{"a":[1,2,{"b":null}]}'), caller: { who: 'root', identity: 'errd' }, role: 'admin' as const },
};
const headOf = (counter: number): Readonly<Record<string, unknown>> => {
  const { body: _, ...rest } = request;
  return { from: 'n1', to: 'n2', toRun: 'run2', epoch: 1, counter, ...rest };
};
function packed(head: string, body: Buffer, claimed = Buffer.byteLength(head)): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(claimed >>> 0);
  return Buffer.concat([length, Buffer.from(head), body]);
}

/** Sealed requests that were changed on the way: each is refused, as is each changed answer. */
export const strangerRequests: Target = {
  name: 'sealed requests, without the key',
  weight: 2,
  limitMs: 100,
  begin: () => {
    const receiver = createSealer('run2');
    const message = createSealer('run1').request(keys('n1'), 'n2', request);
    const sealed = Buffer.from(message.bytes);
    const opened = receiver.open(keys('n2'), sealed);
    const answer = opened.kind === 'otherRun' ? Buffer.from(opened.reply) : sealed;
    must(opened.kind === 'otherRun' && message.read(answer).kind === 'otherRun', 'a corpus that is genuine');
    return (random) => {
      const base = random.pick([sealed, answer]);
      const bytes = mutateBytes(random, base, [sealed, answer]);
      return {
        show: () => showBytes(bytes),
        feed: () => {
          if (!bytes.equals(sealed)) must(receiver.open(keys('n2'), bytes).kind === 'refused', 'a changed request was opened');
          if (!bytes.equals(answer)) must(message.read(bytes).kind === 'refused', 'a changed answer was read');
        },
      };
    };
  },
};

/** Requests and answers from somebody who has the key. */
export const sealedRequests: Target = {
  name: 'sealed requests, with the key',
  weight: 4,
  limitMs: 100,
  begin: () => {
    const receiver = createSealer('run2');
    let counter = 0;
    return (random) => {
      counter += 1;
      const head = random.chance(0.1) ? headOf(counter) : mutateValue(random, headOf(counter));
      const text = random.chance(0.2)
        ? mutateText(random, JSON.stringify(head), ['{}'], ['"', '{', '[', ',', ':'])
        : JSON.stringify(head);
      const plain = random.chance(0.2)
        ? mutateBytes(random, packed(text, request.body), [request.body])
        : packed(text, request.body, random.chance(0.1) ? random.pick([0, 1, 65_537, 0xffff_ffff]) : undefined);
      return {
        show: () => showBytes(plain),
        feed: () => {
          const opened = receiver.open(keys('n2'), box.seal(plain, aad));
          if (opened.kind !== 'request') return;
          const { method, path, headers, body, caller } = opened.request;
          must(typeof method === 'string' && typeof path === 'string' && typeof caller.who === 'string', 'parts of another type');
          must(Object.values(headers).every((value) => typeof value === 'string') && body instanceof Uint8Array, 'odd headers');
          opened.answer({ status: 200, headers: {}, body });
        },
      };
    };
  },
};

const queries: readonly (readonly QueryParameter[])[] = routes
  .map((route) => ('query' in route ? route.query : []))
  .filter((q) => q.length > 0);
const searchOf = (random: SeededRandom, parameters: readonly QueryParameter[]): string =>
  parameters
    .filter(() => random.chance(0.7))
    .map(({ name, schema }) => `${name}=${schema.enum?.[0] ?? schema.default ?? (schema.type === 'string' ? 'x' : 1)}`)
    .join('&');

/** The part of an address behind the question mark. */
export const queryStrings: Target = {
  name: 'query strings',
  weight: 2,
  limitMs: 50,
  begin: () => (random) => {
    const parameters = pickFrom(random, queries);
    const base = searchOf(random, parameters);
    const search = mutateText(
      random,
      base,
      [base],
      ['&', '=', '%', '+', '%zz', '%ff', '[]', ...parameters.map(({ name }) => name)],
    );
    return {
      show: () => search,
      feed: () => {
        try {
          const query = parseQuery(search, parameters);
          for (const { name } of parameters)
            must(query.integer(name) === null || Number.isSafeInteger(query.integer(name)), 'no integer');
        } catch (error) {
          if (!(error instanceof ApiError)) throw error;
          must(error.code === 'HTTP_QUERY', `it is ${error.code}`);
        }
      },
    };
  },
};

/** A value that a schema allows, mostly. */
function sampleOf(random: SeededRandom, schema: JsonSchema, depth = 0): unknown {
  if (depth > 8) return null;
  if (schema.$ref !== undefined)
    return sampleOf(random, refs[schema.$ref.slice('#/components/schemas/'.length)] ?? {}, depth + 1);
  if (schema.enum !== undefined && schema.enum.length > 0) return pickFrom(random, schema.enum);
  if (schema.anyOf !== undefined) return sampleOf(random, pickFrom(random, schema.anyOf), depth + 1);
  const type = typeof schema.type === 'object' ? pickFrom(random, schema.type) : schema.type;
  switch (type) {
    case 'string':
      return 'text'.padEnd(schema.minLength ?? 0, 'x');
    case 'integer':
    case 'number':
      return schema.minimum ?? 3;
    case 'boolean':
      return true;
    case 'null':
      return null;
    case 'array':
      return Array.from({ length: Math.max(schema.minItems ?? 0, random.between(0, 2)) }, () =>
        sampleOf(random, schema.items ?? {}, depth + 1),
      );
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {})
          .filter(([name]) => schema.required?.includes(name) === true || random.chance(0.7))
          .map(([name, property]) => [name, sampleOf(random, property, depth + 1)]),
      );
    default:
      return oddValue(random);
  }
}
const refs: Readonly<Record<string, JsonSchema>> = schemas;

/** Any JSON value held against any schema of the API. */
export const conformance: Target = {
  name: 'JSON against the schemas',
  weight: 3,
  limitMs: 100,
  begin: () => (random) => {
    const [name, schema] = pickFrom(random, Object.entries(refs));
    const value = mutateValue(random, sampleOf(random, schema));
    return {
      show: () => `${name}: ${JSON.stringify(value)}`,
      feed: () => {
        const found = violations(schema, value);
        must(found.length <= 10 && found.every((one) => typeof one === 'string'), 'more than ten findings');
      },
    };
  },
};

const bodyNames = [
  ...([
    'ActionBody',
    'ResourceBody',
    'LoopBody',
    'ErrdBody',
    'SwitchBody',
    'PrintBody',
    'ClusterConfigBody',
    'CleanBody',
  ] as const),
  ...([
    'SnapshotBody',
    'DistributeBody',
    'TokenBody',
    'UserBody',
    'JoinBody',
    'LoginBody',
    'NewUserBody',
    'UserImportBody',
  ] as const),
];

/** Bodies as bytes. */
export const requestBodies: Target = {
  name: 'JSON bodies',
  weight: 3,
  limitMs: 100,
  begin: () => (random) => {
    const name = pickFrom(random, bodyNames);
    const value = sampleOf(random, schemas[name]);
    const text = JSON.stringify(random.chance(0.5) ? value : mutateValue(random, value));
    const bytes = random.chance(0.3) ? Buffer.from(text) : mutateBytes(random, Buffer.from(text), [Buffer.from('{"a":[[[]]]}')]);
    return {
      show: () => `${name}: ${bytes.toString('latin1')}`,
      feed: () => {
        try {
          parseBody(name, bytes);
        } catch (error) {
          if (!(error instanceof ApiError)) throw error;
          must(error.code === 'HTTP_BODY', `it is ${error.code}`);
        }
      },
    };
  },
};
