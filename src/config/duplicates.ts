import type { AttributeSpec } from './attribute-types.js';
import type { ProblemReport } from './problems.js';
import { placeOf, read } from './read-element.js';
import type { XmlElement } from './xml-tree.js';

/** Reports each element whose attribute has a value that an earlier one has already. Empty values are left to the validation. */
export function reportDuplicates(report: ProblemReport, elements: readonly XmlElement[], spec: AttributeSpec<string>): void {
  reportDuplicateKeys(report, elements, spec, (element) => read(element, spec));
}

/** The same, where something else than the value itself makes two elements the same; `spec` is then only where the finding is shown. */
export function reportDuplicateKeys(
  report: ProblemReport,
  elements: readonly XmlElement[],
  spec: AttributeSpec<unknown>,
  key: (element: XmlElement) => string,
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
