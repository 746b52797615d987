/** What the checkers of the benchmark look at, and how it fails and comes back: servers, programs, units, and interfaces of a network of our own. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Certificate } from './certificate.js';
import { loopback, type RealDaemon } from './real-daemon.js';
import { markVariable } from './workplace.js';

/** One checker, what it looks at, and how that fails and comes back. */
export interface Subject {
  readonly module: string;
  readonly name: string;
  readonly resource: string;
  /** The element inside `<check>`; `times` are attributes. */
  readonly element: (times: string) => string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly fail: () => Promise<void> | void;
  readonly restore: () => Promise<void> | void;
}
export type Subjects = (daemon: RealDaemon) => Promise<readonly Subject[]>;

export const moduleXml = (directory: string, check: string, failover: string): string => `<safe>
<service mode="light" boot="ignore" loop_interval="0">
  <user logging="none"><var name="${markVariable}" value="${directory}"/></user>
  <check>${check}</check>${failover}
</service></safe>
`;

/** What can be had on loopback without root. */
export const loopbackSubjects =
  (certificate: Certificate): Subjects =>
  async (daemon) => {
    const tcp = await switched(() => createServer((socket) => socket.destroy()));
    const http = await switched(() => createHttpServer((_request, response) => response.end('ok')));
    let hangs = false;
    const slow = await switched(() => createHttpServer((_request, response) => void (hangs || response.end('ok'))));
    await daemon.installFiles('other', 1, { 'conf/userconfig.xml': moduleXml('', '', ''), 'bin/start_both': '#!/bin/sh\n' });
    await daemon.start('other');
    const command = async (action: string): Promise<void> => {
      await daemon.client.json('POST', '/modules/other/actions', { json: { action } });
    };
    const loopFlag = (): string => join(daemon.safevar, 'modules', 'loop', 'fails');
    const flag = (): string => join(daemon.safevar, 'modules', 'oneshot', 'fails');
    return [
      {
        module: 'tcp',
        name: 'tcp, port closed',
        resource: 'tcp.a',
        element: (times) => `<tcp ident="a" when="both"><to addr="127.0.0.1" port="${tcp.port}" ${times}/></tcp>`,
        fail: tcp.close,
        restore: tcp.open,
      },
      {
        module: 'http',
        name: 'http, port closed',
        resource: 'http.a',
        element: (times) => `<http ident="a" when="both"><to url="http://127.0.0.1:${http.port}/" ${times}/></http>`,
        fail: http.close,
        restore: http.open,
      },
      {
        module: 'hang',
        name: 'http, no answer',
        resource: 'http.b',
        element: (times) => `<http ident="b" when="both"><to url="http://127.0.0.1:${slow.port}/" ${times}/></http>`,
        fail: () => {
          hangs = true;
        },
        restore: () => {
          hangs = false;
        },
      },
      {
        module: 'oneshot',
        name: 'custom, oneshot',
        resource: 'custom.a',
        element: (times) => `<custom ident="a" when="both" action="restart" mode="oneshot" exec="look" ${times}/>`,
        scripts: { look: '#!/bin/sh\n[ ! -f "$SAFEUSERVAR/fails" ]\n' },
        fail: () => writeFileSync(flag(), ''),
        restore: () => rmSync(flag()),
      },
      {
        module: 'follower',
        name: 'module, stopped',
        resource: 'module.other',
        element: (times) =>
          `<module name="other" ident="other"><to addr="${loopback(1)}" port="${daemon.httpPort}" ${times}/></module>`,
        fail: () => command('stop'),
        restore: () => command('start'),
      },
      {
        module: 'loop',
        name: 'custom, loop that looks each second',
        resource: 'custom.b',
        element: () => '<custom ident="b" when="both" action="restart" exec="watch"/>',
        scripts: { watch: looping },
        fail: () => writeFileSync(loopFlag(), ''),
        restore: () => rmSync(loopFlag()),
      },
      await httpsSubject(certificate),
    ];
  };

/** An executable as the template has it: it tells changes only. */
const looping = `#!/bin/sh
last=
while :; do
  if [ -f "$SAFEUSERVAR/fails" ]; then now=down; else now=up; fi
  [ "$now" = "$last" ] || safekit set -r "$2" -v "$now" -i watch && last=$now
  sleep 1
done
`;

