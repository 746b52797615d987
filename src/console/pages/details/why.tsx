/** Why the module is where it is: from the first fact to what was done, each link with its time and a way to the log. */
import { useEffect } from 'preact/hooks';
import type { Explanation, ExplanationLink } from '../../../http/api-types.js';
import { dayTime, exactTime, span } from '../../i18n/time.js';
import { everyTenSeconds } from '../../model/clock.js';
import { live } from '../../model/store.js';
import { Link } from '../../ui/link.js';
import { detailsPath, inspectorPath } from '../monitor/card.js';
import { NotThere, onNode, replayMs, useReading } from './read.js';
import { detailsTexts as t } from './texts.js';

const kinds = {
  fact: 'kindFact',
  verdict: 'kindVerdict',
  rule: 'kindRule',
  command: 'kindCommand',
  counter: 'kindCounter',
  script: 'kindScript',
  state: 'kindState',
} as const satisfies Record<ExplanationLink['kind'], string>;

/** What has just happened is in the journal a moment later. */
const journalDelayMs = 400;

export interface WhyProps {
  readonly module: string;
  readonly node: string;
  /** Wall time, ms: the transition that began up to then; null: the last one. */
  readonly at: number | null;
}
export function Why({ module, node, at }: WhyProps) {
  const path = at === null ? 'explain' : `explain?at=${at}`;
  const { reading, again, isReading } = useReading<Explanation>(onNode(module, node, path), replayMs);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = live.onEvent((event) => {
      if (at !== null || event.type !== 'module.state' || event.module !== module || event.node !== node) return;
      clearTimeout(timer);
      timer = setTimeout(again, journalDelayMs);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [module, node, at, again]);
  if (reading.kind === 'failed' && reading.code === 'EXPLAIN_NONE') return <p class="hint">{t('whyNone')}</p>;
  if (reading.kind === 'loading') return <p class="hint">{t('whyAsking')}</p>;
  if (reading.kind !== 'there') return <NotThere reading={reading} again={again} />;
  const { from, to, until, chain, resources, doubt } = reading.value;
  const began = Date.parse(reading.value.at);
  return (
    <div class="tab-body why">
      <h3>
        {t('whyTitle', { from: `${from.state} ${from.quality}`, to: `${to.state} ${to.quality}` })}
        <span class="muted">
          {' '}
          {dayTime(began, everyTenSeconds.value)},{' '}
          {until === null ? t('whyGoesOn') : t('whyTook', { time: span(Date.parse(until) - began) })}
        </span>
      </h3>
      <p class="why-links">
        <Link to={inspectorPath(node, module, reading.value.at)}>{t('whyInChart')}</Link>
        <Link to={`/timeline?at=${began}&module=${encodeURIComponent(module)}`}>{t('whyOnTimeline')}</Link>
        <span class="muted" role="status">
          {isReading ? t('whyAsking') : ''}
        </span>
      </p>
      {reading.value.reason === null ? null : <p>{reading.value.reason}</p>}
      {doubt === null ? null : <p class="moving">{t('whyDoubt', { reason: doubt })}</p>}
      <h4>{t('whyChain')}</h4>
      <ol class="chain">
        {chain.map((link) => (
          <li key={`${link.atMs} ${link.text}`} class={`chain-${link.kind}`}>
            <Link to={`${detailsPath(module, node, 'logs')}?at=${Date.parse(link.at)}`} class="chain-time">
              {exactTime(Date.parse(link.at))}
            </Link>
            <span class="chain-kind">{t(kinds[link.kind])}</span>
            <span>{link.text}</span>
          </li>
        ))}
      </ol>
      {resources.length === 0 ? null : (
        <>
          <h4>{t('whyResources')}</h4>
          <ul class="pairs">
            {resources.map(({ name, value }) => (
              <li key={name}>
                <code>{name}</code> {value}
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}
