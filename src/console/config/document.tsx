/** One XML file in two views, with what is wrong with it found while it is written. */
import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { applyChanges, type EditDocument, readForEdit, type TextChange } from '../../config/xml-edit.js';
import type { ConfigProblem } from '../../http/api-types.js';
import { StateShape } from '../ui/icons.js';
import { DraftNotices } from './conflict.js';
import type { Draft } from './draft.js';
import { Editor } from './editor/editor.js';
import { formTexts } from './form/texts.js';
import { type PlacedProblem, placeProblems } from './problems.js';
import { configTexts as t } from './texts.js';

const settleMs = 350;

/** Findings about a text, asked for when it has not changed for a moment. Null: not known yet. */
function useInspection(
  text: string,
  inspect: (text: string, signal: AbortSignal) => Promise<readonly ConfigProblem[]>,
): readonly ConfigProblem[] | null {
  const [found, setFound] = useState<{ readonly text: string; readonly problems: readonly ConfigProblem[] } | null>(null);
  useEffect(() => {
    const gone = new AbortController();
    const timer = setTimeout(() => {
      inspect(text, gone.signal).then(
        (problems) => setFound({ text, problems }),
        () => undefined,
      );
    }, settleMs);
    return () => {
      clearTimeout(timer);
      gone.abort();
    };
  }, [text, inspect]);
  return found?.text === text ? found.problems : null;
}
export interface DocumentProps {
  readonly draft: Draft;
  readonly file: string;
  readonly language: 'module' | 'cluster';
  readonly inspect: (text: string, signal: AbortSignal) => Promise<readonly ConfigProblem[]>;
  /** The form over the file as it is now. */
  readonly form: (parts: {
    readonly document: EditDocument;
    readonly placed: readonly PlacedProblem[];
    readonly change: (changes: readonly TextChange[]) => void;
  }) => ComponentChildren;
  readonly view: 'form' | 'xml';
  readonly onView: (view: 'form' | 'xml') => void;
}
export function TwoViews({ draft, file, language, inspect, form, view, onView }: DocumentProps) {
  const text = draft.text.value;
  const [goTo, setGoTo] = useState<{ readonly at: number } | null>(null);
  const result = useMemo(() => readForEdit(text), [text]);
  const problems = useInspection(text, inspect);
  const document = result.ok ? result.document : null;
  // What was found in an earlier text is at other places now.
  const placed = useMemo(() => placeProblems(text, document, problems ?? []), [text, document, problems]);
  function change(on: EditDocument, changes: readonly TextChange[]): void {
    // Places of a text that is not there any more would be others.
    if (draft.text.peek() === on.text) draft.set(applyChanges(on.text, changes));
  }
  const errors = placed.filter(({ problem }) => problem.severity === 'error').length;
  return (
    <div class="two-views">
      <DraftNotices draft={draft} language={language} file={file} />
      <div class="two-views-head">
        <fieldset class="view-choice config-row" aria-label={t('viewLabel')}>
          {(['form', 'xml'] as const).map((one) => (
            <button key={one} type="button" class="button small" aria-pressed={view === one} onClick={() => onView(one)}>
              {t(one)}
            </button>
          ))}
        </fieldset>
        <span class="findings-count" role="status">
          {problems === null ? (
            <span class="muted">{t('checking')}</span>
          ) : (
            <>
              <StateShape verdict={errors > 0 ? 'bad' : placed.length > 0 ? 'moving' : 'well'} />
              {placed.length === 0
                ? t('noProblems')
                : [
                    errors > 0 ? t('errors', { n: errors }) : null,
                    placed.length > errors ? t('warnings', { n: placed.length - errors }) : null,
                  ]
                    .filter((part) => part !== null)
                    .join(', ')}
            </>
          )}
          {draft.dirty.value ? <span class="muted"> · {t('notSaved')}</span> : null}
        </span>
      </div>
      {view === 'xml' ? (
        <Editor
          label={t('editorLabel', { file })}
          language={language}
          text={text}
          problems={placed}
          goTo={goTo}
          onChange={(next) => draft.set(next)}
        />
      ) : result.ok ? (
        form({ document: result.document, placed, change: (changes) => change(result.document, changes) })
      ) : (
        <p class="hint" role="alert">
          {formTexts('broken', {
            reason: result.problem.message,
            line: text.slice(0, result.problem.offset).split(/\r\n?|\n/).length,
          })}
        </p>
      )}
      {placed.length === 0 ? null : (
        <section aria-label={t('findings')}>
          <ul class="problem-list" lang="en">
            {placed.map(({ problem, from }) => (
              <li
                key={`${problem.line}:${problem.column} ${problem.message}`}
                class={problem.severity === 'error' ? 'bad' : 'moving'}
              >
                <button
                  type="button"
                  class="button quiet small"
                  onClick={() => {
                    onView('xml');
                    setGoTo({ at: from });
                  }}
                >
                  {t('goThere', { line: problem.line })}
                </button>
                <span class="problem-text">
                  {problem.message} {problem.remedy}
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}
