/** The modules that are installed, and what can be done with each as a whole. */
import { useRef, useState } from 'preact/hooks';
import type { ConfInfo, VersionList } from '../../../http/api-types.js';
import { type NodeResult, NodeResults } from '../../config/nodes.js';
import { type Refusal, Refused, refusalOf, saveFile, useTask } from '../../config/task.js';
import { dayTime } from '../../i18n/time.js';
import type { ModuleEntry } from '../../model/live.js';
import { live } from '../../model/store.js';
import { navigate, pathOf } from '../../router.js';
import { api } from '../../session/session.js';
import { CopyLine } from '../../ui/copy.js';
import { ConfirmDialog, Dialog } from '../../ui/dialog.js';
import { Icon } from '../../ui/icons.js';
import { Link } from '../../ui/link.js';
import { Menu } from '../../ui/menu.js';
import { uiTexts } from '../../ui/texts.js';
import { NotThere, useReading } from '../details/read.js';
import { modulesTexts as t } from './modules-texts.js';
import { uploadMs } from './new-module.js';

const nodesMs = 40_000;
const moduleUrl = (module: string, rest = ''): string => `/modules/${encodeURIComponent(module)}${rest}`;

/** Does the same on nodes, each by itself. */
async function onEach(
  nodes: readonly string[],
  method: string,
  path: string,
  tell: (results: readonly NodeResult[]) => void,
): Promise<void> {
  const results = new Map(
    nodes.map((node): [string, NodeResult] => [node, { node, state: 'running', message: '', problems: [] }]),
  );
  const told = (): void => tell([...results.values()]);
  told();
  await Promise.all(
    nodes.map(async (node) => {
      try {
        await api.send(method, `/nodes/${encodeURIComponent(node)}${path}`, { timeoutMs: nodesMs });
        results.set(node, { node, state: 'done', message: '', problems: [] });
      } catch (error) {
        const { code, message, problems } = refusalOf(error);
        results.set(node, { node, state: code === 'NODE_UNREACHABLE' ? 'away' : 'failed', message, problems });
      }
      told();
    }),
  );
}

