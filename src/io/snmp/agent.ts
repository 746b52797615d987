/** The SNMP agent: a read-only table of modules and one of resources, and traps when something changes. */
import { createHash } from 'node:crypto';
import type { NodeEvent, NodeFace } from '../../actors/face.js';
import { readSecretFile } from '../settings/secret-file.js';
import type { SnmpConfig, SnmpUser } from './config.js';
import {
  type Agent,
  AuthProtocols,
  createAgent,
  createCommunitySession,
  createUserSession,
  MaxAccess,
  type Mib,
  MibProviderType,
  ObjectType,
  PrivProtocols,
  SecurityLevel,
  type SnmpUserKeys,
  type TrapSession,
  type Varbind,
} from './library.js';
import {
  createResourceNumbers,
  display,
  enterprise,
  qualityNumber,
  type Row,
  rowsOf,
  stateNumber,
  statusNumber,
} from './rows.js';

/** So many traps in `trapWindowMs` at most: what flaps must not flood the receivers. */
const mostTraps = 200;
const trapWindowMs = 10_000;
/** RFC 3414: passphrases are at least so long. */
const shortestPassphrase = 8;

export interface SnmpAgentOptions {
  readonly config: SnmpConfig;
  readonly face: Pick<NodeFace, 'node' | 'subscribe' | 'modules' | 'module' | 'resources' | 'cluster'>;
  readonly version: string;
  /** Counts the daemon's starts: snmpEngineBoots. */
  readonly epoch: number;
  /** What tells this engine from all others, for example node and SAFEVAR. */
  readonly identity: string;
  readonly monotonicMs: () => number;
  /** Told once for each kind of failure. */
  readonly onProblem: (what: string, reason: string) => void;
}
export interface SnmpAgent {
  /** Of SNMPv3, in hex: receivers of traps need it. */
  readonly engineId: string;
  /** Traps that were not sent because there were too many. */
  dropped(): number;
  close(): void;
}

const table = `${enterprise}.1`;
const columns = {
  module: ['Id', 'Name', 'Mode', 'State', 'Quality', 'Ready', 'Share', 'RestartsUsed', 'RestartsAllowed', 'Reason'],
  resource: ['ModuleId', 'Index', 'Name', 'Status', 'Value', 'Since'],
} as const;
const texts: readonly string[] = ['Name', 'Reason', 'Value', 'Since'];
const gauges: readonly string[] = ['Share', 'RestartsUsed', 'RestartsAllowed'];
const readOnly = MaxAccess['read-only'];

const provider = (name: keyof typeof columns, place: number, indexes: number) => ({
  ...{ name, type: MibProviderType.Table, oid: `${table}.${place}.1`, maxAccess: MaxAccess['not-accessible'] },
  tableColumns: columns[name].map((column, index) => ({
    ...{ number: index + 1, name: `hf${name}${column}`, maxAccess: index < indexes ? MaxAccess['not-accessible'] : readOnly },
    type: texts.includes(column) ? ObjectType.OctetString : gauges.includes(column) ? ObjectType.Gauge : ObjectType.Integer,
  })),
  tableIndex: columns[name].slice(0, indexes).map((_column, index) => ({ columnNumber: index + 1 })),
});
const scalars = [
  ['nodeName', ObjectType.OctetString],
  ['version', ObjectType.OctetString],
  ['viewMembers', ObjectType.Gauge],
  ['moduleCount', ObjectType.Gauge],
] as const;

/** An engine's identity (RFC 3411): the enterprise, format 5 (octets), and eight octets that are this node's alone. */
export const engineIdOf = (identity: string): string =>
  `80007ed905${createHash('sha256').update('holdfast snmp engine\0').update(identity).digest('hex').slice(0, 16)}`;

