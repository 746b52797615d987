import type { CommandSpec, OptionSpec } from '../command.types.js';
import { userCertificate } from './https.js';

const passwordFile: OptionSpec = {
  name: 'password-file',
  value: 'FILE',
  help: 'First line: the password.',
  complete: 'file',
};
const base = { module: 'none', options: [], operands: [] } as const;

/** The CA helper, and the classic product's words for certificates. */
export const certificateCommands: readonly CommandSpec[] = [
  {
    ...base,
    words: ['startcaserv'],
    summary: 'Start the CA helper on this node',
    details:
      'It issues certificates of the private authority on port 9001 to whoever has its password: for servers and people that no node of the cluster can ask for. It makes the authority where there is none yet, listens until it is stopped or its time is over, and ends by itself when too many wrong passwords come. Nodes of the cluster do not need it: https setup reaches them by itself.',
    options: [
      { name: 'minutes', value: 'N', help: 'It ends by itself after so many minutes, 1 to 480 (default 30).', complete: 'none' },
      {
        ...passwordFile,
        help: 'First line: the password of CA_admin, 8 characters at least (default: one is made and printed once).',
      },
    ],
    examples: [{ line: 'holdfast startcaserv', does: 'Prints where it is, its password, and what to type on the other server.' }],
    run: async (context) => (await import('../commands/certificates.js')).startHelper(context),
  },
  {
    ...base,
    words: ['stopcaserv'],
    summary: 'Stop the CA helper',
    details: 'Port 9001 is closed; what was issued stays valid.',
    examples: [{ line: 'holdfast stopcaserv', does: 'Stops it now.' }],
    run: async (context) => (await import('../commands/certificates.js')).stopHelper(context),
  },
  {
    ...base,
    words: ['https', 'helper'],
    summary: 'Show whether the CA helper runs, and what it has issued',
    details: 'Of this node.',
    examples: [{ line: 'holdfast https helper', does: 'Where, until when, and one line a certificate.' }],
    run: async (context) => (await import('../commands/certificates.js')).helper(context),
  },
  {
    ...base,
    words: ['getipandnames'],
    summary: "Show the addresses and names that this node's certificate is made for",
    details: 'Those of cluster.xml, of the host, and of https setup --also.',
    examples: [{ line: 'holdfast getipandnames', does: 'One line each.' }],
    run: async (context) => (await import('../commands/certificates.js')).ipAndNames(context),
  },
  {
    ...base,
    words: ['initssl', 'sca'],
    summary: 'Make the private authority here and certificates for all nodes',
    details: 'The same as https setup: the other nodes follow by themselves.',
    operands: [
      { name: 'SUBJECT', help: 'Name of a new authority, such as /O=Example/CN=My CA.', count: 'optional', complete: 'none' },
    ],
    examples: [{ line: "holdfast initssl sca '/O=Example/CN=Example CA'", does: 'HTTPS on all nodes.' }],
    run: async (context) => (await import('../commands/certificates.js')).selfAuthority(context),
  },
  {
    ...base,
    words: ['initssl', 'req'],
    summary: "Have this node's certificate signed by a CA helper",
    details:
      'Makes a key, which stays here, sends a request to the CA helper, and switches HTTPS on. The password that startcaserv made says which authority is meant; for one that a person chose, --fingerprint is needed. The password is asked for; CA_admin:PASSWORD is taken too, but others on this machine can see it.',
    options: [
      passwordFile,
      { name: 'fingerprint', value: 'SHA256', help: 'Of the authority, as startcaserv prints it.', complete: 'none' },
    ],
    operands: [
      { name: 'URL', help: 'The CA helper.', count: 'one', complete: 'none' },
      { name: 'USER', help: 'CA_admin.', count: 'optional', complete: ['CA_admin'] },
    ],
    examples: [
      { line: 'holdfast initssl req https://10.0.0.11:9001 CA_admin', does: 'Asks for the password, then HTTPS is on here.' },
    ],
    run: async (context) => (await import('../commands/certificates.js')).request(context),
  },
  {
    ...base,
    words: ['initssl', 'rca'],
    summary: 'Replace the private authority, and all certificates with it',
    details: 'The same as https setup --new-ca: browsers need the new authority.',
    examples: [{ line: 'holdfast initssl rca', does: 'A new authority for 20 years.' }],
    run: async (context) => (await import('../commands/certificates.js')).renewAuthority(context),
  },
  {
    ...userCertificate,
    words: ['makeusercert'],
    details: 'The same as https usercert.',
    examples: [{ line: 'holdfast makeusercert alice Control', does: 'Writes alice.p12 and prints its password once.' }],
  },
  {
    ...base,
    words: ['checkcert'],
    summary: "Check this node's certificates",
    details: 'How long they are valid, and everything that is wrong, with what to do. https check looks at all nodes.',
    options: [
      {
        name: 'type',
        short: 't',
        value: 'TYPE',
        help: 'What is looked at: all, server or CA (default all).',
        complete: ['all', 'server', 'CA'],
      },
      { name: 'info', short: 'i', help: 'Also what the certificates say.' },
    ],
    examples: [{ line: 'holdfast checkcert -t server', does: 'The certificate that browsers are shown.' }],
    exits: ['1: something is wrong, or there is none.'],
    run: async (context) => (await import('../commands/certificates.js')).checkCertificates(context),
  },
  {
    ...base,
    words: ['rmcerts'],
    summary: "Remove this node's certificates",
    details:
      'HTTPS is off on this node then. With CA the private authority is removed too, where it is here: nothing can be issued with it any more.',
    operands: [{ name: 'CA', help: 'Also the authority.', count: 'optional', complete: ['CA'] }],
    examples: [{ line: 'holdfast rmcerts', does: 'Back to HTTP, on this node alone.' }],
    run: async (context) => (await import('../commands/certificates.js')).removeCertificates(context),
  },
];
