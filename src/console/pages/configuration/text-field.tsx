import type { InputHTMLAttributes } from 'preact';
import { useId } from 'preact/hooks';

type Passed = Pick<InputHTMLAttributes<HTMLInputElement>, 'disabled' | 'autocapitalize' | 'spellcheck' | 'inputMode'>;
export interface TextFieldProps extends Passed {
  readonly label: string;
  readonly type?: 'text' | 'password';
  readonly value: string;
  readonly onInput: (value: string) => void;
  /** What is wrong with it, once somebody has tried; null: nothing. */
  readonly error: string | null;
}
/** A text on one line with its label above and what is wrong with it below. */
export function TextField({ label, type = 'text', value, onInput, error, ...passed }: TextFieldProps) {
  const id = useId();
  const common = {
    ...passed,
    ...{ id, class: 'input', value, 'aria-describedby': `${id}-error` },
    'aria-invalid': error === null ? undefined : 'true',
    onInput: (event: InputEvent & { readonly currentTarget: HTMLInputElement }) => onInput(event.currentTarget.value),
  } as const;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {type === 'password' ? (
        <input {...common} type="password" autocomplete="new-password" />
      ) : (
        <input {...common} type="text" autocomplete="off" />
      )}
      <span class="field-error" id={`${id}-error`}>
        {error}
      </span>
    </div>
  );
}
