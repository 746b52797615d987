/** Everything else that is known of a module on a node. */
import type { ComponentChildren } from 'preact';
import type { ErrdList } from '../../../http/api-types.js';
import { ConfigHelp } from '../../help/config-help.js';
import { dayTime } from '../../i18n/time.js';
import { everyTenSeconds } from '../../model/clock.js';
import { live } from '../../model/store.js';
import { onNode, useReading } from './read.js';
import { detailsTexts as t } from './texts.js';

function Row({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
export function Information({ module, node }: { readonly module: string; readonly node: string }) {
  const { reading } = useReading<ErrdList>(onNode(module, node, 'errd'));
  const status = live.status(module, node).value;
  if (status === null) return null;
  const { budget, switches } = status;
  const now = everyTenSeconds.value;
  const off = [
    switches.errd ? null : t('switchErrd'),
    switches.checker ? null : t('switchChecker'),
    switches.failover ? null : t('switchFailover'),
  ].filter((one) => one !== null);
  const addresses = live.nodes.value.find((one) => one.name === node)?.addresses ?? [];
  return (
    <div class="tab-body">
      <dl class="facts">
        <Row name={t('infoState')}>
          {status.state} {status.quality}
        </Row>
        <Row name={t('infoSince')}>{dayTime(Date.parse(status.since), now)}</Row>
        <Row name={t('infoReason')}>{status.reason ?? t('none')}</Row>
        <Row name={t('infoWish')}>{t(status.wish === 'start' ? 'wishStart' : 'wishStop')}</Row>
        <Row name={t('infoPath')}>
          <code>{status.path}</code>
        </Row>
        <Row name={t('infoProbe')}>{t(status.ready ? 'probeYes' : 'probeNo')}</Row>
        <Row name={t('infoShare')}>{status.share} %</Row>
        <Row name={t('infoRule')}>{status.activeRule ?? t('none')}</Row>
        <Row name={t('infoBudget')}>
          {budget.max === 0 ? t('budgetOff') : t('budgetText', { used: budget.used, max: budget.max })}
          <ConfigHelp file="module" element="safe/service" attribute="maxloop" />
          {budget.expires === null ? null : (
            <span class="muted"> {t('budgetUntil', { time: dayTime(Date.parse(budget.expires), now) })}</span>
          )}
        </Row>
        <Row name={t('infoSwitches')}>{off.length === 0 ? t('none') : off.join(', ')}</Row>
        <Row name={t('infoBoot')}>
          {t(switches.boot)} <ConfigHelp file="module" element="safe/service" attribute="boot" />
        </Row>
        <Row name={t('infoSignature')}>
          <code>{status.signature.slice(0, 12)}</code>
        </Row>
        <Row name={t('infoAddresses')}>{addresses.map(({ lan, addr }) => `${addr} (${lan})`).join(', ')}</Row>
        {reading.kind === 'there' ? (
          <Row name={t('infoProcesses')}>
            {reading.value.items.length === 0
              ? t('none')
              : reading.value.items.map((one) => `${one.name}: ${t('missing', { n: one.count })} → ${one.action}`).join(', ')}
          </Row>
        ) : null}
      </dl>
      {budget.causes.length === 0 ? null : (
        <>
          <h3>{t('causes')}</h3>
          <ol class="history-list">
            {budget.causes.map((cause) => (
              <li key={cause.at}>
                <time dateTime={cause.at}>{dayTime(Date.parse(cause.at), now)}</time>
                <strong>{cause.action}</strong>
                <span class="muted">{cause.by}</span>
              </li>
            ))}
          </ol>
        </>
      )}
    </div>
  );
}
