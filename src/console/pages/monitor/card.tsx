/** A module on a node: state, what it is doing, how much of the traffic it gets, and what can be done about it. */
import type { ReadonlySignal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ModuleNodeStatus } from '../../../http/api-types.js';
import { dayTime, duration } from '../../i18n/time.js';
import { clockFor, everyMinute } from '../../model/clock.js';
import { proberName, probes } from '../../model/probes.js';
import { verdictOf } from '../../model/status.js';
import { live } from '../../model/store.js';
import { pathOf } from '../../router.js';
import { may } from '../../session/session.js';
import { Icon, StateShape } from '../../ui/icons.js';
import { Link } from '../../ui/link.js';
import { Menu, type MenuItem } from '../../ui/menu.js';
import { beatMs, useMotion } from '../../ui/motion.js';
import { ask } from './ask.js';
import { nodeItems } from './items.js';
import { Strip } from './strip.js';
import { monitorTexts as t } from './texts.js';

const qualityKeys = { Ready: 'ready', Transient: 'transient', NotReady: 'notReady', Unknown: 'unknown' } as const;

/** State and quality in words. */
export function stateWords(status: ModuleNodeStatus): { readonly state: string; readonly quality: string } {
  if (status.error !== null) return { state: t('unreachable'), quality: '' };
  if (status.state === 'NOTCONFIGURED') return { state: t('notConfigured'), quality: '' };
  return { state: status.state, quality: t(qualityKeys[status.quality]) };
}
export function detailsPath(module: string, node: string, ...rest: readonly string[]): string {
  return pathOf('monitoring', 'modules', module, 'nodes', node, ...rest);
}
/** The module's chart in the inspector; with a moment as it was then. @param at ISO 8601 */
export function inspectorPath(node: string, module: string, at?: string): string {
  return `/inspector?${new URLSearchParams({ node, of: `module:${module}`, ...(at === undefined ? {} : { at }) })}`;
}

// What a part of a card takes is no more than what it shows: a part whose values stay is not drawn again when an event comes.

interface AgeProps {
  /** ISO 8601. */
  readonly since: string;
  readonly inSight: ReadonlySignal<boolean>;
}
/** How long it has been so. Seconds are shown only for the first hour, so that old cards rest. */
function Age({ since, inSight }: AgeProps) {
  const from = Date.parse(since);
  const now = clockFor(inSight, everyMinute.value - from < 3_600_000);
  return (
    <time dateTime={since} title={t('since', { time: dayTime(from, now) })}>
      {duration(now - from)}
    </time>
  );
}
interface ProbedProps {
  readonly module: string;
  readonly node: string;
  readonly inSight: ReadonlySignal<boolean>;
}
function Probed({ module, node, inSight }: ProbedProps) {
  const [newest] = (probes.value.get(node) ?? [])
    .filter((one) => one.module === module)
    .toSorted((a, b) => b.lastAtMs - a.lastAtMs);
  if (newest === undefined) return null;
  const who = proberName(newest.agent) || newest.source;
  const age = duration(clockFor(inSight, false) - Date.parse(newest.last));
  return <span title={newest.agent}>{newest.lastStatus === 200 ? t('probed', { age, who }) : t('probedOut', { who })}</span>;
}
function Notes({ budget, switches, activeRule }: Pick<ModuleNodeStatus, 'budget' | 'switches' | 'activeRule'>) {
  // What somebody has switched off comes first: it explains why nothing is done.
  const off = [
    switches.errd ? null : { text: t('offErrd'), title: t('offErrdTitle') },
    switches.checker ? null : { text: t('offChecker'), title: t('offCheckerTitle') },
    switches.failover ? null : { text: t('offFailover'), title: t('offFailoverTitle') },
  ].filter((note) => note !== null);
  return (
    <>
      {off.map(({ text, title }) => (
        <span key={text} class="note moving" title={title}>
          {text}
        </span>
      ))}
      {activeRule === null ? null : <span class="note">{t('rule', { rule: activeRule })}</span>}
      {budget.max > 0 && budget.used > 0 ? (
        <span class={`note${budget.used >= budget.max ? ' bad' : ''}`}>
          {t(budget.used > budget.max ? 'budgetFull' : 'budget', { used: budget.used, max: budget.max })}
        </span>
      ) : null}
    </>
  );
}
/** A mark is paler after two seconds, after four, and gone after six. */
const fadingMs = 2_000;
const opacities = ['1', '0.66', '0.33', '0'];
function fade(mark: HTMLElement, own: number): void {
  const opacity = opacities[Math.floor((own * beatMs) / fadingMs)] ?? '0';
  if (mark.style.opacity !== opacity) mark.style.opacity = opacity;
}
function Fading() {
  return <i ref={useMotion(fade, true)} class="mark" aria-hidden="true" />;
}
/** Marks what changed in the last seconds. */
function Mark({ of }: { readonly of: string }) {
  const before = useRef(of);
  const [version, setVersion] = useState(0);
  useEffect(() => {
    if (before.current === of) return;
    before.current = of;
    setVersion((now) => now + 1);
  }, [of]);
  return version === 0 ? null : <Fading key={version} />;
}
interface ActionsProps {
  readonly module: string;
  readonly node: string;
  readonly quick: 'start' | 'stop';
  readonly disabled: boolean;
}
function Actions({ module, node, quick, disabled }: ActionsProps) {
  return (
    <div class="card-actions">
      <Link to={detailsPath(module, node, 'why')} class="button small quiet">
        {t('why')}
      </Link>
      <Link to={detailsPath(module, node, 'logs')} class="button small quiet">
        {t('log')}
      </Link>
      <span class="spring" />
      {may('control') ? (
        <>
          <button
            type="button"
            class="button small"
            disabled={disabled}
            onClick={() => ask({ kind: 'command', command: quick }, module, [node])}
          >
            {t(quick)}
          </button>
          <Menu
            label={t('more', { what: `${module}, ${node}` })}
            buttonClass="button quiet small"
            align="end"
            disabled={disabled}
            plain
            button={<Icon name="more" />}
            items={() => itemsOf(module, node)}
          />
        </>
      ) : null}
    </div>
  );
}
/** What can be done as it is when the menu is opened. */
function itemsOf(module: string, node: string): readonly MenuItem[] {
  const status = live.status(module, node).peek();
  return status === null ? [] : nodeItems(status);
}

