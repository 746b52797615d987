/** The output of one run of a script. */
import { useEffect, useState } from 'preact/hooks';
import type { Userlog, UserlogList } from '../../../http/api-types.js';
import { dayTime } from '../../i18n/time.js';
import { everyTenSeconds } from '../../model/clock.js';
import { api } from '../../session/session.js';
import { Dialog } from '../../ui/dialog.js';
import { uiTexts } from '../../ui/texts.js';
import { NotThere, onNode, useReading } from './read.js';
import { detailsTexts as t } from './texts.js';

interface UserlogProps {
  readonly module: string;
  readonly node: string;
  readonly name: string;
  readonly onClose: () => void;
}
export function UserlogDialog({ module, node, name, onClose }: UserlogProps) {
  const [text, setText] = useState<string | null>(null);
  useEffect(() => {
    api.text(onNode(module, node, `userlogs/${encodeURIComponent(name)}`)).then(setText, (error: unknown) => {
      setText(t('failed', { reason: error instanceof Error ? error.message : String(error) }));
    });
  }, [module, node, name]);
  return (
    <Dialog
      title={t('userlogTitle', { name })}
      onClose={onClose}
      actions={
        <button type="button" class="button primary" onClick={onClose}>
          {t('close1')}
        </button>
      }
    >
      <textarea
        class="userlog"
        readOnly
        rows={16}
        spellcheck={false}
        aria-label={t('userlogTitle', { name })}
        value={text === null ? uiTexts('loading') : text === '' ? t('userlogEmpty') : text}
      />
    </Dialog>
  );
}
export function Scripts({ module, node }: { readonly module: string; readonly node: string }) {
  const { reading, again } = useReading<UserlogList>(onNode(module, node, 'userlogs'));
  const [open, setOpen] = useState<Userlog | null>(null);
  if (reading.kind !== 'there') return <NotThere reading={reading} again={again} />;
  if (reading.value.items.length === 0) return <p class="hint">{t('noScripts')}</p>;
  return (
    <div class="tab-body">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">{t('name')}</th>
            <th scope="col">{t('since')}</th>
            <th scope="col" class="number">
              {t('bytes')}
            </th>
          </tr>
        </thead>
        <tbody>
          {reading.value.items.toReversed().map((file) => (
            <tr key={file.name}>
              <td>
                <button type="button" class="line-link" onClick={() => setOpen(file)}>
                  {file.name}
                </button>
              </td>
              <td>{dayTime(Date.parse(file.at), everyTenSeconds.value)}</td>
              <td class="number">{file.bytes}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {open === null ? null : <UserlogDialog module={module} node={node} name={open.name} onClose={() => setOpen(null)} />}
    </div>
  );
}
