/** A button with a menu: arrow keys, Home, End, letters and Escape work as they do in menus. */
import type { ComponentChildren } from 'preact';
import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Icon } from './icons.js';

export interface MenuItem {
  readonly label: string;
  /** A line under it. */
  readonly hint?: string;
  readonly onSelect?: () => void;
  /** A link instead of an action. */
  readonly href?: string;
  readonly checked?: boolean;
  readonly disabled?: boolean;
  readonly danger?: boolean;
  /** Begins a new group. */
  readonly divided?: boolean;
}
export interface MenuProps {
  /** For screen readers, where the button shows no words or too few. */
  readonly label: string;
  readonly button: ComponentChildren;
  /** A function where they are many: it is called when the menu opens. */
  readonly items: readonly MenuItem[] | (() => readonly MenuItem[]);
  readonly buttonClass?: string;
  readonly align?: 'start' | 'end';
  readonly disabled?: boolean;
  /** The button says by itself that there is more, as three dots do. */
  readonly plain?: boolean;
}

const gap = 4;
/**
 * Puts the list below its button, or above where there is more room. It lies in the browser's top layer: whatever it is in may
 * scroll, clip, or not be painted at all.
 */
function place(list: HTMLElement, opener: HTMLElement, align: 'start' | 'end'): void {
  const button = opener.getBoundingClientRect();
  const below = innerHeight - button.bottom - 2 * gap;
  const above = button.top - 2 * gap;
  const isBelow = list.scrollHeight <= below || below >= above;
  list.style.maxHeight = `${Math.max(120, isBelow ? below : above)}px`;
  const { width, height } = list.getBoundingClientRect();
  const left = align === 'end' ? button.right - width : button.left;
  list.style.left = `${Math.max(gap, Math.min(left, innerWidth - width - gap))}px`;
  list.style.top = `${isBelow ? button.bottom + gap : Math.max(gap, button.top - gap - height)}px`;
}

function Item({ item, close }: { readonly item: MenuItem; readonly close: () => void }) {
  const semantics = {
    ...(item.checked === undefined
      ? { role: 'menuitem' as const }
      : { role: 'menuitemradio' as const, 'aria-checked': item.checked }),
    ...(item.disabled === true ? { 'aria-disabled': true } : {}),
  };
  const content = (
    <>
      <span class="menu-label">{item.label}</span>
      {item.hint === undefined ? null : <span class="menu-hint">{item.hint}</span>}
    </>
  );
  const name = `menu-item${item.danger === true ? ' danger' : ''}${item.checked === true ? ' checked' : ''}`;
  if (item.href !== undefined) {
    return (
      <a class={name} role="menuitem" tabIndex={-1} href={item.href}>
        {content}
      </a>
    );
  }
  return (
    <button
      type="button"
      class={name}
      tabIndex={-1}
      {...semantics}
      onClick={() => {
        if (item.disabled === true) return;
        close();
        item.onSelect?.();
      }}
    >
      {content}
    </button>
  );
}

export function Menu(props: MenuProps) {
  const { label, button, items, buttonClass = 'button', align = 'start', disabled = false, plain = false } = props;
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  const entries = (): readonly HTMLElement[] => [...(list.current?.querySelectorAll<HTMLElement>('.menu-item') ?? [])];

  useLayoutEffect(() => {
    if (!open || list.current === null || opener.current === null) return;
    list.current.showPopover();
    place(list.current, opener.current, align);
  }, [open, align]);
  useEffect(() => {
    if (!open) return undefined;
    entries()[0]?.focus({ preventScroll: true });
    const away = (event: Event): void => {
      if (event.target instanceof Node && root.current?.contains(event.target) !== true) setOpen(false);
    };
    // It would stay where it is while its button moves away.
    const leave = (event: Event): void => {
      if (event.target !== list.current) setOpen(false);
    };
    document.addEventListener('pointerdown', away);
    document.addEventListener('scroll', leave, true);
    addEventListener('resize', leave);
    return () => {
      document.removeEventListener('pointerdown', away);
      document.removeEventListener('scroll', leave, true);
      removeEventListener('resize', leave);
    };
  }, [open]);

  function close(): void {
    setOpen(false);
    opener.current?.focus();
  }
  function onKey(event: KeyboardEvent): void {
    if (!open) {
      if (event.key === 'ArrowDown') {
        event.preventDefault();
        setOpen(true);
      }
      return;
    }
    const all = entries();
    const at = all.findIndex((one) => one === document.activeElement);
    const go = (index: number): void => {
      event.preventDefault();
      all[(index + all.length) % all.length]?.focus();
    };
    if (event.key === 'Escape') {
      event.stopPropagation();
      close();
    } else if (event.key === 'Tab') setOpen(false);
    else if (event.key === 'ArrowDown') go(at + 1);
    else if (event.key === 'ArrowUp') go(at - 1);
    else if (event.key === 'Home') go(0);
    else if (event.key === 'End') go(all.length - 1);
    else if (event.key.length === 1 && event.key !== ' ') {
      const next = [...all.slice(at + 1), ...all].find((one) =>
        one.textContent.toLowerCase().startsWith(event.key.toLowerCase()),
      );
      next?.focus();
    }
  }
  return (
    <div class="menu" ref={root} onKeyDown={onKey}>
      <button
        type="button"
        class={buttonClass}
        ref={opener}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        aria-label={label}
        title={label}
        disabled={disabled}
        onClick={() => setOpen(!open)}
      >
        {button}
        {plain ? null : <Icon name="chevron" />}
      </button>
      {open ? (
        <div class="menu-list" popover="manual" id={id} role="menu" aria-label={label} ref={list}>
          {(typeof items === 'function' ? items() : items).map((item) => (
            <div key={item.label} role="none" class={item.divided === true ? 'menu-divided' : undefined}>
              <Item item={item} close={close} />
            </div>
          ))}
        </div>
      ) : null}
    </div>
  );
}
