/** The scripts of a module, and any other of its files. */
import { useState } from 'preact/hooks';
import type { ConfigFileList } from '../../../http/api-types.js';
import { DraftNotices } from '../../config/conflict.js';
import { Editor } from '../../config/editor/editor.js';
import { Refused, useTask } from '../../config/task.js';
import { configTexts } from '../../config/texts.js';
import { api } from '../../session/session.js';
import { ConfirmDialog } from '../../ui/dialog.js';
import { uiTexts } from '../../ui/texts.js';
import { NotThere, useReading } from '../details/read.js';
import { configFile, draftOf, fileUrl, forgetDraft, languageOf, openDrafts } from './module-files.js';
import { modulesTexts as t } from './modules-texts.js';

const starts = ['bin/start_both', 'bin/stop_both', 'bin/start_prim', 'bin/stop_prim'];
const inOrder = (paths: readonly string[]): readonly string[] =>
  [...paths].sort((a, b) => (starts.includes(b) ? 1 : 0) - (starts.includes(a) ? 1 : 0) || (a < b ? -1 : 1));

function File({ module, path, onGone }: { readonly module: string; readonly path: string; readonly onGone: () => void }) {
  const draft = draftOf(module, path);
  const task = useTask();
  const [asking, setAsking] = useState(false);
  const state = draft.state.value;
  if (state.kind === 'loading') return <p class="hint">{uiTexts('loading')}</p>;
  if (state.kind === 'failed') return <Refused refusal={{ ...state, problems: [] }} />;
  const remove = (): void => {
    setAsking(false);
    task.run(async () => {
      await api.send('DELETE', fileUrl(module, path), { headers: { 'if-match': '*' } });
      forgetDraft(module, path);
      onGone();
    });
  };
  return (
    <div class="file">
      <DraftNotices draft={draft} language={languageOf(path)} file={path} />
      <Editor
        key={path}
        label={configTexts('editorLabel', { file: path })}
        language={languageOf(path)}
        text={draft.text.value}
        onChange={(text) => draft.set(text)}
      />
      <div class="config-row">
        <button
          type="button"
          class="button"
          disabled={task.busy || !draft.dirty.value}
          onClick={() => task.run(async () => void (await draft.save()))}
        >
          {t('saveFile', { file: path })}
        </button>
        <span class="muted" role="status">
          {draft.dirty.value ? configTexts('notSaved') : t('savedAs')}
        </span>
        {path === configFile ? null : (
          <button type="button" class="button quiet" disabled={task.busy} onClick={() => setAsking(true)}>
            {t('deleteFile', { file: path })}
          </button>
        )}
      </div>
      <Refused refusal={task.refusal} />
      {asking ? (
        <ConfirmDialog
          title={t('deleteTitle', { file: path })}
          onClose={() => setAsking(false)}
          confirm={t('deleteFile', { file: path })}
          onConfirm={remove}
          danger
        >
          <p>{t('deleteHelp')}</p>
        </ConfirmDialog>
      ) : null}
    </div>
  );
}
export function ScriptsStep({ module }: { readonly module: string }) {
  const { reading, again } = useReading<ConfigFileList>(`/modules/${encodeURIComponent(module)}/config`);
  const [all, setAll] = useState(false);
  const [chosen, setChosen] = useState<string | null>(null);
  const [name, setName] = useState('');
  if (reading.kind !== 'there') return <NotThere reading={reading} again={again} />;
  const drafts = openDrafts(module);
  const known = [
    ...new Set([
      ...reading.value.items.map(({ path }) => path),
      ...drafts.filter(({ draft }) => draft.dirty.value).map(({ path }) => path),
    ]),
  ];
  const shown = inOrder(known.filter((path) => all || path.startsWith('bin/')));
  const current = chosen ?? shown[0] ?? null;
  const good = /^(?:bin|conf)\/[\w.-]+(?:\/[\w.-]+)*$/.test(name.trim());
  return (
    <div class="files">
      <div class="file-list">
        <p class="muted">{t('scriptsHelp')}</p>
        <ul class="plain-list" aria-label={t('files')}>
          {shown.map((path) => (
            <li key={path}>
              <button type="button" class="file-button" aria-pressed={path === current} onClick={() => setChosen(path)}>
                <code>{path}</code>
                {drafts.some((one) => one.path === path && one.draft.dirty.value) ? (
                  <span class="moving"> ● {configTexts('notSaved')}</span>
                ) : null}
              </button>
            </li>
          ))}
        </ul>
        <button type="button" class="button small" aria-pressed={all} onClick={() => setAll(!all)}>
          {t(all ? 'onlyScripts' : 'allFiles')}
        </button>
        <form
          class="field"
          onSubmit={(event) => {
            event.preventDefault();
            if (!good) return;
            draftOf(module, name.trim());
            setChosen(name.trim());
            setName('');
          }}
        >
          <label for="new-file">{t('newFile')}</label>
          <input
            id="new-file"
            class="input"
            value={name}
            placeholder={t('newFileName')}
            spellcheck={false}
            autocomplete="off"
            aria-invalid={name !== '' && !good ? 'true' : undefined}
            aria-describedby="new-file-error"
            onInput={(event) => setName(event.currentTarget.value)}
          />
          <span class="field-error" id="new-file-error">
            {name !== '' && !good ? t('newFileBad') : null}
          </span>
          <button type="submit" class="button small" disabled={!good}>
            {t('add')}
          </button>
        </form>
      </div>
      {current === null ? null : (
        <File
          key={current}
          module={module}
          path={current}
          onGone={() => {
            setChosen(null);
            again();
          }}
        />
      )}
    </div>
  );
}