async function keysOf(user: SnmpUser): Promise<SnmpUserKeys> {
  const [authKey, privKey] = [await readSecretFile(user.authFile), await readSecretFile(user.privFile)];
  if (authKey.length < shortestPassphrase || privKey.length < shortestPassphrase)
    throw new Error(`the passphrases of ${user.name} must have at least ${shortestPassphrase} characters (RFC 3414)`);
  return {
    ...{ name: user.name, level: SecurityLevel.authPriv, authKey, privKey },
    ...{ authProtocol: AuthProtocols[user.authProtocol], privProtocol: PrivProtocols[user.privProtocol] },
  };
}

/** Holds one table of the library to the rows that there should be. */
function createTable(mib: Mib, name: string): (rows: readonly Row[]) => void {
  let known = new Map<string, Row>();
  return (rows) => {
    const next = new Map(rows.map((row) => [row.index.join('.'), row]));
    for (const [key, row] of known) if (!next.has(key)) mib.deleteTableRow(name, row.index);
    for (const [key, row] of next) {
      const before = known.get(key);
      if (before === undefined) mib.addTableRow(name, row.cells);
      else
        row.cells.forEach((cell, column) => {
          if (cell !== before.cells[column]) mib.setTableSingleCell(name, column + 1, row.index, cell);
        });
    }
    known = next;
  };
}

