/** The inspector in the page of a simulation: everything is in the page, nothing is asked for. */
import '../theme/tokens.css';
import './simulation.css';
import { render } from 'preact';
import { useId, useMemo, useState } from 'preact/hooks';
import type { Chart, InspectionItem } from '../../http/api-types.js';
import { language } from '../i18n/i18n.js';
import { preferredLanguage } from '../i18n/languages.js';
import { Film } from '../inspector/fold.js';
import { InspectorView } from '../inspector/view.js';
import { simulationTexts as t } from './texts.js';

interface Recorded {
  readonly charts: readonly Chart[];
  readonly nodes: readonly { readonly node: string; readonly items: readonly InspectionItem[] }[];
  /** Steps of a node that are in the page at most; null: all are. */
  readonly cut: number | null;
}
const isRecorded = (value: unknown): value is Recorded =>
  typeof value === 'object' && value !== null && 'charts' in value && 'nodes' in value;

/** Simulated time begins at 0: it is shown as time since the beginning, whatever the browser's zone is. */
function fromMidnight(item: InspectionItem): InspectionItem {
  const atMs = Date.parse(item.time);
  return { ...item, time: new Date(atMs + new Date(atMs).getTimezoneOffset() * 60_000).toISOString() };
}

function Simulation({ charts, nodes, cut }: Recorded) {
  const id = useId();
  const [name, setName] = useState(nodes[0]?.node ?? '');
  const items = useMemo(() => (nodes.find(({ node }) => node === name)?.items ?? []).map(fromMidnight), [nodes, name]);
  const film = useMemo(() => new Film(items), [items]);
  const [place, setPlace] = useState<number | null>(null);
  const [actor, setActor] = useState<string | null>(null);
  const at = Math.min(place ?? items.length - 1, items.length - 1);
  return (
    <section class="simulation" aria-label={t('title')}>
      <header>
        <h2>{t('title')}</h2>
        <label for={id}>{t('node')}</label>
        <select
          id={id}
          class="input"
          value={name}
          onChange={(event) => {
            setName(event.currentTarget.value);
            setPlace(null);
          }}
        >
          {nodes.map(({ node }) => (
            <option key={node} value={node}>
              {node}
            </option>
          ))}
        </select>
        {cut === null ? null : <span class="muted">{t('cut', { n: cut })}</span>}
      </header>
      {items.length === 0 ? (
        <p>{t('nothing')}</p>
      ) : (
        <InspectorView {...{ charts, film, at, actor }} askWhy={null} onGo={setPlace} onActor={setActor} />
      )}
    </section>
  );
}

const dark = matchMedia('(prefers-color-scheme: dark)');
const follow = (): void => {
  document.documentElement.dataset['theme'] = dark.matches ? 'dark' : 'light';
};
dark.addEventListener('change', follow);
follow();
language.value = preferredLanguage(navigator.languages);
const recorded: unknown = JSON.parse(document.getElementById('recorded')?.textContent ?? 'null');
const root = document.getElementById('inspector');
if (root !== null && isRecorded(recorded)) render(<Simulation {...recorded} />, root);
