/** A chart as nested boxes, active states lit, the last way drawn over them. */
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { ActorState, ChartState, ChartTransition, MachineStep } from '../../http/api-types.js';
import { activeStates, type ChartIndex, eventName, guardOf, lineage, orderedStates, shortName, wayOf } from './chart-index.js';
import { inspectorTexts as t } from './texts.js';

const guardSign = { yes: '✓', no: '✗', open: '?', none: '' } as const;
const guardWord = { yes: 'guardYes', no: 'guardNo', open: 'guardOpen' } as const;

function Row({
  row,
  actor,
  taken,
  live,
}: {
  readonly row: ChartTransition;
  readonly actor: ActorState;
  readonly taken: boolean;
  readonly live: boolean;
}) {
  const guard = live ? guardOf(row, actor.guards) : row.guard === null ? 'none' : 'open';
  const target = row.targets.length === 0 ? t('stays') : row.targets.map(shortName).join(', ');
  return (
    <li class={`row${taken ? ' taken' : ''} guard-${guard}`}>
      <span class="row-event">{row.event === '' ? t('byItself') : eventName(row)}</span>
      <span aria-hidden="true"> → </span>
      <span class={row.targets.length === 0 ? 'row-stays' : 'row-target'}>{target}</span>
      {row.guard === null ? null : (
        <span class="row-guard" title={row.params ?? undefined}>
          {' '}
          [{row.guard}
          {row.params === null ? '' : ` ${row.params}`}]
          {live && guard !== 'none' ? (
            <>
              {' '}
              <span aria-hidden="true">{guardSign[guard]}</span>
              <span class="visually-hidden">{t(guardWord[guard])}</span>
            </>
          ) : null}
        </span>
      )}
      {row.actions.length === 0 ? null : <span class="row-actions"> {row.actions.join(', ')}</span>}
    </li>
  );
}

interface BoxProps {
  readonly state: ChartState;
  readonly actor: ActorState;
  readonly active: ReadonlySet<string>;
  readonly taken: ReadonlySet<number>;
  readonly initial: boolean;
  readonly all: boolean;
  readonly onActor: (path: string) => void;
}

function Box({ state, actor, active, taken, initial, all, onActor }: BoxProps) {
  const lit = active.has(state.id);
  const isLeaf = actor.at.includes(state.id);
  const open = all || lit || state.transitions.some(({ id }) => taken.has(id));
  const base = actor.path === 'node' ? '' : `${actor.path}/`;
  const marks = [
    ...(initial ? [t('initial')] : []),
    ...(state.type === 'final' ? [t('final')] : []),
    ...(state.type === 'parallel' ? [t('parallel')] : []),
  ];
  return (
    <li class={`box ${state.type}${lit ? ' lit' : ''}${isLeaf ? ' leaf' : ''}`} data-state={state.id}>
      <div class="box-head">
        <span class="box-shape" aria-hidden="true">
          {isLeaf ? '●' : lit ? '◉' : '○'}
        </span>
        <strong>{state.key}</strong>
        {lit ? <span class="visually-hidden">{t('active')}</span> : null}
        {marks.length === 0 ? null : <small>{marks.join(', ')}</small>}
        {state.tags.length === 0 ? null : <small class="box-tags">{state.tags.join(' ')}</small>}
      </div>
      {state.description === '' ? null : <p class="box-text">{state.description}</p>}
      {state.invokes.map(({ id }) => {
        const child = actor.children.find(({ path }) => path === `${base}${id}`);
        return (
          <p class="box-invoke" key={id}>
            {t('invokes')}{' '}
            {lit && child?.machine != null ? (
              <button type="button" class="link-button" onClick={() => onActor(child.path)}>
                {id}
              </button>
            ) : (
              <span class="mono">{id}</span>
            )}
          </p>
        );
      })}
      {state.transitions.length === 0 ? null : open ? (
        <ul class="rows">
          {state.transitions.map((row) => (
            <Row key={row.id} row={row} actor={actor} taken={taken.has(row.id)} live={lit} />
          ))}
        </ul>
      ) : (
        <p class="box-more">{t('transitions', { n: state.transitions.length })}</p>
      )}
      {state.states.length === 0 ? null : (
        <ul class="boxes">
          {orderedStates(state).map((child) => (
            <Box key={child.id} {...{ actor, active, taken, all, onActor }} state={child} initial={child.key === state.initial} />
          ))}
        </ul>
      )}
    </li>
  );
}

