import { compileCheck } from './compile-check.js';
import { compileErrd, type ErrdContext } from './compile-errd.js';
import { compileFailover } from './compile-failover.js';
import { compileHeart, compileRfs } from './compile-mirror.js';
import { compileVip } from './compile-vip.js';
import { reportDuplicates } from './duplicates.js';
import type { ElementSpec } from './element-spec.js';
import type { ProblemReport } from './problems.js';
import { childOf, childrenOf, placeOf, read } from './read-element.js';
import { check } from './schema-check.js';
import {
  errd,
  failover,
  farm,
  farmLan,
  heart,
  heartbeat,
  ready,
  service,
  user,
  variable,
  vhost,
  virtualHostName,
} from './schema-module.js';
import { rfs } from './schema-rfs.js';
import { vip } from './schema-vip.js';
import type { FarmConfig, ModuleConfig, ModuleMode, Position, ServiceConfig, UserConfig, VhostConfig } from './types.js';
import type { XmlElement } from './xml-tree.js';

function compileFarm(element: XmlElement, report: ProblemReport): FarmConfig {
  const { port, pulse, mlost_count, slost_count } = farm.attributes;
  const lans = childrenOf(element, farmLan);
  reportDuplicates(report, lans, farmLan.attributes.name);
  return {
    port: read(element, port),
    pulseMs: read(element, pulse),
    mlostCount: read(element, mlost_count),
    slostCount: read(element, slost_count),
    lans: lans.map((lan) => ({ name: read(lan, farmLan.attributes.name) })),
  };
}

/** What scripts find in their environment by themselves (compatibility page, section 3.6). */
const reservedVariables = ['SAFE', 'SAFEVAR', 'SAFEBIN', 'SAFEMODULE', 'SAFEUSERBIN', 'SAFEUSERCONF', 'SAFEUSERVAR'];

function compileUser(element: XmlElement, report: ProblemReport): UserConfig {
  const { nicestoptimeout, forcestoptimeout, starttimeout, logging, userlogsize } = user.attributes;
  const variables = childrenOf(element, variable);
  const { name, value } = variable.attributes;
  reportDuplicates(report, variables, name);
  for (const each of variables) {
    if (reservedVariables.includes(read(each, name))) {
      report.error(
        placeOf(each, name),
        'CONF_CONFLICT',
        `${read(each, name)} is set for every script and cannot be changed.`,
        'Choose another name.',
      );
    }
  }
  return {
    nicestopTimeoutMs: read(element, nicestoptimeout),
    forcestopTimeoutMs: read(element, forcestoptimeout),
    startTimeoutMs: read(element, starttimeout),
    logging: read(element, logging),
    userlogSizeKb: read(element, userlogsize),
    vars: variables.map((each) => ({ name: read(each, name), value: read(each, value) })),
  };
}

function compileVhost(element: XmlElement, report: ProblemReport, mode: ModuleMode | null): VhostConfig {
  const { name, envfile, when } = virtualHostName.attributes;
  const hosts = childrenOf(element, virtualHostName);
  reportDuplicates(report, hosts, name);
  return {
    hosts: hosts.map((host) => {
      const given = read(host, when);
      if (given !== null && given !== 'both' && mode !== null && mode !== 'mirror') {
        report.error(
          placeOf(host, when),
          'CONF_CONFLICT',
          `when="${given}" never comes true in a ${mode} module.`,
          'Use `both`.',
        );
      }
      return { name: read(host, name), envfile: read(host, envfile), when: given ?? (mode === 'mirror' ? 'prim' : 'both') };
    }),
  };
}

function compileServiceAttributes(element: XmlElement, mode: ModuleMode): ServiceConfig {
  const { boot, boot_delay, failover: fails, defaultprim, maxloop, loop_interval, automatic_reboot } = service.attributes;
  const probe = childOf(element, ready);
  return {
    mode,
    boot: read(element, boot),
    bootDelayMs: read(element, boot_delay),
    failover: read(element, fails),
    defaultprim: read(element, defaultprim),
    maxloop: read(element, maxloop),
    loopIntervalMs: read(element, loop_interval),
    automaticReboot: read(element, automatic_reboot),
    drain: probe === null ? ready.attributes.drain.fallback : read(probe, ready.attributes.drain),
  };
}

function crossCheck(element: XmlElement, report: ProblemReport): void {
  const watching = childOf(element, errd);
  if (watching !== null && childOf(element, user) === null) {
    report.error(
      watching,
      'CONF_CONFLICT',
      '<errd> needs <user>.',
      'Without <user> no script is run, so nothing could be restarted; put <user/> into <service>.',
    );
  }
  const beats = childOf(element, heart);
  const flow = beats && childrenOf(beats, heartbeat).find((beat) => read(beat, heartbeat.attributes.ident) === 'flow');
  if (flow && childOf(element, rfs) === null) {
    const place = placeOf(flow, heartbeat.attributes.ident);
    report.error(
      place,
      'CONF_CONFLICT',
      'ident="flow" without <rfs> would leave the module waiting.',
      'Give it another ident, or put <rfs> into <service>.',
    );
  }
}

/** What the compilation of `<service>` depends on. */
export interface ServiceContext extends ErrdContext {
  /** Whether the text at this position has a `%NAME%` that could not be replaced. */
  readonly isUnresolved: (position: Position) => boolean;
}

/** Compiles `<service>` and all inside it; cross-checks are reported. `mode` of the context is null where the file has none that is valid. */
export function compileService(element: XmlElement, context: ServiceContext): Omit<ModuleConfig, 'macros' | 'lines'> {
  const { report, mode, isUnresolved } = context;
  crossCheck(element, report);
  const compile = <T>(spec: ElementSpec, how: (child: XmlElement) => T): T | null => {
    const child = childOf(element, spec);
    return child === null ? null : how(child);
  };
  const parts = {
    heart: compile(heart, (child) => compileHeart(child, report)),
    vip: compile(vip, (child) => compileVip(child, context)),
    errd: compile(errd, (child) => compileErrd(child, context)),
    check: compile(check, (child) => compileCheck(child, context)),
  };
  return {
    ...parts,
    service: compileServiceAttributes(element, read(element, service.attributes.mode)),
    farm: compile(farm, (child) => compileFarm(child, report)),
    rfs: compile(rfs, (child) => compileRfs(child, report)),
    user: compile(user, (child) => compileUser(child, report)),
    vhost: compile(vhost, (child) => compileVhost(child, report, mode)),
    failover: compile(failover, (child) => compileFailover(child, { report, mode, isUnresolved, ...parts })),
  };
}
