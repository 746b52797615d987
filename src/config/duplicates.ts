import type { AttributeSpec } from './attribute-types.js';
import type { ProblemReport } from './problems.js';
import { placeOf, read } from './read-element.js';
import type { XmlElement } from './xml-tree.js';

/**
 * Reports each element whose `spec` has a value that an earlier one has already. Empty values are left to the validation.
 *
 * @param key what makes two values the same; by default the value itself.
 */
export function reportDuplicates<T extends string | null>(
  report: ProblemReport,
  elements: readonly XmlElement[],
  spec: AttributeSpec<T>,
  key: (element: XmlElement) => string = (element) => read(element, spec) ?? '',
): void {
  const first = new Map<string, number>();
  for (const element of elements) {
    const value = key(element);
    if (value === '') continue;
    const line = first.get(value);
    if (line === undefined) first.set(value, element.position.line);
    else {
      const message = `\`${spec.name}\` of <${element.name}> is "${value}", as on line ${line} already.`;
      report.error(placeOf(element, spec), 'CONF_DUPLICATE', message, 'Each must have its own.');
    }
  }
}
