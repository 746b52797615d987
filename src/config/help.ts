/** The texts of docs/config.md as data, for help beside the fields of a form. */
import type { AttributeSpec } from './attribute-types.js';
import type { ElementSpec } from './element-spec.js';
import { clusterFile } from './schema-cluster.js';
import { moduleFile } from './schema-module.js';

/** What is known of an attribute. */
export interface AttributeHelp {
  readonly doc: string;
  /** What may be written there, in words. */
  readonly allowed: string;
  /** The default as it would be written; null where there is none. */
  readonly initial: string | null;
  readonly required: boolean;
  /** Why it has no effect; null where it has. */
  readonly ignored: string | null;
}
/** What is known of an element; elements are named by their path, as in docs/config.md: `safe/service`. */
export interface ElementHelp {
  readonly doc: string;
  readonly ignored: string | null;
  readonly attributes: Readonly<Record<string, AttributeHelp>>;
}
/** Of both files, by path of the element. */
export interface ConfigHelp {
  readonly cluster: Readonly<Record<string, ElementHelp>>;
  readonly module: Readonly<Record<string, ElementHelp>>;
}

const attributeHelp = ({ doc, allowed, defaultText, required, ignored }: AttributeSpec<unknown>): AttributeHelp => ({
  doc,
  allowed,
  initial: defaultText === '' ? null : defaultText,
  required,
  ignored,
});

function collect(spec: ElementSpec, parent: string, into: Map<string, ElementHelp>): void {
  const path = parent === '' ? spec.name : `${parent}/${spec.name}`;
  const attributes = Object.fromEntries(Object.entries(spec.attributes).map(([name, one]) => [name, attributeHelp(one)]));
  into.set(path, { doc: spec.doc, ignored: spec.ignored ?? null, attributes });
  for (const child of spec.children) collect(child.spec, path, into);
}
function helpOf(file: ElementSpec): Readonly<Record<string, ElementHelp>> {
  const all = new Map<string, ElementHelp>();
  for (const { spec } of file.children) collect(spec, '', all);
  return Object.fromEntries(all);
}

/** Collects the help of both files. */
export function configHelp(): ConfigHelp {
  return { cluster: helpOf(clusterFile), module: helpOf(moduleFile) };
}
