import { address, anyText, choice, host, onOff, optional, port, required, text, time } from './attribute-types.js';
import { any, element, maybe, once } from './element-spec.js';

const windows = ['pre', 'prim', 'second', 'sec', 'both'] as const;
const actions = ['restart', 'stopstart', 'stop', 'wait', 'noaction'] as const;
const actionDoc = 'What follows when it is down. `wait` with `when="pre"` only, the stronger ones with the others.';
const ident = (resource: string) => required(text('ident', '', `Identity; the resource is \`${resource}.<ident>\`.`));
const when = (fallbackText: string) =>
  optional(
    choice('when', windows, 'both', 'When it runs: after start_X until stop_X; `pre`: from prestart to poststop.'),
    fallbackText,
  );
const interval = () => time('interval', 10, 's', 'Time between two tests.');
const timeout = () => time('timeout', 5, 's', 'Time for one test.');

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
    when: required(
      choice(
        'when',
        windows,
        'both',
        'When it runs: after start_X until stop_X; `pre`, for a service elsewhere: from prestart to poststop.',
      ),
    ),
    action: optional(
      choice('action', actions, 'restart', `${actionDoc} Rule \`t_<ident>\`.`, { since: '8.2.3' }),
      '`restart`; `wait` with `pre`',
    ),
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
    action: optional(
      choice('action', actions, 'wait', `${actionDoc} Rule \`p_<ident>\`.`, { since: '8.2.3' }),
      '`wait` with `pre`; else it must be given',
    ),
  },
  children: [once(pingTo)],
});

/** `<to>` of an interface checker. */
export const intfTo = element({
  name: 'to',
  doc: 'What is tested.',
  attributes: { local_addr: required(address('local_addr', 'Address of the interface on this node.')) },
  children: [],
});
/** `<intf>`: compatibility page, section 2.11.3. */
export const intf = element({
  name: 'intf',
  doc: 'Looks whether a network interface is up; else the module waits (rule `interface_failure`).',
  attributes: { ident: ident('intf'), when: choice('when', ['pre'], 'pre', 'Always from prestart to poststop.') },
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
  attributes: { ident: ident('ip'), when: when('`prim` in a mirror, else `both`') },
  children: [once(ipTo)],
});

/** `<custom>`: compatibility page, section 2.11.5. */
export const custom = element({
  name: 'custom',
  doc: 'A checker of your own: it is started once, goes on for ever, and sets its resource with `set -r`.',
  attributes: {
    ident: ident('custom'),
    when: required(
      choice('when', windows, 'both', 'When it runs: after start_X until stop_X; `pre`: from prestart to poststop.'),
    ),
    exec: required(text('exec', '', 'Executable, relative to SAFEUSERBIN.')),
    arg: anyText('arg', '', 'Further arguments, blanks between.'),
    action: choice('action', actions, 'noaction', `${actionDoc} Rule \`c_<ident>\`.`),
  },
  children: [],
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
    when: choice('when', ['pre'], 'pre', 'Always from prestart to poststop.'),
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
    when: choice('when', ['pre'], 'pre', 'Always from prestart to poststop.'),
  },
  children: [],
});

/** `<check>`: compatibility page, section 2.11. */
export const check = element({
  name: 'check',
  doc: 'Checkers.',
  attributes: {},
  children: [any(tcp), any(ping), any(intf), any(ip), any(custom), any(moduleCheck), maybe(splitbrain)],
});
