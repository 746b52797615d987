/** The configuration pages, for Admin: cluster, modules, users, HTTPS. Each is loaded when it is opened. */
import './configuration.css';
import type { PageProps } from '../../pages.js';
import { may, session } from '../../session/session.js';
import { shellTexts } from '../../shell/texts.js';
import { CopyLine } from '../../ui/copy.js';
import { lazily } from '../../ui/lazy.js';
import { Link } from '../../ui/link.js';
import { configurationTexts as t } from './texts.js';

const ClusterPages = lazily(async () => (await import('./cluster.js')).ClusterPages);
const ModulePages = lazily(async () => (await import('./modules.js')).ModulePages);
const UsersPage = lazily(async () => (await import('./users.js')).UsersPage);
const HttpsPage = lazily(async () => (await import('./https.js')).HttpsPage);
const parts = [
  { path: 'cluster', title: 'cluster', part: ClusterPages },
  { path: 'modules', title: 'modules', part: ModulePages },
  { path: 'users', title: 'users', part: UsersPage },
  { path: 'https', title: 'https', part: HttpsPage },
] as const;

/** Nobody can be Admin yet: that takes a first user, made by the daemon's owner. */
function FirstAdmin() {
  return (
    <div class="config-page narrow">
      <h1>{t('firstTitle')}</h1>
      <p>{t('firstIntro')}</p>
      <CopyLine text="holdfast user add admin --role Admin --link" />
      <p>{t('firstOpen')}</p>
    </div>
  );
}
export function ConfigurationPage({ rest, query }: PageProps) {
  if (!may('admin')) return session.value?.csrf === null ? <FirstAdmin /> : <p class="hint">{t('adminOnly')}</p>;
  const current = parts.find(({ path }) => path === rest[0]) ?? parts[1];
  const Part = current.part;
  return (
    <div class="config">
      <h1 class="visually-hidden">{shellTexts('configuration')}</h1>
      <nav class="tabs config-tabs" aria-label={t('partsLabel')}>
        {parts.map(({ path, title }) => (
          <Link key={path} to={`/configuration/${path}`} class="tab" current={path === current.path}>
            {t(title)}
          </Link>
        ))}
      </nav>
      <Part rest={rest.slice(1)} query={query} />
    </div>
  );
}
