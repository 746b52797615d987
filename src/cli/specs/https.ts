import type { CommandSpec, OptionSpec } from '../command.types.js';

type Name = 'status' | 'check' | 'renew';
const plain = (word: Name, summary: string, details: string, does: string): CommandSpec => ({
  words: ['https', word],
  summary,
  details,
  module: 'none',
  options: [],
  operands: [],
  examples: [{ line: `holdfast https ${word}`, does }],
  ...(word === 'check' ? { exits: ['1: something is wrong.'] } : {}),
  run: async (context) => (await import('../commands/https.js'))[word](context),
});
const passwordFile: OptionSpec = {
  name: 'password-file',
  value: 'FILE',
  help: 'First line: the password, 8 characters at least (default: one is made and printed once).',
  complete: 'file',
};
const tls12: OptionSpec = {
  name: 'tls12',
  value: 'on|off',
  help: 'TLS 1.2 besides 1.3, for old clients (default off).',
  complete: ['on', 'off'],
};

/** `https usercert`, under two names. */
export const userCertificate: CommandSpec = {
  words: ['https', 'usercert'],
  summary: 'Make a certificate for a person or a program',
  details:
    'As PKCS #12 with a password, for import into a browser, or in PEM. The key is kept nowhere. Ask for such certificates with https setup --client-certs on. The role is Admin, Control or Monitor.',
  module: 'none',
  options: [
    { name: 'out', value: 'FILE', help: 'Default: NAME.p12, or NAME.pem.', complete: 'file' },
    { name: 'pem', help: 'Certificate and key in PEM, without a password.' },
    { name: 'days', value: 'N', help: 'How long it is valid (default 365).', complete: 'none' },
    passwordFile,
  ],
  operands: [
    { name: 'NAME', help: 'Who it is for.', count: 'one', complete: 'none' },
    { name: 'ROLE', help: 'Admin, Control or Monitor.', count: 'one', complete: ['Admin', 'Control', 'Monitor'] },
  ],
  examples: [{ line: 'holdfast https usercert alice Control', does: 'Writes alice.p12 and prints its password once.' }],
  run: async (context) => (await import('../commands/https.js')).userCertificate(context),
};

/** Commands about HTTPS and certificates. */
export const httpsCommands: readonly CommandSpec[] = [
  {
    words: ['https', 'setup'],
    summary: 'Make a private certificate authority, certificates for all nodes, and switch HTTPS on',
    details:
      'The authority is made on this node, unless it is there already; its key stays here. Each node makes its own key, and has it certified for all its addresses and names in cluster.xml. A node that is away follows when it is back. Certificates are renewed by themselves. Repeat it to change a setting. From then on port 9010 answers probes, and sends everything else to HTTPS.',
    module: 'none',
    options: [
      {
        name: 'also',
        value: 'NAMES',
        help: 'More names and addresses, with commas: those of virtual IPs, names that browsers use.',
        complete: 'none',
      },
      tls12,
      {
        name: 'client-certs',
        value: 'on|off',
        help: 'Ask browsers for a certificate of the authority (default off); see usercert.',
        complete: ['on', 'off'],
      },
      { name: 'name', value: 'TEXT', help: 'Name of a new authority.', complete: 'none' },
      { name: 'new-ca', help: 'Replace the authority that is there.' },
    ],
    operands: [],
    examples: [
      { line: 'holdfast https setup', does: 'HTTPS on all nodes, on port 9453.' },
      {
        line: 'holdfast https setup --also www.example.org,10.0.0.10',
        does: 'The certificates are good for the virtual IP too.',
      },
    ],
    exits: ['1: a node could not be reached; it follows by itself.'],
    run: async (context) => (await import('../commands/https.js')).setup(context),
  },
  plain(
    'status',
    'Show whether HTTPS is on, and with what certificate',
    'Also when it is renewed, and everything that is wrong.',
    'One line a fact.',
  ),
  plain(
    'check',
    'Look for everything that is wrong with the certificates of all nodes',
    'Each finding with its remedy.',
    'One line a finding, or that all is well.',
  ),
  plain(
    'renew',
    'A new key and certificate for this node, now',
    'Connections stay. It happens by itself in time.',
    'Renews at once.',
  ),
  {
    words: ['https', 'install'],
    summary: 'Use a certificate of your own on this node',
    details:
      'From your own authority or a public one. Checked first: the key, the chain, the dates, and that it is valid for all addresses of this node in cluster.xml; everything wrong is listed at once. You renew it yourself, with the same command; 30 days before its end the log begins to say so.',
    module: 'none',
    options: [
      { name: 'cert', value: 'FILE', help: 'Certificate in PEM, and the chain behind it.', complete: 'file' },
      { name: 'key', value: 'FILE', help: 'Its private key in PEM.', complete: 'file' },
      { name: 'ca', value: 'FILE', help: 'Certificate of the authority, where browsers do not know it.', complete: 'file' },
      { name: 'client-ca', value: 'FILE', help: 'Ask clients for certificates of this authority.', complete: 'file' },
      tls12,
    ],
    operands: [],
    examples: [
      {
        line: 'holdfast https install --cert n1.crt --key n1.key --ca ca.crt',
        does: 'HTTPS on this node with that certificate.',
      },
    ],
    exits: ['2: the certificate is refused.'],
    run: async (context) => (await import('../commands/https.js')).install(context),
  },
  {
    words: ['https', 'off'],
    summary: 'Go back to HTTP',
    details: 'On all nodes. The private authority stays, and https setup goes on with it.',
    module: 'none',
    options: [{ name: 'local', help: 'On this node only.' }],
    operands: [],
    examples: [{ line: 'holdfast https off', does: 'Everything on port 9010 again.' }],
    exits: ['1: a node could not be reached.'],
    run: async (context) => (await import('../commands/https.js')).off(context),
  },
  {
    words: ['https', 'ca'],
    summary: "Write the authority's certificate, for browsers and clients",
    details: 'No secret. Import it where the console is used, and compare the fingerprint that is printed.',
    module: 'none',
    options: [],
    operands: [{ name: 'FILE', help: 'The file to write.', count: 'one', complete: 'file' }],
    examples: [{ line: 'holdfast https ca ./cacert.crt', does: 'For import into a browser; curl takes it with --cacert.' }],
    run: async (context) => (await import('../commands/https.js')).writeAuthority(context),
  },
  userCertificate,
  {
    words: ['https', 'export-ca'],
    summary: 'Write the authority with its key, encrypted: a backup, or to move it',
    details: 'Who has the file and the password can make certificates that your browsers trust. Keep them apart.',
    module: 'none',
    options: [passwordFile, { name: 'move', help: 'Remove the key from this node afterwards.' }],
    operands: [{ name: 'FILE', help: 'The file to write.', count: 'one', complete: 'file' }],
    examples: [{ line: 'holdfast https export-ca ./ca-backup.pem', does: 'A backup; the password is printed once.' }],
    run: async (context) => (await import('../commands/https.js')).exportAuthority(context),
  },
  {
    words: ['https', 'import-ca'],
    summary: 'Take the authority over on this node',
    details: 'From a backup, or after export-ca --move. The other nodes are told to ask here from now on.',
    module: 'none',
    options: [{ ...passwordFile, help: 'First line: the password of the file.' }],
    operands: [{ name: 'FILE', help: 'What export-ca wrote.', count: 'one', complete: 'file' }],
    examples: [{ line: 'holdfast https import-ca ./ca-backup.pem --password-file ./pw', does: 'The authority is here.' }],
    run: async (context) => (await import('../commands/https.js')).importAuthority(context),
  },
];