interface WholeProps {
  readonly module: string;
  readonly what: 'unconfigure' | 'uninstall';
  readonly nodes: readonly string[];
  readonly self: string;
  readonly onClose: () => void;
  readonly onDo: (nodes: readonly string[]) => void;
}
function AskWhole({ module, what, nodes, self, onClose, onDo }: WholeProps) {
  const [all, setAll] = useState(true);
  const chosen = all ? nodes : nodes.filter((node) => node === self);
  const command = what === 'uninstall' ? `module uninstall -m ${module}` : `deconfig -m ${module}`;
  return (
    <ConfirmDialog
      title={t(what === 'uninstall' ? 'uninstallTitle' : 'unconfigureTitle', { module })}
      onClose={onClose}
      confirm={t(what)}
      onConfirm={() => onDo(chosen)}
      danger
    >
      <p>{t(what === 'uninstall' ? 'uninstallHelp' : 'unconfigureHelp')}</p>
      {nodes.length < 2 ? null : (
        <fieldset class="form-element">
          <legend>{t('onNodes')}</legend>
          <label class="config-row">
            <input type="radio" name="where" checked={all} onChange={() => setAll(true)} />{' '}
            {t('onAll', { nodes: nodes.join(', ') })}
          </label>
          {nodes.includes(self) ? (
            <label class="config-row">
              <input type="radio" name="where" checked={!all} onChange={() => setAll(false)} /> {t('onlyHere', { node: self })}
            </label>
          ) : null}
        </fieldset>
      )}
      <CopyLine text={all && nodes.length > 1 ? `holdfast -H "${nodes.join(',')}" ${command}` : `holdfast ${command}`} />
    </ConfirmDialog>
  );
}
function Restore({
  module,
  onClose,
  onDone,
}: {
  readonly module: string;
  readonly onClose: () => void;
  readonly onDone: () => void;
}) {
  const { reading, again } = useReading<VersionList>(moduleUrl(module, '/versions'));
  const task = useTask();
  return (
    <Dialog
      title={t('restoreTitle', { module })}
      onClose={onClose}
      actions={
        <button type="button" class="button" onClick={onClose}>
          {uiTexts('cancel')}
        </button>
      }
    >
      <p>{t('restoreHelp')}</p>
      <Refused refusal={task.refusal} />
      {reading.kind !== 'there' ? (
        <NotThere reading={reading} again={again} />
      ) : reading.value.items.length === 0 ? (
        <p>{t('restoreNone')}</p>
      ) : (
        <ul class="plain-list">
          {reading.value.items.map(({ version, at }) => (
            <li key={version} class="config-row">
              <span>
                {t('applied', { at: dayTime(Date.parse(at), Date.now()) })} <code class="muted">{version}</code>
              </span>
              <button
                type="button"
                class="button small"
                disabled={task.busy}
                aria-label={`${t('restoreThis')}: ${version}`}
                onClick={() =>
                  task.run(async () => {
                    await api.send('POST', moduleUrl(module, `/versions/${encodeURIComponent(version)}/restore`));
                    onDone();
                  })
                }
              >
                {t('restoreThis')}
              </button>
            </li>
          ))}
        </ul>
      )}
    </Dialog>
  );
}
function Module({ entry }: { readonly entry: ModuleEntry }) {
  const { name, id, mode } = entry;
  const self = live.cluster.value?.self ?? '';
  const nodes = entry.nodes;
  const here = nodes.includes(self);
  const info = useReading<ConfInfo>(moduleUrl(name, '/confinfo'));
  const [open, setOpen] = useState<'unconfigure' | 'uninstall' | 'restore' | null>(null);
  const [results, setResults] = useState<readonly NodeResult[]>([]);
  const [failure, setFailure] = useState<Refusal | null>(null);
  const picker = useRef<HTMLInputElement>(null);
  const task = useTask();
  const known = info.reading.kind === 'there' ? info.reading.value : null;
  const configPath = pathOf('configuration', 'modules', name, 'config');
  const whole = (what: 'unconfigure' | 'uninstall') => (chosen: readonly string[]) => {
    setOpen(null);
    setFailure(null);
    task.run(async () => {
      await onEach(chosen, 'DELETE', moduleUrl(name, what === 'uninstall' ? '' : '/config'), setResults);
      info.again();
      live.refresh();
    });
  };
  const download = (): void =>
    task.run(async () => {
      const response = await api.send('GET', moduleUrl(name, '/package'), {
        timeoutMs: uploadMs,
        headers: { accept: 'application/zip' },
      });
      saveFile(`${name}.safe`, await response.blob());
    });
  const upload = (file: File): void =>
    task.run(async () => {
      await api.send('PUT', `${moduleUrl(name)}?force=true&id=${id}`, {
        bytes: file,
        headers: { 'content-type': 'application/zip' },
        timeoutMs: uploadMs,
      });
      navigate(configPath);
    });
  return (
    <article class="form-section" aria-labelledby={`module-${name}`}>
      <div class="module-head">
        <h3 id={`module-${name}`}>{name}</h3>
        <span class="muted">
          {[
            t('id', { id }),
            mode === null ? null : t('mode', { mode }),
            known === null
              ? null
              : known.active === null
                ? t('notApplied')
                : t('applied', { at: dayTime(Date.parse(known.active.at), Date.now()) }),
          ]
            .filter((part) => part !== null)
            .join(' · ')}
          {known?.active != null && known.active.signature !== known.current?.signature ? (
            <strong class="moving"> · {t('edited')}</strong>
          ) : null}
          {here ? null : <strong class="moving"> · {t('notHere', { module: name })}</strong>}
        </span>
        <span class="config-row end">
          {here ? (
            <Link to={configPath} class="button primary" label={`${t('configure')} ${name}`}>
              {t('configure')}
            </Link>
          ) : null}
          <Menu
            label={t('more', { module: name })}
            align="end"
            buttonClass="button quiet"
            button={<Icon name="more" />}
            items={[
              { label: t('download', { module: name }), disabled: !here, onSelect: download },
              { label: t('upload'), disabled: !here, onSelect: () => picker.current?.click() },
              { label: t('restore'), disabled: !here, onSelect: () => setOpen('restore') },
              { label: t('unconfigure'), divided: true, disabled: !entry.configured, onSelect: () => setOpen('unconfigure') },
              { label: t('uninstall'), danger: true, onSelect: () => setOpen('uninstall') },
            ]}
          />
          <input
            ref={picker}
            type="file"
            accept=".safe,.zip"
            hidden
            aria-label={`${t('upload')} ${name}`}
            onChange={(event) => {
              const file = event.currentTarget.files?.[0];
              event.currentTarget.value = '';
              if (file !== undefined) upload(file);
            }}
          />
        </span>
      </div>
      <Refused refusal={failure ?? task.refusal} />
      <NodeResults results={results} label={t('results')} />
      {open === 'unconfigure' || open === 'uninstall' ? (
        <AskWhole {...{ module: name, what: open, nodes, self }} onClose={() => setOpen(null)} onDo={whole(open)} />
      ) : null}
      {open === 'restore' ? <Restore module={name} onClose={() => setOpen(null)} onDone={() => navigate(configPath)} /> : null}
    </article>
  );
}
export function ModulesHome() {
  const modules = live.modules.value;
  return (
    <div class="config-page">
      <div class="config-row">
        <h2>{t('title')}</h2>
        <Link to="/configuration/modules/@new" class="button primary">
          {t('newModule')}
        </Link>
      </div>
      {modules?.length === 0 ? <p class="hint">{t('none')}</p> : null}
      {modules?.map((entry) => (
        <Module key={`${entry.name} ${entry.signature}`} entry={entry} />
      ))}
    </div>
  );
}
