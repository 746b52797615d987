/** The real prober: looks at what checkers are about. */
import type { CheckPlace, CheckResult, Closable, Prober, Services } from '../../actors/ports.js';
import { compilePosixRegex } from '../../config/posix-regex.js';
import type { CheckerConfig, CustomCheck } from '../../config/types.js';
import { loadNative } from '../linux/native.js';
import { type Authorities, createAuthorities } from './authorities.js';
import { type CompileRegex, createHttpProbe } from './http.js';
import { createEchoes, type Echoes } from './icmp-sockets.js';
import { createIntfProbe, createIpProbe } from './interfaces.js';
import { createLocalAddresses, type LocalAddresses } from './local-addresses.js';
import { createModuleProbe } from './module.js';
import { createNames, type Names } from './names.js';
import { createPingProbe, createSplitbrainProbe } from './ping.js';
import { createPingProgram, type PingProgram } from './ping-program.js';
import { down, nothing, type Probe } from './probe.js';
import { createSessions } from './sessions.js';
import { createSystemdProbe } from './systemd.js';
import { createTcpProbe } from './tcp.js';

/** Custom checks run programs and come from elsewhere. */
export interface CustomProber {
  readonly check: Probe<CustomCheck>;
  readonly run: Prober['run'];
  readonly ended: Prober['ended'];
}
export interface ProberOptions {
  /** The authority of this cluster's own HTTPS: a file that may not be there yet. */
  readonly authorityFile?: string;
  /** For the User-Agent of HTTP checks. */
  readonly version?: string;
  /** Tells how systemd's units are. */
  readonly services?: Services;
  readonly custom?: CustomProber;
  /** Default: the project's POSIX expressions, whose time is linear. */
  readonly compileRegex?: CompileRegex;
  // The system's own by default; tests hand in others. Null: this machine does not have it.
  readonly names?: Names;
  readonly authorities?: Authorities;
  readonly addresses?: LocalAddresses;
  readonly echoes?: Echoes | null;
  readonly pingProgram?: PingProgram | null;
}

/** One way of looking for each kind of checker. */
type Probes = { readonly [Kind in CheckerConfig['kind']]: Probe<Extract<CheckerConfig, { readonly kind: Kind }>> };

const noPrograms: CustomProber = {
  check: (_checker, _place, onResult) => {
    onResult(down('custom checks are not built'));
    return nothing;
  },
  run: (_checker, _place, onEnd) => {
    const timer = setImmediate(() => onEnd({ detail: 'custom checks are not built' }));
    return { close: () => clearImmediate(timer) };
  },
  ended: () => null,
};
const noServices: Services = {
  states: (names) => Promise.resolve(names.map((name) => ({ name, state: 'unknown', mainProcess: null }))),
};

/** Makes the prober. It holds nothing open while no check runs. */
export function createProber(options: ProberOptions = {}): Prober {
  const native = process.platform === 'linux' ? loadNative() : null;
  const names = options.names ?? createNames();
  const http = {
    names,
    authorities:
      options.authorities ?? createAuthorities(options.authorityFile === undefined ? {} : { ownFile: options.authorityFile }),
    sessions: createSessions(),
    userAgent: `holdfast-check/${options.version ?? '0'}`,
    compileRegex: options.compileRegex ?? compilePosixRegex,
  };
  const ping = {
    names,
    echoes: options.echoes !== undefined ? options.echoes : native === null ? null : createEchoes(native),
    program: options.pingProgram !== undefined ? options.pingProgram : createPingProgram(),
  };
  const addresses = options.addresses ?? createLocalAddresses();
  const custom = options.custom ?? noPrograms;
  const probes: Probes = {
    tcp: createTcpProbe(names),
    ping: createPingProbe(ping),
    intf: createIntfProbe(addresses),
    ip: createIpProbe(addresses),
    custom: custom.check,
    module: createModuleProbe(http),
    splitbrain: createSplitbrainProbe(ping),
    http: createHttpProbe(http),
    systemd: createSystemdProbe(options.services ?? noServices),
  };
  return {
    check: (checker, place, onResult) => promised((take) => begin(probes, checker, place, take), onResult),
    run: custom.run,
    ended: custom.ended,
    forgetNames: () => names.forget(),
  };
}

/** The one probe of the table that is for this kind, told to the compiler case by case. */
function begin(probes: Probes, checker: CheckerConfig, place: CheckPlace, onResult: (result: CheckResult) => void): Closable {
  switch (checker.kind) {
    case 'tcp':
      return probes.tcp(checker, place, onResult);
    case 'ping':
      return probes.ping(checker, place, onResult);
    case 'intf':
      return probes.intf(checker, place, onResult);
    case 'ip':
      return probes.ip(checker, place, onResult);
    case 'custom':
      return probes.custom(checker, place, onResult);
    case 'module':
      return probes.module(checker, place, onResult);
    case 'splitbrain':
      return probes.splitbrain(checker, place, onResult);
    case 'http':
      return probes.http(checker, place, onResult);
    case 'systemd':
      return probes.systemd(checker, place, onResult);
  }
}

/** What the port promises: one result, never at once, never after `close`, and never an exception. */
function promised(begin: (take: (result: CheckResult) => void) => Closable, onResult: (result: CheckResult) => void): Closable {
  let open = true;
  let beginning = true;
  let early: NodeJS.Immediate | null = null;
  const deliver = (result: CheckResult): void => {
    if (!open) return;
    open = false;
    onResult(result);
  };
  const take = (result: CheckResult): void => {
    if (!beginning) deliver(result);
    else if (early === null) early = setImmediate(() => deliver(result));
  };
  let check: Closable;
  try {
    check = begin(take);
  } catch (error) {
    take(down(`the check could not be made: ${error instanceof Error ? error.message : String(error)}`));
    check = nothing;
  }
  beginning = false;
  return {
    close: () => {
      if (!open) return;
      open = false;
      if (early !== null) clearImmediate(early);
      check.close();
    },
  };
}
