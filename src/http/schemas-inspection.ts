/** Schemas of what is told of the machines. The helpers come from `schemas.ts`, of which these are a part. */
import type { JsonSchema } from './schemas.js';

interface Helpers {
  readonly object: (
    properties: Readonly<Record<string, JsonSchema>>,
    optional?: readonly string[],
    description?: string,
  ) => JsonSchema;
  readonly list: (items: JsonSchema) => JsonSchema;
  readonly ref: (name: string) => JsonSchema;
  readonly page: (items: JsonSchema) => JsonSchema;
}

const text = { type: 'string' } as const;
const textOrNull = { type: ['string', 'null'] } as const;
const integer = { type: 'integer' } as const;
const number = { type: 'number' } as const;
const yesNo = { type: 'boolean' } as const;
const time = { type: 'string', description: 'ISO 8601 with milliseconds.' } as const;
const anything: JsonSchema = {};

/** The schemas by their names. */
export function inspectionSchemas({ object, list, ref, page }: Helpers) {
  const guards = object(
    { yes: list(integer), no: list(integer) },
    [],
    'Guards by the ids of their transitions, of those that start at active states; what hangs on the event is in neither list.',
  );
  const name = object({ path: text, machine: { ...textOrNull, description: 'Null: no machine is behind it.' } });
  const status: JsonSchema = { enum: ['active', 'done', 'error', 'stopped'] };
  const reach = { next: textOrNull, from: textOrNull, until: textOrNull, doubt: textOrNull };
  const states: JsonSchema = {
    type: 'object',
    description: 'Where all machines stand.',
    properties: {
      kind: { enum: ['states'] },
      id: text,
      time,
      atMs: number,
      why: { enum: ['now', 'start', 'gap', 'end', 'lost'] },
      actors: list(ref('ActorState')),
    },
    required: ['kind', 'id', 'time', 'atMs', 'why', 'actors'],
    additionalProperties: false,
  };
  return {
    ChartTransition: object({
      id: integer,
      event: { type: 'string', description: 'Empty: taken by itself.' },
      targets: list(text),
      guard: textOrNull,
      params: textOrNull,
      actions: list(text),
      delay: textOrNull,
      reenter: yesNo,
    }),
    ChartState: object({
      id: text,
      key: text,
      type: { enum: ['atomic', 'compound', 'parallel', 'final', 'history'] },
      description: text,
      tags: list(text),
      initial: textOrNull,
      entry: list(text),
      exit: list(text),
      invokes: list(object({ id: text, src: text })),
      transitions: list(ref('ChartTransition')),
      // A schema that refers to itself would need a validator that follows it; the shape is the same again.
      states: { type: 'array', items: {}, description: 'The states in it, each a ChartState.' },
    }),
    Chart: object(
      {
        machine: text,
        description: text,
        root: ref('ChartState'),
        delays: { type: 'object', additionalProperties: { type: ['number', 'null'] } },
      },
      [],
      'The definition of a machine.',
    ),
    ChartList: page(ref('Chart')),
    ActorState: object(
      {
        path: text,
        machine: text,
        status,
        at: { ...list(text), description: 'Ids of its innermost active states.' },
        tags: list(text),
        context: anything,
        guards,
        children: list(name),
      },
      [],
      'Where one machine stands.',
    ),
    ActorList: page(ref('ActorState')),
    MachineStep: object(
      {
        kind: { enum: ['step'] },
        id: text,
        time,
        atMs: number,
        actor: text,
        machine: text,
        event: { type: 'object', properties: { type: text }, required: ['type'], additionalProperties: true },
        times: integer,
        source: { ...textOrNull, description: 'Path of the actor that sent it, `timer`, or null: from outside.' },
        cause: { ...textOrNull, description: 'Id of the step that sent it.' },
        from: list(text),
        to: list(text),
        transitions: list(integer),
        actions: list(text),
        status,
        tags: list(text),
        changes: list(object({ path: list({ type: ['string', 'integer'] }), value: anything }, ['value'], 'Of the context.')),
        guards,
        started: list(name),
        stopped: list(text),
      },
      [],
      'One machine takes in one event.',
    ),
    StepPage: object({ node: text, items: list({ anyOf: [ref('MachineStep'), states] }), lost: yesNo, next: text }),
    StepHistory: object({
      node: textOrNull,
      version: textOrNull,
      items: list({ anyOf: [ref('MachineStep'), states] }),
      ...reach,
    }),
    TimelineItem: object(
      {
        time,
        atMs: number,
        module: textOrNull,
        kind: {
          enum: [
            'daemon',
            'view',
            'state',
            'script.begin',
            'script.end',
            'fact',
            'verdict',
            'rule',
            'command',
            'counter',
            'resource',
          ],
        },
        text,
        state: text,
        quality: text,
        path: text,
        ready: yesNo,
        failed: yesNo,
      },
      ['state', 'quality', 'path', 'ready', 'failed'],
    ),
    TimelinePage: object({ node: textOrNull, items: list(ref('TimelineItem')), ...reach }),
    ClockReading: object({ node: text, time, wallMs: number, atMs: number }),
    UploadedRecord: object({
      id: text,
      node: textOrNull,
      version: textOrNull,
      modules: list(text),
      bytes: integer,
      from: textOrNull,
      until: textOrNull,
      expires: time,
      doubt: textOrNull,
    }),
    UploadedRecordList: page(ref('UploadedRecord')),
  } as const;
}
