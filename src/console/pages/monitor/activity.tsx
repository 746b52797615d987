/** What was asked for, and how far it is on each node. */
import { type Activity, activities, dismiss, type StepState } from '../../model/actions.js';
import type { Verdict } from '../../model/status.js';
import { Icon, StateShape } from '../../ui/icons.js';
import { nameOf } from './ask.js';
import { monitorTexts as t } from './texts.js';

const words = {
  waiting: 'stateWaiting',
  running: 'stateRunning',
  done: 'stateDone',
  already: 'stateAlready',
  refused: 'stateRefused',
  failed: 'stateFailed',
} as const satisfies Record<StepState, string>;
const verdicts: Readonly<Record<StepState, Verdict>> = {
  waiting: 'none',
  running: 'moving',
  done: 'well',
  already: 'well',
  refused: 'bad',
  failed: 'bad',
};

function One({ activity }: { readonly activity: Activity }) {
  return (
    <section class="activity">
      <header>
        <strong>
          {nameOf(activity.change)} · {activity.module}
        </strong>
        {activity.done ? (
          <button
            type="button"
            class="button quiet small"
            aria-label={t('dismiss')}
            title={t('dismiss')}
            onClick={() => dismiss(activity.id)}
          >
            <Icon name="close" />
          </button>
        ) : null}
      </header>
      <ul>
        {activity.steps.map((step) => (
          <li key={step.node}>
            <StateShape verdict={verdicts[step.state]} />
            <span>
              {step.node}: {t(words[step.state])}
              {step.message === '' ? null : <span class="muted"> {step.message}</span>}
            </span>
          </li>
        ))}
      </ul>
      {activity.failure === null ? null : <p class="bad">{activity.failure}</p>}
    </section>
  );
}
export function Activities() {
  return (
    <div class="activities" role="status" aria-label={t('activities')}>
      {activities.value.map((activity) => (
        <One key={activity.id} activity={activity} />
      ))}
    </div>
  );
}
