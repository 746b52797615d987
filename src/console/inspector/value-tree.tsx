/** A value of a context, opened where it changed. */
import type { Change } from '../../http/api-types.js';
import { inspectorTexts as t } from './texts.js';

const isBranch = (value: unknown): value is object => typeof value === 'object' && value !== null;
const brief = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > 90 ? `${text.slice(0, 88)}…` : text;
};

export interface ValueTreeProps {
  readonly name: string;
  readonly value: unknown;
  readonly path: readonly (string | number)[];
  readonly changes: readonly Change[];
}
function isTouched(path: readonly (string | number)[], changes: readonly Change[]): boolean {
  return changes.some(
    (change) =>
      change.path.length > 0 &&
      path.every((part, index) => index >= change.path.length || String(change.path[index]) === String(part)),
  );
}

export function ValueTree({ name, value, path, changes }: ValueTreeProps) {
  const touched = isTouched(path, changes);
  const isExact = touched && changes.some((change) => change.path.length <= path.length);
  if (!isBranch(value) || Object.keys(value).length === 0) {
    return (
      <li class={isExact ? 'changed' : ''}>
        <span class="value-name">{name}</span> <span class="value">{brief(value)}</span>
        {isExact ? <span class="visually-hidden"> ({t('changed')})</span> : null}
      </li>
    );
  }
  return (
    <li class={isExact ? 'changed' : ''}>
      <details open={touched}>
        <summary>
          <span class="value-name">{name}</span> <span class="value muted">{brief(value)}</span>
        </summary>
        <ul class="value-tree">
          {Object.entries(value).map(([key, one]) => (
            <ValueTree key={key} name={key} value={one} path={[...path, key]} changes={changes} />
          ))}
        </ul>
      </details>
    </li>
  );
}
