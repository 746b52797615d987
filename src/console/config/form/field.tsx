/** One attribute as a field: label above, help beside, what is wrong below. */

import type { AttributeHelp } from 'virtual:config-help';
import { useId } from 'preact/hooks';
import { ConfigHelp } from '../../help/config-help.js';
import { translated } from '../../help/translated.js';
import type { PlacedProblem } from '../problems.js';
import { attributeName } from './names.js';
import { formTexts as t } from './texts.js';

export interface FieldProps {
  readonly file?: 'cluster' | 'module';
  readonly path: string;
  readonly attribute: string;
  readonly help: AttributeHelp;
  readonly value: string | null;
  readonly problems: readonly PlacedProblem[];
  readonly suggestions: readonly string[];
  readonly onChange: (value: string | null) => void;
}
export function Field({ file = 'module', path, attribute, help, value, problems, suggestions, onChange }: FieldProps) {
  const id = useId();
  const worst = problems.some(({ problem }) => problem.severity === 'error');
  const described = problems.length === 0 ? undefined : `${id}-problem`;
  const initial =
    help.initial === null ? t('initialNone') : t('initial', { initial: translated(help.initial).replaceAll('`', '') });
  const common = {
    id,
    class: 'input',
    name: attribute,
    'aria-invalid': worst ? 'true' : undefined,
    'aria-describedby': described,
  } as const;
  // A word that is not among those (a macro, a mistake) stays what it is.
  const choices =
    help.choices === null
      ? null
      : value === null || value === '' || help.choices.includes(value)
        ? help.choices
        : [...help.choices, value];
  return (
    <div class="field">
      <span class="field-head">
        <label for={id}>{attributeName(path, attribute)}</label>
        <ConfigHelp file={file} element={path} attribute={attribute} />
      </span>
      {choices === null ? (
        <>
          <input
            {...common}
            type="text"
            value={value ?? ''}
            placeholder={help.required ? '' : initial}
            spellcheck={false}
            autocomplete="off"
            list={suggestions.length === 0 ? undefined : `${id}-list`}
            onInput={(event) => {
              const next = event.currentTarget.value;
              onChange(next === '' && !help.required ? null : next);
            }}
          />
          {suggestions.length === 0 ? null : (
            <datalist id={`${id}-list`}>
              {suggestions.map((one) => (
                <option key={one} value={one} />
              ))}
            </datalist>
          )}
        </>
      ) : (
        <select
          {...common}
          value={value ?? ''}
          onChange={(event) => {
            const next = event.currentTarget.value;
            onChange(next === '' ? null : next);
          }}
        >
          {help.required && value !== null && value !== '' ? null : <option value="">{initial}</option>}
          {choices.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      )}
      {problems.length === 0 ? null : (
        <div id={described} class={worst ? 'field-error' : 'field-warning'} lang="en">
          {problems.map(({ problem }) => (
            <p key={`${problem.line}:${problem.column} ${problem.message}`}>
              {problem.message} {problem.remedy}
            </p>
          ))}
        </div>
      )}
    </div>
  );
}
