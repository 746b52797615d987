/** One lane of the timeline, drawn for the window that is looked at: only what is in it is in the page. */
import { dayTime, exactTime } from '../../i18n/time.js';
import { type Lane, type Mark, type Span, visibleMarks, visibleSpans, type Window } from '../../timeline/model.js';
import { timelineTexts as t } from './texts.js';

export interface Picked {
  readonly node: string;
  readonly module: string | null;
  readonly atMs: number;
  readonly texts: readonly string[];
}
/** Heights of the rows of a lane, in px. */
const rows = { states: 18, scripts: 14, probes: 8, marks: 14 } as const;
/** So far apart are two marks at least, in pixels: more than the width of the largest, so that each can be pointed at. */
const leastMarkWidth = 12;
export const laneHeight = rows.states + rows.scripts + rows.probes + rows.marks + 14;
export const nodeLaneHeight = rows.marks + 14;

const daemonText = (text: string): string =>
  text === 'start' ? t('daemonStart') : text === 'end' ? t('daemonEnd') : text === 'gap' ? t('daemonGap') : text;
const kinds = {
  daemon: 'kindDaemon',
  view: 'kindView',
  fact: 'kindFact',
  verdict: 'kindVerdict',
  rule: 'kindRule',
  command: 'kindCommand',
  counter: 'kindCounter',
  resource: 'kindResource',
} as const;
export function markText({ kind, text }: Mark): string {
  if (kind === 'daemon') return daemonText(text);
  return kind in kinds
    ? `${t(kinds[kind === 'state' || kind === 'script.begin' || kind === 'script.end' ? 'fact' : kind])}: ${text}`
    : text;
}

export interface LaneProps {
  readonly lane: Lane;
  readonly top: number;
  readonly width: number;
  readonly left: number;
  readonly window: Window;
  readonly nowMs: number;
  readonly onPick: (picked: Picked) => void;
}

export function LaneView({ lane, top, width, left, window, nowMs, onPick }: LaneProps) {
  const { node, module } = lane;
  const scale = (width - left) / (window.toMs - window.fromMs);
  const x = (atMs: number): number => left + (atMs - window.fromMs) * scale;
  const perPixel = 2 / scale;
  const spanText = ({ label, fromMs, toMs }: Span): string =>
    `${label}, ${dayTime(fromMs, nowMs)} – ${toMs === null || toMs >= nowMs ? t('goesOn') : exactTime(toMs)}`;
  const press = (work: () => void) => ({
    tabindex: 0,
    role: 'button' as const,
    onClick: work,
    onKeyDown: (event: KeyboardEvent): void => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      event.stopPropagation();
      work();
    },
  });
  const bars = (spans: readonly Span[], y: number, height: number, name: string) =>
    visibleSpans(spans, window, nowMs, perPixel).map((span) => {
      const from = Math.max(left, x(span.fromMs));
      const size = Math.max(2, Math.min(width, x(span.toMs)) - from);
      const text = spanText(span);
      const room = Math.floor(size / 7);
      return (
        <g key={`${name} ${span.fromMs} ${span.label}`}>
          <rect
            class={`bar ${name} fill-${span.colour}`}
            x={from}
            y={y}
            width={size}
            height={height}
            aria-label={`${node} ${module ?? ''} ${text}`}
            {...press(() => onPick({ node, module, atMs: span.fromMs, texts: [text] }))}
          >
            <title>{text}</title>
          </rect>
          {height >= 14 && room >= 4 ? (
            <g>
              <text class={`bar-text on-${span.colour}`} x={from + 4} y={y + height - 4}>
                {span.label.length > room ? `${span.label.slice(0, room - 1)}…` : span.label}
              </text>
            </g>
          ) : null}
        </g>
      );
    });
  const marksTop = module === null ? top + 10 : top + 8 + rows.states + rows.scripts + rows.probes;
  return (
    <g>
      <line class="lane-line" x1={0} x2={width} y1={top} y2={top} />
      {module === null ? null : (
        <>
          {bars(lane.states, top + 4, rows.states, 'state')}
          {bars(lane.scripts, top + 5 + rows.states, rows.scripts, 'script')}
          {bars(lane.probes, top + 7 + rows.states + rows.scripts, rows.probes - 2, 'probe')}
        </>
      )}
      {visibleMarks(lane.marks, window, leastMarkWidth / scale).map((group) => {
        const [first] = group;
        if (first === undefined) return null;
        const texts = group.map((mark) => `${exactTime(mark.atMs)} ${markText(mark)}`);
        const worst = group.find(({ kind }) => kind === 'verdict' || kind === 'rule' || kind === 'counter') ?? first;
        return (
          <g
            key={`${first.atMs} ${first.text}`}
            class={`mark mark-${worst.kind}`}
            aria-label={`${node} ${module ?? ''} ${texts[0] ?? ''}${group.length > 1 ? `, ${t('count', { n: group.length })}` : ''}`}
            // What weighs most leads to its own moment, in the log and in the inspector.
            {...press(() => onPick({ node, module, atMs: worst.atMs, texts }))}
          >
            <title>{texts.slice(0, 12).join('\n')}</title>
            <circle cx={x(first.atMs)} cy={marksTop + 7} r={group.length > 1 ? 5.5 : 4} />
            {group.length > 1 ? (
              <text class="mark-count" x={x(first.atMs) + 7} y={marksTop + 11}>
                {group.length}
              </text>
            ) : null}
          </g>
        );
      })}
    </g>
  );
}
