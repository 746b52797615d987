/** What other machines see before there is any user. */
import { CopyLine } from '../ui/copy.js';
import { shellTexts as t } from './texts.js';

export function SetupPage() {
  return (
    <main class="alone">
      <h1 class="brand">Holdfast</h1>
      <h2>{t('setupTitle')}</h2>
      <p>{t('setupIntro')}</p>
      <CopyLine text="holdfast user add admin --role Admin --link" />
      <p>{t('setupOpen')}</p>
    </main>
  );
}
