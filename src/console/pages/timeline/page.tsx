/** The timeline: all nodes on one axis, hours of it, with only what is in the window in the page. */
import './timeline.css';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { TimelineItem } from '../../../http/api-types.js';
import { clockTime, dayTime, exactTime, momentOf } from '../../i18n/time.js';
import { live } from '../../model/store.js';
import type { PageProps } from '../../pages.js';
import {
  axisStep,
  fittingWindow,
  itemOf,
  type Lane,
  lanesOf,
  moved,
  untilNow,
  type Window,
  zoomed,
} from '../../timeline/model.js';
import { Link } from '../../ui/link.js';
import { followRecords, type NodeRecord, readNode } from './data.js';
import { LaneView, laneHeight, markText, nodeLaneHeight, type Picked } from './lane.js';
import { timelineTexts as t } from './texts.js';

const axisHeight = 26;
const group = { role: 'group' } as const;
/** Events that are kept of what is told while the page is open. */
const mostTold = 5_000;
const usualWindowMs = 15 * 60_000;

interface View extends Window {
  /** It moves on with the time. */
  readonly follows: boolean;
  /** Nobody has chosen it: it may still become what fits the record. */
  readonly isFirst: boolean;
}
function firstView(query: URLSearchParams): View {
  const at = momentOf(query.get('at'));
  const nowMs = Date.now();
  if (at === null) return { ...fittingWindow(nowMs - usualWindowMs, nowMs), follows: true, isFirst: true };
  return { fromMs: at - 60_000, toMs: at + 60_000, follows: false, isFirst: false };
}

