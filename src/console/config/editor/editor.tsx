/** The editor of texts, loaded when it is opened. It is in a shadow tree, where its styles need no exception from the page's policy. */
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { uiTexts } from '../../ui/texts.js';
import type { PlacedProblem } from '../problems.js';
import type { EditorHandle, EditorLanguage } from './codemirror.js';

export interface EditorProps {
  readonly label: string;
  readonly language: EditorLanguage;
  readonly text: string;
  readonly problems?: readonly PlacedProblem[];
  readonly readOnly?: boolean;
  readonly onChange?: (text: string) => void;
  /** A place to go to; a new object goes there anew. */
  readonly goTo?: { readonly at: number } | null;
}
export function Editor({ label, language, text, problems = [], readOnly = false, onChange, goTo = null }: EditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const [handle, setHandle] = useState<EditorHandle | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const told = useRef(onChange);
  told.current = onChange;
  useEffect(() => {
    let made: EditorHandle | null = null;
    let gone = false;
    import('./codemirror.js').then(
      ({ createEditor }) => {
        const element = host.current;
        if (gone || element === null) return;
        made = createEditor(element, { label, language, text, readOnly, onChange: (next) => told.current?.(next) });
        setHandle(made);
      },
      (error: unknown) => setFailure(String(error)),
    );
    return () => {
      gone = true;
      made?.destroy();
      setHandle(null);
    };
    // The text is put in by the next effect; a new editor is for another file.
  }, [label, language, readOnly]);
  // Before the next key: later, it would put back what has been written over meanwhile.
  useLayoutEffect(() => handle?.setText(text), [handle, text]);
  useEffect(() => handle?.setProblems(problems), [handle, problems]);
  useEffect(() => {
    if (goTo !== null) handle?.goTo(goTo.at);
  }, [handle, goTo]);
  return (
    <div class="editor">
      {handle === null ? <p class="hint loading">{failure ?? uiTexts('loading')}</p> : null}
      <div class="editor-host" ref={host} />
    </div>
  );
}
