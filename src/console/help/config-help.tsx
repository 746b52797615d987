/** Help beside a field: the text of docs/config.md for an element or attribute, loaded when it is opened. */

import type { AttributeHelp, ElementHelp } from 'virtual:config-help';
import { useId, useState } from 'preact/hooks';
import { Icon } from '../ui/icons.js';
import { uiTexts } from '../ui/texts.js';
import { helpTexts as t } from './texts.js';
import { translated } from './translated.js';

export interface ConfigHelpProps {
  readonly file: 'cluster' | 'module';
  /** As in docs/config.md: `safe/service`. */
  readonly element: string;
  /** Absent: of the element itself. */
  readonly attribute?: string;
}
type Found = AttributeHelp | ElementHelp | null;

async function find({ file, element, attribute }: ConfigHelpProps): Promise<Found> {
  const { configHelp } = await import('virtual:config-help');
  const found = configHelp[file][element] ?? null;
  return attribute === undefined ? found : (found?.attributes[attribute] ?? null);
}
export function ConfigHelp(props: ConfigHelpProps) {
  const [open, setOpen] = useState(false);
  const [found, setFound] = useState<Found>(null);
  const id = useId();
  const label = t('label', { name: props.attribute ?? props.element });
  return (
    <span class="config-help">
      <button
        type="button"
        class="button quiet small"
        aria-label={label}
        title={label}
        aria-expanded={open}
        aria-controls={id}
        onClick={() => {
          setOpen(!open);
          if (!open) void find(props).then(setFound);
        }}
      >
        <Icon name="help" />
      </button>
      <span id={id} class="config-help-text" hidden={!open}>
        {found === null ? (
          uiTexts('loading')
        ) : (
          <>
            <span>{translated(found.doc)}</span>
            {'allowed' in found ? <span>{t('allowed', { allowed: translated(found.allowed) })}</span> : null}
            {'initial' in found && found.initial !== null ? (
              <span>{t('initial', { initial: translated(found.initial) })}</span>
            ) : null}
            {found.ignored === null ? null : <span>{t('ignored', { reason: translated(found.ignored) })}</span>}
          </>
        )}
      </span>
    </span>
  );
}
