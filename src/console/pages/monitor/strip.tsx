/** The last 15 minutes of a module on a node: a thin line, coloured where it was not ready; a click goes to that moment. */
import type { ReadonlySignal } from '@preact/signals';
import { clockFor } from '../../model/clock.js';
import { type StripPart, stripMs, stripOf } from '../../model/history.js';
import { live } from '../../model/store.js';
import { navigate } from '../../router.js';
import { monitorTexts as t } from './texts.js';

const width = 900;
const classes = { Ready: 'well', Transient: 'moving', NotReady: 'bad', Unknown: 'none' } as const;
/** A short trouble is wide enough to be seen. */
const least = 8;

const kinds = ['none', 'well', 'moving', 'bad'] as const;
/** All parts of one colour as one path: a strip that has seen much costs no more than one that has not. */
function pathOfKind(parts: readonly StripPart[], kind: (typeof kinds)[number]): string {
  return parts
    .filter((part) => classes[part.quality] === kind)
    .map((part) => {
      const ready = part.quality === 'Ready';
      const length = Math.round(Math.max((part.to - part.from) * width, ready ? 0 : least));
      const from = Math.round(Math.min(part.from * width, width - length));
      return `M${from} ${ready ? 6 : 0}h${length}V10h${-length}z`;
    })
    .join('');
}

export interface StripProps {
  readonly module: string;
  readonly node: string;
  readonly inSight: ReadonlySignal<boolean>;
}
export function Strip({ module, node, inSight }: StripProps) {
  const nowMs = clockFor(inSight, false);
  const parts = stripOf(live.segments(module, node).value, nowMs);
  const off = parts.filter((part) => part.quality !== 'Ready').reduce((sum, part) => sum + part.to - part.from, 0);
  const percent = Math.round(off * 100);
  const label = `${t('strip')}: ${off === 0 ? t('stripAll') : t('stripSome', { percent })}`;
  const drawing = (
    <svg class="strip" viewBox={`0 0 ${width} 10`} preserveAspectRatio="none" role="img" aria-label={label}>
      <title>{label}</title>
      <rect class="track" x={0} y={7} width={width} height={1} />
      {kinds.map((kind) => (
        <path key={kind} class={kind} d={pathOfKind(parts, kind)} />
      ))}
    </svg>
  );
  return (
    <button
      type="button"
      class="strip-button"
      tabIndex={-1}
      onClick={(event) => {
        const box = event.currentTarget.getBoundingClientRect();
        const part = event.detail === 0 ? 1 : (event.clientX - box.left) / box.width;
        navigate(`/timeline?at=${Math.round(nowMs - stripMs + part * stripMs)}&module=${encodeURIComponent(module)}`);
      }}
    >
      {drawing}
    </button>
  );
}
