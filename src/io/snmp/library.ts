/** The part of net-snmp that is used here, with types: its own leave the agent untyped. */
import snmp from 'net-snmp';

export const { MaxAccess, MibProviderType, ObjectType, SecurityLevel, AuthProtocols, PrivProtocols, Version2c } = snmp;

export interface SnmpUserKeys {
  readonly name: string;
  readonly level: number;
  readonly authProtocol: number;
  readonly authKey: string;
  readonly privProtocol: number;
  readonly privKey: string;
}
export type Cell = string | number;
export interface Mib {
  registerProvider(provider: unknown): void;
  setScalarValue(name: string, value: Cell): void;
  /** @param row the values of all columns, indexes first */
  addTableRow(table: string, row: readonly Cell[]): void;
  deleteTableRow(table: string, index: readonly number[]): void;
  setTableSingleCell(table: string, column: number, index: readonly number[], value: Cell): void;
}
export interface Engine {
  readonly engineID: Buffer;
  engineBoots: number;
}
export interface Agent {
  readonly engine: Engine;
  getMib(): Mib;
  getAuthorizer(): { addCommunity(community: string): void; addUser(user: SnmpUserKeys): void };
  close(callback?: () => void): void;
}
export interface Varbind {
  readonly oid: string;
  readonly type: number;
  readonly value: Cell;
}
export interface TrapSession {
  trap(oid: string, varbinds: readonly Varbind[], callback: (error: Error | null) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  close(): void;
}
export interface AgentOptions {
  readonly address: string;
  readonly port: number;
  readonly transport: 'udp4' | 'udp6';
  /** In hex. */
  readonly engineID: string;
  /** 2: a simple list of who may read. */
  readonly accessControlModelType: number;
}

/** Listens at once; what fails later comes to `onError`, also a request of somebody who may not ask. */
export function createAgent(options: AgentOptions, onError: (error: Error | null) => void): Agent {
  return snmp.createAgent(options, onError);
}

/** For SNMPv2c. */
export function createCommunitySession(host: string, community: string, trapPort: number): TrapSession {
  const session: unknown = snmp.createSession(host, community, {
    trapPort,
    version: Version2c,
    transport: host.includes(':') ? 'udp6' : 'udp4',
  });
  return trapSession(session);
}
/** For SNMPv3: whoever sends traps is the authority, so the receiver must know this engine. */
export function createUserSession(host: string, user: SnmpUserKeys, trapPort: number, engineID: string): TrapSession {
  const session: unknown = snmp.createV3Session(host, user, {
    trapPort,
    engineID,
    transport: host.includes(':') ? 'udp6' : 'udp4',
  });
  return trapSession(session);
}
function trapSession(session: unknown): TrapSession {
  const isSession = (value: unknown): value is TrapSession => typeof value === 'object' && value !== null && 'trap' in value;
  if (!isSession(session)) throw new Error('net-snmp made no session');
  return session;
}
