/** What an OCF resource agent says of itself (`meta-data`): its parameters, and whether those of a configuration fit. */
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { nearestName } from '../../config/nearest.js';
import type { ProgramRunner } from '../check-program.js';
import type { AgentParameter } from './agent.js';
import { checkLevelName } from './agent.js';

export interface ParameterDeclaration {
  readonly name: string;
  readonly required: boolean;
  readonly type: string;
  /** Null: none is declared. */
  readonly fallback: string | null;
}
/** A finding about one parameter; `name` is the parameter's, or null where one is missing. */
export interface ParameterFinding {
  readonly severity: 'error' | 'warning';
  readonly name: string | null;
  readonly message: string;
  readonly remedy: string;
}

/** Larger meta-data are not an agent's, in bytes. The largest in Debian's `resource-agents` have 30 KB. */
const largestBytes = 512 * 1024;
/** How long `meta-data` may take, in ms: it looks at nothing. */
const patienceMs = 5_000;

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
const property = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && name in value ? Reflect.get(value, name) : undefined;

/** Reads the parameters. Null where it is not the meta-data of an agent. */
export function parseMetaData(xml: string): readonly ParameterDeclaration[] | null {
  if (xml.length > largestBytes || XMLValidator.validate(xml) !== true) return null;
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '',
    parseAttributeValue: false,
    parseTagValue: false,
    processEntities: false,
    isArray: (name) => name === 'parameter' || name === 'content',
  });
  let document: unknown;
  try {
    document = parser.parse(xml);
  } catch {
    return null;
  }
  const root = property(document, 'resource-agent');
  if (root === undefined) return null;
  const listed = property(property(root, 'parameters'), 'parameter');
  return (Array.isArray(listed) ? listed : []).flatMap((parameter: unknown) => {
    const name = text(property(parameter, 'name'));
    if (name === null) return [];
    const contents = property(parameter, 'content');
    const content: unknown = Array.isArray(contents) ? contents[0] : undefined;
    return [
      {
        name,
        required: ['1', 'true'].includes(text(property(parameter, 'required')) ?? ''),
        type: text(property(content, 'type')) ?? 'string',
        fallback: text(property(content, 'default')),
      },
    ];
  });
}

/** What is wrong with the parameters of a configuration: unknown, missing, repeated, of another type. */
export function checkParameters(
  agent: string,
  declared: readonly ParameterDeclaration[],
  given: readonly AgentParameter[],
): readonly ParameterFinding[] {
  const names = declared.map(({ name }) => name);
  const found: ParameterFinding[] = [];
  for (const { name, value } of given) {
    if (name === checkLevelName) continue;
    const known = declared.find((one) => one.name === name);
    if (known === undefined) {
      const near = nearestName(name, names);
      const message = `The agent ${agent} has no parameter \`${name}\`.`;
      const remedy =
        near !== null
          ? `Did you mean \`${near}\`?`
          : names.length === 0
            ? 'It has none.'
            : `Its parameters: ${names.join(', ')}.`;
      found.push({ severity: 'error', name, message, remedy });
      continue;
    }
    const wrong = mistyped(known.type, value);
    if (wrong !== null) {
      const message = `Parameter \`${name}\` of the agent ${agent}: "${value}" is not ${wrong}.`;
      found.push({ severity: 'warning', name, message, remedy: 'The agent may refuse it, or take something else.' });
    }
  }
  for (const { name, required, fallback } of declared) {
    if (!required || fallback !== null || given.some((one) => one.name === name)) continue;
    const message = `The agent ${agent} needs the parameter \`${name}\`.`;
    found.push({ severity: 'error', name: null, message, remedy: `Add <param name="${name}" value="…"/>.` });
  }
  return found;
}

/** What a value is not, or null. Agents take many forms of yes and no. */
function mistyped(type: string, value: string): string | null {
  if (type === 'integer' && !/^[+-]?\d+$/.test(value)) return 'a whole number';
  if (type === 'boolean' && !/^(1|0|on|off|true|false|yes|no|ja|nein|y|n|t|f)$/i.test(value)) return 'on or off';
  return null;
}

/** Asks an agent for its meta-data; a reason where that cannot be had. */
export function readMetaData(
  run: ProgramRunner,
  path: string,
  env: Readonly<Record<string, string>>,
): Promise<readonly ParameterDeclaration[] | string> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      running.close();
      resolve(`it did not answer within ${patienceMs / 1000} seconds`);
    }, patienceMs);
    const running = run({ path, args: ['meta-data'], env, cwd: '/', keepOutput: true }, (end) => {
      clearTimeout(timer);
      if (end.kind === 'failed') resolve(end.message);
      else if (end.kind === 'signal') resolve(`it was ended by ${end.signal}`);
      else if (end.code !== 0) resolve(`it ended with code ${end.code}`);
      else resolve(parseMetaData(end.output) ?? 'its meta-data are not those of a resource agent');
    });
  });
}
