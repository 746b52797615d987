/** The details of a module on a node, below the grid. */
import './details.css';
import type { FunctionComponent } from 'preact';
import { useEffect } from 'preact/hooks';
import { momentOf } from '../../i18n/time.js';
import { verdictOf } from '../../model/status.js';
import { live } from '../../model/store.js';
import { navigate, place } from '../../router.js';
import { Icon, StateShape } from '../../ui/icons.js';
import { Link } from '../../ui/link.js';
import { detailsPath, inspectorPath, stateWords } from '../monitor/card.js';
import { Information } from './information.js';
import { Logs } from './logs.js';
import { Resources } from './resources.js';
import { Rules } from './rules.js';
import { detailsTexts as t } from './texts.js';
import { Scripts } from './userlog.js';
import { Why } from './why.js';

interface TabProps {
  readonly module: string;
  readonly node: string;
  readonly at: number | null;
}
const tabs: readonly {
  readonly path: string;
  readonly title: Parameters<typeof t>[0];
  readonly part: FunctionComponent<TabProps>;
}[] = [
  { path: 'logs', title: 'tabLogs', part: Logs },
  { path: 'why', title: 'tabWhy', part: Why },
  { path: 'resources', title: 'tabResources', part: Resources },
  { path: 'rules', title: 'tabRules', part: Rules },
  { path: 'scripts', title: 'tabScripts', part: Scripts },
  { path: 'information', title: 'tabInformation', part: Information },
];

export interface DetailsProps {
  readonly module: string;
  readonly node: string;
  readonly tab: string;
}
export function Details({ module, node, tab }: DetailsProps) {
  const status = live.status(module, node).value;
  const current = tabs.find((one) => one.path === tab) ?? tabs[0];
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'Escape' && !event.defaultPrevented && document.querySelector('dialog[open], .menu-list') === null)
        navigate('/monitoring');
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  if (current === undefined) return null;
  const Part = current.part;
  const words = status === null ? null : stateWords(status);
  return (
    <section class="details" aria-label={t('heading', { module, node })}>
      <header class="details-head">
        <h2>{t('heading', { module, node })}</h2>
        {status === null || words === null ? null : (
          <span class={`details-state ${verdictOf(status)}`}>
            <StateShape verdict={verdictOf(status)} unreachable={status.error !== null} /> {words.state} {words.quality}
          </span>
        )}
        <nav class="tabs" aria-label={t('tabsLabel')}>
          {tabs.map((one) => (
            <Link key={one.path} to={detailsPath(module, node, one.path)} class="tab" current={one === current}>
              {t(one.title)}
            </Link>
          ))}
          <Link to={inspectorPath(node, module)} class="tab">
            {t('tabChart')}
          </Link>
        </nav>
        <button
          type="button"
          class="button quiet details-close"
          aria-label={t('close')}
          title={t('close')}
          onClick={() => navigate('/monitoring')}
        >
          <Icon name="close" />
        </button>
      </header>
      <div class="details-body">
        <Part key={`${module} ${node}`} module={module} node={node} at={momentOf(place.value.query.get('at'))} />
      </div>
    </section>
  );
}
