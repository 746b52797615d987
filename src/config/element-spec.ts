import type { AttributeSpec } from './attribute-types.js';
import type { ModuleMode } from './types.js';

/** Attributes of an element by name. */
export type AttributeTable = Readonly<Record<string, AttributeSpec<unknown>>>;

/** One kind of element: the whole of parsing, checking and the reference page derives from these. */
export interface ElementSpec {
  readonly name: string;
  readonly doc: string;
  readonly attributes: AttributeTable;
  readonly children: readonly ChildSpec[];
  /** Whether text and CDATA sections inside it mean something. */
  readonly holdsText?: boolean;
  /** Modes of module in which it may stand; left out: all. */
  readonly modes?: readonly ModuleMode[];
  readonly since?: string;
  /** Accepted, but without effect, for this reason. */
  readonly ignored?: string;
}
/** How often an element may stand inside another. `min` counts only in the modes of the element. */
export interface ChildSpec {
  readonly spec: ElementSpec;
  readonly min: number;
  readonly max: number;
}

/** An element whose attributes have kept their exact types, so that reading one yields its own type. */
export type TypedElementSpec<A extends AttributeTable> = Omit<ElementSpec, 'attributes'> & { readonly attributes: A };

/** Declares an element. */
export const element = <A extends AttributeTable>(spec: TypedElementSpec<A>): TypedElementSpec<A> => spec;

/** At most once. */
export const maybe = (spec: ElementSpec): ChildSpec => ({ spec, min: 0, max: 1 });
/** Exactly once. */
export const once = (spec: ElementSpec): ChildSpec => ({ spec, min: 1, max: 1 });
/** Any number of times. */
export const any = (spec: ElementSpec): ChildSpec => ({ spec, min: 0, max: Number.POSITIVE_INFINITY });
/** At least once. */
export const some = (spec: ElementSpec): ChildSpec => ({ spec, min: 1, max: Number.POSITIVE_INFINITY });
