/** What stands above a page when something is wrong with the connection. It never moves what is below it: the page scrolls under it. */
import { duration } from '../i18n/time.js';
import { everySecond } from '../model/clock.js';
import { movingTo, staying } from '../model/move.js';
import { live } from '../model/store.js';
import { navigate, pathOf, place } from '../router.js';
import { shellTexts as t } from './texts.js';

function Offline({ sinceMs }: { readonly sinceMs: number }) {
  const target = movingTo.value;
  const node = live.cluster.value?.self ?? location.hostname;
  return (
    <div class="banner bad" role="alert">
      <span>{t('offlineBanner', { node, age: duration(everySecond.value - sinceMs) })}</span>
      {target === null || staying.value ? null : (
        <>
          <span>{t('movingTo', { node: target.node })}</span>
          <button
            type="button"
            class="button small"
            onClick={() => {
              staying.value = true;
            }}
          >
            {t('stayHere')}
          </button>
        </>
      )}
    </div>
  );
}
export function Banner() {
  const connection = live.connection.value;
  if (connection.kind === 'offline') return <Offline sinceMs={connection.sinceMs} />;
  const from = place.value.query.get('from');
  const node = live.cluster.value?.self;
  if (from === null || node === undefined) return null;
  return (
    <div class="banner moving" role="status">
      <span>{t('movedFrom', { from, node })}</span>
      <button type="button" class="button small" onClick={() => navigate(pathOf(...place.value.parts), { replace: true })}>
        {t('dismiss')}
      </button>
    </div>
  );
}
