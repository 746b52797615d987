/** The monitoring: every module on every node, and the details of one of them below. */
import './monitor.css';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ModuleEntry } from '../../model/live.js';
import { startRemembering } from '../../model/past.js';
import { followProbes } from '../../model/probes.js';
import { live } from '../../model/store.js';
import type { PageProps } from '../../pages.js';
import { lazily } from '../../ui/lazy.js';
import { uiTexts } from '../../ui/texts.js';
import type { DetailsProps } from '../details/panel.js';
import { Activities } from './activity.js';
import { Asking } from './ask.js';
import { moveAmongCards } from './keys.js';
import { ModulePanel } from './module.js';
import { monitorTexts as t } from './texts.js';

const Details = lazily<DetailsProps>(async () => (await import('../details/panel.js')).Details);

/** What the address says of the details: `modules/<AM>/nodes/<node>/<tab>`. */
export function selectionOf(
  rest: readonly string[],
): { readonly module: string; readonly node: string; readonly tab: string } | null {
  const [modules, module, nodes, node, tab = 'logs'] = rest;
  if (modules !== 'modules' || nodes !== 'nodes' || module === undefined || node === undefined) return null;
  return { module, node, tab };
}

/** Cards that are drawn at a time: a large cluster can be used before all of it is there. */
const cardsAtOnce = 48;
/** The modules that are drawn so far, those with the first cards first; up to the selected one at once. */
function useDrawn(modules: readonly ModuleEntry[], selected: string | null): readonly ModuleEntry[] {
  const [cards, setCards] = useState(cardsAtOnce);
  let sum = 0;
  const last = modules.findIndex(({ nodes }) => {
    sum += nodes.length;
    return sum >= cards;
  });
  const drawn = last < 0 ? modules.length : Math.max(last, ...modules.map(({ name }, at) => (name === selected ? at : 0))) + 1;
  const missing = drawn < modules.length;
  useEffect(() => {
    if (!missing) return;
    const timer = setTimeout(() => setCards(cards + cardsAtOnce));
    return () => clearTimeout(timer);
  }, [cards, missing]);
  return modules.slice(0, drawn);
}

export function MonitorPage({ rest }: PageProps) {
  const grid = useRef<HTMLDivElement>(null);
  useEffect(() => followProbes(), []);
  useEffect(() => startRemembering(), []);
  const modules = live.modules.value;
  const selection = selectionOf(rest);
  const drawn = useDrawn(modules ?? [], selection?.module ?? null);
  return (
    <div class={`monitor${selection === null ? '' : ' split'}`}>
      <h1 class="visually-hidden">{t('title')}</h1>
      <div class="grid" ref={grid} onKeyDown={moveAmongCards}>
        {modules === null ? <p class="hint">{uiTexts('loading')}</p> : null}
        {modules?.length === 0 ? (
          <div class="hint">
            <p>{t('empty')}</p>
            <p>{t('emptyHint')}</p>
          </div>
        ) : null}
        {drawn.map((module) => (
          <ModulePanel key={module.name} module={module} selected={selection?.module === module.name ? selection.node : null} />
        ))}
      </div>
      {selection === null ? null : <Details {...selection} />}
      <Activities />
      <Asking />
    </div>
  );
}
