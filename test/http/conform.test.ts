import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import t from 'tap';
import { conforms, violations } from '../../src/http/conform.js';
import { type JsonSchema, schemas } from '../../src/http/schemas.js';

const ajv = new Ajv2020({ allErrors: true, strict: false });
ajv.addVocabulary(['components']);
ajv.addSchema({ $id: 'api', components: { schemas } });

/** Values that conform to a schema. */
function conforming(schema: JsonSchema): fc.Arbitrary<unknown> {
  const named: Readonly<Record<string, JsonSchema>> = schemas;
  if (schema.$ref !== undefined) return conforming(named[schema.$ref.split('/').at(-1) ?? ''] ?? {});
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(conforming));
  const types = schema.type === undefined ? ['null'] : typeof schema.type === 'string' ? [schema.type] : schema.type;
  const of: Readonly<Record<string, () => fc.Arbitrary<unknown>>> = {
    string: () => fc.string({ minLength: schema.minLength ?? 0, maxLength: Math.min(schema.maxLength ?? 20, 20) }),
    integer: () => fc.integer({ min: schema.minimum ?? -5, max: schema.maximum ?? 1000 }),
    number: () => fc.double({ min: schema.minimum ?? -5, max: schema.maximum ?? 1000, noNaN: true }),
    boolean: () => fc.boolean(),
    null: () => fc.constant(null),
    array: () => fc.array(conforming(schema.items ?? {}), { minLength: schema.minItems ?? 0, maxLength: 3 }),
    object: () =>
      fc.record(Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, one]) => [name, conforming(one)])), {
        requiredKeys: [...(schema.required ?? [])],
      }),
  };
  return fc.oneof(...types.map((type) => of[type]?.() ?? fc.constant(null)));
}
/** The value with one thing in it replaced, removed or added. */
function damaged(value: unknown, path: readonly number[], change: unknown): unknown {
  if (typeof value !== 'object' || value === null || path.length === 0) return change;
  const [step = 0, ...rest] = path;
  const entries: (readonly [string, unknown])[] = Object.entries(value);
  const at = step % (entries.length + 2);
  const next = entries.flatMap(([name, item], index): (readonly [string, unknown])[] => {
    if (index !== at) return [[name, item]];
    return rest.length === 0 && step % 3 === 0 ? [] : [[name, damaged(item, rest, change)]];
  });
  if (Array.isArray(value)) return next.map(([, item]) => item);
  return Object.fromEntries(at >= entries.length ? [...next, ['extra', change]] : next);
}

t.test('agrees with Ajv on every schema, about good values and damaged ones', (t) => {
  for (const [name, schema] of Object.entries(schemas)) {
    const reference = ajv.compile({ $ref: `api#/components/schemas/${name}` });
    let bad = 0;
    const other = fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.constantFrom('', 'x'.repeat(9000), -1, 1.5, 1e20, null));
    const path = fc.array(fc.nat(20), { maxLength: 3 });
    fc.assert(
      fc.property(conforming(schema), path, other, fc.boolean(), (good, at, change, keep) => {
        const value: unknown = JSON.parse(JSON.stringify(keep ? good : (damaged(good, at, change) ?? null)));
        const expected = reference(value);
        if (!expected) bad += 1;
        const found = violations(schema, value);
        return expected === (found.length === 0) && found.length <= 10;
      }),
      { numRuns: 200 },
    );
    t.ok(bad > 0, `${name}: ${bad} of 200 values were bad`);
  }
  t.end();
});

t.test('names what is wrong, and where', (t) => {
  t.same(violations(schemas.ActionBody, { action: 'x', nodes: [1, ''], more: 0 }), [
    '/action must be one of "start", "stop", "restart", "stopstart", "forcestop", "shutdown", "update"',
    '/nodes/0 must be string, but is integer',
    '/nodes/1 must have at least 1 characters',
    'the body must not have "more"',
  ]);
  t.same(violations(schemas.PrintBody, {}), ['the body must have "level"', 'the body must have "message"']);
  t.same(violations(schemas.ActionBody, 5), ['the body must be object, but is integer']);
  t.equal(violations({ type: 'array', items: { type: 'string' } }, Array(100).fill(1)).length, 10, 'the first ten');
  t.ok(conforms('PrintBody', { level: 'E', message: 'x' }));
  t.notOk(conforms('PrintBody', JSON.parse('{"__proto__": {"level": "E", "message": "x"}}')));
  t.end();
});
