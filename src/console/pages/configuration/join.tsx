/** Letting a node in: the command with a token, and seeing it come. */
import { useEffect, useState } from 'preact/hooks';
import type { NodeInvitation } from '../../../http/api-types.js';
import { Refused, useTask } from '../../config/task.js';
import { clockTime } from '../../i18n/time.js';
import { api } from '../../session/session.js';
import { CopyLine } from '../../ui/copy.js';
import { clusterTexts as t } from './cluster-texts.js';
import { type Comer, joinCommandOf } from './join-command.js';

const minutes = 60;

export function JoinCommand({ comer }: { readonly comer: Comer | null }) {
  const { run, refusal } = useTask();
  const [invitation, setInvitation] = useState<NodeInvitation | null>(null);
  useEffect(() => {
    run(async () => setInvitation(await api.json<NodeInvitation>('POST', '/cluster/invitations', { json: { minutes } })));
  }, [run]);
  if (invitation === null) return <Refused refusal={refusal} />;
  return (
    <div class="join-command">
      <p>{comer === null ? t('inviteHelp', { minutes }) : t('joinNode', { node: comer.name })}</p>
      <CopyLine text={joinCommandOf(invitation, comer)} />
      <p class="muted">{t('inviteEnds', { time: clockTime(Date.parse(invitation.expires)) })}</p>
    </div>
  );
}
