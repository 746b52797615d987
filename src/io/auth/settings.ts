/** auth.json of a node: read, checked, applied, kept. The parts that know LDAP and OpenID Connect are loaded when it names them. */
import { join } from 'node:path';
import type { Outcome } from '../../actors/face.js';
import type { ConfigProblem } from '../../config/types.js';
import { readPlain, writeWhole } from '../modules/files.js';
import { failure, outcomeOf } from '../modules/names.js';
import { createSerial } from '../modules/serial.js';
import { type AuthConfig, defaultAuthConfig } from './config.js';
import type { Ldap } from './ldap.js';
import type { Oidc } from './oidc.js';

const largestFile = 256 * 1024;

export interface AuthSettings {
  readonly file: string;
  readonly config: AuthConfig;
  readonly problems: readonly ConfigProblem[];
  readonly ldap: Ldap | null;
  readonly oidc: Oidc | null;
  load(): Promise<void>;
  text(): Promise<Outcome<string>>;
  apply(text: string): Promise<Outcome<null>>;
}
export interface AuthSettingsOptions {
  readonly safevar: string;
  readonly onProblem: (reason: string) => void;
  readonly onChange: () => void;
}

export function createAuthSettings({ safevar, onProblem, onChange }: AuthSettingsOptions): AuthSettings {
  const file = join(safevar, 'auth.json');
  const serial = createSerial();
  let config = defaultAuthConfig;
  let problems: readonly ConfigProblem[] = [];
  let ldap: Ldap | null = null;
  let oidc: Oidc | null = null;
  let known: string | null = null;

  async function use(next: AuthConfig): Promise<void> {
    ldap = next.ldap === null ? null : (await import('./ldap.js')).createLdap(next.ldap);
    oidc = next.oidc === null ? null : (await import('./oidc.js')).createOidc(next.oidc);
    config = next;
    problems = [];
    onChange();
  }
  async function read(): Promise<string | null> {
    return (await readPlain(file, largestFile))?.bytes.toString('utf8') ?? null;
  }
  return {
    file,
    get config() {
      return config;
    },
    get problems() {
      return problems;
    },
    get ldap() {
      return ldap;
    },
    get oidc() {
      return oidc;
    },
    load: () =>
      serial(file, async () => {
        let text: string | null;
        try {
          text = await read();
        } catch (error) {
          onProblem(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
          return;
        }
        if (text === known) return;
        known = text;
        if (text === null) return use(defaultAuthConfig);
        const { readAuthConfig } = await import('./config.js');
        const result = await readAuthConfig('auth.json', text);
        if (result.ok) return use(result.value);
        // What is wrong lets nobody in: only the users of the file remain.
        await use({ ...defaultAuthConfig, plainHttp: false, certificates: { enabled: false, roleFromUnit: false, revoked: [] } });
        problems = result.problems;
        onProblem(`${file} has errors (${problems.length}): only users of the file can log in; holdfast auth status shows them`);
      }),
    text: () =>
      outcomeOf(read).then((outcome) => {
        if (!outcome.ok || outcome.value !== null) return outcome.ok ? { ok: true, value: outcome.value ?? '' } : outcome;
        return { ok: false, failure: failure('CONF_NONE', `There is no ${file}: holdfast auth config FILE writes it.`) };
      }),
    apply: (given) =>
      serial(file, async () => {
        const text = given.endsWith('\n') ? given : `${given}\n`;
        const { readAuthConfig } = await import('./config.js');
        const result = await readAuthConfig('auth.json', text);
        if (!result.ok)
          return {
            ok: false,
            failure: failure('CONF_INVALID', `auth.json has errors (${result.problems.length}).`, result.problems),
          };
        const written = await outcomeOf(async () => {
          await writeWhole(file, text, 0o600);
          return null;
        });
        if (!written.ok) return written;
        known = text;
        await use(result.value);
        return written;
      }),
  };
}
