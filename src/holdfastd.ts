/** `holdfastd`: reads its settings, starts the daemon, and heeds signals. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Daemon, DaemonOptions } from './compose.js';
import { startDaemon } from './compose.js';

const usage = `holdfastd: keeps applications running on this node

  --safe DIR       installation root, SAFE (default /opt/holdfast; Windows C:\\holdfast)
  --var DIR        working files, SAFEVAR (default /var/holdfast; Windows C:\\holdfast\\var)
  --node NAME      this node's name in cluster.xml (default: found by its addresses)
  --listen ADDR    address of the web service, may be repeated (default: the node's addresses in cluster.xml)
  --http-port N    port of the web service (default 9010)
  --https-port N   port of HTTPS, once it is set up (default 9453)
  --ca-port N      port of the CA helper, while it runs (default 9001)
  --log WHERE      besides the files: none, auto, journal, syslog or stderr (default none)
  --inspect-dev    for developers of Holdfast: the machines' inspection for @statelyai/inspect at ws://127.0.0.1:9455/inspect
  --inspect-port N another port for that
  --config FILE    settings as JSON, as in conf/holdfastd.json (default SAFE/conf/holdfastd.json); the command line wins
  --version
  --help
`;

const here = dirname(fileURLToPath(import.meta.url));

function version(): string {
  const value: unknown = JSON.parse(readFileSync(join(here, '..', 'package.json'), 'utf8'));
  return typeof value === 'object' && value !== null && 'version' in value && typeof value.version === 'string'
    ? value.version
    : '0.0.0';
}

class UsageError extends Error {}

/** The settings' file: an object of texts, numbers and lists of texts; anything else is refused by name. */
function settings(file: string, required: boolean): Readonly<Record<string, unknown>> {
  if (!existsSync(file)) {
    if (required) throw new UsageError(`--config: there is no ${file}`);
    return {};
  }
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new UsageError(`${file} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const isObject = (one: unknown): one is Readonly<Record<string, unknown>> =>
    typeof one === 'object' && one !== null && !Array.isArray(one);
  if (!isObject(value)) throw new UsageError(`${file} must hold one JSON object`);
  const known = ['safe', 'safevar', 'node', 'listen', 'httpPort', 'httpsPort', 'caPort', 'system', 'env'];
  const unknown = Object.keys(value).filter((key) => !known.includes(key) && !key.startsWith('$') && !key.startsWith('//'));
  if (unknown.length > 0) throw new UsageError(`${file}: ${unknown.join(', ')} is not a setting; there are ${known.join(', ')}`);
  return value;
}

/** An object of texts. */
function texts(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

function read(argv: readonly string[]): DaemonOptions | 'help' | 'version' {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(argv);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  const { values } = parsed;
  if (values.help) return 'help';
  if (values.version) return 'version';
  const windows = process.platform === 'win32';
  const text = (value: unknown): string | null => (typeof value === 'string' && value.length > 0 ? value : null);
  const safeDefault = text(values.safe) ?? text(process.env['SAFE']) ?? (windows ? 'C:\\holdfast' : '/opt/holdfast');
  const file = settings(values.config ?? join(safeDefault, 'conf', 'holdfastd.json'), values.config !== undefined);
  const safe = resolve(text(values.safe) ?? text(file['safe']) ?? safeDefault);
  const safevar = resolve(
    text(values.var) ?? text(file['safevar']) ?? text(process.env['SAFEVAR']) ?? (windows ? join(safe, 'var') : '/var/holdfast'),
  );
  const port = Number(values['http-port'] ?? file['httpPort'] ?? 9010);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new UsageError('--http-port must be a port, 1 to 65535');
  const securePort = Number(values['https-port'] ?? file['httpsPort'] ?? 9453);
  if (!Number.isInteger(securePort) || securePort < 1 || securePort > 65_535 || securePort === port)
    throw new UsageError('--https-port must be a port, 1 to 65535, and another one than --http-port');
  const helperPort = Number(values['ca-port'] ?? file['caPort'] ?? 9001);
  if (!Number.isInteger(helperPort) || helperPort < 1 || helperPort > 65_535)
    throw new UsageError('--ca-port must be a port, 1 to 65535');
  const inspectPort = Number(values['inspect-port'] ?? 9455);
  if (!Number.isInteger(inspectPort) || inspectPort < 1 || inspectPort > 65_535)
    throw new UsageError('--inspect-port must be a port, 1 to 65535');
  const log = text(values.log) ?? text(file['system']) ?? 'none';
  if (log !== 'none' && log !== 'auto' && log !== 'journal' && log !== 'syslog' && log !== 'stderr')
    throw new UsageError(`--log is none, auto, journal, syslog or stderr, not ${log}`);
  const listed = Array.isArray(file['listen']) ? file['listen'].filter((one) => typeof one === 'string') : null;
  return {
    safe,
    safevar,
    node: text(values.node) ?? text(file['node']),
    listen: values.listen ?? listed,
    httpPort: port,
    httpsPort: securePort,
    caHelperPort: helperPort,
    version: version(),
    system: log,
    inspectDev: values['inspect-dev'] === true ? inspectPort : null,
    extraEnv: texts(file['env']),
  };
}

function parse(argv: readonly string[]) {
  return parseArgs({
    args: [...argv],
    strict: true,
    options: {
      safe: { type: 'string' },
      var: { type: 'string' },
      node: { type: 'string' },
      listen: { type: 'string', multiple: true },
      'http-port': { type: 'string' },
      'https-port': { type: 'string' },
      'ca-port': { type: 'string' },
      log: { type: 'string' },
      'inspect-dev': { type: 'boolean' },
      'inspect-port': { type: 'string' },
      config: { type: 'string' },
      help: { type: 'boolean' },
      version: { type: 'boolean' },
    },
  });
}

/** First signal: stop in order. A second one: leave at once, applications go on. */
function heedSignals(daemon: Daemon): void {
  let stopping = false;
  const stop = (signal: string) => (): void => {
    const ending = stopping ? daemon.leave() : daemon.shutdown(signal);
    stopping = true;
    ending.then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`holdfastd: ${error instanceof Error ? error.stack : String(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop('SIGTERM'));
  process.on('SIGINT', stop('SIGINT'));
  process.on('SIGHUP', () => void daemon.reload());
}

async function main(): Promise<void> {
  // A defect must not leave a daemon that only seems to live: it ends, is started again by its supervisor, and resumes.
  const die = (error: unknown): void => {
    process.stderr.write(`holdfastd: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(70);
  };
  process.on('uncaughtException', die);
  process.on('unhandledRejection', die);
  const options = read(process.argv.slice(2));
  if (options === 'help' || options === 'version') {
    process.stdout.write(options === 'help' ? usage : `${version()}\n`);
    return;
  }
  const daemon = await startDaemon(options);
  heedSignals(daemon);
  process.stdout.write(`holdfastd ${options.version}: ready on ${daemon.socket}\n`);
}

main().catch((error: unknown) => {
  const expected = error instanceof UsageError || (error instanceof Error && error.name === 'InstanceTaken');
  const message = error instanceof Error ? (expected ? error.message : (error.stack ?? error.message)) : String(error);
  process.stderr.write(`holdfastd: ${message}\n`);
  process.exit(expected ? 2 : 1);
});
