/** Modules: those that are installed, a new one, and the steps of one's configuration. */

import { live } from '../../model/store.js';
import type { PageProps } from '../../pages.js';
import { Link } from '../../ui/link.js';
import { ModulePage } from './module.js';
import { ModulesHome } from './modules-home.js';
import { modulesTexts as t } from './modules-texts.js';
import { NewModule } from './new-module.js';

export function ModulePages({ rest }: PageProps) {
  const [module, step] = rest;
  if (live.cluster.value?.configured === false) {
    return (
      <div class="config-page narrow">
        <p>{t('noCluster')}</p>
        <Link to="/configuration/cluster" class="button primary">
          {t('toCluster')}
        </Link>
      </div>
    );
  }
  if (module === undefined) return <ModulesHome />;
  // No module is called so: names have no blank and no @.
  if (module === '@new') return <NewModule />;
  return <ModulePage key={module} module={module} step={step ?? 'config'} />;
}
