import { drain } from './attribute-drain.js';
import {
  anyText,
  choice,
  host,
  integer,
  onOff,
  optional,
  plainName,
  port,
  regex,
  required,
  shaped,
  text,
  time,
  yesNo,
} from './attribute-types.js';
import { any, element, maybe, once, some } from './element-spec.js';
import { macroName } from './macros.js';
import { check } from './schema-check.js';
import { rfs } from './schema-rfs.js';
import { vip } from './schema-vip.js';

const oneProtocol = 'one protocol on the port of the cluster serves all modules';

/** `<macro>`: compatibility page, section 2.1. */
export const macro = element({
  name: 'macro',
  doc: 'Every `%NAME%` after it is replaced by the value. It stands under `<safe>`, or before it.',
  attributes: {
    name: required(shaped('name', '', 'Name.', macroName, 'a letter or underscore, then letters, digits and `_ . - ( )`')),
    value: required(anyText('value', '', 'Text that replaces it; may be empty.')),
  },
  children: [],
});

/** `<var>`: compatibility page, section 2.8. */
export const variable = element({
  name: 'var',
  doc: 'A variable in the environment of the scripts.',
  attributes: {
    name: required(
      shaped(
        'name',
        '',
        'Name of the variable.',
        /^[A-Za-z_][A-Za-z0-9_]*$/,
        'a letter or underscore, then letters, digits and underscores',
      ),
    ),
    value: required(anyText('value', '', 'Its value; may be empty.')),
  },
  children: [],
});

/** `<user>`: compatibility page, section 2.8. */
export const user = element({
  name: 'user',
  doc: 'The module has scripts. Without it none is run.',
  attributes: {
    nicestoptimeout: time('nicestoptimeout', 300, 's', 'Time for a stop script; then it is ended, and the forced call follows.'),
    forcestoptimeout: time('forcestoptimeout', 300, 's', 'Time for the forced call of a stop script.'),
    starttimeout: optional(time('starttimeout', 300, 's', 'Time for a start script.', { since: 'ours' }), 'no limit'),
    logging: choice(
      'logging',
      ['userlog', 'none'],
      'userlog',
      '`userlog`: the output of each run goes to a file of its own; `none`: it is dropped.',
    ),
    userlogsize: integer('userlogsize', 2048, 'Size of a log in KB from which it is cut when the module starts.', 1, 10_000_000),
  },
  children: [any(variable)],
});

/** `<virtualhostname>`: compatibility page, section 2.9. */
export const virtualHostName = element({
  name: 'virtualhostname',
  doc: 'A host name that scripts and the application see instead of the real one.',
  attributes: {
    name: required(host('name', '', 'The host name.')),
    envfile: optional(
      text('envfile', '', 'File that is written when the module is configured, relative to SAFEUSERBIN; scripts source it.'),
    ),
    when: optional(choice('when', ['prim', 'second', 'both'], 'prim', 'Where it is shown.'), '`prim`; `both` in farm and light'),
  },
  children: [],
});
/** `<vhost>`. */
export const vhost = element({ name: 'vhost', doc: 'Virtual host names.', attributes: {}, children: [some(virtualHostName)] });

