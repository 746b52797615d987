import { reportDuplicateKeys, reportDuplicates } from './duplicates.js';
import type { ProblemReport } from './problems.js';
import { childrenOf, placeOf, read } from './read-element.js';
import { heart, heartbeat } from './schema-module.js';
import { notReplicated, replicated, rfs, toCheck } from './schema-rfs.js';
import type { HeartConfig, RfsConfig } from './types.js';
import type { XmlElement } from './xml-tree.js';

/** Compiles `<heart>` (compatibility page, section 2.3). */
export function compileHeart(element: XmlElement, report: ProblemReport): HeartConfig {
  const { port, pulse, timeout, permanent_arp } = heart.attributes;
  const heartbeats = childrenOf(element, heartbeat);
  const identOf = (each: XmlElement): string => read(each, heartbeat.attributes.ident) ?? read(each, heartbeat.attributes.name);
  reportDuplicates(report, heartbeats, heartbeat.attributes.name);
  reportDuplicateKeys(report, heartbeats, heartbeat.attributes.ident, identOf);
  const [pulseMs, timeoutMs] = [read(element, pulse), read(element, timeout)];
  return {
    port: read(element, port),
    pulseMs,
    timeoutMs,
    permanentArp: read(element, permanent_arp),
    heartbeats: heartbeats.map((each) => {
      const own = heartbeat.attributes;
      const beat = { pulseMs: read(each, own.pulse) ?? pulseMs, timeoutMs: read(each, own.timeout) ?? timeoutMs };
      if (beat.timeoutMs <= beat.pulseMs) {
        report.error(
          placeOf(each, own.timeout),
          'CONF_CONFLICT',
          '`timeout` is not longer than `pulse`.',
          'The other node would always count as lost.',
        );
      }
      return { name: read(each, own.name), ident: identOf(each), ...beat };
    }),
  };
}

/** Compiles `<rfs>` (compatibility page, section 2.7). */
export function compileRfs(element: XmlElement, report: ProblemReport): RfsConfig {
  const directories = childrenOf(element, replicated);
  reportDuplicates(report, directories, replicated.attributes.dir);
  const { reipacketsize, ruzone_blocksize } = rfs.attributes;
  const zone = read(element, ruzone_blocksize) ?? read(element, reipacketsize);
  if (zone % read(element, reipacketsize) !== 0) {
    const message = '`ruzone_blocksize` is not a multiple of `reipacketsize`.';
    report.error(
      placeOf(element, ruzone_blocksize),
      'CONF_CONFLICT',
      message,
      `Choose a multiple of ${read(element, reipacketsize)}.`,
    );
  }
  const specs = Object.values(rfs.attributes);
  return {
    attributes: Object.fromEntries(specs.map((spec) => [spec.name, read<string | number | boolean | null>(element, spec)])),
    replicated: directories.map((directory) => ({
      dir: read(directory, replicated.attributes.dir),
      readOnly: read(directory, replicated.attributes.mode) !== null,
      notReplicated: childrenOf(directory, notReplicated).map((each) => {
        const [path, regexPath] = [read(each, notReplicated.attributes.path), read(each, notReplicated.attributes.regexpath)];
        if ((each.attributes.has('path') ? 1 : 0) + (each.attributes.has('regexpath') ? 1 : 0) !== 1) {
          report.error(each, 'CONF_CONFLICT', '<notreplicated> needs either `path` or `regexpath`.', 'Give one of the two.');
        }
        return { path, regexPath };
      }),
      toCheck: childrenOf(directory, toCheck).map((each) => read(each, toCheck.attributes.path)),
    })),
  };
}
