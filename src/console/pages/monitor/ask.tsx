/** Asking before something is done: what will happen, and the same as a command line. */
import { signal } from '@preact/signals';
import { carryOut } from '../../model/actions.js';
import { type Change, type Consequence, commandLine, consequencesOf } from '../../model/consequences.js';
import { live } from '../../model/store.js';
import { statusesOf } from '../../model/summary.js';
import { CopyLine } from '../../ui/copy.js';
import { ConfirmDialog } from '../../ui/dialog.js';
import { StateShape } from '../../ui/icons.js';
import { monitorTexts as t } from './texts.js';

interface Question {
  readonly change: Change;
  readonly module: string;
  readonly nodes: readonly string[];
}
const question = signal<Question | null>(null);

/** Opens the dialog. */
export function ask(change: Change, module: string, nodes: readonly string[]): void {
  question.value = { change, module, nodes };
}
export function nameOf(change: Change): string {
  if (change.kind === 'command') return t(change.command);
  if (change.kind === 'rolling') return t(change.command === 'restart' ? 'rollingRestart' : 'rollingStopstart');
  if (change.kind === 'support') return t(change.what);
  return t(`${change.what}${change.on ? 'On' : 'Off'}`);
}
function sentence({ key, nodes }: Consequence): string {
  const values = { nodes: nodes.join(', '), n: nodes.length };
  switch (key) {
    case 'errdOff':
      return t('willErrdOff', values);
    case 'errdOn':
      return t('willErrdOn', values);
    case 'checkerOff':
      return t('willCheckerOff', values);
    case 'checkerOn':
      return t('willCheckerOn', values);
    case 'failoverOff':
      return t('willFailoverOff', values);
    case 'failoverOn':
      return t('willFailoverOn', values);
    case 'bootOff':
      return t('willBootOff', values);
    case 'bootOn':
      return t('willBootOn', values);
    case 'dump':
      return t('willDump', values);
    case 'snapshot':
      return t('willSnapshot', values);
    case 'anonymised':
      return t('willAnonymise', values);
    default:
      return t(key, values);
  }
}

export function Asking() {
  const now = question.value;
  if (now === null) return null;
  const { change, module, nodes } = now;
  const all = statusesOf(module);
  const consequences = consequencesOf(change, all, nodes);
  const everywhere = nodes.length > 1 && nodes.length === all.length;
  const what = nameOf(change);
  const danger = consequences.some((one) => one.serious);
  const close = (): void => {
    question.value = null;
  };
  const line = commandLine(
    change,
    module,
    nodes,
    all.map((one) => one.node),
    live.cluster.value?.self ?? '',
  );
  return (
    <ConfirmDialog
      title={t('confirmTitle', { what, module, nodes: everywhere ? t('all') : nodes.join(', ') })}
      onClose={close}
      confirm={what}
      onConfirm={() => {
        close();
        void carryOut(change, module, nodes);
      }}
      danger={danger}
    >
      <h3 class="visually-hidden">{t('willHappen')}</h3>
      <ul class="consequences">
        {consequences.map((one) => (
          <li key={`${one.key} ${one.nodes.join()}`} class={one.serious ? 'serious' : undefined}>
            {one.serious ? <StateShape verdict="bad" unreachable /> : null}
            <span>{sentence(one)}</span>
          </li>
        ))}
      </ul>
      <div>
        <p class="muted">{t('commandLabel')}</p>
        <CopyLine text={line} />
      </div>
    </ConfirmDialog>
  );
}
