/** Something secret that is said once: a token, a link, a key. */
import { CopyLine } from '../ui/copy.js';
import { Dialog } from '../ui/dialog.js';

export interface SaidOnceProps {
  readonly title: string;
  readonly explanation: string;
  readonly secret: string;
  readonly close: string;
  readonly onClose: () => void;
}
export function SaidOnce({ title, explanation, secret, close, onClose }: SaidOnceProps) {
  return (
    <Dialog
      title={title}
      onClose={onClose}
      actions={
        <button type="button" class="button primary" onClick={onClose}>
          {close}
        </button>
      }
    >
      <p>{explanation}</p>
      <CopyLine text={secret} />
    </Dialog>
  );
}
