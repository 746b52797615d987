/**
 * A file that is being changed: what the daemon has, what is written here, and what happens when both change. What is not saved yet is kept
 * in the tab's storage, so that loading the page again loses nothing.
 */
import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { ApiFailure } from '../api/failure.js';

/** A version of a file; `etag` null: there is no such file yet. */
export interface FileVersion {
  readonly text: string;
  readonly etag: string | null;
}
/** How a file is read and written. */
export interface FileAccess {
  /** Null: there is none. @throws ApiFailure */
  read(): Promise<FileVersion | null>;
  /** @returns the new version's tag. @throws ApiFailure FILE_CONFLICT */
  write(text: string, etag: string | null): Promise<string>;
}
export type DraftState =
  | { readonly kind: 'loading' }
  | { readonly kind: 'failed'; readonly message: string; readonly code: string }
  | { readonly kind: 'there' };

export interface Draft {
  readonly state: ReadonlySignal<DraftState>;
  readonly text: ReadonlySignal<string>;
  readonly dirty: ReadonlySignal<boolean>;
  /** What somebody else saved meanwhile: nothing is written over it before that is decided. */
  readonly theirs: ReadonlySignal<FileVersion | null>;
  /** It was not saved, and came back from the tab's storage. */
  readonly restored: ReadonlySignal<boolean>;
  set(text: string): void;
  /** Back to what the daemon has. */
  discard(): void;
  /** Takes theirs, or goes on with mine, which then replaces it. */
  resolve(which: 'theirs' | 'mine'): void;
  /** False: there is a conflict now. @throws ApiFailure */
  save(): Promise<boolean>;
  /** Reads again; what is not saved stays. */
  load(): Promise<void>;
}
/** Where drafts are kept. */
export interface DraftStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

interface Kept {
  readonly base: string;
  readonly etag: string | null;
  readonly text: string;
}
function decode(kept: string | null): Kept | null {
  try {
    const value: unknown = JSON.parse(kept ?? 'null');
    if (typeof value !== 'object' || value === null || !('base' in value && 'etag' in value && 'text' in value)) return null;
    const { base, etag, text } = value;
    if (typeof base !== 'string' || typeof text !== 'string' || (etag !== null && typeof etag !== 'string')) return null;
    return { base, etag, text };
  } catch {
    return null;
  }
}

/** Makes a draft; nothing is read before `load`. @param initial of a file that there is not yet */
export function createDraft(key: string, access: FileAccess, storage: DraftStorage, initial = ''): Draft {
  const state = signal<DraftState>({ kind: 'loading' });
  const base: Signal<FileVersion> = signal({ text: '', etag: null });
  const text = signal('');
  const theirs = signal<FileVersion | null>(null);
  const restored = signal(false);
  const dirty = computed(() => state.value.kind === 'there' && (text.value !== base.value.text || base.value.etag === null));

  function keep(): void {
    try {
      if (text.peek() === base.peek().text) storage.removeItem(key);
      else storage.setItem(key, JSON.stringify({ base: base.peek().text, etag: base.peek().etag, text: text.peek() }));
    } catch {
      // A full or forbidden storage: then loading again loses it, and nothing else.
    }
  }
  function begin(version: FileVersion, wanted: string): void {
    base.value = version;
    text.value = wanted;
    state.value = { kind: 'there' };
    keep();
  }
  return {
    state,
    text,
    dirty,
    theirs,
    restored,
    set(wanted) {
      text.value = wanted;
      keep();
    },
    discard() {
      restored.value = false;
      begin(theirs.peek() ?? base.peek(), (theirs.peek() ?? base.peek()).text);
      theirs.value = null;
    },
    resolve(which) {
      const other = theirs.peek();
      if (other === null) return;
      begin(other, which === 'theirs' ? other.text : text.peek());
      theirs.value = null;
    },
    async save() {
      if (theirs.peek() !== null) return false;
      const written = text.peek();
      try {
        const etag = await access.write(written, base.peek().etag);
        base.value = { text: written, etag };
        restored.value = false;
        keep();
        return true;
      } catch (error) {
        if (!(error instanceof ApiFailure) || error.code !== 'FILE_CONFLICT') throw error;
        theirs.value = (await access.read()) ?? { text: '', etag: null };
        return false;
      }
    },
    async load() {
      try {
        const version = (await access.read()) ?? { text: initial, etag: null };
        const kept =
          state.peek().kind === 'there'
            ? { base: base.peek().text, etag: base.peek().etag, text: text.peek() }
            : decode(storage.getItem(key));
        if (kept === null || kept.text === kept.base || kept.text === version.text) {
          begin(version, version.text);
          return;
        }
        restored.value = true;
        if (kept.etag === version.etag) {
          begin(version, kept.text);
          return;
        }
        begin({ text: kept.base, etag: kept.etag }, kept.text);
        theirs.value = version;
      } catch (error) {
        const failure = error instanceof ApiFailure ? error : new ApiFailure(0, 'OFFLINE', String(error), null);
        state.value = { kind: 'failed', message: failure.message, code: failure.code };
      }
    },
  };
}
