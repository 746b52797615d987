/** The demo's command line. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { DemoError, messageOf } from './demo-error.js';
import { type HealthPolicy, healthPresets, type PresetName } from './target-health.js';

/** What the command line asks for. */
export interface DemoOptions {
  readonly scenario: 'failover' | null;
  /** Print the scenario's report as JSON, and nothing else, on standard output. */
  readonly json: boolean;
  /** Where the two nodes live. Absolute. */
  readonly dir: string;
  /** First of four ports (balancer, application, HTTP, cluster); null takes the usual ones. */
  readonly portsBase: number | null;
  readonly policy: HealthPolicy;
  readonly preset: PresetName;
  /** Requests per second of the demo's own client. 0 to 200. */
  readonly rate: number;
  /** Multiplies every deadline of the scenario: for slow or busy machines. 1 to 20. */
  readonly patience: number;
  readonly help: boolean;
}

const description = {
  scenario: { type: 'string' },
  json: { type: 'boolean', default: false },
  dir: { type: 'string', default: '.demo' },
  'ports-base': { type: 'string' },
  preset: { type: 'string', default: 'demo' },
  'probe-interval': { type: 'string' },
  rate: { type: 'string' },
  patience: { type: 'string', default: '1' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

/** What `--help` prints. */
export const usage = `npm run demo [-- OPTIONS]
Two nodes, a small web application on both, and a load balancer in front, on this machine. Ctrl-C cleans up.

  --scenario failover   plays failures by itself, under load, and ends with a timeline; exit 0 only if all went as it should
  --json                with --scenario: the report as JSON (npm run --silent demo -- --scenario failover --json)
  --preset NAME         the balancer's probe: demo (default), aws-alb, aws-nlb, azure, gcp
  --probe-interval MS   another interval than the preset's: 100 to 300000
  --rate N              requests per second of the demo's own client: 0 to 200, default 5; with a scenario 10 to 200, default 50
  --ports-base N        ports N to N+3 (balancer, application, HTTP, cluster) instead of 8080, 8081, 9010 and 4800
  --dir DIR             where the nodes live; default .demo
  --patience N          multiplies the scenario's deadlines: 1 to 20
  --help                this text
`;

/**
 * Reads the command line. Relative directories start from `cwd`.
 * @throws DemoError with exit 2, which names the option and what is allowed.
 */
export function parseOptions(args: readonly string[], cwd: string): DemoOptions {
  const values = parse(args);
  const scenario = values.scenario ?? null;
  if (scenario !== null && scenario !== 'failover') throw usageError(`--scenario ${scenario}: there is only 'failover'`);
  if (values.json && scenario === null) throw usageError('--json goes with --scenario failover');
  const preset = presetName(values.preset);
  const base = healthPresets[preset];
  const intervalMs = numberOf('probe-interval', values['probe-interval'], 100, 300_000) ?? base.intervalMs;
  return {
    scenario,
    json: values.json,
    dir: resolve(cwd, values.dir),
    portsBase: numberOf('ports-base', values['ports-base'], 1_024, 65_532),
    preset,
    // A probe ends before the next one begins.
    policy: { ...base, intervalMs, timeoutMs: Math.min(base.timeoutMs, intervalMs) },
    rate: numberOf('rate', values.rate, scenario === null ? 0 : 10, 200) ?? (scenario === null ? 5 : 50),
    patience: numberOf('patience', values.patience, 1, 20) ?? 1,
    help: values.help,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: description, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw usageError(messageOf(error).split('. ')[0] ?? 'wrong command line');
  }
}
function presetName(text: string): PresetName {
  switch (text) {
    case 'demo':
    case 'aws-alb':
    case 'aws-nlb':
    case 'azure':
    case 'gcp':
      return text;
    default:
      throw usageError(`--preset ${text}: one of ${Object.keys(healthPresets).join(', ')}`);
  }
}
function numberOf(name: string, text: string | undefined, from: number, to: number): number | null {
  if (text === undefined) return null;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < from || value > to)
    throw usageError(`--${name} ${text}: a whole number from ${from} to ${to}`);
  return value;
}
function usageError(message: string): DemoError {
  return new DemoError(`${message} (--help shows how)`, 2);
}
