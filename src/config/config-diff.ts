/**
 * What differs between two configurations of a module, attribute by attribute, and whether it can be carried out while the module runs.
 * Pure. Source: compatibility page 2.15; what is ours (drain) and what a running chart cannot carry are decided in ADR 0015.
 */
import type { ConfigProblem, ModuleConfig } from './types.js';

/** One attribute, or (with `attribute` null) an element with all that is in it, that is not as it was. */
export interface ConfigChange {
  /** Path of the element, as in `ConfigProblem`. */
  readonly element: string;
  readonly attribute: string | null;
  /** As JSON; null where there was nothing, or is nothing any more. */
  readonly before: string | null;
  readonly after: string | null;
  /** It can be changed while the module runs. */
  readonly dynamic: boolean;
  /** Line of the element in the new file; where it is gone, that of the nearest element around it. */
  readonly line: number;
}

/** How a typed value is written in the file: its element, its attributes, and what stands inside. */
interface Shape {
  readonly path: string;
  /** Typed name → attribute. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly children?: Readonly<Record<string, Shape>>;
  /** Attributes that may change while the module runs. */
  readonly dynamic?: readonly string[];
}

const service: Shape = {
  path: 'safe/service',
  attributes: {
    mode: 'mode',
    boot: 'boot',
    bootDelayMs: 'boot_delay',
    failover: 'failover',
    defaultprim: 'defaultprim',
    maxloop: 'maxloop',
    loopIntervalMs: 'loop_interval',
    automaticReboot: 'automatic_reboot',
  },
  dynamic: ['boot', 'boot_delay', 'maxloop', 'loop_interval', 'automatic_reboot'],
};
const address: Shape = {
  path: 'safe/service/vip/interface_list/interface/virtual_interface/virtual_addr',
  attributes: {
    addr: 'addr',
    where: 'where',
    check: 'check',
    connections: 'connections',
    netmask: 'netmask',
  },
};
const staticShapes: Readonly<Record<'farm' | 'vip' | 'vhost' | 'failover', Shape>> = {
  farm: {
    path: 'safe/service/farm',
    attributes: { port: 'port', pulseMs: 'pulse', mlostCount: 'mlost_count', slostCount: 'slost_count' },
    children: { lans: { path: 'safe/service/farm/lan', attributes: { name: 'name' } } },
  },
  vip: {
    path: 'safe/service/vip',
    attributes: { tcpReset: 'tcpreset', scriptControl: 'scriptcontrol' },
    children: {
      interfaces: {
        path: 'safe/service/vip/interface_list/interface',
        attributes: {
          check: 'check',
          arpReroute: 'arpreroute',
          arpIntervalMs: 'arpinterval',
          arpElapseMs: 'arpelapse',
          name: 'name',
        },
        children: { addresses: address },
      },
      groups: {
        path: 'safe/service/vip/loadbalancing_list/group',
        attributes: { name: 'name' },
        children: {
          hosts: {
            path: 'safe/service/vip/loadbalancing_list/group/cluster/host',
            attributes: { name: 'name', power: 'power' },
          },
          rules: {
            path: 'safe/service/vip/loadbalancing_list/group/rule',
            attributes: { virtualAddr: 'virtual_addr', port: 'port', proto: 'proto', filter: 'filter' },
          },
        },
      },
    },
  },
  vhost: {
    path: 'safe/service/vhost',
    attributes: {},
    children: {
      hosts: {
        path: 'safe/service/vhost/virtualhostname',
        attributes: { name: 'name', envfile: 'envfile', when: 'when' },
      },
    },
  },
  failover: {
    path: 'safe/service/failover',
    attributes: { extends: 'extends', periodMs: 'period', handleTimeMs: 'handle_time' },
  },
};
/** Attributes of `<rfs>` that may change; they are typed under their own names. */
const dynamicReplication: readonly string[] = ['async', 'nbrei', 'reitimeout', 'reidetail'];