interface Arrow {
  readonly d: string;
}
/** From the head of one box to that of another, in the coordinates of the drawing. */
function arrowOf(root: Element, from: string, to: string): Arrow | null {
  const head = (id: string) => root.querySelector(`[data-state="${CSS.escape(id)}"] > .box-head`)?.getBoundingClientRect();
  const [start, end, frame] = [head(from), head(to), root.getBoundingClientRect()];
  if (start === undefined || end === undefined) return null;
  const [x1, y1] = [start.left + 8 - frame.left, start.bottom - frame.top];
  const [x2, y2] = [end.left + 8 - frame.left, (end.top > start.top ? end.top : end.bottom) - frame.top];
  if (from === to) return { d: `M ${x1} ${y1} c 30 26, 60 6, 14 -8` };
  const bend = Math.max(24, Math.abs(y2 - y1) / 3);
  const side = end.top > start.top ? -1 : 1;
  return { d: `M ${x1} ${y1} C ${x1} ${y1 + bend}, ${x2} ${y2 + side * bend}, ${x2} ${y2}` };
}

export interface ChartViewProps {
  readonly index: ChartIndex;
  readonly actor: ActorState;
  /** The step that led to where it stands; null: none is known. */
  readonly step: MachineStep | null;
  readonly all: boolean;
  readonly onActor: (path: string) => void;
}

export function ChartView({ index, actor, step, all, onActor }: ChartViewProps) {
  const root = useRef<HTMLDivElement>(null);
  const [arrows, setArrows] = useState<readonly Arrow[]>([]);
  const active = useMemo(() => activeStates(index, actor.at), [index, actor.at]);
  const ways = useMemo(() => (step === null ? [] : wayOf(index, step)), [index, step]);
  const taken = useMemo(() => new Set(step?.transitions ?? []), [step]);
  useLayoutEffect(() => {
    const element = root.current;
    if (element === null) return;
    const draw = (): void => setArrows(ways.map(({ from, to }) => arrowOf(element, from, to)).filter((one) => one !== null));
    draw();
    const observer = new ResizeObserver(draw);
    observer.observe(element);
    return () => observer.disconnect();
  }, [ways, actor, all]);
  useLayoutEffect(() => {
    const [leaf] = actor.at;
    const id = leaf === undefined ? undefined : lineage(index, leaf)[0];
    if (id === undefined) return;
    // Only the chart is scrolled: on a phone the page itself must stay where the user left it.
    const [frame, box] = [root.current?.parentElement, root.current?.querySelector(`[data-state="${CSS.escape(id)}"]`)];
    if (frame == null || box == null) return;
    const [view, place] = [frame.getBoundingClientRect(), box.getBoundingClientRect()];
    if (place.top < view.top || place.bottom > view.bottom) frame.scrollTop += place.top - view.top - view.height / 4;
    if (place.left < view.left || place.right > view.right) frame.scrollLeft += place.left - view.left - 16;
  }, [actor.at.join(), actor.path]);
  const top = index.chart.root;
  return (
    <div class="chart" ref={root}>
      <ul class="boxes top">
        <Box {...{ actor, active, taken, all, onActor }} state={top} initial={false} />
      </ul>
      <svg class="arrows" aria-hidden="true">
        <defs>
          <marker id="arrow-end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
            <path d="M 0 0 L 8 4 L 0 8 z" />
          </marker>
        </defs>
        {arrows.map(({ d }) => (
          <path key={d} class="arrow" d={d} marker-end="url(#arrow-end)" />
        ))}
      </svg>
    </div>
  );
}
