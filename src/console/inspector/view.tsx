/** The inspector itself: actors, chart, events, the moment. Where the film comes from is not its business: a daemon, a record, a simulation. */
import './inspector.css';
import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { ActorState, Chart, MachineStep } from '../../http/api-types.js';
import { exactTime } from '../i18n/time.js';
import { ChartView } from './chart.js';
import { indexChart, isQuiet, leavesText } from './chart-index.js';
import { type AskWhy, Details } from './details.js';
import type { Film } from './fold.js';
import { itemText, Stream, shortPath } from './stream.js';
import { Strip } from './strip.js';
import { inspectorTexts as t } from './texts.js';

export interface InspectorViewProps {
  readonly charts: readonly Chart[];
  readonly film: Film;
  /** Index of the item that is looked at. */
  readonly at: number;
  readonly actor: string | null;
  readonly askWhy: AskWhy | null;
  readonly onGo: (index: number) => void;
  readonly onActor: (path: string) => void;
  /** Space. */
  readonly onPause?: () => void;
  /** What stands beside the scrubber. */
  readonly controls?: ComponentChildren;
}

/** It scrolls, so that the keyboard must reach it. */
const reachable = (label: string) => ({ tabIndex: 0, role: 'group', 'aria-label': label }) as const;
const depthOf = (path: string): number => path.split('/').length - 1;
const isField = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  target.closest('input:not([type=range]):not([type=checkbox]), select, textarea, [role=menu]') !== null;

/** The actor that is shown where none was chosen: the first module, or what there is. */
export function usualActor(states: ReadonlyMap<string, ActorState>): string | null {
  return [...states.keys()].find((path) => path.startsWith('module:')) ?? [...states.keys()][0] ?? null;
}

export function InspectorView(props: InspectorViewProps) {
  const { charts, film, at, askWhy, onGo, onActor, onPause } = props;
  const [quiet, setQuiet] = useState(false);
  const [all, setAll] = useState(false);
  const [alone, setAlone] = useState(false);
  const { items } = film;
  const indexes = useMemo(() => new Map(charts.map((chart) => [chart.machine, indexChart(chart)])), [charts]);
  const states = film.at(at);
  const item = items[at];
  const step = item?.kind === 'step' ? item : null;
  const path = props.actor !== null && states.has(props.actor) ? props.actor : usualActor(states);
  const actor = path === null ? null : (states.get(path) ?? null);
  const index = actor === null ? null : (indexes.get(actor.machine) ?? null);
  const steps = useMemo(
    () => new Map(items.filter((one): one is MachineStep => one.kind === 'step').map((one) => [one.id, one])),
    [items],
  );
  const shown = useMemo(
    () =>
      items.flatMap((one, place) =>
        place === at || one.kind === 'states' || ((quiet || !isQuiet(one)) && (!alone || one.actor === path)) ? [place] : [],
      ),
    [items, quiet, alone, path, at],
  );
  /** The last step of the actor that is shown, at this moment. */
  const last = useMemo(() => {
    const found = items
      .slice(0, at + 1)
      .findLast((one) => one.kind === 'step' && one.actor === path && one.transitions.length > 0);
    return found?.kind === 'step' ? found : null;
  }, [items, at, path]);
  const move = (by: number): void => {
    const place = by < 0 ? shown.findLast((one) => one < at) : shown.find((one) => one > at);
    if (place !== undefined) onGo(place);
  };
  const goTo = (id: string): void => {
    const place = items.findIndex((one) => one.id === id);
    const found = items[place];
    if (found === undefined) return;
    onGo(place);
    if (found.kind === 'step') onActor(found.actor);
  };
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isField(event.target)) return;
      const isButton = event.target instanceof HTMLElement && event.target.closest('button, summary, a, input') !== null;
      if (event.key === 'ArrowLeft') move(-1);
      else if (event.key === 'ArrowRight') move(1);
      else if (event.key === 'Home' && shown[0] !== undefined) onGo(shown[0]);
      else if (event.key === 'End') onGo(items.length - 1);
      else if (event.key === ' ' && onPause !== undefined && !isButton) onPause();
      else return;
      event.preventDefault();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  });
  const time = item === undefined ? '' : exactTime(Date.parse(item.time));
  const position = item === undefined ? '' : t('position', { index: at + 1, of: items.length, time, event: itemText(item) });
  return (
    <div class="inspector">
      <nav class="actors" aria-label={t('actors')}>
        <ul>
          {[...states.values()].map((one) => (
            <li key={one.path} class={`depth-${Math.min(3, depthOf(one.path))}`}>
              <button
                type="button"
                class={`actor${step?.actor === one.path ? ' stepped' : ''}`}
                aria-current={one.path === path ? 'true' : undefined}
                onClick={() => onActor(one.path)}
              >
                <span class="actor-name">{depthOf(one.path) === 0 ? shortPath(one.path) : one.path.split('/').at(-1)}</span>
                <span class="actor-state">{leavesText(one.at)}</span>
              </button>
            </li>
          ))}
        </ul>
      </nav>
      <section class="chart-pane" aria-label={t('chart', { machine: actor?.machine ?? '' })}>
        <header class="inspector-head">
          <h2>{path === null ? '' : shortPath(path)}</h2>
          <span class="now-state">{actor === null ? '' : leavesText(actor.at)}</span>
          {actor !== null && actor.status !== 'active' ? <span class="bad">{t('status', { status: actor.status })}</span> : null}
          <label class="check">
            <input type="checkbox" checked={all} onChange={(event) => setAll(event.currentTarget.checked)} /> {t('allRows')}
          </label>
        </header>
        <div class="chart-scroll" {...reachable(t('chart', { machine: actor?.machine ?? '' }))}>
          {index === null || actor === null ? (
            <p class="hint">{t('noChart')}</p>
          ) : (
            <ChartView {...{ index, actor, all, onActor }} step={last} />
          )}
        </div>
      </section>
      <section class="stream-pane" aria-label={t('stream')}>
        <header class="inspector-head">
          <h2>{t('stream')}</h2>
          <label class="check">
            <input type="checkbox" checked={alone} onChange={(event) => setAlone(event.currentTarget.checked)} />{' '}
            {t('alone', { actor: path === null ? '' : shortPath(path) })}
          </label>
          <label class="check">
            <input type="checkbox" checked={quiet} onChange={(event) => setQuiet(event.currentTarget.checked)} /> {t('quiet')}
          </label>
        </header>
        <div class="stream-scroll" {...reachable(t('stream'))}>
          <Stream {...{ items, shown, at, onGo }} />
        </div>
        <div class="details-scroll" {...reachable(t('event'))}>
          <Details {...{ index, step, actor, steps, askWhy, onActor }} onGo={goTo} />
        </div>
      </section>
      <footer class="scrubber">
        <button type="button" class="button" aria-label={t('back')} onClick={() => move(-1)}>
          ◀
        </button>
        <button type="button" class="button" aria-label={t('forth')} onClick={() => move(1)}>
          ▶
        </button>
        <Strip film={film} path={path} at={at} />
        <input
          type="range"
          min={0}
          max={Math.max(0, items.length - 1)}
          value={at}
          aria-label={t('scrubber')}
          aria-valuetext={position}
          onInput={(event) => onGo(Number(event.currentTarget.value))}
        />
        <span class="position">
          <span class="mono">{time}</span> {item === undefined ? '' : itemText(item)}
        </span>
        {props.controls}
        <span class="muted keys-hint">{t('keys')}</span>
      </footer>
    </div>
  );
}
