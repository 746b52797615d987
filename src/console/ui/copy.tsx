/** A line of a command, to be copied. */
import { useState } from 'preact/hooks';
import { Icon } from './icons.js';
import { uiTexts as t } from './texts.js';

async function toClipboard(text: string, element: HTMLElement | null): Promise<boolean> {
  try {
    // Only there in a secure context; over plain HTTP the line is marked, so that the keyboard copies it.
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    if (element !== null) getSelection()?.selectAllChildren(element);
    return false;
  }
}
export function CopyLine({ text }: { readonly text: string }) {
  const [copied, setCopied] = useState<boolean | null>(null);
  return (
    <div class="copy-line">
      <code>{text}</code>
      <button
        type="button"
        class="button quiet"
        aria-label={t('copyCommand')}
        title={t('copyCommand')}
        onClick={(event) => {
          void toClipboard(text, event.currentTarget.parentElement?.querySelector('code') ?? null).then(setCopied);
        }}
      >
        <Icon name="copy" />
        <span role="status">{copied === null ? '' : copied ? t('copied') : t('marked')}</span>
      </button>
    </div>
  );
}
