import { address, anyText, choice, host, onOff, optional, port, required, shaped, text } from './attribute-types.js';
import { any, element, maybe, once } from './element-spec.js';
import {
  alwaysPre,
  ca,
  dependentAction,
  grace,
  ident,
  interval,
  optionalAction,
  requiredWhen,
  serviceWhen,
  timeout,
  when,
} from './schema-check-common.js';
import { http, systemd } from './schema-check-own.js';

/** `<to>` of a tcp checker: compatibility page, section 2.11.1. */
export const tcpTo = element({
  name: 'to',
  doc: 'What is tested.',
  attributes: {
    addr: required(host('addr', '', 'Address.')),
    port: required(port('port', 0, 'Port.')),
    interval: interval(),
    timeout: timeout(),
  },
  children: [],
});
/** `<tcp>`. */
export const tcp = element({
  name: 'tcp',
  doc: 'Connects to a TCP service.',
  attributes: {
    ident: ident('tcp'),
    when: serviceWhen,
    action: dependentAction('t', '`restart`; `wait` with `pre`', '8.2.3'),
    grace,
  },
  children: [once(tcpTo)],
});

/** `<to>` of a ping checker: compatibility page, section 2.11.2. */
export const pingTo = element({
  name: 'to',
  doc: 'What is tested.',
  attributes: { addr: required(host('addr', '', 'Address.')), interval: interval(), timeout: timeout() },
  children: [],
});
/** `<ping>`. */
export const ping = element({
  name: 'ping',
  doc: 'Pings a machine, for example the gateway.',
  attributes: {
    ident: ident('ping'),
    when: when('`pre`'),
    action: dependentAction('p', '`wait` with `pre`; else it must be given', '8.2.3'),
    grace,
  },
  children: [once(pingTo)],
});

/** `<to>` of an interface checker. */
export const intfTo = element({
  name: 'to',
  doc: 'What is tested.',
  attributes: {
    local_addr: required(address('local_addr', 'Address of the interface on this node.')),
    interval: interval(),
  },
  children: [],
});
/** `<intf>`: compatibility page, section 2.11.3. */
export const intf = element({
  name: 'intf',
  doc: 'Looks whether a network interface is up; else the module waits (rule `interface_failure`).',
  attributes: { ident: ident('intf'), when: alwaysPre, grace },
  children: [once(intfTo)],
});

/** `<to>` of an address checker. */
export const ipTo = element({
  name: 'to',
  doc: 'What is tested.',
  attributes: { addr: required(host('addr', '', 'Address.')), interval: interval() },
  children: [],
});
/** `<ip>`: compatibility page, section 2.11.4. */
export const ip = element({
  name: 'ip',
  doc: 'Looks whether an address is set on this node; else stopstart (rule `ip_failure`).',
  attributes: { ident: ident('ip'), when: when('`prim` in a mirror, else `both`'), grace },
  children: [once(ipTo)],
});

/** `<param>` of an OCF resource agent: ours. */
export const ocfParameter = element({
  name: 'param',
  doc: 'A parameter of the resource agent; it gets it as `OCF_RESKEY_<name>`.',
  since: 'ours',
  attributes: {
    name: required(
      shaped('name', '', 'Name of the parameter.', /^[A-Za-z_][A-Za-z0-9_]{0,99}$/, 'a name of letters, digits and underscores'),
    ),
    value: required(anyText('value', '', 'Its value.')),
  },
  children: [],
});
/** `<custom>`: compatibility page, section 2.11.5; `mode`, `interval`, `timeout`, `ocf` and `<param>` are ours. */
export const custom = element({
  name: 'custom',
  doc: 'A checker of your own. It is started once, goes on for ever, and sets its resource with `set -r`; or, with `mode="oneshot"`, it is run again and again and says by its exit code whether all is well.',
  attributes: {
    ident: ident('custom'),
    when: requiredWhen,
    exec: optional(text('exec', '', 'Executable, relative to SAFEUSERBIN.'), 'must be given, unless `ocf` is'),
    arg: anyText('arg', '', 'Further arguments, blanks between.'),
    action: optionalAction('c'),
    mode: optional(
      choice('mode', ['loop', 'oneshot'], 'loop', '`oneshot`: run each `interval`; exit code 0 is up, any other is down.', {
        since: 'ours',
      }),
      '`loop`; `oneshot` with `ocf`',
    ),
    interval: { ...interval(), since: 'ours' },
    timeout: { ...timeout(), since: 'ours' },
    grace,
    ocf: optional(
      shaped(
        'ocf',
        '',
        'OCF resource agent whose `monitor` is run instead of an executable of the module.',
        /^[A-Za-z0-9][A-Za-z0-9_.-]*:[A-Za-z0-9][A-Za-z0-9_.-]*$/,
        'the name of an agent, `provider:agent`, for example heartbeat:nginx',
        { since: 'ours' },
      ),
    ),
  },
  children: [any(ocfParameter)],
});

/** `<to>` of a module checker. */
export const moduleTo = element({
  name: 'to',
  doc: 'Where the other module is.',
  attributes: {
    addr: host('addr', '127.0.0.1', 'Address of a node, or virtual address of the other module.'),
    port: optional(port('port', 9010, 'Port of its web service.'), '9010; 9453 with `secure`'),
    interval: interval(),
    timeout: timeout(),
    secure: onOff('secure', false, 'With HTTPS.'),
    ca,
  },
  children: [],
});
/** `<module>`: compatibility page, section 2.11.6. */
export const moduleCheck = element({
  name: 'module',
  doc: 'Waits until another module serves (rule `module_failure`), and does a stopstart when that was restarted.',
  attributes: {
    name: required(text('name', '', 'Name of the other module.')),
    ident: optional(text('ident', '', 'Identity; the resource is `module.<ident>`.'), '`<name>_<addr>`'),
    when: alwaysPre,
    grace,
  },
  children: [maybe(moduleTo)],
});

/** `<splitbrain>`: compatibility page, section 2.11.7. */
export const splitbrain = element({
  name: 'splitbrain',
  doc: 'A witness that decides which node goes on when the two do not hear each other.',
  modes: ['mirror'],
  attributes: {
    ident: ident('splitbrain'),
    exec: choice('exec', ['ping'], 'ping', 'How the witness is asked.'),
    arg: required(text('arg', '', 'Addresses of witnesses, blanks between.')),
    when: alwaysPre,
    grace,
  },
  children: [],
});

/** `<check>`: compatibility page, section 2.11. */
export const check = element({
  name: 'check',
  doc: 'Checkers.',
  attributes: {},
  children: [any(tcp), any(ping), any(intf), any(ip), any(custom), any(moduleCheck), maybe(splitbrain), any(http), any(systemd)],
});
