/** The fixed words of failover rules, and names of resources. Source: compatibility page, section 2.12. */
import { nearestName } from './nearest.js';
import type { CheckedValue, ResourceName, RuleAction } from './types-rules.js';

/** All states, in the order in which a resource goes through them. */
export const checkedValues: readonly CheckedValue[] = ['init', 'up', 'down', 'unknown'];
/** All actions, the strongest first. */
export const ruleActions: readonly RuleAction[] = ['stop', 'wait', 'stopstart', 'restart', 'swap'];

/** What the label of a rule can look like. */
export const labelPattern = /^[\p{L}\p{N}_][\p{L}\p{N}_-]*$/u;
/** Words that are no labels. */
export const keywords: readonly string[] = ['if', 'then'];

/** `name` as one of the known ones, or null. */
export const knownWord = <T extends string>(name: string, known: readonly T[]): T | null =>
  known.find((one) => one === name) ?? null;

/** A hint for somebody who wrote `name`: the nearest of the known words, or all of them. */
export function wordHint(name: string, known: readonly string[]): string {
  const near = nearestName(name, known);
  return near === null ? `Use one of: ${known.join(', ')}.` : `Did you mean \`${near}\`?`;
}

/** Either the name of a resource, or what is wrong with it. */
export type ReadName =
  | { readonly ok: true; readonly name: ResourceName }
  | { readonly ok: false; readonly message: string; readonly remedy: string };

const form =
  'A resource is `class.id`, `class.?` (some of the class) or `class.*` (all of them), with `local.` or `remote.` before it if need be.';

/** Reads `[local.|remote.]class.id`. */
export function readResourceName(text: string): ReadName {
  const segments = text.split('.');
  const scope = segments[0] === 'remote' ? 'remote' : 'local';
  const [resourceClass = '', ...rest] = segments[0] === 'remote' || segments[0] === 'local' ? segments.slice(1) : segments;
  const id = rest.join('.');
  if (!/^[A-Za-z][\w-]*$/.test(resourceClass) || id === '' || resourceClass === 'local' || resourceClass === 'remote') {
    return { ok: false, message: `\`${text}\` is no name of a resource.`, remedy: form };
  }
  if (id !== '*' && id !== '?' && /[*?]/.test(id)) {
    return { ok: false, message: `In \`${text}\` the sign * or ? stands beside other characters.`, remedy: form };
  }
  if (/[\s()!=&|;,"'<>]/.test(id)) return { ok: false, message: `\`${text}\` is no name of a resource.`, remedy: form };
  return { ok: true, name: { scope, class: resourceClass, id } };
}
