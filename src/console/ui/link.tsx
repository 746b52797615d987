/** Links within the console: real ones, so that they can be opened in another tab, followed without loading the page again. */
import type { ComponentChildren } from 'preact';
import { addressOf, navigate } from '../router.js';

export interface LinkProps {
  /** Begins with a slash; the language is put before it. */
  readonly to: string;
  readonly class?: string;
  readonly current?: boolean;
  readonly label?: string;
  readonly title?: string;
  readonly children: ComponentChildren;
}
export function Link({ to, class: name, current = false, label, title, children }: LinkProps) {
  return (
    <a
      href={addressOf(to)}
      class={name}
      title={title}
      aria-label={label}
      aria-current={current ? 'page' : undefined}
      onClick={(event) => {
        if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey)
          return;
        event.preventDefault();
        navigate(to);
      }}
    >
      {children}
    </a>
  );
}
