/** The events that machines took in, around the one that is looked at. Only so many rows are in the page, however long the film is. */
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { InspectionItem, MachineStep } from '../../http/api-types.js';
import { exactTime } from '../i18n/time.js';
import { eventText, wayText } from './chart-index.js';
import { inspectorTexts as t } from './texts.js';

/** Rows before and after the one that is looked at. */
const around = 80;
const whys = { now: 'whyNow', start: 'whyStart', gap: 'whyGap', end: 'whyEnd', lost: 'whyLost' } as const;

/** An actor's path without the module that is looked at anyway. */
export const shortPath = (path: string): string => path.replace(/^module:/, '');
export function sourceText(source: string | null): string {
  if (source === null) return t('outside');
  return source === 'timer' ? t('timer') : shortPath(source);
}
export function itemText(item: InspectionItem): string {
  return item.kind === 'states' ? t(whys[item.why]) : `${shortPath(item.actor)} ${eventText(item.event.type)}`;
}

function StepRow({ step }: { readonly step: MachineStep }) {
  const moved = step.from.join() !== step.to.join();
  return (
    <>
      <span class="mono stream-time">{exactTime(Date.parse(step.time))}</span>
      <span class="stream-actor">{shortPath(step.actor)}</span>
      <span class="stream-event">
        {eventText(step.event.type)}
        {step.times > 1 ? ` ×${step.times}` : ''}
      </span>
      <span class="stream-way">{moved ? wayText(step.from, step.to) : ''}</span>
      <span class="stream-source muted">
        {step.source === null && step.cause === null ? '⇐' : `← ${sourceText(step.source)}`}
      </span>
    </>
  );
}

export interface StreamProps {
  readonly items: readonly InspectionItem[];
  /** Indexes of the items that are shown. */
  readonly shown: readonly number[];
  readonly at: number;
  readonly onGo: (index: number) => void;
}

export function Stream({ items, shown, at, onGo }: StreamProps) {
  const place = Math.max(
    0,
    shown.findLastIndex((index) => index <= at),
  );
  const list = useRef<HTMLOListElement>(null);
  useLayoutEffect(() => {
    const [row, frame] = [list.current?.querySelector('[aria-current]'), list.current?.parentElement];
    if (row == null || frame == null) return;
    // Only the list is scrolled: the page itself must stay where the user left it.
    const [place, view] = [row.getBoundingClientRect(), frame.getBoundingClientRect()];
    if (place.top < view.top || place.bottom > view.bottom) frame.scrollTop += place.top - view.top - view.height / 3;
  }, [items[at]?.id]);
  const rows = shown.slice(Math.max(0, place - around), place + around);
  if (rows.length === 0) return <p class="hint">{t('empty')}</p>;
  return (
    <ol class="stream" ref={list}>
      {rows.toReversed().map((index) => {
        const item = items[index];
        if (item === undefined) return null;
        const moved = item.kind === 'step' && item.from.join() !== item.to.join();
        return (
          <li key={item.id}>
            <button
              type="button"
              class={`stream-row${item.kind === 'states' ? ' mark' : ''}${moved ? ' moved' : ''}${index > at ? ' later' : ''}`}
              aria-current={index === at ? 'true' : undefined}
              onClick={() => onGo(index)}
            >
              {item.kind === 'states' ? (
                <>
                  <span class="mono stream-time">{exactTime(Date.parse(item.time))}</span>
                  <span>{t(whys[item.why])}</span>
                </>
              ) : (
                <StepRow step={item} />
              )}
            </button>
          </li>
        );
      })}
    </ol>
  );
}
