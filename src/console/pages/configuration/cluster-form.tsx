/** Networks and nodes as fields. An address is looked at when it is left: whether a daemon answers there, and under which name. */
import { signal } from '@preact/signals';
import { useId } from 'preact/hooks';
import { type EditDocument, setAttribute, type TextChange } from '../../../config/xml-edit.js';
import type { AddressReport } from '../../../http/api-types.js';
import { Field } from '../../config/form/field.js';
import type { PlacedProblem } from '../../config/problems.js';
import { ConfigHelp } from '../../help/config-help.js';
import type { Verdict } from '../../model/status.js';
import { api } from '../../session/session.js';
import { StateShape } from '../../ui/icons.js';
import {
  addLan,
  addNodeRow,
  type LanRow,
  lansOf,
  type NodeRow,
  removeRow,
  renameNode,
  writtenAddress,
} from './cluster-document.js';
import { clusterTexts as t } from './cluster-texts.js';

type Looked = AddressReport | 'looking' | 'failed';
/** What was found at addresses, in this page. */
const looked = signal<ReadonlyMap<string, Looked>>(new Map());

function remember(address: string, what: Looked): void {
  looked.value = new Map(looked.peek()).set(address, what);
}
/** Looks at an address; resolves with what was found. */
export async function lookAt(address: string): Promise<AddressReport | null> {
  if (address === '') return null;
  remember(address, 'looking');
  try {
    const report = await api.json<AddressReport>('POST', '/cluster/address-check', { json: { address } });
    remember(address, report);
    return report;
  } catch {
    remember(address, 'failed');
    return null;
  }
}
const verdicts: Readonly<Record<AddressReport['state'], Verdict>> = {
  ...{ self: 'well', node: 'well', other: 'bad', refused: 'moving', silent: 'bad', unknown: 'bad' },
};
function Found({ address, id }: { readonly address: string; readonly id: string }) {
  const now = looked.value.get(address);
  const where = address.replace(/^\[|\]$/g, '');
  return (
    <span class="address-state" id={id} role="status">
      {now === undefined ? null : now === 'looking' ? (
        <>
          <StateShape verdict="moving" />
          {t('looking')}
        </>
      ) : now === 'failed' ? (
        <>
          <StateShape verdict="none" />
          {t('lookFailed')}
        </>
      ) : (
        <>
          <StateShape verdict={verdicts[now.state]} />
          {t(`address_${now.state}`, { address: where, name: now.name ?? '' })}
        </>
      )}
    </span>
  );
}

export interface ClusterFormProps {
  readonly document: EditDocument;
  readonly placed: readonly PlacedProblem[];
  readonly change: (changes: readonly TextChange[]) => void;
  /** The text as it is now: an address is looked at while more is written. */
  readonly now: () => EditDocument | null;
}
function Problems({
  placed,
  row,
  attribute,
  id,
}: {
  readonly placed: readonly PlacedProblem[];
  readonly row: NodeRow;
  readonly attribute: string;
  readonly id: string;
}) {
  const own = placed.filter((one) => one.element === row.element.index && (one.problem.attribute ?? 'name') === attribute);
  if (own.length === 0) return null;
  return (
    <span id={id} class="field-error" lang="en">
      {own.map(({ problem }) => `${problem.message} ${problem.remedy}`).join(' ')}
    </span>
  );
}
interface RowProps extends ClusterFormProps {
  readonly lan: LanRow;
  readonly lanIndex: number;
  readonly row: NodeRow;
  readonly index: number;
  readonly rows: readonly LanRow[];
}
function Row({ document, placed, change, now, lan, lanIndex, row, index, rows }: RowProps) {
  const id = useId();
  const bad = (attribute: string): 'true' | undefined =>
    placed.some((one) => one.element === row.element.index && (one.problem.attribute ?? 'name') === attribute)
      ? 'true'
      : undefined;
  async function leave(): Promise<void> {
    const written = writtenAddress(row.address);
    if (written !== row.address) change(setAttribute(document, row.element, 'addr', written));
    const report = await lookAt(written);
    // Of the text as it is now: the name may have been typed meanwhile.
    const after = now();
    const current = after === null ? undefined : lansOf(after)?.rows[lanIndex]?.nodes[index];
    if (report?.name == null || after === null || current === undefined || current.name !== '' || current.address !== written)
      return;
    change(setAttribute(after, current.element, 'name', report.name));
  }
  return (
    <fieldset class="node-row" aria-label={t('nodeLabel', { n: index + 1, lan: lan.name })}>
      <div class="field">
        <label for={`${id}-addr`}>{t('address')}</label>
        <input
          id={`${id}-addr`}
          class="input"
          value={row.address}
          placeholder="10.0.0.11"
          spellcheck={false}
          autocomplete="off"
          autocapitalize="none"
          aria-invalid={bad('addr')}
          aria-describedby={`${id}-state ${id}-addr-problem`}
          onInput={(event) => change(setAttribute(document, row.element, 'addr', event.currentTarget.value))}
          onBlur={() => void leave()}
        />
        <Problems placed={placed} row={row} attribute="addr" id={`${id}-addr-problem`} />
      </div>
      <div class="field">
        <label for={`${id}-name`}>{t('name')}</label>
        <input
          id={`${id}-name`}
          class="input"
          value={row.name}
          placeholder="n1"
          spellcheck={false}
          autocomplete="off"
          autocapitalize="none"
          aria-invalid={bad('name')}
          aria-describedby={`${id}-name-problem`}
          onInput={(event) => change(renameNode(document, rows, row, event.currentTarget.value))}
        />
        <Problems placed={placed} row={row} attribute="name" id={`${id}-name-problem`} />
      </div>
      <Found address={row.address} id={`${id}-state`} />
      <button
        type="button"
        class="button quiet"
        aria-label={t('removeNode', { name: row.name === '' ? String(index + 1) : row.name, lan: lan.name })}
        title={t('removeNode', { name: row.name === '' ? String(index + 1) : row.name, lan: lan.name })}
        onClick={() => change(removeRow(document, row))}
      >
        ×
      </button>
    </fieldset>
  );
}
const detection = ['port', 'preset', 'pulse', 'slost_count', 'mlost_count'] as const;

