/** What an action will do, before it is done. Pure: the texts are made of what is returned. */
import type { MaintenanceSwitch, ModuleCommand, ModuleNodeStatus } from '../../http/api-types.js';

export type Command = Extract<ModuleCommand, 'start' | 'stop' | 'restart' | 'stopstart' | 'forcestop'>;
export type Change =
  | { readonly kind: 'command'; readonly command: Command }
  | { readonly kind: 'rolling'; readonly command: 'restart' | 'stopstart' }
  | { readonly kind: 'switch'; readonly what: MaintenanceSwitch; readonly on: boolean }
  /** What is known is written down: on the node, or for the user to take away, also without names and addresses. */
  | { readonly kind: 'support'; readonly what: Support };
export type Support = 'dump' | 'snapshot' | 'anonymised';

export type ConsequenceKey =
  | 'willStart'
  | 'alreadyStarted'
  | 'willStop'
  | 'alreadyStopped'
  | 'othersTake'
  | 'lastServing'
  | 'noneServes'
  | 'willRestart'
  | 'restartStopped'
  | 'willStopStart'
  | 'willForce'
  | 'meanwhileOthers'
  | 'meanwhileNone'
  | 'rolls'
  | 'notReached'
  | 'errdOff'
  | 'errdOn'
  | 'checkerOff'
  | 'checkerOn'
  | 'failoverOff'
  | 'failoverOn'
  | 'bootOff'
  | 'bootOn'
  | Support;
export interface Consequence {
  readonly key: ConsequenceKey;
  readonly nodes: readonly string[];
  /** It may cost the clients something. */
  readonly serious: boolean;
}

const say = (key: ConsequenceKey, statuses: readonly ModuleNodeStatus[], serious = false): readonly Consequence[] =>
  statuses.length === 0 ? [] : [{ key, nodes: statuses.map((one) => one.node), serious }];

function ofStop(targets: readonly ModuleNodeStatus[], others: readonly ModuleNodeStatus[]): readonly Consequence[] {
  const running = targets.filter((one) => one.state !== 'STOP' || one.wish === 'start');
  const idle = targets.filter((one) => !running.includes(one));
  const serving = running.filter((one) => one.ready);
  const rest = others.filter((one) => one.ready);
  return [
    ...say('willStop', running),
    ...say('alreadyStopped', idle),
    ...(serving.length === 0
      ? []
      : rest.length > 0
        ? say('othersTake', rest)
        : say(serving.length === 1 ? 'lastServing' : 'noneServes', serving, true)),
  ];
}
function meanwhile(targets: readonly ModuleNodeStatus[], others: readonly ModuleNodeStatus[]): readonly Consequence[] {
  const serving = targets.filter((one) => one.ready);
  const rest = others.filter((one) => one.ready);
  if (serving.length === 0) return [];
  return rest.length > 0 ? say('meanwhileOthers', rest) : say('meanwhileNone', serving, true);
}

/** @param all the module's state on every node @param nodes where the change is asked for */
export function consequencesOf(
  change: Change,
  all: readonly ModuleNodeStatus[],
  nodes: readonly string[],
): readonly Consequence[] {
  const reached = all.filter((one) => nodes.includes(one.node) && one.error === null);
  const lost = say(
    'notReached',
    all.filter((one) => nodes.includes(one.node) && one.error !== null),
  );
  const others = all.filter((one) => !nodes.includes(one.node));
  if (change.kind === 'switch')
    return [...say(`${change.what}${change.on ? 'On' : 'Off'}`, reached, !change.on && change.what !== 'boot'), ...lost];
  if (change.kind === 'rolling') return [...say('rolls', reached), ...lost];
  if (change.kind === 'support') return [...say(change.what, reached), ...lost];
  switch (change.command) {
    case 'start':
      return [
        ...say(
          'willStart',
          reached.filter((one) => one.wish === 'stop'),
        ),
        ...say(
          'alreadyStarted',
          reached.filter((one) => one.wish === 'start'),
        ),
        ...lost,
      ];
    case 'stop':
      return [...ofStop(reached, others), ...lost];
    case 'forcestop':
      return [
        ...say('willForce', reached, true),
        ...ofStop(reached, others).filter((one) => one.serious || one.key === 'othersTake'),
        ...lost,
      ];
    case 'restart': {
      const up = reached.filter((one) => one.state !== 'STOP');
      return [
        ...say('willRestart', up),
        ...say(
          'restartStopped',
          reached.filter((one) => one.state === 'STOP'),
        ),
        ...meanwhile(up, others),
        ...lost,
      ];
    }
    case 'stopstart':
      return [...say('willStopStart', reached), ...meanwhile(reached, others), ...lost];
  }
}

/** The name of the file of a snapshot (section 6.7 of the compatibility page). */
export function snapshotName(module: string, node: string): string {
  return `snapshot_${node}_${module}.zip`;
}

/** The same on the command line. @param self the node whose command line it is meant for */
export function commandLine(
  change: Change,
  module: string,
  nodes: readonly string[],
  allNodes: readonly string[],
  self: string,
): string {
  const everywhere = nodes.length > 1 && nodes.length === allNodes.length;
  const where = everywhere ? "-H '*' " : nodes.length === 1 && nodes[0] === self ? '' : `-H ${nodes.join(',')} `;
  if (change.kind === 'switch') return `holdfast ${where}${change.what} ${change.on ? 'on' : 'off'} -m ${module}`;
  if (change.kind === 'support') {
    const lines = nodes.map((node) => {
      const there = node === self ? '' : `-H ${node} `;
      if (change.what === 'dump') return `holdfast ${there}dump -m ${module}`;
      const how = change.what === 'anonymised' ? '--anonymise ' : '';
      return `holdfast ${there}snapshot -m ${module} ${how}${snapshotName(module, node)}`;
    });
    return lines.join(' && ');
  }
  if (change.kind === 'rolling') return nodes.map((node) => `holdfast -H ${node} ${change.command} -m ${module}`).join(' && ');
  return `holdfast ${where}${change.command} -m ${module}`;
}
