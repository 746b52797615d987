/** `SAFEVAR/snmp.json`: the agent and where traps go. */

import { isIP } from 'node:net';
import { isAbsolute } from 'node:path';
import type { ConfigResult } from '../../config/types.js';
import { type FieldReader, readSettings } from '../settings/settings-file.js';

export const authProtocols = ['sha', 'sha224', 'sha256', 'sha384', 'sha512'] as const;
export const privProtocols = ['aes', 'aes256b', 'aes256r'] as const;

/** A user of SNMPv3; both passphrases are needed (authPriv). */
export interface SnmpUser {
  readonly name: string;
  readonly authProtocol: (typeof authProtocols)[number];
  readonly authFile: string;
  readonly privProtocol: (typeof privProtocols)[number];
  readonly privFile: string;
}
export interface TrapReceiver {
  readonly host: string;
  readonly port: number;
  /** SNMPv2c with this community; null: SNMPv3 as `user`. */
  readonly communityFile: string | null;
  readonly user: string | null;
}
export interface SnmpConfig {
  readonly enabled: boolean;
  readonly listen: string;
  readonly port: number;
  /** SNMPv2c is answered to this community; null: to nobody. */
  readonly communityFile: string | null;
  readonly users: readonly SnmpUser[];
  readonly traps: readonly TrapReceiver[];
}

const fileProblem = (text: string): string | null => (isAbsolute(text) ? null : 'It must be an absolute path.');
const nameProblem = (text: string): string | null =>
  /^[\w.-]{1,32}$/.test(text) ? null : 'It must be 1 to 32 letters, digits, dots, hyphens.';
const hostProblem = (text: string): string | null =>
  /^[A-Za-z0-9.:_-]{1,253}$/.test(text) ? null : 'It must be the name or address of a machine.';

const user = (fields: FieldReader): SnmpUser => ({
  name: fields.text('name', null, nameProblem),
  authProtocol: fields.choice('authProtocol', authProtocols, 'sha256'),
  authFile: fields.text('authFile', null, fileProblem),
  privProtocol: fields.choice('privProtocol', privProtocols, 'aes'),
  privFile: fields.text('privFile', null, fileProblem),
});

function whole(fields: FieldReader): SnmpConfig {
  const communityFile = fields.optionalText('communityFile', fileProblem);
  const users = fields.objects('users', user);
  const traps = fields.objects('traps', (one): TrapReceiver => {
    const receiver = {
      host: one.text('host', null, hostProblem),
      port: one.whole('port', { least: 1, most: 65_535 }, 162),
      communityFile: one.optionalText('communityFile', fileProblem),
      user: one.optionalText('user', nameProblem),
    };
    if ((receiver.communityFile === null) === (receiver.user === null))
      one.conflict('user', 'A receiver needs communityFile (SNMPv2c) or user (SNMPv3), and not both.', 'Say one of them.');
    if (receiver.user !== null && !users.some(({ name }) => name === receiver.user))
      one.conflict('user', `There is no user "${receiver.user}" among users.`, 'Add the user, or name one that is there.');
    return receiver;
  });
  if (communityFile === null && users.length === 0)
    fields.conflict('users', 'Nobody could ask the agent.', 'Add communityFile (SNMPv2c) or users (SNMPv3).');
  return {
    enabled: fields.yesNo('enabled', true),
    listen: fields.text('listen', '127.0.0.1', (text) =>
      isIP(text) === 0 ? 'It must be an address such as 127.0.0.1 or ::.' : null,
    ),
    port: fields.whole('port', { least: 1, most: 65_535 }, 161),
    ...{ communityFile, users, traps },
  };
}

/** Reads snmp.json; the secret files that it names are read when the agent begins. */
export const readSnmpConfig = (file: string, text: string): Promise<ConfigResult<SnmpConfig>> => readSettings(file, text, whole);