export function ClusterForm(
  props: ClusterFormProps & { readonly help: Readonly<Record<string, import('virtual:config-help').ElementHelp>> },
) {
  const { document, placed, change, help } = props;
  const found = lansOf(document);
  if (found === null) return <p class="hint">{t('noLans')}</p>;
  const { lans, rows } = found;
  const lansHelp = help['cluster/lans'];
  const general = placed.filter(
    (one) => !rows.some((row) => row.nodes.some((node) => node.element.index === one.element)) && one.problem.attribute === null,
  );
  return (
    <form class="module-form" onSubmit={(event) => event.preventDefault()}>
      {general.map(({ problem }) => (
        <p key={problem.message} class={problem.severity === 'error' ? 'field-error' : 'field-warning'} lang="en">
          {problem.message} {problem.remedy}
        </p>
      ))}
      {rows.map((lan, lanIndex) => (
        <fieldset key={lan.element.index} class="form-element">
          <legend>
            {t('lan', { name: lan.name })} <ConfigHelp file="cluster" element="cluster/lans/lan" />
          </legend>
          <div class="form-tools">
            {rows.length < 2 ? null : (
              <button
                type="button"
                class="button quiet small"
                aria-label={t('removeLan', { name: lan.name })}
                onClick={() => change(removeRow(document, lan))}
              >
                ×
              </button>
            )}
          </div>
          <div class="field lan-name">
            <label for={`lan-${lan.element.index}`}>{t('lanName')}</label>
            <input
              id={`lan-${lan.element.index}`}
              class="input"
              value={lan.name}
              spellcheck={false}
              onInput={(event) => change(setAttribute(document, lan.element, 'name', event.currentTarget.value))}
            />
          </div>
          {lan.nodes.map((row, index) => (
            <Row key={row.element.index} {...props} {...{ lan, lanIndex, row, index, rows }} />
          ))}
          <button type="button" class="button small" onClick={() => change(addNodeRow(document, lan))}>
            {t('addNode')}
          </button>
        </fieldset>
      ))}
      <button type="button" class="button small" onClick={() => change(addLan(document, lans, rows))}>
        {t('addLan')}
      </button>
      <details class="form-section">
        <summary>{t('detection')}</summary>
        <div class="field-grid">
          {detection.map((attribute) => {
            const one = lansHelp?.attributes[attribute];
            if (one === undefined) return null;
            return (
              <Field
                key={attribute}
                {...{ file: 'cluster', path: 'cluster/lans', attribute, help: one, suggestions: [] }}
                value={lans.attributes.find(({ name }) => name === attribute)?.value ?? null}
                problems={placed.filter((item) => item.element === lans.index && item.problem.attribute === attribute)}
                onChange={(value) => change(setAttribute(document, lans, attribute, value))}
              />
            );
          })}
        </div>
      </details>
    </form>
  );
}
