/** What the form shows first, and with what new elements begin. Everything else comes from the schema. */

import type { AttributeHelp, ElementHelp } from 'virtual:config-help';
import type { NewElement } from '../../../config/xml-edit.js';

export type Help = Readonly<Record<string, ElementHelp>>;
export type SectionKey = 'general' | 'networks' | 'processes' | 'checkers' | 'virtual' | 'rules' | 'scripts' | 'macros' | 'other';
export interface Section {
  readonly key: SectionKey;
  /** Elements below `safe/service`; of `general`, the service itself; of `macros`, below `safe`. */
  readonly elements: readonly string[];
}
export const sections: readonly Section[] = [
  { key: 'general', elements: [] },
  { key: 'networks', elements: ['farm', 'heart'] },
  { key: 'processes', elements: ['errd'] },
  { key: 'checkers', elements: ['check'] },
  { key: 'virtual', elements: ['vip'] },
  { key: 'rules', elements: ['failover'] },
  { key: 'scripts', elements: ['user'] },
  { key: 'macros', elements: ['macro'] },
  { key: 'other', elements: ['ready', 'vhost', 'rfs'] },
];
/** They only hold others: those are offered where they stand, and what holds them comes with the first. */
export const holders = new Set(['farm', 'heart', 'errd', 'check', 'interface_list', 'loadbalancing_list', 'vhost']);

/** Attributes that are shown at once; the others on demand, or where they are given. Of elements that are not here: those that are needed. */
const common: Readonly<Record<string, readonly string[]>> = {
  service: ['mode', 'boot', 'maxloop', 'loop_interval'],
  proc: ['name', 'service', 'class', 'action', 'atleast'],
  tcp: ['ident', 'when', 'action'],
  ping: ['ident', 'when', 'action'],
  http: ['ident', 'when', 'action'],
  systemd: ['ident', 'when', 'action'],
  custom: ['ident', 'when', 'exec', 'arg', 'action'],
  to: ['addr', 'port', 'url', 'unit', 'interval', 'timeout'],
  rule: ['virtual_addr', 'port', 'proto', 'filter'],
  virtual_addr: ['addr', 'netmask'],
  user: ['nicestoptimeout', 'forcestoptimeout', 'logging'],
  failover: ['handle_time'],
  ready: ['drain'],
  errd: ['polltimer'],
};
const inMode = (modes: readonly string[] | null, mode: string): boolean => modes === null || modes.includes(mode);

/** Attributes of an element in two parts: shown at once, and on demand. */
export function attributesOf(
  help: ElementHelp,
  name: string,
  given: readonly string[],
  mode: string,
): { readonly first: readonly string[]; readonly more: readonly string[] } {
  const known = Object.entries(help.attributes);
  const wanted = (key: string, one: AttributeHelp): boolean =>
    one.required || given.includes(key) || (common[name]?.includes(key) ?? false);
  const shown = known.filter(([key, one]) => given.includes(key) || (inMode(one.modes, mode) && one.ignored === null));
  return {
    first: shown.filter(([key, one]) => wanted(key, one)).map(([key]) => key),
    more: shown.filter(([key, one]) => !wanted(key, one)).map(([key]) => key),
  };
}
/** Kinds of elements that may be put into another one. */
export function childrenOf(help: Help, path: string, mode: string): ElementHelp['children'] {
  return (help[path]?.children ?? []).filter((child) => {
    const one = help[`${path}/${child.name}`];
    return one !== undefined && inMode(one.modes, mode) && one.ignored === null;
  });
}
/** What a new element begins with: what it cannot be without, and what nearly everybody wants. */
export function blank(help: Help, path: string, mode: string): NewElement {
  const name = path.split('/').at(-1) ?? path;
  const needed = Object.entries(help[path]?.attributes ?? {}).filter(([, one]) => one.required);
  const children = childrenOf(help, path, mode).filter((child) => child.min > 0);
  const usual: Readonly<Record<string, string>> = {
    interface: mode === 'mirror' ? 'real_interface' : 'virtual_interface',
    group: 'rule',
  };
  const first = usual[name];
  return {
    name,
    attributes: Object.fromEntries(needed.map(([key, one]) => [key, one.choices?.[0] ?? ''])),
    children: [...children.map((child) => child.name), ...(first === undefined ? [] : [first])].map((child) =>
      blank(help, `${path}/${child}`, mode),
    ),
  };
}
