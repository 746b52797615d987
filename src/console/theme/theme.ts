/** Light or dark: as the system has it, unless the user chose. */
import { effect, signal } from '@preact/signals';

export type Theme = 'light' | 'dark';
const key = 'holdfast.theme';
const system = matchMedia('(prefers-color-scheme: dark)');

function stored(): Theme | null {
  const value = localStorage.getItem(key);
  return value === 'light' || value === 'dark' ? value : null;
}
export const theme = signal<Theme>(stored() ?? (system.matches ? 'dark' : 'light'));

/** Keeps the document's theme; called before anything is drawn. */
export function startTheme(): void {
  system.addEventListener('change', () => {
    if (stored() === null) theme.value = system.matches ? 'dark' : 'light';
  });
  effect(() => {
    document.documentElement.dataset['theme'] = theme.value;
  });
}
/** The other one. What the system has is not remembered, so that it is followed again. */
export function toggleTheme(): void {
  const next = theme.value === 'dark' ? 'light' : 'dark';
  if ((next === 'dark') === system.matches) localStorage.removeItem(key);
  else localStorage.setItem(key, next);
  theme.value = next;
}
