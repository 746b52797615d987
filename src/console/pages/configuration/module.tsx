/** The steps of a module's configuration: the file in two views, the scripts, encryption, applying. */
import { useCallback, useEffect, useState } from 'preact/hooks';
import { readForEdit } from '../../../config/xml-edit.js';
import type { ClusterXml, InspectedConfig } from '../../../http/api-types.js';
import { TwoViews } from '../../config/document.js';
import { ModuleForm } from '../../config/form/form.js';
import { Refused } from '../../config/task.js';
import { live } from '../../model/store.js';
import { navigate, pathOf } from '../../router.js';
import { api } from '../../session/session.js';
import { Link } from '../../ui/link.js';
import { uiTexts } from '../../ui/texts.js';
import { lansOf } from './cluster-document.js';
import { KeyPanel } from './key-panel.js';
import { ApplyStep } from './module-apply.js';
import { configFile, draftOf, rereadDrafts } from './module-files.js';
import { ScriptsStep } from './module-scripts.js';
import { modulesTexts as t } from './modules-texts.js';

const steps = [
  { path: 'config', title: 'tabConfig' },
  { path: 'scripts', title: 'tabScripts' },
  { path: 'encryption', title: 'tabEncryption' },
  { path: 'apply', title: 'tabApply' },
] as const;

/** Names of the cluster's networks, to choose from. */
function useLans(): readonly string[] {
  const [lans, setLans] = useState<readonly string[]>([]);
  useEffect(() => {
    api.get<ClusterXml>('/cluster/config').then(
      ({ xml }) => {
        const read = readForEdit(xml);
        setLans(read.ok ? (lansOf(read.document)?.rows.map(({ name }) => name) ?? []) : []);
      },
      () => undefined,
    );
  }, []);
  return lans;
}
function ConfigStep({ module }: { readonly module: string }) {
  const draft = draftOf(module, configFile);
  const lans = useLans();
  const [view, setView] = useState<'form' | 'xml'>('form');
  const inspect = useCallback(
    async (xml: string, signal: AbortSignal) =>
      (
        await api.json<InspectedConfig>('POST', `/modules/${encodeURIComponent(module)}/config/inspect`, {
          json: { xml },
          signal,
        })
      ).problems,
    [module],
  );
  const state = draft.state.value;
  if (state.kind === 'loading') return <p class="hint">{uiTexts('loading')}</p>;
  if (state.kind === 'failed') return <Refused refusal={{ ...state, problems: [] }} />;
  const nodes = live.nodes.value.map(({ name }) => name);
  return (
    <TwoViews
      {...{ draft, file: configFile, language: 'module', inspect, view, onView: setView }}
      form={(parts) => <ModuleForm context={{ ...parts, lans, nodes }} />}
    />
  );
}
export function ModulePage({ module, step }: { readonly module: string; readonly step: string }) {
  const current = steps.findIndex(({ path }) => path === step);
  useEffect(() => rereadDrafts(module), [module]);
  const next = steps[current + 1];
  return (
    <div class="config-page">
      <p>
        <Link to="/configuration/modules">← {t('back')}</Link>
      </p>
      <h2>{module}</h2>
      <nav class="tabs" aria-label={t('tabsLabel')}>
        {steps.map(({ path, title }) => (
          <Link key={path} to={pathOf('configuration', 'modules', module, path)} class="tab" current={path === step}>
            {t(title)}
          </Link>
        ))}
      </nav>
      {step === 'config' ? <ConfigStep module={module} /> : null}
      {step === 'scripts' ? <ScriptsStep module={module} /> : null}
      {step === 'encryption' ? (
        <>
          <p>{t('encryptionHelp')}</p>
          <KeyPanel />
        </>
      ) : null}
      {step === 'apply' ? <ApplyStep module={module} /> : null}
      {next === undefined ? null : (
        <div class="config-row">
          <button
            type="button"
            class="button primary"
            onClick={() => navigate(pathOf('configuration', 'modules', module, next.path))}
          >
            {t('next')}
          </button>
        </div>
      )}
    </div>
  );
}
