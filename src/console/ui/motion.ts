/**
 * What moves on a page moves at one beat, in few steps. The browser's own animations draw sixty frames a second as long as one of them
 * runs, on most machines by the processor.
 */
import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

export const beatMs = 250;
type Movement = (beats: number) => void;
const movements = new Set<Movement>();
let beats = 0;
let timer: ReturnType<typeof setInterval> | undefined;

function beat(): void {
  beats += 1;
  for (const move of movements) move(beats);
}
/**
 * Moves an element as long as it is there; a reader who wants no motion sees its first step.
 * @param draw given the element, the beats since it came, and those since the first, so that all that turn turn alike
 * @returns for the element's `ref`
 */
export function useMotion<T extends Element>(
  draw: (element: T, own: number, all: number) => void,
  always = false,
): RefObject<T | null> {
  const element = useRef<T>(null);
  useEffect(() => {
    const one = element.current;
    if (one === null) return;
    const from = beats;
    draw(one, 0, from);
    if (!always && matchMedia('(prefers-reduced-motion: reduce)').matches) return;
    const move: Movement = (all) => draw(one, all - from, all);
    movements.add(move);
    timer ??= setInterval(beat, beatMs);
    return () => {
      movements.delete(move);
      if (movements.size > 0) return;
      clearInterval(timer);
      timer = undefined;
    };
  }, []);
  return element;
}
