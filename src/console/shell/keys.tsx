/** Keys that work everywhere, and the list of them. */
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { navigate } from '../router.js';
import { toggleTheme } from '../theme/theme.js';
import { Dialog } from '../ui/dialog.js';
import { shellTexts as t } from './texts.js';

export const keysShown = signal(false);

/** Somebody writes: also in an editor, whose shadow tree shows others its host alone. */
const writes = ([target]: readonly EventTarget[]): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName));

/** Listens while the shell is there. */
export function useKeys(): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || writes(event.composedPath())) return;
      if (document.querySelector('dialog[open], .menu-list') !== null) return;
      if (event.key === '?') keysShown.value = true;
      if (event.key === 'm') navigate('/monitoring');
      if (event.key === 'd') toggleTheme();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
}
export function Keys() {
  if (!keysShown.value) return null;
  const close = (): void => {
    keysShown.value = false;
  };
  const rows = [
    ['?', t('keyHelp')],
    ['M', t('keyMonitor')],
    ['D', t('keyTheme')],
    ['Tab', t('keyTab')],
    ['↑ ↓ ← →', t('keyMove')],
    ['Esc', t('keyEscape')],
  ] as const;
  return (
    <Dialog
      title={t('keysTitle')}
      onClose={close}
      actions={
        <button type="button" class="button primary" onClick={close}>
          {t('keysClose')}
        </button>
      }
    >
      <dl class="keys">
        {rows.map(([key, text]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