export function TimelinePage({ query }: PageProps) {
  const [records, setRecords] = useState<readonly NodeRecord[]>([]);
  const [told, setTold] = useState<readonly { readonly node: string; readonly item: TimelineItem }[]>([]);
  const [reading, setReading] = useState(true);
  const [view, setView] = useState(firstView(query));
  const [module, setModule] = useState(query.get('module') ?? '');
  const [picked, setPicked] = useState<Picked | null>(null);
  const [nowMs, setNowMs] = useState(Date.now());
  const [width, setWidth] = useState(900);
  const frame = useRef<HTMLDivElement>(null);
  const drag = useRef<{ readonly x: number; readonly view: Window } | null>(null);
  const names = live.nodes.value.map(({ name }) => name);
  const namesKey = names.join();

  useEffect(() => {
    if (names.length === 0) return;
    let wanted = true;
    setReading(true);
    Promise.all(names.map((name) => readNode(name, null))).then((found) => {
      if (!wanted) return;
      setRecords(found);
      setReading(false);
      const oldest = Math.min(...found.flatMap(({ items }) => (items[0] === undefined ? [] : [Date.parse(items[0].time)])));
      if (Number.isFinite(oldest))
        setView((was) => (was.isFirst ? { ...was, ...fittingWindow(oldest, Date.now()), isFirst: false } : was));
    });
    return () => {
      wanted = false;
    };
  }, [namesKey]);
  useEffect(
    () =>
      live.onEvent((event) => {
        const item = itemOf(event);
        if (item !== null) setTold((before) => [...before, { node: event.node, item }].slice(-mostTold));
      }),
    [],
  );
  useEffect(() => followRecords(setRecords), []);
  useEffect(() => {
    const timer = setInterval(() => {
      const now = Date.now();
      setNowMs(now);
      setView((was) => {
        if (!was.follows) return was;
        return { ...was, ...untilNow(was.toMs - was.fromMs, now) };
      });
    }, 1_000);
    return () => clearInterval(timer);
  }, []);
  useLayoutEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const measure = (): void => setWidth(Math.max(280, element.clientWidth));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const lanes = useMemo(() => {
    const nodes = records.map(({ node, items, clock }) => {
      const lastMs = Date.parse(items.at(-1)?.time ?? '');
      // What was told and is in the record as well comes from there.
      const fresh = told.filter((one) => one.node === node && !(Date.parse(one.item.time) <= lastMs)).map(({ item }) => item);
      return { node, offsetMs: clock?.offsetMs ?? 0, items: [...items, ...fresh] };
    });
    return lanesOf(nodes);
  }, [records, told]);
  const modules = [...new Set(lanes.flatMap((lane) => (lane.module === null ? [] : [lane.module])))];
  const shown = lanes.filter((lane) => module === '' || lane.module === null || lane.module === module);
  const left = width < 600 ? 64 : 110;
  const heightOf = (lane: Lane): number => (lane.module === null ? nodeLaneHeight : laneHeight);
  const height = axisHeight + shown.reduce((sum, lane) => sum + heightOf(lane), 0) + 4;
  const look = (next: Window, follows = false): void => setView({ ...next, follows, isFirst: false });
  const length = view.toMs - view.fromMs;
  /** While it follows the time, now stays where it is: what has just happened must not slip out of sight. */
  const zoom = (factor: number, at?: number): void => look(zoomed(view, factor, view.follows ? Date.now() : at), view.follows);
  const step = axisStep(view, width < 600 ? 4 : 9);
  const ticks = Array.from(
    { length: Math.ceil(length / step) + 1 },
    (_, index) => Math.ceil(view.fromMs / step) * step + index * step,
  ).filter((at) => at <= view.toMs);
  const x = (atMs: number): number => left + ((atMs - view.fromMs) / length) * (width - left);
  const goNow = (): void => look(untilNow(length, Date.now()), true);
  const onKey = (event: KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLSelectElement) return;
    if (event.key === 'ArrowLeft') look(moved(view, -length / 8));
    else if (event.key === 'ArrowRight') look(moved(view, length / 8));
    else if (event.key === '+' || event.key === '=') zoom(0.5);
    else if (event.key === '-') zoom(2);
    else if (event.key.toLowerCase() === 'n') goNow();
    else if (event.key === 'Escape') setPicked(null);
    else return;
    event.preventDefault();
  };
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const onWheel = (event: WheelEvent): void => {
      const at = view.fromMs + ((event.clientX - element.getBoundingClientRect().left - left) / (width - left)) * length;
      if (event.ctrlKey || event.metaKey) zoom(event.deltaY > 0 ? 1.25 : 0.8, at);
      else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) look(moved(view, (event.deltaX / (width - left)) * length));
      else return;
      event.preventDefault();
    };
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => element.removeEventListener('wheel', onWheel);
  });
  async function readOlder(): Promise<void> {
    setReading(true);
    const more = await Promise.all(
      records.map(async (record) => {
        if (record.next === null) return record;
        const page = await readNode(record.node, record.next);
        return { ...record, items: [...page.items, ...record.items], next: page.next, problem: page.problem };
      }),
    );
    setRecords(more);
    const oldest = Math.min(...more.flatMap(({ items }) => (items[0] === undefined ? [] : [Date.parse(items[0].time)])));
    if (Number.isFinite(oldest)) look({ fromMs: oldest, toMs: oldest + length });
    setReading(false);
  }
  const clocks = records.filter(({ clock }) => clock !== null);
  const uncertain = Math.ceil(Math.max(0, ...clocks.map(({ clock }) => clock?.uncertainMs ?? 0)));
  const inWindow = shown.flatMap((lane) =>
    lane.marks.filter(({ atMs }) => atMs >= view.fromMs && atMs <= view.toMs).map((mark) => ({ lane, mark })),
  );
  let top = axisHeight;
  return (
    <div class="timeline" onKeyDown={onKey}>
      <header class="timeline-bar">
        <h1>{t('title')}</h1>
        <label>
          {t('module')}{' '}
          <select class="input" value={module} onChange={(event) => setModule(event.currentTarget.value)}>
            <option value="">{t('all')}</option>
            {modules.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <button type="button" class="button" aria-label={t('earlier')} onClick={() => look(moved(view, -length / 2))}>
          ◀
        </button>
        <button type="button" class="button" aria-label={t('later')} onClick={() => look(moved(view, length / 2))}>
          ▶
        </button>
        <button type="button" class="button" aria-label={t('zoomIn')} onClick={() => zoom(0.5)}>
          +
        </button>
        <button type="button" class="button" aria-label={t('zoomOut')} onClick={() => zoom(2)}>
          −
        </button>
        <button type="button" class="button" aria-pressed={view.follows} onClick={goNow}>
          {t('now')}
        </button>
        <button
          type="button"
          class="button"
          disabled={reading || records.every(({ next }) => next === null)}
          onClick={() => void readOlder()}
        >
          {t('older')}
        </button>
        <span class="muted keys-hint">{t('keys')}</span>
        <p class="timeline-note" role="status">
          {reading ? t('reading') : ''}
          {records.map(({ node, problem, doubt }) => (
            <span key={node} class="bad">
              {problem === null ? '' : `${t('failed', { node, message: problem })} `}
              {doubt === null ? '' : t('doubt', { node, message: doubt })}
            </span>
          ))}
          {clocks.length === 0 || reading ? '' : t('clocks', { nodes: clocks.map(({ node }) => node).join(', '), ms: uncertain })}{' '}
          {records
            .filter(({ clock, problem }) => clock === null && problem === null)
            .map(({ node }) => t('clockUnknown', { node }))
            .join(' ')}
        </p>
      </header>
      <div
        class="timeline-frame"
        ref={frame}
        onPointerDown={(event) => {
          drag.current = { x: event.clientX, view };
        }}
        onPointerMove={(event) => {
          if (drag.current === null || event.buttons === 0) return;
          const by = ((drag.current.x - event.clientX) / (width - left)) * length;
          if (Math.abs(drag.current.x - event.clientX) > 4) look(moved(drag.current.view, by));
        }}
        onPointerUp={() => {
          drag.current = null;
        }}
      >
        <svg
          class="timeline-drawing"
          width={width}
          height={height}
          {...group}
          aria-label={t('axis', { from: dayTime(view.fromMs, nowMs), to: dayTime(view.toMs, nowMs) })}
        >
          {ticks.map((at) => (
            <g key={at}>
              <line class="grid-line" x1={x(at)} x2={x(at)} y1={axisHeight - 6} y2={height} />
              <text class="tick" x={x(at)} y={14} text-anchor="middle">
                {step < 1_000 ? exactTime(at) : step >= 86_400_000 ? dayTime(at, nowMs) : clockTime(at)}
              </text>
            </g>
          ))}
          {nowMs >= view.fromMs && nowMs <= view.toMs ? (
            <line class="now-line" x1={x(nowMs)} x2={x(nowMs)} y1={axisHeight - 6} y2={height} />
          ) : null}
          {shown.map((lane) => {
            const place = top;
            top += heightOf(lane);
            return (
              <g key={`${lane.node} ${lane.module ?? ''}`}>
                <text class={lane.module === null ? 'lane-node' : 'lane-module'} x={4} y={place + 18}>
                  {lane.module === null ? lane.node : lane.module}
                </text>
                {lane.module === null ? null : (
                  <text class="lane-sub" x={4} y={place + 34}>
                    {lane.node}
                  </text>
                )}
                <LaneView {...{ lane, width, left, nowMs }} window={view} top={place} onPick={setPicked} />
              </g>
            );
          })}
        </svg>
        {!reading && lanes.length === 0 ? <p class="hint">{t('nothing')}</p> : null}
      </div>
      {picked === null ? null : (
        <section class="picked" aria-label={t('selected')}>
          <h2>
            {picked.node} {picked.module ?? ''} <span class="mono">{exactTime(picked.atMs)}</span>
          </h2>
          <ul>
            {picked.texts.slice(0, 50).map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
          <p class="picked-links">
            <Link to={inspectorPath(picked, records)}>{t('toInspector')}</Link>
            {picked.module === null ? null : <Link to={logPath(picked, records)}>{t('toLog')}</Link>}
            <button type="button" class="button small" onClick={() => setPicked(null)}>
              {t('close')}
            </button>
          </p>
        </section>
      )}
      <details class="timeline-list">
        <summary>
          {t('list')} ({inWindow.length})
        </summary>
        <ul>
          {inWindow.slice(-300).map(({ lane, mark }) => (
            <li key={`${lane.node} ${mark.atMs} ${mark.text}`}>
              <span class="mono">{exactTime(mark.atMs)}</span> <strong>{lane.node}</strong> {lane.module ?? ''} {markText(mark)}
            </li>
          ))}
        </ul>
      </details>
    </div>
  );
}

/** The node's own time of a moment of the axis. */
function ownTime({ node, atMs }: Picked, records: readonly NodeRecord[]): string {
  const offset = records.find((one) => one.node === node)?.clock?.offsetMs ?? 0;
  return new Date(Math.round(atMs - offset)).toISOString();
}
function inspectorPath(picked: Picked, records: readonly NodeRecord[]): string {
  const of = picked.module === null ? 'membership' : `module:${picked.module}`;
  return `/inspector?${new URLSearchParams({ node: picked.node, of, at: ownTime(picked, records) })}`;
}
function logPath(picked: Picked, records: readonly NodeRecord[]): string {
  const base = `/monitoring/modules/${encodeURIComponent(picked.module ?? '')}/nodes/${encodeURIComponent(picked.node)}/logs`;
  return `${base}?${new URLSearchParams({ at: ownTime(picked, records) })}`;
}