/** The shapes of all static parts, for the test that holds them to the schema. */
export const diffShapes: readonly Shape[] = [service, ...Object.values(staticShapes)];

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
const fieldsOf = (value: object): Fields => Object.fromEntries(Object.entries(value));
const text = (value: unknown): string | null => (value === undefined || value === null ? null : JSON.stringify(value));

/** Everything that differs, in the order of the schema. Macros count only by what they make of the rest. */
export function diffConfig(before: ModuleConfig, after: ModuleConfig): readonly ConfigChange[] {
  const changes: ConfigChange[] = [];
  const lineOf = (path: string): number => {
    const line = after.lines?.[path];
    if (line !== undefined) return line;
    const end = path.lastIndexOf('/');
    return end < 0 ? 1 : lineOf(path.slice(0, end));
  };
  const note = (element: string, attribute: string | null, old: unknown, now: unknown, dynamic: boolean): void => {
    if (text(old) === text(now)) return;
    changes.push({ element, attribute, before: text(old), after: text(now), dynamic, line: lineOf(element) });
  };
  const compare = (shape: Shape, old: unknown, now: unknown): void => {
    if (!isFields(old) || !isFields(now)) {
      note(shape.path, null, old, now, false);
      return;
    }
    const start = changes.length;
    for (const [key, attribute] of Object.entries(shape.attributes)) {
      note(shape.path, attribute, old[key], now[key], shape.dynamic?.includes(attribute) ?? false);
    }
    for (const [key, child] of Object.entries(shape.children ?? {})) {
      const [olds, nows] = [[old[key]].flat(), [now[key]].flat()];
      for (let index = 0; index < Math.max(olds.length, nows.length); index += 1) compare(child, olds[index], nows[index]);
    }
    // What has no attribute of its own: the text of rules, an interface's kind.
    if (shape !== service && changes.length === start) note(shape.path, null, old, now, false);
  };

  compare(service, fieldsOf(before.service), fieldsOf(after.service));
  note('safe/service/ready', 'drain', before.service.drain, after.service.drain, true);
  for (const name of ['farm', 'vip', 'vhost', 'failover'] as const) {
    const [old, now] = [before[name], after[name]];
    if (old !== null || now !== null) compare(staticShapes[name], old && fieldsOf(old), now && fieldsOf(now));
  }
  if (before.rfs === null || after.rfs === null) note('safe/service/rfs', null, before.rfs, after.rfs, false);
  else {
    for (const name of new Set([...Object.keys(before.rfs.attributes), ...Object.keys(after.rfs.attributes)])) {
      const [old, now] = [before.rfs.attributes[name], after.rfs.attributes[name]];
      note('safe/service/rfs', name, old, now, dynamicReplication.includes(name));
    }
    note('safe/service/rfs/replicated', null, before.rfs.replicated, after.rfs.replicated, false);
  }
  // With <user> scripts come or go as a whole: what was started by one must be stopped by one.
  note('safe/service/user', null, before.user, after.user, before.user !== null && after.user !== null);
  for (const name of ['heart', 'errd', 'check'] as const) note(`safe/service/${name}`, null, before[name], after[name], true);
  return changes;
}

/** Why a configuration cannot be applied while the module runs, one finding for each attribute; empty where it can. */
export function staticChanges(changes: readonly ConfigChange[], file: string, module: string): readonly ConfigProblem[] {
  return changes
    .filter(({ dynamic }) => !dynamic)
    .map(({ element, attribute, before, after, line }) => ({
      severity: 'error',
      code: 'CONF_NOT_DYNAMIC',
      file,
      line,
      column: 1,
      element,
      attribute,
      value: after,
      message:
        attribute === null
          ? `<${element.split('/').at(-1)}> was ${before === null ? 'added' : after === null ? 'taken out' : 'changed'}; that is not possible while the module runs.`
          : `\`${attribute}\` was changed from ${before ?? 'nothing'} to ${after ?? 'nothing'}; that is not possible while the module runs.`,
      remedy: `Stop the module first (holdfast stop -m ${module} --wait), or leave it as it was.`,
    }));
}
