/** The shapes: drawn here, because fonts of icons say nothing to a screen reader and differ between systems. */
import type { Verdict } from '../model/status.js';
import { useMotion } from './motion.js';

const eighths = 8;
function turn(shape: SVGSVGElement, _own: number, all: number): void {
  shape.style.transform = `rotate(${(all % eighths) / eighths}turn)`;
}
function Moving() {
  return (
    <svg ref={useMotion(turn)} class="shape moving" viewBox="0 0 16 16" aria-hidden="true">
      <circle cx="8" cy="8" r="5.8" fill="none" stroke="currentColor" stroke-width="1.6" />
      <path d="M8 2.2a5.8 5.8 0 0 1 0 11.6z" fill="currentColor" />
    </svg>
  );
}
/** Turns while something is going on. */
export function StateShape({ verdict, unreachable }: { readonly verdict: Verdict; readonly unreachable?: boolean }) {
  if (unreachable === true) {
    return (
      <svg class="shape bad" viewBox="0 0 16 16" aria-hidden="true">
        <path d="M8 1.5 15 14H1z" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linejoin="round" />
        <path d="M8 6v4M8 11.6v.8" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" />
      </svg>
    );
  }
  if (verdict === 'well') {
    return (
      <svg class="shape well" viewBox="0 0 16 16" aria-hidden="true">
        <circle cx="8" cy="8" r="6.5" fill="currentColor" />
      </svg>
    );
  }
  if (verdict === 'moving') return <Moving />;
  if (verdict === 'bad') {
    return (
      <svg class="shape bad" viewBox="0 0 16 16" aria-hidden="true">
        <rect x="2" y="2" width="12" height="12" rx="1" fill="currentColor" />
      </svg>
    );
  }
  return (
    <svg class="shape none" viewBox="0 0 16 16" aria-hidden="true">
      <circle cx="8" cy="8" r="5.8" fill="none" stroke="currentColor" stroke-width="1.6" />
    </svg>
  );
}

const paths = {
  chevron: 'm4 6 4 4 4-4',
  close: 'm4 4 8 8m0-8-8 8',
  help: 'M6 6.2a2 2 0 1 1 2.9 1.8c-.6.3-.9.7-.9 1.4M8 11.9v.1M8 1.6a6.4 6.4 0 1 1 0 12.8A6.4 6.4 0 0 1 8 1.6',
  theme: 'M8 1.6a6.4 6.4 0 1 0 0 12.8z M8 1.6a6.4 6.4 0 0 1 0 12.8',
  bell: 'M8 2a4 4 0 0 1 4 4c0 4 1.5 5 1.5 5h-11S4 10 4 6a4 4 0 0 1 4-4m-1.3 11.5a1.4 1.4 0 0 0 2.6 0',
  more: 'M3 8h.1M8 8h.1M13 8h.1',
  copy: 'M6 5.5h7.5v8H6zM10.5 5.5v-3h-8v8H6',
  save: 'M8 2v8m-3-3 3 3 3-3M3 13.5h10',
  search: 'M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9m3.3 7.8 3.7 3.7',
  link: 'M6 3H3v10h10v-3M9 3h4v4m0-4L7.5 8.5',
} as const;
export type IconName = keyof typeof paths;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={paths[name]} fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  );
}
