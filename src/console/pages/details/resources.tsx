/** The resources of a module on a node, and the history of each as a small chart. */
import { useEffect, useState } from 'preact/hooks';
import type { HistoryPage, Resource, ResourceList } from '../../../http/api-types.js';
import { dayTime, exactTime } from '../../i18n/time.js';
import { everyTenSeconds } from '../../model/clock.js';
import { live } from '../../model/store.js';
import { chartOf } from './chart.js';
import { NotThere, onNode, useReading } from './read.js';
import { detailsTexts as t } from './texts.js';

const width = 600;
const height = 64;

function Chart({ history, name }: { readonly history: readonly Resource[]; readonly name: string }) {
  const { steps, levels } = chartOf(history, Date.now(), width, height - 8);
  return (
    <figure class="chart">
      <svg viewBox={`0 -4 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={t('history', { name })}>
        <title>{t('history', { name })}</title>
        <path class="chart-line" d={steps} />
      </svg>
      <ul class="chart-levels" aria-hidden="true">
        {levels.map((level) => (
          <li key={level}>{level}</li>
        ))}
      </ul>
    </figure>
  );
}
function History({
  module,
  node,
  name,
  version,
}: {
  readonly module: string;
  readonly node: string;
  readonly name: string;
  readonly version: string;
}) {
  const { reading, again } = useReading<HistoryPage>(
    onNode(module, node, `resources/${encodeURIComponent(name)}/history?limit=100`),
  );
  useEffect(() => {
    if (version !== '') again();
  }, [version, again]);
  if (reading.kind !== 'there') return <NotThere reading={reading} again={again} />;
  const { items } = reading.value;
  return (
    <div class="history">
      <p class="muted">{t('historyHint')}</p>
      <Chart history={items} name={name} />
      <ol class="history-list">
        {items.toReversed().map((one) => (
          <li key={`${one.at} ${one.value}`}>
            <time dateTime={one.at}>{dayTime(Date.parse(one.at), everyTenSeconds.value)}</time>
            <strong>{one.value}</strong>
            <span class="muted">{one.by}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}
const tone = (value: string): string => (value === 'down' ? 'bad' : value === 'up' ? 'well' : value === 'init' ? 'moving' : '');

export function Resources({ module, node }: { readonly module: string; readonly node: string }) {
  const { reading, again } = useReading<ResourceList>(onNode(module, node, 'resources'));
  const [changed, setChanged] = useState<ReadonlyMap<string, Resource>>(new Map());
  const [filter, setFilter] = useState('');
  const [open, setOpen] = useState<string | null>(null);
  useEffect(
    () =>
      live.onEvent((event) => {
        if (event.type !== 'resource.changed' || event.module !== module || event.node !== node) return;
        const { name, value, by } = event.data;
        if (typeof name !== 'string' || typeof value !== 'string') return;
        setChanged((now) =>
          new Map(now).set(name, { name, value, by: typeof by === 'string' ? by : '', at: event.at, atMs: event.atMs }),
        );
      }),
    [module, node],
  );
  if (reading.kind !== 'there') return <NotThere reading={reading} again={again} />;
  const known = new Map(reading.value.items.map((one) => [one.name, one]));
  for (const [name, one] of changed) known.set(name, one);
  const rows = [...known.values()]
    .filter((one) => one.name.toLowerCase().includes(filter.toLowerCase()))
    .toSorted((a, b) => a.name.localeCompare(b.name));
  return (
    <div class="tab-body">
      <div class="toolbar">
        <input
          type="search"
          class="input search"
          aria-label={t('filter')}
          placeholder={t('filter')}
          value={filter}
          onInput={(event) => setFilter(event.currentTarget.value)}
        />
      </div>
      {rows.length === 0 ? <p class="hint">{t('noResources')}</p> : null}
      <table class="table">
        <thead>
          <tr>
            <th scope="col">{t('name')}</th>
            <th scope="col">{t('value')}</th>
            <th scope="col">{t('since')}</th>
            <th scope="col" class="wide-only">
              {t('by')}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((one) => (
            <>
              <tr key={one.name}>
                <td>
                  <button
                    type="button"
                    class="line-link"
                    aria-expanded={open === one.name}
                    title={t('historyOpen', { name: one.name })}
                    onClick={() => setOpen(open === one.name ? null : one.name)}
                  >
                    {one.name}
                  </button>
                </td>
                <td class={tone(one.value)}>{one.value}</td>
                <td>
                  <time dateTime={one.at} title={exactTime(Date.parse(one.at))}>
                    {dayTime(Date.parse(one.at), everyTenSeconds.value)}
                  </time>
                </td>
                <td class="muted wide-only">{one.by}</td>
              </tr>
              {open === one.name ? (
                <tr key={`${one.name} history`}>
                  <td colSpan={4}>
                    <History module={module} node={node} name={one.name} version={changed.get(one.name)?.at ?? ''} />
                  </td>
                </tr>
              ) : null}
            </>
          ))}
        </tbody>
      </table>
    </div>
  );
}
