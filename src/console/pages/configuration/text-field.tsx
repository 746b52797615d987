import type { InputHTMLAttributes } from 'preact';
import { useId } from 'preact/hooks';

type Passed = Pick<InputHTMLAttributes<HTMLInputElement>, 'disabled' | 'autocapitalize' | 'spellcheck' | 'inputMode'>;
export interface TextFieldProps extends Passed {
  readonly label: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  /** What is wrong with it, once somebody has tried; null: nothing. */
  readonly error: string | null;
}
/** A text on one line with its label above and what is wrong with it below. */
export function TextField({ label, value, onInput, error, ...passed }: TextFieldProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        {...passed}
        id={id}
        class="input"
        value={value}
        autocomplete="off"
        aria-invalid={error === null ? undefined : 'true'}
        aria-describedby={`${id}-error`}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      <span class="field-error" id={`${id}-error`}>
        {error}
      </span>
    </div>
  );
}
