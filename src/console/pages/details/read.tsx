/** Reading something for a tab: loading, failed with a way to try again, or there. */
import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
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
/** A replay of a long journal takes seconds. */
export const replayMs = 70_000;
/**
 * Reads when the path changes, and when it is told to. While it reads again, what was there stays; being told again meanwhile begins
 * another reading after it, so that what comes often does not keep the answer away.
 */
export function useReading<T>(
  path: string,
  timeoutMs?: number,
): { readonly reading: Reading<T>; readonly again: () => void; readonly isReading: boolean } {
  const [reading, setReading] = useState<Reading<T>>({ kind: 'loading' });
  const [isReading, setIsReading] = useState(false);
  const asked = useRef<() => void>(() => undefined);
  useEffect(() => {
    const gone = new AbortController();
    let busy = false;
    let more = false;
    async function read(): Promise<void> {
      if (busy) {
        more = true;
        return;
      }
      busy = true;
      setIsReading(true);
      const options = timeoutMs === undefined ? { signal: gone.signal } : { signal: gone.signal, timeoutMs };
      const next = await api.get<T>(path, options).then(
        (value): Reading<T> => ({ kind: 'there', value }),
        (error: unknown): Reading<T> => {
          const failure = error instanceof ApiFailure ? error : new ApiFailure(0, 'OFFLINE', String(error), null);
          return { kind: 'failed', code: failure.code, message: failure.message };
        },
      );
      busy = false;
      if (gone.signal.aborted) return;
      setReading(next);
      setIsReading(more);
      if (!more) return;
      more = false;
      await read();
    }
    asked.current = () => void read();
    void read();
    return () => {
      gone.abort();
      asked.current = () => undefined;
    };
  }, [path, timeoutMs]);
  const again = useCallback(() => asked.current(), []);
  return { reading, again, isReading };
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
