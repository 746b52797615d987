import type { AttributeSpec } from './attribute-types.js';
import type { ChildSpec, ElementSpec } from './element-spec.js';
import { nearestName } from './nearest.js';
import type { ProblemReport } from './problems.js';
import type { ModuleMode, Position } from './types.js';
import type { XmlAttribute, XmlElement } from './xml-tree.js';

/** What checking against the schema needs to know. `mode` is null while it is unknown: nothing is then held to a mode. */
export interface ValidationContext {
  readonly report: ProblemReport;
  readonly mode: ModuleMode | null;
  readonly isUnresolved: (position: Position) => boolean;
}

const suggest = (name: string, known: readonly string[], what: string): string => {
  const near = nearestName(name, known);
  if (near !== null) return `Did you mean \`${near}\`?`;
  return known.length === 0 ? `There are no ${what} here.` : `Known ${what} here: ${known.join(', ')}.`;
};
/** The root that holds the elements of a file has no path. */
const label = (element: XmlElement): string => (element.path === '' ? 'the file' : `<${element.name}>`);
const isOutside = (modes: readonly ModuleMode[] | null | undefined, mode: ModuleMode | null): boolean =>
  mode !== null && modes !== null && modes !== undefined && !modes.includes(mode);

function checkAttribute(
  element: XmlElement,
  attribute: XmlAttribute,
  spec: AttributeSpec<unknown>,
  context: ValidationContext,
): void {
  const { report, mode } = context;
  const { name, value, position } = attribute;
  const place = { path: element.path, position, attribute: name, value };
  if (spec.ignored !== null) {
    report.warning(
      place,
      'CONF_ATTRIBUTE_IGNORED',
      `\`${name}\` of <${element.name}> is ignored: ${spec.ignored}.`,
      'It can be left out.',
    );
  } else if (isOutside(spec.modes, mode)) {
    report.warning(
      place,
      'CONF_ATTRIBUTE_IGNORED',
      `\`${name}\` of <${element.name}> has no effect in a ${mode} module.`,
      'It can be left out.',
    );
  }
  if (context.isUnresolved(position)) return;
  const parsed = spec.parse(value);
  if (!parsed.ok)
    report.error(
      place,
      parsed.code,
      `\`${name}\` of <${element.name}>: "${value}" ${parsed.message}.`,
      `Allowed: ${spec.allowed}.`,
    );
  else if (parsed.warning !== undefined) {
    const { code, message, remedy } = parsed.warning;
    report.warning(place, code, `\`${name}\` of <${element.name}>: "${value}" ${message}.`, remedy);
  }
}

function checkAttributes(element: XmlElement, spec: ElementSpec, context: ValidationContext): void {
  const { report } = context;
  const known = Object.keys(spec.attributes);
  for (const attribute of element.attributes.values()) {
    const { name, value, position } = attribute;
    const attributeSpec = Object.hasOwn(spec.attributes, name) ? spec.attributes[name] : undefined;
    if (attributeSpec !== undefined) checkAttribute(element, attribute, attributeSpec, context);
    else {
      const place = { path: element.path, position, attribute: name, value };
      report.warning(
        place,
        'CONF_ATTRIBUTE_UNKNOWN',
        `<${element.name}> has no attribute \`${name}\`; it is ignored.`,
        suggest(name, known, 'attributes'),
      );
    }
  }
  for (const attribute of Object.values(spec.attributes)) {
    if (!attribute.required || element.attributes.has(attribute.name)) continue;
    const place = { path: element.path, position: element.position, attribute: attribute.name };
    report.error(
      place,
      'CONF_ATTRIBUTE_MISSING',
      `<${element.name}> has no \`${attribute.name}\`.`,
      `Give it: ${attribute.allowed}.`,
    );
  }
}

function checkCounts(element: XmlElement, { spec, min, max }: ChildSpec, context: ValidationContext): void {
  const found = element.children.filter(({ name }) => name === spec.name);
  const [first] = found;
  const applies = spec.modes === undefined || (context.mode !== null && spec.modes.includes(context.mode));
  if (found.length < min && applies) {
    context.report.error(
      element,
      'CONF_ELEMENT_MISSING',
      `${label(element)} has no <${spec.name}>.`,
      `Put one into it: ${spec.doc}`,
    );
  }
  for (const again of found.slice(max)) {
    const remedy = `Join it with the one on line ${first?.position.line}.`;
    context.report.error(again, 'CONF_ELEMENT_REPEATED', `<${spec.name}> stands more than once in ${label(element)}.`, remedy);
  }
}

/** Checks an element and all inside it against the schema; every finding is reported. */
export function validateElement(element: XmlElement, spec: ElementSpec, context: ValidationContext): void {
  const { report, mode } = context;
  if (spec.ignored !== undefined) {
    report.warning(element, 'CONF_ELEMENT_IGNORED', `<${element.name}> is ignored: ${spec.ignored}.`, 'It can be left out.');
    return;
  }
  if (isOutside(spec.modes, mode)) {
    const remedy = `It belongs to: ${spec.modes?.join(', ')}. Take it out, or change \`mode\` of <service>.`;
    report.error(element, 'CONF_ELEMENT_MODE', `<${element.name}> has no place in a ${mode} module.`, remedy);
    return;
  }
  checkAttributes(element, spec, context);
  if (spec.holdsText !== true && element.contents.some(({ text }) => text.trim() !== '')) {
    report.warning(
      element,
      'CONF_TEXT',
      `The text inside <${element.name}> is ignored.`,
      'Take it out, or put it into a comment.',
    );
  }
  for (const child of spec.children) checkCounts(element, child, context);
  const known = spec.children.map((child) => child.spec.name);
  for (const child of element.children) {
    const childSpec = spec.children.find((candidate) => candidate.spec.name === child.name);
    if (childSpec !== undefined) validateElement(child, childSpec.spec, context);
    else
      report.error(
        child,
        'CONF_ELEMENT_UNKNOWN',
        `<${child.name}> is not known in ${label(element)}.`,
        suggest(child.name, known, 'elements'),
      );
  }
}
