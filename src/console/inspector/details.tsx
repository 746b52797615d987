/** What one step was: event, source, cause, what stood to choice, what was carried out, what changed, and why it came to it. */
import { useEffect, useState } from 'preact/hooks';
import type { ActorState, Explanation, MachineStep } from '../../http/api-types.js';
import { exactTime } from '../i18n/time.js';
import { type ChartIndex, candidates, causesOf, eventName, eventText, shortName, wayText } from './chart-index.js';
import { shortPath, sourceText } from './stream.js';
import { inspectorTexts as t } from './texts.js';
import { ValueTree } from './value-tree.js';

/** Asks why a module went where it went, up to that moment; null: nothing is on record. */
export type AskWhy = (module: string, time: string) => Promise<Explanation | null>;

const outcomes = { taken: 'taken', refused: 'refused', 'not asked': 'notAsked' } as const;
const signs = { taken: '✓', refused: '✗', 'not asked': '·' } as const;

function Choice({ index, step }: { readonly index: ChartIndex; readonly step: MachineStep }) {
  const found = candidates(index, step);
  if (found.length === 0)
    return step.transitions.length === 0 && step.from.length > 0 ? <p class="muted">{t('ignored')}</p> : null;
  return (
    <>
      <h3>{t('choice')}</h3>
      <ul class="choice">
        {found.map(({ transition, state, outcome }) => (
          <li key={transition.id} class={outcome === 'taken' ? 'taken' : 'muted'}>
            <span aria-hidden="true">{signs[outcome]} </span>
            <span class="mono">
              {shortName(state.id)}: {transition.event === '' ? t('byItself') : eventName(transition)} →{' '}
              {transition.targets.map(shortName).join(', ') || t('stays')}
              {transition.guard === null ? '' : ` [${transition.guard}]`}
            </span>{' '}
            <small>{t(outcomes[outcome])}</small>
          </li>
        ))}
      </ul>
    </>
  );
}

function Chain({ explanation }: { readonly explanation: Explanation }) {
  const { from, to, reason, chain, resources, budget, doubt } = explanation;
  return (
    <>
      <p>
        <strong>
          {from.state} ({from.quality}) → {to.state} ({to.quality})
        </strong>
        {reason === null ? '' : `: ${reason}`}
      </p>
      <ol class="why">
        {chain.map((link) => (
          <li key={`${link.atMs} ${link.text}`} class={`why-${link.kind}`}>
            <span class="mono muted">{exactTime(Date.parse(link.at))}</span> {link.text}
          </li>
        ))}
      </ol>
      {resources.length === 0 ? null : (
        <p class="muted">
          {t('resources')}: {resources.map(({ name, value }) => `${name} = ${value}`).join(', ')} ({budget.used}/{budget.max})
        </p>
      )}
      {doubt === null ? null : (
        <p class="bad">
          {t('doubt')}: {doubt}
        </p>
      )}
    </>
  );
}

type Asked =
  | { readonly kind: 'none' | 'asking' | 'nothing' }
  | { readonly kind: 'answer'; readonly explanation: Explanation }
  | { readonly kind: 'failed'; readonly message: string };

