/** A modal dialog: the browser's own, which keeps the focus inside and closes with Escape. */
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { uiTexts } from './texts.js';

export interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
  /** The row of buttons. */
  readonly actions: ComponentChildren;
}
export function Dialog({ title, onClose, children, actions }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    element.current?.showModal();
  }, []);
  return (
    <dialog class="dialog" ref={element} aria-labelledby={id} onClose={onClose} onCancel={onClose}>
      <h2 id={id}>{title}</h2>
      <div class="dialog-body">{children}</div>
      <div class="dialog-actions">{actions}</div>
    </dialog>
  );
}

export interface ConfirmDialogProps extends Omit<DialogProps, 'actions'> {
  /** What is done, as the button says it. */
  readonly confirm: string;
  readonly onConfirm: () => void;
  /** It cannot be taken back. */
  readonly danger?: boolean;
  readonly busy?: boolean;
}
/** A dialog with a way back, and one thing to do. */
export function ConfirmDialog({ confirm, onConfirm, danger = false, busy = false, ...dialog }: ConfirmDialogProps) {
  return (
    <Dialog
      {...dialog}
      actions={
        <>
          <button type="button" class="button" onClick={dialog.onClose}>
            {uiTexts('cancel')}
          </button>
          <button type="button" class={`button ${danger ? 'danger' : 'primary'}`} disabled={busy} onClick={onConfirm}>
            {confirm}
          </button>
        </>
      }
    />
  );
}
