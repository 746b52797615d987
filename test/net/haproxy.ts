/** A real HAProxy that does what a cloud's balancer does: TCP forwarding to the targets whose HTTP probe on port 9010 is answered with 200. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { until } from '../e2e/until.js';
import { addressOf, nodeNames } from './lab.js';

/** No retry and no redispatch: a request that meets a dead target fails, and is counted. */
const configuration = (socket: string, module: string): string => `global
  stats socket ${socket} mode 600 level admin
  maxconn 1000
defaults
  mode tcp
  retries 0
  timeout connect 500ms
  timeout client 5s
  timeout server 5s
  timeout check 400ms
frontend web
  bind ${addressOf.lb}:80
  default_backend farm
backend farm
  balance roundrobin
  option httpchk GET /var/modules/${module}/ready.txt
  http-check expect status 200
  default-server check port 9010 inter 500ms fall 2 rise 2
${nodeNames.map((name) => `  server ${name} ${addressOf[name]}:80`).join('\n')}
`;

export interface Haproxy {
  /** Names of the servers that it sends requests to. */
  healthy(): Promise<readonly string[]>;
  /** Waits until it sends to exactly these. */
  sendsTo(names: readonly string[], boundMs?: number): Promise<void>;
  close(): Promise<void>;
}

/** @param wrap runs it in its namespace. */
export async function startHaproxy(wrap: readonly string[], directory: string, module: string): Promise<Haproxy> {
  const socket = join(directory, 'haproxy.sock');
  const file = join(directory, 'haproxy.cfg');
  writeFileSync(file, configuration(socket, module));
  const [program = '', ...args] = [...wrap, 'haproxy', '-db', '-f', file];
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let output = '';
  child.stderr.on('data', (chunk) => {
    output += String(chunk);
  });
  const healthy = async (): Promise<readonly string[]> => {
    if (child.exitCode !== null) throw new Error(`haproxy ended: ${output}`);
    const rows = (await command(socket, 'show stat')).split('\n').map((line) => line.split(','));
    const column = (name: string): number => rows[0]?.findIndex((title) => title.replace('# ', '') === name) ?? -1;
    const [proxy, server, status] = [column('pxname'), column('svname'), column('status')];
    return rows
      .filter((row) => row[proxy] === 'farm' && row[server] !== 'BACKEND' && row[status]?.startsWith('UP'))
      .map((row) => row[server] ?? '');
  };
  await until('haproxy answers on its socket', async () => (await healthy()) !== null);
  return {
    healthy,
    sendsTo: async (names, boundMs = 15_000) => {
      let last: readonly string[] = [];
      await until(
        `haproxy sends to ${names.join(' ') || 'nobody'}`,
        async () => {
          last = await healthy();
          return last.join(' ') === names.join(' ');
        },
        boundMs,
        () => last,
      );
    },
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function command(socket: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const connection = connect(socket, () => connection.write(`${text}\n`));
    let answer = '';
    connection.setEncoding('utf8').on('data', (chunk) => {
      answer += String(chunk);
    });
    connection.on('error', reject).on('end', () => resolve(answer));
  });
}
