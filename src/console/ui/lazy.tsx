/** A part of the console that is loaded when it is opened. */
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { uiTexts as t } from './texts.js';

export type Loader<P> = () => Promise<ComponentType<P>>;

type Outcome<P> = { readonly part: ComponentType<P> } | { readonly failure: string } | null;

/** Makes a component that loads itself; a failure is shown with a way out. */
export function lazily<P extends object>(load: Loader<P>): ComponentType<P> {
  let ready: ComponentType<P> | null = null;
  return function Lazy(props: P) {
    const [outcome, setOutcome] = useState<Outcome<P>>(ready === null ? null : { part: ready });
    useEffect(() => {
      if (ready !== null) return undefined;
      let wanted = true;
      load().then(
        (part) => {
          ready = part;
          if (wanted) setOutcome({ part });
        },
        (error: unknown) => {
          if (wanted) setOutcome({ failure: error instanceof Error ? error.message : String(error) });
        },
      );
      return () => {
        wanted = false;
      };
    }, []);
    if (outcome === null) return <p class="hint loading">{t('loading')}</p>;
    if ('failure' in outcome) {
      return (
        <div class="notice bad" role="alert">
          <p>{t('pageFailed', { reason: outcome.failure })}</p>
          <p>{t('pageFailedHint')}</p>
          <button type="button" class="button" onClick={() => location.reload()}>
            {t('reload')}
          </button>
        </div>
      );
    }
    const Part = outcome.part;
    return <Part {...props} />;
  };
}
