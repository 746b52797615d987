/** A new module: from a template, from a module that was uninstalled, or from a file. */
import { useId, useState } from 'preact/hooks';
import type { BackupList, ModuleSummary, TemplateList } from '../../../http/api-types.js';
import { Refused, useTask } from '../../config/task.js';
import { dayTime } from '../../i18n/time.js';
import { live } from '../../model/store.js';
import { navigate, pathOf } from '../../router.js';
import { api } from '../../session/session.js';
import { uiTexts } from '../../ui/texts.js';
import { NotThere, useReading } from '../details/read.js';
import { modulesTexts as t } from './modules-texts.js';

export const uploadMs = 60_000;
const goodName = /^[A-Za-z][\w-]{0,31}$/;

type Source =
  | { readonly kind: 'template'; readonly template: string; readonly suggests: string }
  | { readonly kind: 'file'; readonly file: File | null };

interface ChoiceProps {
  readonly group: string;
  readonly title: string;
  readonly hint: string;
  readonly checked: boolean;
  readonly onChoose: () => void;
}
function Choice({ group, title, hint, checked, onChoose }: ChoiceProps) {
  return (
    <label class="config-choice">
      <input type="radio" name={group} checked={checked} onChange={onChoose} />
      <span>
        <strong>{title}</strong>
        <span class="muted">{hint}</span>
      </span>
    </label>
  );
}
export function NewModule() {
  const id = useId();
  const templates = useReading<TemplateList>('/templates');
  const backups = useReading<BackupList>('/backups');
  const [source, setSource] = useState<Source | null>(null);
  const [name, setName] = useState<string | null>(null);
  const [tried, setTried] = useState(false);
  const task = useTask();
  const suggested =
    source === null
      ? ''
      : source.kind === 'template'
        ? source.suggests
        : (source.file?.name.replace(/\.(?:safe|zip)$/, '') ?? '');
  const wanted = name ?? suggested;
  const taken = live.modules.value?.some((one) => one.name.toLowerCase() === wanted.toLowerCase()) === true;
  const error = !goodName.test(wanted) ? t('nameBad') : taken ? t('nameTaken') : null;
  if (templates.reading.kind !== 'there') return <NotThere {...templates} />;
  const create = (): void => {
    setTried(true);
    if (source === null || error !== null || (source.kind === 'file' && source.file === null)) return;
    task.run(async () => {
      const path = `/modules/${encodeURIComponent(wanted)}`;
      if (source.kind === 'template')
        await api.json<ModuleSummary>('PUT', `${path}?template=${encodeURIComponent(source.template)}`, { timeoutMs: uploadMs });
      else if (source.file !== null)
        await api.json<ModuleSummary>('PUT', path, {
          bytes: source.file,
          headers: { 'content-type': 'application/zip' },
          timeoutMs: uploadMs,
        });
      live.refresh();
      navigate(pathOf('configuration', 'modules', wanted, 'config'));
    });
  };
  const chosen = (template: string): boolean => source?.kind === 'template' && source.template === template;
  return (
    <form
      class="config-page narrow"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        create();
      }}
    >
      <h2>{t('newTitle')}</h2>
      <fieldset class="form-element">
        <legend>{t('newFrom')}</legend>
        <h3>{t('templates')}</h3>
        {templates.reading.value.items.map((one) => (
          <Choice
            key={one.name}
            group={id}
            title={one.name}
            hint={one.description}
            checked={chosen(one.name)}
            onChoose={() => setSource({ kind: 'template', template: one.name, suggests: one.name })}
          />
        ))}
        {backups.reading.kind === 'there' && backups.reading.value.items.length > 0 ? (
          <>
            <h3>{t('backups')}</h3>
            {backups.reading.value.items.map((one) => (
              <Choice
                key={one.name}
                group={id}
                title={one.name}
                hint={t('backupOf', { module: one.module, at: dayTime(Date.parse(one.at), Date.now()) })}
                checked={chosen(`backup/${one.name}`)}
                onChoose={() => setSource({ kind: 'template', template: `backup/${one.name}`, suggests: one.module })}
              />
            ))}
          </>
        ) : null}
        <h3>{t('uploadFile')}</h3>
        <div class="field">
          <label for={`${id}-file`}>{t('chooseFile')}</label>
          <input
            id={`${id}-file`}
            type="file"
            accept=".safe,.zip"
            onChange={(event) => setSource({ kind: 'file', file: event.currentTarget.files?.[0] ?? null })}
          />
        </div>
      </fieldset>
      <div class="field">
        <label for={`${id}-name`}>{t('name')}</label>
        <p class="field-help" id={`${id}-help`}>
          {t('nameHelp')}
        </p>
        <input
          id={`${id}-name`}
          class="input"
          value={wanted}
          spellcheck={false}
          autocapitalize="none"
          autocomplete="off"
          aria-invalid={tried && error !== null ? 'true' : undefined}
          aria-describedby={`${id}-help ${id}-error`}
          onInput={(event) => setName(event.currentTarget.value)}
        />
        <p class="field-error" id={`${id}-error`}>
          {tried || (taken && source !== null) ? error : null}
        </p>
      </div>
      <Refused refusal={task.refusal} />
      <div class="config-row">
        <button type="submit" class="button primary" disabled={task.busy || source === null}>
          {t('create')}
        </button>
        <button type="button" class="button" onClick={() => navigate('/configuration/modules')}>
          {uiTexts('cancel')}
        </button>
      </div>
    </form>
  );
}