interface Traps {
  send(kind: number, varbinds: readonly Varbind[]): void;
  dropped(): number;
  close(): void;
}
async function openTraps(options: SnmpAgentOptions, users: readonly SnmpUserKeys[], engineId: string): Promise<Traps> {
  const { config, monotonicMs, onProblem } = options;
  const receivers: { readonly session: TrapSession; readonly where: string }[] = [];
  for (const { host, port, communityFile, user } of config.traps) {
    const keys = users.find(({ name }) => name === user);
    const session =
      communityFile !== null
        ? createCommunitySession(host, await readSecretFile(communityFile), port)
        : keys === undefined
          ? null
          : createUserSession(host, keys, port, engineId);
    if (session === null) continue;
    const where = `${host}:${port}`;
    session.on('error', (error) => onProblem(`traps to ${where}`, error.message));
    receivers.push({ session, where });
  }
  let [sinceMs, count, dropped] = [Number.NEGATIVE_INFINITY, 0, 0];
  return {
    send(kind, varbinds) {
      const nowMs = monotonicMs();
      if (nowMs - sinceMs > trapWindowMs) [sinceMs, count] = [nowMs, 0];
      count += 1;
      if (count > mostTraps) {
        dropped += 1;
        if (count === mostTraps + 1)
          onProblem('traps', `more than ${mostTraps} in ${trapWindowMs / 1000} s: the rest is not sent`);
        return;
      }
      for (const { session, where } of receivers)
        session.trap(`${enterprise}.0.${kind}`, varbinds, (error) => {
          if (error !== null) onProblem(`traps to ${where}`, error.message);
        });
    },
    dropped: () => dropped,
    close: () => {
      for (const { session } of receivers) session.close();
    },
  };
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Starts the agent. @throws Error where a secret file cannot be used. */
export async function startAgent(options: SnmpAgentOptions): Promise<SnmpAgent> {
  const { config, face, version, epoch, identity, monotonicMs, onProblem } = options;
  const engineId = engineIdOf(identity);
  const community = config.communityFile === null ? null : await readSecretFile(config.communityFile);
  const users = await Promise.all(config.users.map(keysOf));
  const beganMs = monotonicMs();
  const agent: Agent = createAgent(
    {
      ...{
        address: config.listen,
        port: config.port,
        transport: config.listen.includes(':') ? 'udp6' : 'udp4',
        engineID: engineId,
      },
      accessControlModelType: 1,
    },
    (error) => {
      // Whoever may not ask, or talks nonsense, is left without an answer, and without a line in the log for each datagram.
      if (error !== null && 'syscall' in error) onProblem(`agent on ${config.listen}:${config.port}`, error.message);
    },
  );
  agent.engine.engineBoots = epoch % 2 ** 31;
  // The library's own stands still; managers refuse what seems to be more than 150 s old (RFC 3414, 3.2).
  Object.defineProperty(agent.engine, 'engineTime', { get: () => Math.floor((monotonicMs() - beganMs) / 1000) + 1 });
  const authorizer = agent.getAuthorizer();
  if (community !== null) authorizer.addCommunity(community);
  for (const user of users) authorizer.addUser(user);

  const mib = agent.getMib();
  scalars.forEach(([name, scalarType], index) => {
    mib.registerProvider({ name, type: MibProviderType.Scalar, oid: `${table}.1.${index + 1}`, scalarType, maxAccess: readOnly });
  });
  mib.registerProvider(provider('module', 2, 1));
  mib.registerProvider(provider('resource', 3, 2));
  const numberOf = createResourceNumbers();
  const [modules, resources] = [createTable(mib, 'module'), createTable(mib, 'resource')];
  const refresh = (): void => {
    const rows = rowsOf(face, numberOf);
    mib.setScalarValue('nodeName', display(face.node));
    mib.setScalarValue('version', display(version));
    mib.setScalarValue('viewMembers', face.cluster().view?.members.length ?? 0);
    mib.setScalarValue('moduleCount', rows.modules.length);
    modules(rows.modules);
    resources(rows.resources);
  };

  const traps = await openTraps(options, users, engineId);
  const octets = (oid: string, value: string): Varbind => ({ oid, type: ObjectType.OctetString, value: display(value) });
  const whole = (oid: string, value: number): Varbind => ({ oid, type: ObjectType.Integer, value });
  const states = new Map(face.modules().map(({ name, nodes: [status] }) => [name, `${status?.state} ${status?.quality}`]));
  const tell = ({ module, type, data }: NodeEvent): void => {
    const id = module === null ? null : (face.module(module)?.id ?? null);
    if (module === null || id === null) return;
    const node = octets(`${table}.1.1.0`, face.node);
    const name = octets(`${table}.2.1.2.${id}`, module);
    if (type === 'module.state') {
      const [state, quality] = [text(data['state']), text(data['quality'])];
      if (states.get(module) === `${state} ${quality}`) return;
      states.set(module, `${state} ${quality}`);
      const [stateOf, qualityOf] = [
        whole(`${table}.2.1.4.${id}`, stateNumber(state)),
        whole(`${table}.2.1.5.${id}`, qualityNumber(quality)),
      ];
      traps.send(1, [node, name, stateOf, qualityOf, octets(`${table}.2.1.10.${id}`, text(data['reason']))]);
    } else if (type === 'resource.changed') {
      const [resource, value] = [text(data['name']), text(data['value'])];
      if (value !== 'up' && value !== 'down') return;
      const place = `${id}.${numberOf(id, resource)}`;
      traps.send(2, [
        node,
        name,
        octets(`${table}.3.1.3.${place}`, resource),
        whole(`${table}.3.1.4.${place}`, statusNumber(value)),
      ]);
    }
  };
  let due: NodeJS.Immediate | null = null;
  let closed = false;
  /** What fails here is said; it must not end the daemon. */
  const careful = (work: () => void): void => {
    if (closed) return;
    try {
      work();
    } catch (error) {
      onProblem('tables', error instanceof Error ? error.message : String(error));
    }
  };
  const changing: readonly string[] = ['module.state', 'resource.changed', 'view.changed', 'shares.changed', 'log'];
  const subscription = face.subscribe((event) => {
    if (!changing.includes(event.type)) return;
    // Later, and once for a burst: whoever told the event goes on at once.
    due ??= setImmediate(() => {
      due = null;
      careful(refresh);
    });
    if (event.type !== 'log') setImmediate(() => careful(() => tell(event)));
  });
  refresh();
  return {
    engineId,
    dropped: traps.dropped,
    close: () => {
      subscription.close();
      closed = true;
      if (due !== null) clearImmediate(due);
      traps.close();
      try {
        agent.close();
      } catch {
        // Its socket was never open.
      }
    },
  };
}
