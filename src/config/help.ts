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
  /** The words that may stand there; null where it is not one of a few words. */
  readonly choices: readonly string[] | null;
  /** Modes of module in which it has an effect; null: all. */
  readonly modes: readonly string[] | null;
}
/** An element that may stand inside of another. */
export interface ChildHelp {
  readonly name: string;
  /** How often at least, and at most; null: any number. */
  readonly min: number;
  readonly max: number | null;
}
/** What is known of an element; elements are named by their path, as in docs/config.md: `safe/service`. */
export interface ElementHelp {
  readonly doc: string;
  readonly ignored: string | null;
  readonly attributes: Readonly<Record<string, AttributeHelp>>;
  /** In the order in which they are usually written. */
  readonly children: readonly ChildHelp[];
  /** Modes of module in which it may stand; null: all. */
  readonly modes: readonly string[] | null;
  /** Text inside of it means something. */
  readonly text: boolean;
}
/** Of both files, by path of the element. */
export interface ConfigHelp {
  readonly cluster: Readonly<Record<string, ElementHelp>>;
  readonly module: Readonly<Record<string, ElementHelp>>;
}

/** What is allowed is one of a few words where it is nothing but words in backticks. */
function choicesOf(allowed: string): readonly string[] | null {
  const words = allowed.split(', ').map((word) => /^`([^`]+)`$/.exec(word)?.[1]);
  const known = words.filter((word) => word !== undefined);
  return known.length === words.length ? known : null;
}
const attributeHelp = ({ doc, allowed, defaultText, required, ignored, modes }: AttributeSpec<unknown>): AttributeHelp => ({
  doc,
  allowed,
  initial: defaultText === '' ? null : defaultText,
  required,
  ignored,
  choices: choicesOf(allowed),
  modes,
});

function collect(spec: ElementSpec, parent: string, into: Map<string, ElementHelp>): void {
  const path = parent === '' ? spec.name : `${parent}/${spec.name}`;
  const attributes = Object.fromEntries(Object.entries(spec.attributes).map(([name, one]) => [name, attributeHelp(one)]));
  into.set(path, {
    ...{ doc: spec.doc, ignored: spec.ignored ?? null, attributes, modes: spec.modes ?? null, text: spec.holdsText === true },
    children: spec.children.map(({ spec: child, min, max }) => ({
      ...{ name: child.name, min },
      max: Number.isFinite(max) ? max : null,
    })),
  });
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
