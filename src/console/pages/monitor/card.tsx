/** A module on a node: state, what it is doing, how much of the traffic it gets, and what can be done about it. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ModuleNodeStatus } from '../../../http/api-types.js';
import { dayTime, duration } from '../../i18n/time.js';
import { everySecond, everyTenSeconds } from '../../model/clock.js';
import { proberName, probes } from '../../model/probes.js';
import { verdictOf } from '../../model/status.js';
import { live } from '../../model/store.js';
import { pathOf } from '../../router.js';
import { may } from '../../session/session.js';
import { Icon, StateShape } from '../../ui/icons.js';
import { Link } from '../../ui/link.js';
import { Menu } from '../../ui/menu.js';
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

/** How long it has been so. Seconds are shown only for the first hour, so that old cards rest. */
function Age({ status }: { readonly status: ModuleNodeStatus }) {
  const from = Date.parse(status.since);
  const young = everyTenSeconds.value - from < 3_600_000;
  const now = young ? everySecond.value : everyTenSeconds.value;
  return (
    <time dateTime={status.since} title={t('since', { time: dayTime(from, now) })}>
      {duration(now - from)}
    </time>
  );
}
function Probed({ status }: { readonly status: ModuleNodeStatus }) {
  const [newest] = (probes.value.get(status.node) ?? [])
    .filter((one) => one.module === status.module)
    .toSorted((a, b) => b.lastAtMs - a.lastAtMs);
  if (newest === undefined || status.error !== null) return null;
  const who = proberName(newest.agent) || newest.source;
  const age = duration(everyTenSeconds.value - Date.parse(newest.last));
  return <span title={newest.agent}>{newest.lastStatus === 200 ? t('probed', { age, who }) : t('probedOut', { who })}</span>;
}
function Notes({ status }: { readonly status: ModuleNodeStatus }) {
  const { budget, switches, activeRule } = status;
  // What somebody has switched off comes first: it explains why nothing is done.
  const off = [
    switches.errd ? null : { text: t('offErrd'), title: t('offErrdTitle') },
    switches.checker ? null : { text: t('offChecker'), title: t('offCheckerTitle') },
    switches.failover ? null : { text: t('offFailover'), title: t('offFailoverTitle') },
  ].filter((note) => note !== null);
  if (status.error !== null || status.state === 'NOTCONFIGURED') return null;
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
/** Marks what changed in the last seconds; the mark fades by itself. */
function Mark({ of }: { readonly of: string }) {
  const before = useRef(of);
  const [version, setVersion] = useState(0);
  useEffect(() => {
    if (before.current === of) return;
    before.current = of;
    setVersion((now) => now + 1);
  }, [of]);
  return version === 0 ? null : <i key={version} class="mark" aria-hidden="true" />;
}
function Actions({ status }: { readonly status: ModuleNodeStatus }) {
  const { module, node } = status;
  const quick = status.wish === 'start' ? 'stop' : 'start';
  return (
    <>
      <button
        type="button"
        class="button small"
        disabled={status.error !== null}
        onClick={() => ask({ kind: 'command', command: quick }, module, [node])}
      >
        {t(quick)}
      </button>
      <Menu
        label={t('more', { what: `${module}, ${node}` })}
        buttonClass="button quiet small"
        align="end"
        disabled={status.error !== null}
        plain
        button={<Icon name="more" />}
        items={() => nodeItems(status)}
      />
    </>
  );
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
}
export function Card({ module, node, selected }: CardProps) {
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
        {configured && status.error === null ? <Age status={status} /> : null}
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
          <Notes status={status} />
          <Probed status={status} />
        </p>
      </div>
      <Strip module={module} node={node} />
      {configured ? (
        <div class="card-actions">
          <Link to={detailsPath(module, node, 'why')} class="button small quiet">
            {t('why')}
          </Link>
          <Link to={detailsPath(module, node, 'logs')} class="button small quiet">
            {t('log')}
          </Link>
          <span class="spring" />
          {may('control') ? <Actions status={status} /> : null}
        </div>
      ) : null}
    </li>
  );
}
