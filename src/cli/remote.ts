/** One command on several nodes at the same time: each by itself, its output kept, and one exit code for all. */
import { readFile } from 'node:fs/promises';
import type { ClusterHostList } from '../http/api-types.js';
import { CliError } from './cli-error.js';
import { type Client, createClient, createWebClient } from './client.js';
import { jsonText } from './format.js';
import { type Target, targetsOf } from './hosts.js';
import type { CliIo } from './io.js';

/** How long a node may take to show that it is there, in ms. */
const aliveMs = 2_000;
/** What the local daemon may need beyond that for its own part. */
const localSlackMs = 1_000;

/** A client of one node by way of the local daemon. */
function nodeClient(local: Client, node: string): Client {
  const there = (path: string): string => `/nodes/${encodeURIComponent(node)}${path}`;
  return {
    json: (method, path, options) => local.json(method, there(path), options),
    bytes: (method, path, options) => local.bytes(method, there(path), options),
    stream: (path, headers) => local.stream(there(path), headers),
  };
}

interface Kept {
  readonly target: Target;
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/**
 * The authorities that another web service is believed by: that of `HOLDFAST_CA`, else those of the system and the cluster's own, which the local daemon
 * knows. Null: those of the system.
 */
async function authoritiesFor(local: Client, io: CliIo): Promise<readonly string[] | null> {
  const file = io.env['HOLDFAST_CA'];
  if (file !== undefined && file !== '') return [await readFile(file, 'utf8')];
  try {
    const own = new TextDecoder().decode(await local.bytes('GET', '/https/authority', { timeoutMs: localSlackMs }));
    const { rootCertificates } = await import('node:tls');
    return [...rootCertificates, own];
  } catch (error) {
    // Without a daemon here, or without HTTPS there, nothing more is known.
    if (error instanceof CliError) return null;
    throw error;
  }
}

async function clientOf(target: Target, local: Client, io: CliIo): Promise<Client> {
  if (target.node !== null) return nodeClient(local, target.node);
  const ca = target.url.startsWith('https:') ? await authoritiesFor(local, io) : null;
  return createWebClient(target.url, { token: io.env['HOLDFAST_TOKEN'] || null, ca, connectMs: aliveMs }, io.signal);
}

/** A token that goes over the network as it is can be read by everybody on the way. */
function plainTextWarning({ node, url }: Target, io: CliIo): string {
  const { protocol, hostname } = new URL(url);
  const here = hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
  return node === null && protocol === 'http:' && !here && (io.env['HOLDFAST_TOKEN'] ?? '') !== ''
    ? 'The token went over the network in plain text; use https.\n'
    : '';
}

/** 0 where all ended with 0; what all ended with, where that is the same; else 1. */
export function summaryCode(codes: readonly number[]): number {
  const [first = 1] = codes;
  return codes.every((code) => code === first) ? first : 1;
}

/** Unreachable daemons are said as the classic product says it, and then as ours. */
async function hostsOf(local: Client, text: string, io: CliIo): Promise<readonly Target[]> {
  // URLs and hosts outside of the cluster need no daemon here.
  const needsDaemon = !text.split(',').every((word) => /^(https?:\/\/.*|\[https?(:\d+)?\]|)$/i.test(word.trim()));
  try {
    return targetsOf(text, (await local.json<ClusterHostList>('GET', '/cluster/hosts')).items);
  } catch (error) {
    if (!(error instanceof CliError) || error.code !== 'DAEMON_UNREACHABLE') throw error;
    if (!needsDaemon) return targetsOf(text, []);
    io.err('waiting for safeadmin (holdfastd)\n');
    throw error;
  }
}

/**
 * Carries a command out on every node that `-H` names.
 * @param check refuses what is not for that many nodes.
 * @param carryOut one run with a client and outputs of its own; it never throws.
 * @returns the exit code for all of them.
 */
export async function runOnHosts(
  request: { readonly hosts: string; readonly socket: string; readonly json: boolean },
  io: CliIo,
  check: (targets: number) => void,
  carryOut: (client: Client, io: CliIo) => Promise<number>,
): Promise<number> {
  const local = createClient(request.socket, io.signal);
  const targets = await hostsOf(local, request.hosts, io);
  check(targets.length);
  const runs = await Promise.all(
    targets.map(async (target): Promise<Kept> => {
      const kept = { out: '', err: plainTextWarning(target, io) };
      const own: CliIo = {
        ...io,
        out: (text) => {
          kept.out += text;
        },
        err: (text) => {
          kept.err += text;
        },
        tty: false,
      };
      try {
        const client = await clientOf(target, local, io);
        // A node that hangs is found out here, and not only when its command has taken too long.
        if (target.node !== null) await client.json('GET', '/cluster/info', { timeoutMs: aliveMs + localSlackMs });
        const code = await carryOut(client, own);
        return { target, code, ...kept };
      } catch (error) {
        const known = error instanceof CliError ? error : new CliError('INTERNAL', String(error));
        return { target, code: known.code === 'DAEMON_UNREACHABLE' ? 3 : 1, out: '', err: `${known.code}: ${known.message}\n` };
      }
    }),
  );
  const code = summaryCode(runs.map((run) => run.code));
  if (request.json) io.out(jsonText({ exitCode: code, servers: runs.map(jsonOf) }));
  else for (const run of runs) io.out(textOf(run));
  return code;
}

function textOf({ target, code, out, err }: Kept): string {
  const end = (text: string): string => (text === '' || text.endsWith('\n') ? text : `${text}\n`);
  const head = `---------------- Server=${target.url} ----------------\nadmin action=exec\n`;
  return `${head}${end(out)}${end(err)}${code === 0 ? 'Success\n' : ''}`;
}

function jsonOf({ target, code, out, err }: Kept): unknown {
  const parsed = (text: string): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      return text === '' ? null : text;
    }
  };
  return { server: target.url, node: target.node, ok: code === 0, exitCode: code, output: parsed(out), error: parsed(err) };
}
