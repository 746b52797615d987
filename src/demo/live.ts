/** The demo without a scenario: addresses, a live table, how to break things, until somebody ends it. */
import { join, relative } from 'node:path';
import type { ModuleNodeStatus } from '../http/api-types.js';
import { messageOf } from './demo-error.js';
import type { Layout, NodeLayout, NodeName } from './layout.js';
import type { Stage } from './stage.js';
import { type NodeRow, renderLine, renderTable, type TableModel } from './table.js';

const refreshMs = 500;
/** A service manager's RestartSec: a daemon that dies is started again after that. */
const restartDaemonMs = 1_000;

/** Where the text goes. */
export interface Screen {
  readonly tty: boolean;
  write(text: string): void;
  columns(): number;
}

/** What a user can copy to see addresses and to break things. Relative to the directory that the demo was started in. */
export function guide(layout: Layout): readonly string[] {
  const here = (path: string): string => {
    const short = relative(process.cwd(), path);
    return short.startsWith('..') ? path : short;
  };
  const [n1, n2] = layout.nodes.map((node) => ({ ...node, cli: here(join(node.safe, 'holdfast')) }));
  if (n1 === undefined || n2 === undefined) throw new Error('a demo has two nodes');
  const probe = (node: NodeLayout): string =>
    `curl -i http://${node.address}:${layout.ports.http}/var/modules/${layout.module}/ready.txt`;
  const rows: readonly (readonly [string, string])[] = [
    ['the application, through the balancer', `curl http://${layout.balancerAddress}:${layout.ports.balancer}/`],
    ['the health probe of n1', probe(n1)],
    ['the health probe of n2', probe(n2)],
    ['', ''],
    ['Break it, from another terminal', ''],
    ['kill the application of n1', `kill -9 $(cat ${here(join(n1.safeVar, 'modules', layout.module, 'web.pid'))})`],
    ['', '(restarted; the 4th time within 24 hours the module stops)'],
    ['kill the daemon of n2', `kill -9 PID    (its pid is in the table; it is started again after ${restartDaemonMs / 1000} s)`],
    ['stop the module on n1', `${n1.cli} stop -m ${layout.module}`],
    ['start it again, when it has stopped', `${n1.cli} waitstop -m ${layout.module} && ${n1.cli} start -m ${layout.module}`],
    ['the state as n2 sees it', `${n2.cli} state`],
    ['the log of the module on n1', `${n1.cli} log -m ${layout.module}`],
    ['all of it, by itself', 'npm run demo -- --scenario failover    (after Ctrl-C here)'],
    ['', ''],
    ['Ctrl-C ends the demo and cleans up', ''],
  ];
  return rows.map(([what, command]) => `${what.padEnd(command === '' ? 0 : 40)}${command}`);
}

/** Shows the table until the signal is aborted. */
export async function showLive(stage: Stage, rate: number, screen: Screen, ending: AbortSignal): Promise<void> {
  await untilHealthy(stage, ending);
  stage.traffic.setRate(rate);
  if (!ending.aborted) screen.write(`\n${guide(stage.layout).join('\n')}\n\n`);
  const restarting = new Set<NodeName>();
  const notices: string[] = [];
  let drawn = 0;
  let lastLine = '';
  while (!ending.aborted) {
    for (const name of ['n1', 'n2'] as const) keepDaemon(stage, name, restarting, notices, ending);
    const model = await observe(stage);
    if (ending.aborted) return;
    if (screen.tty) {
      const lines = [...renderTable(model, true), ...notices.slice(-3)].map((line) => fit(line, screen.columns()));
      // In place: up to the first line of the last picture, then each line anew.
      screen.write(`${drawn === 0 ? '' : `\u001b[${drawn}A`}${lines.map((line) => `\u001b[2K${line}\n`).join('')}\u001b[0J`);
      drawn = lines.length;
    } else {
      for (const notice of notices.splice(0)) screen.write(`${notice}\n`);
      // Without a terminal a line is worth printing when something besides the counts has changed.
      const line = renderLine(model);
      const facts = line.replaceAll(/requests \d+/g, '').replace(/\d+ sent, /, '');
      if (facts !== lastLine) screen.write(`${new Date().toISOString()} ${line}\n`);
      lastLine = facts;
    }
    await pause(refreshMs, ending);
  }
}

/** The load begins when the balancer has found both nodes healthy, or after 30 s all the same: what is wrong then is worth seeing. */
async function untilHealthy(stage: Stage, ending: AbortSignal): Promise<void> {
  for (let waitedMs = 0; waitedMs < 30_000 && !ending.aborted; waitedMs += refreshMs) {
    if (stage.balancer.status().targets.every((target) => target.state === 'healthy')) return;
    await pause(refreshMs, ending);
  }
}

/** Everything that the table shows, asked at one time. Who does not answer is shown so. */
export async function observe(stage: Stage): Promise<TableModel> {
  const status = stage.balancer.status();
  const total = stage.traffic.total();
  const rows = await Promise.all(
    (['n1', 'n2'] as const).map(async (name): Promise<NodeRow> => {
      const node = stage.nodes[name];
      const daemon = node.daemon();
      const [module, application] = await Promise.all([daemon === null ? null : statusOf(stage, name), node.application()]);
      if (application !== null) stage.record('application', application.pid);
      const target = status.targets.find((each) => each.name === name);
      return {
        name,
        address: node.layout.address,
        daemonPid: daemon?.pid ?? null,
        state: module?.state ?? null,
        quality: module?.quality ?? null,
        share: module?.share ?? null,
        restartsUsed: module?.budget.used ?? null,
        restartsMax: module?.budget.max ?? null,
        applicationPid: application?.pid ?? null,
        balancer: target?.state ?? 'initial',
        balancerReason: target?.reason ?? null,
        requests: total.byNode[name] ?? 0,
      };
    }),
  );
  return { rows, sent: total.sent, failed: total.failed, failOpen: status.failOpen };
}

async function statusOf(stage: Stage, name: NodeName): Promise<ModuleNodeStatus | null> {
  try {
    return await stage.nodes[name].status();
  } catch {
    return null;
  }
}

/** Starts a daemon that has died again, as a service manager would. */
function keepDaemon(stage: Stage, name: NodeName, restarting: Set<NodeName>, notices: string[], ending: AbortSignal): void {
  const node = stage.nodes[name];
  if (node.daemon() !== null || restarting.has(name)) return;
  restarting.add(name);
  notices.push(`the daemon of ${name} is gone: it is started again in ${restartDaemonMs / 1000} s`);
  void (async () => {
    try {
      await pause(restartDaemonMs, ending);
      if (!ending.aborted) await node.startDaemon();
    } catch (error) {
      notices.push(messageOf(error));
    } finally {
      restarting.delete(name);
    }
  })();
}

const escapeCharacter = String.fromCharCode(27);
const colourSequence = new RegExp(`(${escapeCharacter}\\[[0-9;]*m)`);

/** Cuts a line to the terminal's width, so that each stays one line; escape sequences take no room. */
export function fit(line: string, columns: number): string {
  let room = columns - 1;
  let out = '';
  for (const part of line.split(colourSequence)) {
    if (part.startsWith(escapeCharacter)) out += part;
    else {
      out += part.slice(0, Math.max(0, room));
      room -= part.length;
    }
  }
  return out;
}
function pause(ms: number, ending: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (ending.aborted) {
      resolve();
      return;
    }
    const end = (): void => {
      clearTimeout(timer);
      ending.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    ending.addEventListener('abort', end);
  });
}