function Why({
  steps,
  step,
  askWhy,
  onGo,
}: {
  readonly steps: ReadonlyMap<string, MachineStep>;
  readonly step: MachineStep;
  readonly askWhy: AskWhy | null;
  readonly onGo: (id: string) => void;
}) {
  const [open, setOpen] = useState(false);
  const [asked, setAsked] = useState<Asked>({ kind: 'none' });
  const module = /^module:([^/]+)/.exec(step.actor)?.[1];
  useEffect(() => setAsked({ kind: 'none' }), [step.id]);
  useEffect(() => {
    if (!open || asked.kind !== 'none' || askWhy === null || module === undefined) return;
    setAsked({ kind: 'asking' });
    let wanted = true;
    askWhy(module, step.time).then(
      (explanation) => wanted && setAsked(explanation === null ? { kind: 'nothing' } : { kind: 'answer', explanation }),
      (error: unknown) => wanted && setAsked({ kind: 'failed', message: error instanceof Error ? error.message : String(error) }),
    );
    return () => {
      wanted = false;
    };
  }, [open, step.id]);
  const chain = causesOf(steps, step);
  return (
    <>
      <button type="button" class="button small why-button" aria-expanded={open} onClick={() => setOpen(!open)}>
        {t('why')}
      </button>
      {open ? (
        <section class="why-box" aria-label={t('whyTitle')}>
          <h3>{t('whyChain')}</h3>
          <ol class="why">
            {chain.map((one) => (
              <li key={one.id}>
                <span class="mono muted">{exactTime(Date.parse(one.time))}</span>{' '}
                <button type="button" class="link-button" onClick={() => onGo(one.id)}>
                  {shortPath(one.actor)}
                </button>{' '}
                {eventText(one.event.type)} {one.cause === null ? `← ${sourceText(one.source)}` : ''}{' '}
                {one.from.join() === one.to.join() ? '' : `(${wayText(one.from, one.to)})`}
              </li>
            ))}
          </ol>
          {askWhy === null || module === undefined ? null : (
            <>
              <h3>{t('whyRecord')}</h3>
              <div role="status">
                {asked.kind === 'asking' ? t('whyAsking') : ''}
                {asked.kind === 'nothing' ? t('whyNone') : ''}
                {asked.kind === 'failed' ? t('failed', { message: asked.message }) : ''}
              </div>
              {asked.kind === 'answer' ? <Chain explanation={asked.explanation} /> : null}
            </>
          )}
        </section>
      ) : null}
    </>
  );
}

export interface DetailsProps {
  readonly index: ChartIndex | null;
  /** Null: the states themselves are looked at. */
  readonly step: MachineStep | null;
  readonly actor: ActorState | null;
  readonly steps: ReadonlyMap<string, MachineStep>;
  readonly askWhy: AskWhy | null;
  readonly onGo: (id: string) => void;
  readonly onActor: (path: string) => void;
}

export function Details({ index, step, actor, steps, askWhy, onGo, onActor }: DetailsProps) {
  const payload = step === null ? [] : Object.entries(step.event).filter(([key]) => key !== 'type');
  const cause = step?.cause == null ? undefined : steps.get(step.cause);
  const own = step !== null && actor?.path === step.actor;
  return (
    <div class="details">
      {step === null ? null : (
        <>
          <h2>
            {eventText(step.event.type)} <small class="muted">{shortPath(step.actor)}</small>
          </h2>
          <p>
            {t('source')} <strong>{sourceText(step.source)}</strong>
            {cause === undefined ? null : (
              <>
                , {t('cause')}{' '}
                <button type="button" class="link-button" onClick={() => onGo(cause.id)}>
                  {shortPath(cause.actor)} {eventText(cause.event.type)}
                </button>
              </>
            )}
          </p>
          {payload.length === 0 ? null : (
            <ul class="value-tree">
              {payload.map(([key, value]) => (
                <ValueTree key={key} name={key} value={value} path={[key]} changes={[]} />
              ))}
            </ul>
          )}
          {index === null || !own ? null : <Choice index={index} step={step} />}
          {step.actions.length === 0 ? null : (
            <p>
              {t('actions')}: <span class="mono">{step.actions.join(', ')}</span>
            </p>
          )}
          {step.started.map(({ path, machine }) => (
            <p key={path}>
              {machine === null ? (
                <span class="mono">{shortPath(path)}</span>
              ) : (
                <button type="button" class="link-button" onClick={() => onActor(path)}>
                  {shortPath(path)}
                </button>
              )}{' '}
              {t('started')}
            </p>
          ))}
          {step.stopped.map((path) => (
            <p key={path}>
              <span class="mono">{shortPath(path)}</span> {t('stopped')}
            </p>
          ))}
          <Why steps={steps} step={step} askWhy={askWhy} onGo={onGo} />
        </>
      )}
      {actor === null ? null : (
        <>
          <h2>{t('context')}</h2>
          <ul class="value-tree">
            {Object.entries(Object(actor.context)).map(([key, value]) => (
              <ValueTree key={key} name={key} value={value} path={[key]} changes={own ? step.changes : []} />
            ))}
          </ul>
        </>
      )}
    </div>
  );
}