/** `<proc>`: compatibility page, section 2.10. */
export const proc = element({
  name: 'proc',
  doc: 'A process or service that must (or must not) be there. Its resource is `proc.<name>`.',
  attributes: {
    name: required(text('name', '', 'Name of the command (Linux: its first 15 characters) or of the service.')),
    service: yesNo('service', false, '`yes`: the name is a systemd or Windows service.', { since: '7.3' }),
    nameregex: optional(
      regex('nameregex', 'Expression on the name of the command; `name` then names only the resource.', 'plain'),
    ),
    argregex: optional(regex('argregex', 'Expression on the whole command line.', 'plain')),
    class: optional(
      text(
        'class',
        '',
        'When it is watched: `prim`, `second`, `sec`, `both` after start_X until stop_X, `pre` from prestart to poststop; any other name is switched with `errd enable` and `errd disable`.',
      ),
    ),
    action: text(
      'action',
      'stopstart',
      'What follows: `restart`, `stopstart`, `stop`, `noaction`, or an executable, absolute or in the bin of the module: it has `nicestoptimeout`, then it is ended, which is a failure of it.',
    ),
    restart_services: optional(
      text(
        'restart_services',
        '',
        'With `service="yes"` and `action="restart"`: services to restart, in the order of their start, with commas between.',
        { since: '8.2.6' },
      ),
    ),
    atleast: integer('atleast', 1, 'Fewer than this is a failure; -1: not looked at.', -1, 100_000),
    atmax: integer('atmax', -1, 'This many is a failure; 0: as soon as there is one; -1: not looked at.', -1, 100_000),
    start_after: integer('start_after', 0, 'Watching begins (n - 1) x polltimer later.', 0, 100_000),
    settle: time(
      'settle',
      500,
      'ms',
      'How long a process may be missing that another one replaces, as when a daemon starts itself anew.',
      { since: 'ours', minMs: 0, maxMs: 600_000 },
    ),
  },
  children: [],
});
/** `<errd>`. */
export const errd = element({
  name: 'errd',
  doc: 'Watches processes and services. The end of a process is seen at once, where the system tells; else at the next poll. Needs `<user>`.',
  attributes: { polltimer: time('polltimer', 30, 's', 'Time between two looks at all processes.') },
  children: [any(proc)],
});

/** `<failover>`: compatibility page, section 2.12. */
export const failover = element({
  name: 'failover',
  doc: 'Rules of your own, in CDATA sections: the rule language, or Lua in a section that begins with `--Lua Rules`. See [rules.md](rules.md).',
  attributes: {
    extends: yesNo(
      'extends',
      true,
      '`yes`: the rules are added to the default ones; `no`: they replace them. Rules that a checker generates stay.',
    ),
    period: time('period', 5000, 'ms', 'Without effect: rules are evaluated whenever a resource changes.', { minMs: 100 }),
    handle_time: time(
      'handle_time',
      15_000,
      'ms',
      'An action must hold for this long before it is carried out. Without `<failover>` it is 2 s.',
      { minMs: 0 },
    ),
  },
  children: [],
  holdsText: true,
});

/** `<heartbeat>`: compatibility page, section 2.3. */
export const heartbeat = element({
  name: 'heartbeat',
  doc: 'A lan over which the two nodes hear each other.',
  attributes: {
    name: required(plainName('name', 'Name of the lan in cluster.xml.')),
    ident: optional(
      text('ident', '', 'Label; its resource is `heartbeat.<ident>`. `flow`: replication uses this lan too.'),
      'as `name`',
    ),
    pulse: optional(time('pulse', 700, 'ms', 'As in `<heart>`, for this lan.', { minMs: 10 }), 'that of `<heart>`'),
    timeout: optional(time('timeout', 30_000, 'ms', 'As in `<heart>`, for this lan.', { minMs: 100 }), 'that of `<heart>`'),
  },
  children: [
    any(
      element({
        name: 'server',
        doc: 'Of versions before 7.2.',
        attributes: { addr: optional(anyText('addr', '', 'Address.')) },
        children: [],
        ignored: 'addresses come from cluster.xml',
      }),
    ),
  ],
});
/** `<heart>`. */
export const heart = element({
  name: 'heart',
  doc: 'Heartbeats between the two nodes of a mirror.',
  modes: ['mirror'],
  attributes: {
    port: optional(port('port', 8888, 'UDP port.', { ignored: oneProtocol })),
    pulse: time('pulse', 700, 'ms', 'Time between two heartbeats.', { minMs: 10 }),
    timeout: time('timeout', 30_000, 'ms', 'Silence after which the other node counts as lost.', { minMs: 100 }),
    permanent_arp: onOff('permanent_arp', true, 'Keep the ARP entries of the other node.'),
  },
  children: [some(heartbeat)],
});

