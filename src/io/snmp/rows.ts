/** What the agent tells of the modules and resources, as rows of the tables in conf/snmp/HOLDFAST-MIB.txt. Pure. */
import type { ModuleSummary, NodeFace, Resource } from '../../actors/face.js';
import type { Cell } from './library.js';

/** 32473 is the enterprise number for documentation (RFC 5612): Holdfast has none of its own (ADR 0016). */
export const enterprise = '1.3.6.1.4.1.32473.1';
/** Resources in the table, of all modules together. */
export const mostRows = 2_000;

const states: readonly string[] = ['STOP', 'WAIT', 'UP', 'PRIM', 'SECOND', 'ALONE', 'NOTCONFIGURED', 'UNKNOWN'];
const qualities: readonly string[] = ['Ready', 'Transient', 'NotReady', 'Unknown'];
const modes: readonly string[] = ['farm', 'mirror', 'light', 'none'];
const statuses: readonly string[] = ['init', 'up', 'down', 'unknown', 'other'];
const last = 1;
/** Enumerations begin with 1 (RFC 2578, 7.1.1); what is not among them is the last. */
const number = (list: readonly string[], value: string): number =>
  list.includes(value) ? list.indexOf(value) + 1 : list.length + last - 1;

export const stateNumber = (state: string): number => number(states, state);
export const qualityNumber = (quality: string): number => number(qualities, quality);
export const statusNumber = (value: string): number => number(statuses, value);
/** DisplayString: ASCII, at most 255. */
export const display = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 255);
const truth = (value: boolean): number => (value ? 1 : 2);

export interface Row {
  readonly index: readonly number[];
  /** The columns, indexes first. */
  readonly cells: readonly Cell[];
}

export const moduleRow = ({ id, name, mode, nodes: [status] }: ModuleSummary): Row => ({
  index: [id],
  cells: [
    ...[
      id,
      display(name),
      number(modes, mode ?? 'none'),
      stateNumber(status?.state ?? 'UNKNOWN'),
      qualityNumber(status?.quality ?? 'Unknown'),
    ],
    ...[truth(status?.ready ?? false), Math.round(status?.share ?? 0), status?.budget.used ?? 0, status?.budget.max ?? 0],
    display(status?.reason ?? ''),
  ],
});

/** Gives each resource a number that it keeps while the daemon lives. */
export function createResourceNumbers(): (module: number, name: string) => number {
  const numbers = new Map<string, number>();
  const highest = new Map<number, number>();
  return (module, name) => {
    const key = `${module} ${name}`;
    const known = numbers.get(key);
    if (known !== undefined) return known;
    const next = (highest.get(module) ?? 0) + 1;
    highest.set(module, next);
    numbers.set(key, next);
    return next;
  };
}
const resourceRow = (module: number, index: number, { name, value, at }: Resource): Row => ({
  index: [module, index],
  cells: [module, index, display(name), statusNumber(value), display(value), display(at)],
});

export interface Rows {
  readonly modules: readonly Row[];
  readonly resources: readonly Row[];
}
/** The rows as they are now. */
export function rowsOf(face: Pick<NodeFace, 'modules' | 'resources'>, numberOf: (module: number, name: string) => number): Rows {
  const modules = face.modules();
  const resources = modules.flatMap(({ id, name }) =>
    (face.resources(name) ?? []).map((resource) => resourceRow(id, numberOf(id, resource.name), resource)),
  );
  return { modules: modules.map(moduleRow), resources: resources.slice(0, mostRows) };
}
