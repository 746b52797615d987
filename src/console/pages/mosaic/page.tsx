/** The mosaic: tries a load balancer or a virtual address by eye. It needs no login: what it shows is what the health probe tells anyone. */
import './mosaic.css';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { PageProps } from '../../pages.js';
import { mosaicTexts as t } from './texts.js';
import { colourOf, countTiles, isModuleName, type Tile } from './tiles.js';

const timeoutMs = 3000;
const atOnce = 6;
const sizes = [36, 64, 144, 256] as const;
const waiting: Tile = { kind: 'waiting' };

function nodeOf(value: unknown): string | null {
  return typeof value === 'object' && value !== null && 'node' in value && typeof value.node === 'string' ? value.node : null;
}
async function askTile(module: string): Promise<Tile> {
  try {
    const response = await fetch(`/mosaic/${encodeURIComponent(module)}/tile`, {
      cache: 'no-store',
      credentials: 'omit',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const node = response.ok ? nodeOf(await response.json()) : null;
    return node === null ? { kind: 'nobody' } : { kind: 'node', node };
  } catch {
    return { kind: 'silent' };
  }
}
function wordOf(tile: Tile): string {
  return tile.kind === 'node' ? tile.node : t(tile.kind);
}

function Counts({ tiles, seen }: { readonly tiles: readonly Tile[]; readonly seen: readonly string[] }) {
  const counts = countTiles(tiles);
  const silent = tiles.filter((tile) => tile.kind === 'silent').length;
  const nobody = tiles.filter((tile) => tile.kind === 'nobody').length;
  return (
    <table class="counts">
      <caption class="visually-hidden">{t('counts')}</caption>
      <thead>
        <tr>
          <th scope="col">{t('node')}</th>
          <th scope="col">{t('answers')}</th>
          <th scope="col">{t('part')}</th>
        </tr>
      </thead>
      <tbody>
        {counts.map(({ node, answers, percent }) => (
          <tr key={node}>
            <th scope="row">
              <i class={`swatch tile-${colourOf(node, seen)}`} /> {node}
            </th>
            <td>{answers}</td>
            <td>{percent} %</td>
          </tr>
        ))}
        {nobody === 0 ? null : (
          <tr>
            <th scope="row">
              <i class="swatch tile-nobody" /> {t('nobody')}
            </th>
            <td>{nobody}</td>
            <td />
          </tr>
        )}
        {silent === 0 ? null : (
          <tr>
            <th scope="row">
              <i class="swatch tile-silent" /> {t('silent')}
            </th>
            <td>{silent}</td>
            <td />
          </tr>
        )}
      </tbody>
    </table>
  );
}

export function MosaicPage({ query }: PageProps) {
  const [module, setModule] = useState(query.get('module') ?? '');
  const [size, setSize] = useState<number>(64);
  const [forever, setForever] = useState(false);
  const [tiles, setTiles] = useState<readonly Tile[]>([]);
  const [seen, setSeen] = useState<readonly string[]>([]);
  const [wrong, setWrong] = useState(false);
  const [asking, setAsking] = useState(false);
  const run = useRef(0);
  const goOn = useRef(forever);
  const ids = { module: useId(), size: useId() };
  goOn.current = forever;
  useEffect(
    () => () => {
      run.current += 1;
    },
    [],
  );

  async function start(): Promise<void> {
    setWrong(!isModuleName(module));
    if (!isModuleName(module)) return;
    run.current += 1;
    const mine = run.current;
    setAsking(true);
    setTiles(Array.from({ length: size }, () => waiting));
    let next = 0;
    const lane = async (): Promise<void> => {
      while (mine === run.current) {
        if (next >= size && !goOn.current) return;
        const index = next % size;
        next += 1;
        const tile = await askTile(module);
        if (mine !== run.current) return;
        if (tile.kind === 'node') setSeen((now) => (now.includes(tile.node) ? now : [...now, tile.node]));
        setTiles((now) => now.map((one, at) => (at === index ? tile : one)));
      }
    };
    await Promise.all(Array.from({ length: atOnce }, lane));
    if (mine === run.current) setAsking(false);
  }
  function stop(): void {
    run.current += 1;
    setAsking(false);
  }
  const done = tiles.filter((tile) => tile.kind !== 'waiting').length;
  return (
    <div class="mosaic">
      <h1>{t('title')}</h1>
      <p>{t('intro')}</p>
      <form
        class="mosaic-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (asking) stop();
          else void start();
        }}
      >
        <div class="field">
          <label for={ids.module}>{t('module')}</label>
          <input
            id={ids.module}
            class="input"
            value={module}
            autocapitalize="none"
            spellcheck={false}
            aria-invalid={wrong ? 'true' : undefined}
            aria-describedby={`${ids.module}-help`}
            onInput={(event) => setModule(event.currentTarget.value.trim())}
          />
          <p id={`${ids.module}-help`} class={wrong ? 'field-error' : 'field-help'}>
            {wrong ? t('name') : t('moduleHelp')}
          </p>
        </div>
        <div class="field">
          <label for={ids.size}>{t('tiles')}</label>
          <select id={ids.size} class="input" value={size} onChange={(event) => setSize(Number(event.currentTarget.value))}>
            {sizes.map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </select>
        </div>
        <label class="check">
          <input type="checkbox" checked={forever} onChange={(event) => setForever(event.currentTarget.checked)} /> {t('again')}
        </label>
        <button type="submit" class="button primary">
          {asking ? t('stop') : t('start')}
        </button>
      </form>
      {tiles.length === 0 ? null : (
        <>
          <Counts tiles={tiles} seen={seen} />
          <p class="visually-hidden" role="status">
            {done === tiles.length ? t('progress', { done, of: tiles.length }) : ''}
          </p>
          <ol class="tiles">
            {tiles.map((tile) => (
              <li class={`tile tile-${tile.kind === 'node' ? colourOf(tile.node, seen) : tile.kind}`}>
                {tile.kind === 'waiting' ? null : wordOf(tile)}
              </li>
            ))}
          </ol>
        </>
      )}
    </div>
  );
}
