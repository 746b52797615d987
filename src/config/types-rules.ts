/** Failover rules as values: what the reader of rules makes and what the machines evaluate. Source: compatibility page, section 2.12. */

/** What a rule can do. */
export type RuleAction = 'stop' | 'wait' | 'stopstart' | 'restart' | 'swap';

/** What a resource can be compared with. */
export type CheckedValue = 'init' | 'down' | 'up' | 'unknown';

/** A resource as a rule names it. `id` may be `?` (some resource of the class) or `*` (all of them, and at least one). */
export interface ResourceName {
  /** `remote`: of the other node of a mirror. */
  readonly scope: 'local' | 'remote';
  readonly class: string;
  readonly id: string;
}

/** A condition over resources. */
export type RuleExpression =
  | (ResourceName & { readonly kind: 'compare'; readonly equals: boolean; readonly value: CheckedValue })
  /** Two resources have the same value, or with `equals` false another one. At most one of them has an id of `?` or `*`. */
  | { readonly kind: 'match'; readonly left: ResourceName; readonly right: ResourceName; readonly equals: boolean }
  /** Two conditions hold both or neither; with `equals` false exactly one of them holds. */
  | { readonly kind: 'same'; readonly left: RuleExpression; readonly right: RuleExpression; readonly equals: boolean }
  | { readonly kind: 'not'; readonly operand: RuleExpression }
  | { readonly kind: 'and' | 'or'; readonly left: RuleExpression; readonly right: RuleExpression };

/** A failover rule. */
export interface Rule {
  readonly label: string;
  readonly when: RuleExpression;
  readonly action: RuleAction;
}

/** A rule of the user's own with the line of userconfig.xml on which it begins. */
export interface UserRule extends Rule {
  readonly line: number;
}

/** A rule of the table that a module runs with. */
export interface TableRule extends Rule {
  /** `default`: every module has it; `generated`: made by a checker's `action`; `user`: from `<failover>`. */
  readonly source: 'default' | 'generated' | 'user';
  /** Line of userconfig.xml; null where it is not the user's. */
  readonly line: number | null;
}

/** A rule of the table as text. */
export interface RuleLine {
  readonly label: string;
  readonly action: RuleAction;
  readonly source: TableRule['source'];
  /** Line of userconfig.xml; null where it is not the user's. */
  readonly line: number | null;
  /** The condition in canonical form. */
  readonly condition: string;
}
