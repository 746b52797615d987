/** A module: how it is served altogether, what can be done on all nodes, and a card for each node. */
import { type ReadonlySignal, useComputed, useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { ModuleEntry } from '../../model/live.js';
import { live } from '../../model/store.js';
import { moduleTally, statusesOf } from '../../model/summary.js';
import { may } from '../../session/session.js';
import { Icon, StateShape } from '../../ui/icons.js';
import { Menu } from '../../ui/menu.js';
import { ask } from './ask.js';
import { Card } from './card.js';
import { moduleItems, rollingItems } from './items.js';
import { monitorTexts as t } from './texts.js';

const modes = { farm: 'modeFarm', mirror: 'modeMirror', light: 'modeLight' } as const;

function Serving({ module }: { readonly module: string }) {
  const { serving, nodes, verdict } = moduleTally(module);
  const text =
    nodes === 0
      ? t('notConfigured')
      : serving > 0
        ? t('serves', { n: serving, of: nodes })
        : verdict === 'none'
          ? t('stopped')
          : t('servesNone');
  return (
    <span class={`module-serving ${verdict}`}>
      <StateShape verdict={verdict} />
      {text}
    </span>
  );
}
const configuredOf = (module: string) => statusesOf(module).filter((one) => one.state !== 'NOTCONFIGURED');

function ModuleActions({ module }: { readonly module: ModuleEntry }) {
  // Drawn anew where it is configured on other nodes than before, not whenever a state changes.
  const names = useComputed(() =>
    configuredOf(module.name)
      .map((one) => one.node)
      .join(' '),
  );
  const nodes = names.value.split(' ').filter((name) => name !== '');
  if (nodes.length === 0) return null;
  return (
    <div class="module-actions">
      <button type="button" class="button small" onClick={() => ask({ kind: 'command', command: 'start' }, module.name, nodes)}>
        {t('start')}
        <span class="visually-hidden">
          {' '}
          {module.name} {t('everyNode')}
        </span>
      </button>
      <button type="button" class="button small" onClick={() => ask({ kind: 'command', command: 'stop' }, module.name, nodes)}>
        {t('stop')}
        <span class="visually-hidden">
          {' '}
          {module.name} {t('everyNode')}
        </span>
      </button>
      {nodes.length > 1 ? (
        <Menu
          label={`${t('rolling')}: ${module.name}`}
          buttonClass="button small"
          align="end"
          button={t('rolling')}
          items={() =>
            rollingItems(
              module.name,
              statusesOf(module.name)
                .filter((one) => one.ready)
                .map((one) => one.node),
            )
          }
        />
      ) : null}
      <Menu
        label={t('more', { what: `${module.name}, ${t('all')}` })}
        buttonClass="button quiet small"
        align="end"
        plain
        button={<Icon name="more" />}
        items={() => moduleItems(module.name, configuredOf(module.name))}
      />
    </div>
  );
}

/** Whether the browser draws an element: it tells of those that it leaves out because they are far down the page (`content-visibility`). */
function useInSight(element: RefObject<HTMLElement | null>): ReadonlySignal<boolean> {
  const inSight = useSignal(true);
  // Before the first frame, after which it is told first.
  useLayoutEffect(() => {
    const change = (event: Event): void => {
      if ('skipped' in event) inSight.value = event.skipped !== true;
    };
    const of = element.current;
    of?.addEventListener('contentvisibilityautostatechange', change);
    return () => of?.removeEventListener('contentvisibilityautostatechange', change);
  }, [element, inSight]);
  return inSight;
}

export interface ModulePanelProps {
  readonly module: ModuleEntry;
  /** Node of the card whose details are open. */
  readonly selected: string | null;
}
export function ModulePanel({ module, selected }: ModulePanelProps) {
  const order = live.nodes.value.map((node) => node.name);
  const nodes = module.nodes.toSorted((a, b) => order.indexOf(a) - order.indexOf(b));
  const id = `module-${module.name}`;
  const section = useRef<HTMLElement>(null);
  const inSight = useInSight(section);
  return (
    <section ref={section} class="module" aria-labelledby={id}>
      <header class="module-head">
        <h2 id={id}>{module.name}</h2>
        <span class="muted">{t(module.mode === null ? 'modeNone' : modes[module.mode])}</span>
        <Serving module={module.name} />
        {may('control') ? <ModuleActions module={module} /> : null}
      </header>
      <ul class="cards">
        {nodes.map((node) => (
          <Card key={node} module={module.name} node={node} selected={node === selected} inSight={inSight} />
        ))}
      </ul>
    </section>
  );
}
