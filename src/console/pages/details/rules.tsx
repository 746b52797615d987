/** The failover rules of a module on a node, and how each stands. */
import { useEffect } from 'preact/hooks';
import type { RuleReport, RuleStatus } from '../../../http/api-types.js';
import { live } from '../../model/store.js';
import { NotThere, onNode, useReading } from './read.js';
import { detailsTexts as t } from './texts.js';

const truths = { holds: 'truthHolds', fails: 'truthFails', init: 'truthInit' } as const satisfies Record<
  RuleStatus['truth'],
  string
>;
const tones = { fails: 'muted', init: 'moving' } as const;
/** That a rule holds is good where all it does is to let what waits go on. */
const toneOf = ({ truth, action }: RuleStatus): string =>
  truth === 'holds' ? (action === 'wakeup' ? 'well' : 'bad') : tones[truth];
const changes = /^(?:resource\.changed|module\.)/;

export function Rules({ module, node }: { readonly module: string; readonly node: string }) {
  const { reading, again } = useReading<RuleReport>(onNode(module, node, 'rules'));
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = live.onEvent((event) => {
      if (event.module !== module || event.node !== node || !changes.test(event.type)) return;
      clearTimeout(timer);
      timer = setTimeout(again, 200);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [module, node, again]);
  if (reading.kind !== 'there') return <NotThere reading={reading} again={again} />;
  const { rules, enabled, handleTimeMs } = reading.value;
  if (rules.length === 0) return <p class="hint">{t('noRules')}</p>;
  return (
    <div class="tab-body">
      <p class={enabled ? 'muted' : 'moving'}>{enabled ? t('rulesOn', { time: `${handleTimeMs / 1000} s` }) : t('rulesOff')}</p>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">{t('ruleName')}</th>
            <th scope="col">{t('ruleAction')}</th>
            <th scope="col">{t('ruleTruth')}</th>
            <th scope="col">{t('ruleWhy')}</th>
          </tr>
        </thead>
        <tbody>
          {rules.map((rule) => (
            <tr key={rule.label} class={rule.active ? 'active-row' : undefined}>
              <td title={rule.condition}>{rule.label}</td>
              <td>{rule.action}</td>
              <td class={toneOf(rule)}>{t(truths[rule.truth])}</td>
              <td>{rule.why}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
