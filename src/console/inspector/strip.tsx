/** Above the scrubber: in which kind of state the actor's module was, item by item, as one line of colours. */
import { useEffect, useRef } from 'preact/hooks';
import type { InspectionItem } from '../../http/api-types.js';
import type { Film } from './fold.js';

export type Colour = 'well' | 'moving' | 'bad' | 'none';
export function colourOf(tags: readonly string[]): Colour {
  if (tags.includes('Ready')) return 'well';
  if (tags.includes('Transient')) return 'moving';
  return tags.includes('NotReady') ? 'bad' : 'none';
}
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly colour: Colour;
}
/** Stretches of items in which a module's chart was in states of one kind. */
export function stretchesOf(items: readonly InspectionItem[], root: string): readonly Stretch[] {
  const found: { from: number; to: number; colour: Colour }[] = [];
  let colour: Colour = 'none';
  for (const [index, item] of items.entries()) {
    if (item.kind === 'states') colour = colourOf(item.actors.find(({ path }) => path === root)?.tags ?? []);
    else if (item.actor === root) colour = colourOf(item.tags);
    const last = found.at(-1);
    if (last?.colour === colour) last.to = index + 1;
    else found.push({ from: index, to: index + 1, colour });
  }
  return found;
}

export function Strip({ film, path, at }: { readonly film: Film; readonly path: string | null; readonly at: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { items } = film;
  useEffect(() => {
    const element = canvas.current;
    const pen = element?.getContext('2d');
    if (element === null || pen === null || pen === undefined) return;
    const { width, height } = element;
    const style = getComputedStyle(element);
    pen.clearRect(0, 0, width, height);
    const root = path?.split('/')[0] ?? '';
    for (const { from, to, colour } of stretchesOf(items, root)) {
      pen.fillStyle = style.getPropertyValue(`--${colour}`);
      pen.fillRect((from / items.length) * width, 0, Math.max(1, ((to - from) / items.length) * width), height);
    }
    pen.fillStyle = style.getPropertyValue('--text');
    pen.fillRect(Math.max(0, ((at + 0.5) / items.length) * width - 1), 0, 2, height);
  });
  return (
    <span class="strip" aria-hidden="true">
      <canvas width={1200} height={10} ref={canvas} />
    </span>
  );
}