/** What is under way, as the chart names it: `starting · prestart`. */
function doingOf(status: ModuleNodeStatus): string | null {
  if (status.error !== null || status.quality !== 'Transient') return null;
  const parts = status.path.split('.').slice(1);
  return parts.length === 0 ? null : parts.join(' · ');
}

export interface CardProps {
  readonly module: string;
  readonly node: string;
  readonly selected: boolean;
  readonly inSight: ReadonlySignal<boolean>;
}
export function Card({ module, node, selected, inSight }: CardProps) {
  const status = live.status(module, node).value;
  const element = useRef<HTMLLIElement>(null);
  // What the details are of stays in sight above them.
  useEffect(() => {
    if (selected) element.current?.scrollIntoView({ block: 'nearest' });
  }, [selected]);
  if (status === null) return null;
  const verdict = verdictOf(status);
  const words = stateWords(status);
  const configured = status.state !== 'NOTCONFIGURED';
  const reason = status.error ?? status.reason;
  const doing = doingOf(status);
  return (
    <li ref={element} class={`card ${verdict}${selected ? ' selected' : ''}`}>
      <Mark of={`${status.state} ${status.quality} ${status.share} ${status.error ?? ''}`} />
      <div class="card-head">
        <Link
          to={detailsPath(module, node, 'logs')}
          class="card-title"
          current={selected}
          label={t('details', { module, node, state: `${words.state} ${words.quality}` })}
        >
          {node}
        </Link>
        {configured && status.error === null ? <Age since={status.since} inSight={inSight} /> : null}
      </div>
      <div class="card-state">
        <StateShape verdict={verdict} unreachable={status.error !== null} />
        <strong class={verdict}>{words.state}</strong>
        <span class={verdict}>{words.quality}</span>
        {status.share > 0 ? (
          <span class="card-share" title={t('share')}>
            {status.share} %
          </span>
        ) : null}
      </div>
      <div class="card-text">
        <p class="card-reason" title={reason ?? undefined}>
          {doing === null ? null : <span class="card-doing">{doing}</span>}
          {reason}
        </p>
        <p class="card-notes">
          {configured && status.error === null ? (
            <Notes budget={status.budget} switches={status.switches} activeRule={status.activeRule} />
          ) : null}
          {status.error === null ? <Probed module={module} node={node} inSight={inSight} /> : null}
        </p>
      </div>
      <Strip module={module} node={node} inSight={inSight} />
      {configured ? (
        <Actions
          module={module}
          node={node}
          quick={status.wish === 'start' ? 'stop' : 'start'}
          disabled={status.error !== null}
        />
      ) : null}
    </li>
  );
}
