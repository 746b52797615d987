import type { AttributeSpec } from './attribute-types.js';
import type { ElementSpec } from './element-spec.js';
import type { ProblemPlace } from './problems.js';
import type { XmlElement } from './xml-tree.js';

/**
 * The typed value of an attribute. One that is left out or wrong yields the fallback of its specification:
 * what is wrong has been reported by the validation, and the rest of the file is still to be looked at.
 */
export function read<T>(element: XmlElement, spec: AttributeSpec<T>): T {
  const attribute = element.attributes.get(spec.name);
  if (attribute === undefined) return spec.fallback;
  const parsed = spec.parse(attribute.value);
  return parsed.ok ? parsed.value : spec.fallback;
}

/** Whether the attribute stands in the file. */
export const isGiven = (element: XmlElement, spec: AttributeSpec<unknown>): boolean => element.attributes.has(spec.name);

/** The elements of that kind inside, in the order of the file. */
export const childrenOf = (element: XmlElement, spec: ElementSpec): readonly XmlElement[] =>
  element.children.filter(({ name }) => name === spec.name);

/** The first element of that kind inside, or null. */
export const childOf = (element: XmlElement, spec: ElementSpec): XmlElement | null => childrenOf(element, spec)[0] ?? null;

/** The place of one attribute for a finding: where it stands, or its element when it is left out. */
export function placeOf(element: XmlElement, spec: AttributeSpec<unknown>): ProblemPlace {
  const attribute = element.attributes.get(spec.name);
  const place = { path: element.path, attribute: spec.name };
  return attribute === undefined
    ? { ...place, position: element.position }
    : { ...place, position: attribute.position, value: attribute.value };
}