/** `<lan>` of a farm: compatibility page, section 2.4. */
export const farmLan = element({
  name: 'lan',
  doc: 'A lan that the farm uses.',
  attributes: { name: required(plainName('name', 'Name of the lan in cluster.xml.')) },
  children: [
    any(
      element({
        name: 'node',
        doc: 'Of versions before 7.2.',
        attributes: { name: optional(anyText('name', '', 'Name.')), addr: optional(anyText('addr', '', 'Address.')) },
        children: [],
        ignored: 'addresses come from cluster.xml',
      }),
    ),
  ],
});
/** `<farm>`. */
export const farm = element({
  name: 'farm',
  doc: 'Networks of the farm.',
  modes: ['farm'],
  attributes: {
    port: optional(port('port', 4803, 'UDP port.', { ignored: oneProtocol })),
    pulse: optional(
      time('pulse', 100, 'ms', 'As in cluster.xml, for this module.', { minMs: 10, maxMs: 60_000 }),
      'that of cluster.xml',
    ),
    mlost_count: optional(integer('mlost_count', 8, 'As in cluster.xml, for this module.', 2, 1000), 'that of cluster.xml'),
    slost_count: optional(integer('slost_count', 5, 'As in cluster.xml, for this module.', 2, 1000), 'that of cluster.xml'),
  },
  children: [some(farmLan)],
});

/** `<ready>`, ours: design of the statecharts, probe and drain. */
export const ready = element({
  name: 'ready',
  doc: 'The health probe `ready.txt` of load balancers.',
  since: 'ours',
  attributes: { drain: drain('drain') },
  children: [],
});

/** `<service>`: compatibility page, section 2.2. */
export const service = element({
  name: 'service',
  doc: 'The module.',
  attributes: {
    mode: required(
      choice(
        'mode',
        ['farm', 'mirror', 'light'],
        'farm',
        '`farm`: two or more nodes serve; `mirror`: one of two nodes serves; `light`: one node, alone.',
      ),
    ),
    boot: choice(
      'boot',
      ['on', 'off', 'auto', 'ignore'],
      'ignore',
      'At boot: `on` starts it, `off` does not, `auto` starts it if it ran before, `ignore` leaves it to the command `boot -m AM on|off`.',
    ),
    boot_delay: time('boot_delay', 0, 's', 'Wait before it is started at boot.', { minMs: 0 }),
    failover: onOff('failover', true, '`off`: the secondary does not become primary by itself.', { modes: ['mirror'] }),
    defaultprim: text(
      'defaultprim',
      'alone',
      'Which node is primary when both run: `alone` the one that was alone, `lastprim` the one that was primary last, or the name of a node.',
      { modes: ['mirror'] },
    ),
    maxloop: integer('maxloop', 3, 'Automatic restarts inside `loop_interval` before the module is stopped.', 0, 1_000_000),
    loop_interval: time('loop_interval', 24, 'h', 'Window in which automatic restarts are counted; 0: not counted.', {
      minMs: 0,
      maxMs: 3650 * 86_400_000,
    }),
    automatic_reboot: onOff('automatic_reboot', false, '`on`: an automatic stopstart reboots the machine instead.'),
  },
  children: [
    once(farm),
    once(heart),
    maybe(ready),
    maybe(vip),
    maybe(rfs),
    maybe(user),
    maybe(vhost),
    maybe(errd),
    maybe(check),
    maybe(failover),
  ],
});

/** Root of userconfig.xml: compatibility page, section 2.0. */
export const safe = element({ name: 'safe', doc: 'A module.', attributes: {}, children: [any(macro), once(service)] });

/** What a file userconfig.xml holds: macros may stand before `<safe>` (compatibility page, section 2.0). */
export const moduleFile = element({
  name: 'userconfig.xml',
  doc: 'A module.',
  attributes: {},
  children: [any(macro), once(safe)],
});