/** Commands by which a cluster grows. */
export const joinCommands: readonly CommandSpec[] = [
  {
    words: ['cluster', 'invite'],
    summary: 'Let one more node join: prints a token',
    details:
      'Good once, for 15 minutes, at this node. Whoever has it gets the key of the cluster: hand it over as you would a password. It ends when the daemon does.',
    module: 'none',
    options: [{ name: 'minutes', value: 'N', help: 'How long it is good (default 15, at most 1440).', complete: 'none' }],
    operands: [],
    examples: [{ line: 'holdfast cluster invite', does: 'Prints the token, and the command for the new node.' }],
    run: async (context) => (await import('../commands/join.js')).invite(context),
  },
  {
    words: ['join'],
    summary: 'Make this node a member of a cluster',
    details:
      'Run it on the new node. It fetches key and configuration from the node that invited, which adds this one to cluster.xml and tells the others; with HTTPS, certificates too. The exchange is sealed with the token, also by http://. The token can be given in HOLDFAST_JOIN_TOKEN, or in a file, so that it is not on the command line.',
    module: 'none',
    options: [
      { name: 'token', value: 'TOKEN', help: 'What cluster invite printed.', complete: 'none' },
      { name: 'token-file', value: 'FILE', help: 'First line: the token.', complete: 'file' },
      { name: 'name', value: 'NAME', help: 'Name of this node (default: that of the daemon, or of the host).', complete: 'none' },
      {
        name: 'addr',
        value: 'ADDRESSES',
        help: 'Its addresses, with commas: LAN=ADDRESS, or one address (default: those in the networks of the lans).',
        complete: 'none',
      },
      { name: 'modules', value: 'NAMES', help: 'Modules to install, with commas; * for all.', complete: 'none' },
    ],
    operands: [{ name: 'URL', help: 'The node that invited.', count: 'one', complete: 'none' }],
    examples: [
      { line: 'holdfast join https://n1:9453 --token-file ./token', does: 'One command, and the node is a member.' },
      {
        line: "holdfast join http://10.0.0.11:9010 --token-file ./token --modules '*'",
        does: 'Before HTTPS is set up; with all modules.',
      },
    ],
    exits: ['1: refused, or something of it failed; the lines say what.'],
    run: async (context) => (await import('../commands/join.js')).join(context),
  },
];