async function httpsSubject({ key, cert, authorityFile }: Certificate): Promise<Subject> {
  const secure = await switched(() => createSecureServer({ key, cert }, (_request, response) => response.end('ok')));
  return {
    module: 'https',
    name: 'https, port closed',
    resource: 'http.c',
    element: (times) =>
      `<http ident="c" when="both"><to url="https://127.0.0.1:${secure.port}/" ca="${authorityFile}" ${times}/></http>`,
    fail: secure.close,
    restore: secure.open,
  };
}

/** A server on a port of its own that can be closed with all its connections, and opened again. */
async function switched(make: () => Server): Promise<{ readonly port: number; close(): Promise<void>; open(): Promise<void> }> {
  let port = 0;
  let sockets = new Set<Socket>();
  let server = make();
  const open = async (): Promise<void> => {
    sockets = new Set();
    server = make();
    server.on('connection', (socket) => sockets.add(socket));
    server.listen(port, '127.0.0.1').unref();
    await once(server, 'listening');
    const address = server.address();
    if (address !== null && typeof address === 'object') ({ port } = address);
  };
  await open();
  return {
    get port() {
      return port;
    },
    open,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

// ---------------------------------------------------------------- a network of our own

const address = '192.0.2.10';
const addressOfInterface = '192.0.2.129';

export async function inNamespace<T>(
  use: (wrap: readonly string[], ip: (...args: readonly string[]) => void) => Promise<T>,
): Promise<T> {
  const name = `hf-bench-${process.pid}`;
  const host = (...args: readonly string[]): void => void execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const ip = (...args: readonly string[]): void => host('-n', name, ...args);
  host('netns', 'add', name);
  try {
    ip('link', 'set', 'lo', 'up');
    return await use(['ip', 'netns', 'exec', name], ip);
  } finally {
    host('netns', 'delete', name);
  }
}

export async function networkSubjects(ip: (...args: readonly string[]) => void): Promise<readonly Subject[]> {
  const addresses = { ping: '192.0.2.20/32', ip: `${address}/32` };
  ip('link', 'add', 'hfd0', 'type', 'veth', 'peer', 'name', 'hfd1');
  ip('link', 'set', 'hfd1', 'up');
  ip('addr', 'add', `${addressOfInterface}/25`, 'dev', 'hfd0');
  ip('link', 'set', 'hfd0', 'up');
  for (const one of Object.values(addresses)) ip('addr', 'add', one, 'dev', 'lo');
  return [
    {
      module: 'ping',
      name: 'ping, no route',
      resource: 'ping.a',
      element: (times) => `<ping ident="a" when="both" action="restart"><to addr="192.0.2.20" ${times}/></ping>`,
      fail: () => ip('addr', 'del', addresses.ping, 'dev', 'lo'),
      restore: () => ip('addr', 'add', addresses.ping, 'dev', 'lo'),
    },
    {
      module: 'ip',
      name: 'ip, address taken off',
      resource: 'ip.a',
      element: (times) => `<ip ident="a"><to addr="${address}" ${times.replace(/ timeout=.*/, '')}/></ip>`,
      fail: () => ip('addr', 'del', addresses.ip, 'dev', 'lo'),
      restore: () => ip('addr', 'add', addresses.ip, 'dev', 'lo'),
    },
    {
      module: 'intf',
      name: 'intf, interface down',
      resource: 'intf.a',
      element: (times) => `<intf ident="a"><to local_addr="${addressOfInterface}" ${times.replace(/ timeout=.*/, '')}/></intf>`,
      fail: () => ip('link', 'set', 'hfd0', 'down'),
      restore: () => ip('link', 'set', 'hfd0', 'up'),
    },
  ];
}

// ---------------------------------------------------------------- a systemd of our own

/** Its unit, and how it fails. */
export const unit = { name: 'hf-bench', text: 'ExecStart=/usr/bin/tail -f /dev/null\n' } as const;

export async function systemdSubjects(systemctl: (...args: readonly string[]) => Promise<string>): Promise<readonly Subject[]> {
  await systemctl('start', unit.name);
  return [
    {
      module: 'unit',
      name: 'systemd, unit stopped',
      resource: 'systemd.a',
      element: (times) => `<systemd ident="a" unit="${unit.name}.service" when="both" ${times}/>`,
      fail: async () => void (await systemctl('stop', unit.name)),
      restore: async () => void (await systemctl('start', unit.name)),
    },
  ];
}
