/** What a draft has to say: it came back, or somebody else saved the file. */
import type { Draft } from './draft.js';
import type { EditorLanguage } from './editor/codemirror.js';
import { Editor } from './editor/editor.js';
import { configTexts as t } from './texts.js';

export function DraftNotices({
  draft,
  language,
  file,
}: {
  readonly draft: Draft;
  readonly language: EditorLanguage;
  readonly file: string;
}) {
  const theirs = draft.theirs.value;
  if (theirs !== null) {
    return (
      <div class="notice bad" role="alert">
        <h3>{t('conflictTitle')}</h3>
        <p>{t('conflictHelp')}</p>
        <details>
          <summary>{t('conflictTheirs')}</summary>
          <Editor label={`${t('conflictTheirs')}: ${file}`} language={language} text={theirs.text} readOnly />
        </details>
        <div class="config-row">
          <button type="button" class="button" onClick={() => draft.resolve('theirs')}>
            {t('takeTheirs')}
          </button>
          <button type="button" class="button danger" onClick={() => draft.resolve('mine')}>
            {t('keepMine')}
          </button>
        </div>
      </div>
    );
  }
  if (!draft.restored.value || !draft.dirty.value) return null;
  return (
    <div class="notice moving" role="status">
      <p>{t('restored')}</p>
      <button type="button" class="button" onClick={() => draft.discard()}>
        {t('discard')}
      </button>
    </div>
  );
}
