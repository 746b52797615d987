/** Reading something for a tab: loading, failed with a way to try again, or there. */
import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useState } from 'preact/hooks';
import { ApiFailure } from '../../api/client.js';
import { api } from '../../session/session.js';
import { uiTexts } from '../../ui/texts.js';
import { detailsTexts as t } from './texts.js';

export type Reading<T> =
  | { readonly kind: 'loading' }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  | { readonly kind: 'there'; readonly value: T };

/** Path of a module on a node. */
export function onNode(module: string, node: string, rest: string): string {
  return `/modules/${encodeURIComponent(module)}/nodes/${encodeURIComponent(node)}/${rest}`;
}
/** Reads when the path changes, and when it is told to. While it reads again, what was there stays. */
export function useReading<T>(path: string): { readonly reading: Reading<T>; readonly again: () => void } {
  const [reading, setReading] = useState<Reading<T>>({ kind: 'loading' });
  const [round, setRound] = useState(0);
  useEffect(() => {
    const gone = new AbortController();
    // Of no meaning but that a new round reads the same path again.
    if (round < 0) return undefined;
    api.get<T>(path, { signal: gone.signal }).then(
      (value) => setReading({ kind: 'there', value }),
      (error: unknown) => {
        if (gone.signal.aborted) return;
        const failure = error instanceof ApiFailure ? error : new ApiFailure(0, 'OFFLINE', String(error), null);
        setReading({ kind: 'failed', code: failure.code, message: failure.message });
      },
    );
    return () => gone.abort();
  }, [path, round]);
  const again = useCallback(() => setRound((now) => now + 1), []);
  return { reading, again };
}
export function NotThere<T>({ reading, again }: { readonly reading: Reading<T>; readonly again: () => void }): ComponentChildren {
  if (reading.kind === 'loading') return <p class="hint">{uiTexts('loading')}</p>;
  if (reading.kind === 'there') return null;
  return (
    <div class="notice bad" role="alert">
      <p>{t('failed', { reason: reading.message })}</p>
      <button type="button" class="button" onClick={again}>
        {t('again')}
      </button>
    </div>
  );
}
