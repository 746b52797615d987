/** The one catalogue of expected errors: code → HTTP status and the CLI's exit code. `docs/errors.md` lists it and a test holds it to this. */
export const errorCatalogue = {
  CONF_INVALID: {
    status: 422,
    exit: 2,
    meaning: 'A configuration file has errors; all of them are listed with file, line and remedy.',
  },
  CONF_UNSUPPORTED: {
    status: 422,
    exit: 2,
    meaning: 'The configuration is valid but uses something that this version does not carry out yet.',
  },
  CONF_LOCKED: { status: 409, exit: 1, meaning: 'The cluster configuration is locked; use `cluster config … unlock`.' },
  CONF_NONE: { status: 409, exit: 2, meaning: 'There is no cluster configuration yet; use `cluster config FILE`.' },
  CONF_NODE: { status: 422, exit: 2, meaning: 'It is not clear which node of cluster.xml this machine is.' },
  CONF_STALE: {
    status: 409,
    exit: 1,
    meaning:
      'A node holds a newer cluster configuration, or one that came about elsewhere: nothing is overwritten by itself. Distribute from that node, or with `--force` from the one that is right.',
  },
  CONF_STATE: { status: 409, exit: 1, meaning: 'The module must be STOP for this change.' },
  MODULE_UNKNOWN: { status: 404, exit: 2, meaning: 'No module of that name is installed here.' },
  MODULE_EXISTS: { status: 409, exit: 1, meaning: 'A module of that name or id is installed already.' },
  MODULE_NOT_CONFIGURED: {
    status: 409,
    exit: 1,
    meaning: 'The module is installed, but its configuration has not been applied.',
  },
  MODULE_STATE: { status: 409, exit: 1, meaning: 'The command is not possible in the state the module is in.' },
  MODULE_ARCHIVE: {
    status: 422,
    exit: 2,
    meaning: 'The .safe archive is refused: damaged, too large, or with paths or links that lead outside.',
  },
  MODULE_NAME: {
    status: 422,
    exit: 2,
    meaning: 'Names of modules are 1 to 32 letters, digits, underscores or hyphens and begin with a letter.',
  },
  RESOURCE_UNKNOWN: { status: 404, exit: 1, meaning: 'The module has no resource of that name.' },
  RESOURCE_NAME: {
    status: 422,
    exit: 2,
    meaning: 'A resource is named class.id; its value is up, down, init, unknown or a short text.',
  },
  PROCESS_PATTERN: {
    status: 422,
    exit: 2,
    meaning: 'The pattern is no POSIX extended regular expression; the message says where.',
  },
  PROCESS_TABLE: { status: 503, exit: 1, meaning: 'The processes of the machine cannot be listed; nothing was signalled.' },
  NODE_UNKNOWN: { status: 404, exit: 2, meaning: 'No node of that name is in the cluster configuration.' },
  NODE_UNREACHABLE: { status: 504, exit: 1, meaning: 'The node did not answer in time.' },
  WAIT_TIMEOUT: { status: 504, exit: 1, meaning: 'The module did not reach the state in time.' },
  SCRIPT_FAILED: { status: 500, exit: 1, meaning: 'A script of the module failed; its userlog has the reason.' },
  FILE_CONFLICT: { status: 412, exit: 1, meaning: 'The file was changed since it was read; read it again.' },
  FILE_UNKNOWN: { status: 404, exit: 1, meaning: 'No file of that name is in the module.' },
  DISK: { status: 507, exit: 1, meaning: 'The disk refused a write; nothing was changed.' },
  HTTP_FORBIDDEN: {
    status: 403,
    exit: 1,
    meaning:
      'As long as there are no users, other machines are answered the health probe and sealed requests of the cluster only; holdfast user add makes one.',
  },
  HTTP_NOT_FOUND: { status: 404, exit: 1, meaning: 'There is nothing at that address.' },
  HTTP_METHOD: { status: 405, exit: 1, meaning: 'That method is not allowed there.' },
  HTTP_BODY: { status: 400, exit: 2, meaning: 'The body is not what the API describes.' },
  HTTP_TOO_LARGE: { status: 413, exit: 2, meaning: 'The body is larger than allowed.' },
  HTTP_QUERY: { status: 400, exit: 2, meaning: 'A parameter of the address is not what the API describes.' },
  HTTP_TYPE: { status: 415, exit: 2, meaning: 'The body is not of the content type that the API describes.' },
  HTTP_PRECONDITION: {
    status: 428,
    exit: 1,
    meaning: 'The change needs an If-Match header (the version that is replaced) or If-None-Match: *.',
  },
  HTTP_ORIGIN: {
    status: 403,
    exit: 1,
    meaning: 'The request seems to come from a page of another site, or names a host that is not this node.',
  },
  AUTH_REQUIRED: { status: 401, exit: 1, meaning: 'That needs a login: a session of the console, or a token.' },
  AUTH_FAILED: {
    status: 401,
    exit: 1,
    meaning: 'The name or the password is not right, or the token was revoked, has ended, or never was.',
  },
  AUTH_ROLE: {
    status: 403,
    exit: 1,
    meaning: 'The role of whoever asks does not allow that; the message names the role that does.',
  },
  AUTH_CSRF: {
    status: 403,
    exit: 1,
    meaning:
      'A change by a session needs the header x-holdfast-csrf with what the login answered; log in again where it is lost.',
  },
  AUTH_THROTTLED: {
    status: 429,
    exit: 1,
    meaning: 'Too many wrong passwords or tokens; the message says after how many seconds the next try is answered.',
  },
  AUTH_UNAVAILABLE: {
    status: 503,
    exit: 1,
    meaning:
      'The directory or the OpenID provider that decides who may log in does not answer; users with a password of their own still can.',
  },
  AUTH_CODE: { status: 404, exit: 1, meaning: 'The one-time link was used, is too old, or is of another node; make a new one.' },
  USER_UNKNOWN: { status: 404, exit: 1, meaning: 'There is no user of that name.' },
  USER_EXISTS: { status: 409, exit: 1, meaning: 'There is a user of that name already.' },
  USER_NAME: { status: 422, exit: 2, meaning: 'The name of a user or a group is not allowed; the message says what is.' },
  USER_LIMIT: { status: 409, exit: 1, meaning: 'There are as many users, groups or tokens as there may be.' },
  USER_FILE: { status: 422, exit: 2, meaning: 'The file of users to be imported is not understood; the message names the line.' },
  TOKEN_UNKNOWN: { status: 404, exit: 1, meaning: 'There is no token of that id.' },
  GROUP_UNKNOWN: { status: 404, exit: 1, meaning: 'There is no group of that name.' },
  PASSWORD_WEAK: {
    status: 422,
    exit: 2,
    meaning: 'The new password is too short, or easily guessed; the message says what to change.',
  },
  HTTPS_REQUIRED: { status: 403, exit: 1, meaning: 'HTTPS is on: the request has to be sent to the HTTPS port.' },
  HTTPS_NONE: { status: 409, exit: 1, meaning: 'HTTPS is not on here; `holdfast https setup` or `https install` sets it up.' },
  HTTPS_CERTIFICATE: {
    status: 422,
    exit: 2,
    meaning: 'A certificate, its key or its authority is refused; all reasons are listed with what to do.',
  },
  HTTPS_AUTHORITY: {
    status: 409,
    exit: 1,
    meaning: 'The private certificate authority is not here, or is there already; the message says which node has it.',
  },
  HTTPS_PASSWORD: { status: 401, exit: 1, meaning: 'The one-time password of the CA helper, or of a key, is wrong.' },
  HTTPS_HELPER: {
    status: 504,
    exit: 1,
    meaning: 'The CA helper does not answer, or is not the one of the password or fingerprint; the message says what to do.',
  },
  JOIN_NONE: {
    status: 404,
    exit: 1,
    meaning: 'Nobody is invited at that node at present; `holdfast cluster invite` makes a token.',
  },
  JOIN_TOKEN: { status: 403, exit: 2, meaning: 'The token is not one of that node, or was changed.' },
  JOIN_EXPIRED: { status: 403, exit: 1, meaning: 'The token is too old; make a new one with `holdfast cluster invite`.' },
  JOIN_USED: {
    status: 403,
    exit: 1,
    meaning: 'The token has let a node in already; make a new one with `holdfast cluster invite`.',
  },
  JOIN_THROTTLED: { status: 429, exit: 1, meaning: 'Too many wrong tokens; try again in a minute.' },
  JOIN_REFUSED: {
    status: 409,
    exit: 1,
    meaning:
      'The node cannot become a member as it asks to: name or addresses are taken or missing; the message says what to do.',
  },
  JOIN_UNREACHABLE: { status: 504, exit: 1, meaning: 'The node that invited does not answer, or is not the one of the token.' },
  HTTP_BUSY: { status: 503, exit: 1, meaning: 'The limit of simultaneous requests is reached; try again in a moment.' },
  HTTP_LISTEN: {
    status: 500,
    exit: 1,
    meaning: 'An address and port cannot be listened on; the message names them and what to do.',
  },
  NOTIFICATION_CHANNEL: { status: 404, exit: 1, meaning: 'No notification channel of that name is configured.' },
  SNAPSHOT_UNKNOWN: {
    status: 404,
    exit: 1,
    meaning: 'There is no snapshot of that id: it was fetched, or lay there for more than ten minutes. Make a new one.',
  },
  SNAPSHOT_ANONYMISE: {
    status: 500,
    exit: 1,
    meaning: 'The snapshot could not be anonymised; nothing was handed out. The message says which part of it, and why.',
  },
  EXPLAIN_NONE: {
    status: 404,
    exit: 1,
    meaning: 'No transition of the module up to that time is on record; the flight recorder keeps only the latest.',
  },
  EXPLAIN_FAILED: { status: 500, exit: 1, meaning: "The flight recorder's journal could not be replayed." },
  INSPECT_RECORD: {
    status: 422,
    exit: 2,
    meaning:
      'What was sent is no journal of a flight recorder and no snapshot that holds one, or it is damaged, too large or not safe to read.',
  },
  INSPECT_UNKNOWN: {
    status: 404,
    exit: 1,
    meaning: 'What was uploaded to be inspected is not there (any more); upload it again.',
  },
  INSPECT_BUSY: { status: 503, exit: 1, meaning: 'Too many ask at once for what is on record; try again in a moment.' },
  INSPECT_FAILED: { status: 500, exit: 1, meaning: 'What is on record could not be replayed.' },
  ACTION_UNKNOWN: { status: 404, exit: 1, meaning: 'No action of that id is known; only the latest are kept.' },
  CLUSTER_PARTIAL: {
    status: 502,
    exit: 1,
    meaning:
      'Not all nodes have taken it over; the answer names each with the reason. Those that were away catch up when they return.',
  },
  HTTP_SEAL: { status: 401, exit: 1, meaning: 'The sealed request is not authentic, too old, or was seen before.' },
  NET_PORT_IN_USE: { status: 503, exit: 1, meaning: "The cluster's UDP port is in use by another program on this machine." },
  NET_ADDRESS: { status: 503, exit: 1, meaning: 'An address of cluster.xml that should be of this machine is not.' },
  NET_DENIED: { status: 503, exit: 1, meaning: "This user may not open the cluster's UDP port." },
  NET_RESOLVE: { status: 503, exit: 1, meaning: 'A name of cluster.xml has no address.' },
  NET_FAMILY: { status: 503, exit: 1, meaning: 'A lan of cluster.xml mixes IPv4 and IPv6.' },
  NET_SOCKET: { status: 503, exit: 1, meaning: "A socket of the cluster's datagrams failed; it is opened again." },
  NET_SEND: { status: 503, exit: 1, meaning: 'Datagrams to a node cannot be sent.' },
  NET_TOO_LARGE: { status: 503, exit: 1, meaning: 'A node has more modules than a pulse can carry.' },
  NET_WORKER: { status: 503, exit: 1, meaning: "The thread of the cluster's sockets ended; it is started again." },
  USAGE: { status: 400, exit: 2, meaning: 'The command line is not understood; `--help` shows how.' },
  DAEMON_UNREACHABLE: { status: 503, exit: 3, meaning: 'holdfastd does not answer on its socket; is it running?' },
  INTERNAL: { status: 500, exit: 1, meaning: 'A defect of Holdfast; the log has the details.' },
} as const satisfies Readonly<Record<string, { status: number; exit: number; meaning: string }>>;

export type ErrorCode = keyof typeof errorCatalogue;

/** `docs/errors.md`: the catalogue as a table. */
export function errorReference(): string {
  const rows = Object.entries(errorCatalogue).map(
    ([code, { status, exit, meaning }]) =>
      `| <a id="error-${code.toLowerCase()}"></a>\`${code}\` | ${status} | ${exit} | ${meaning} |`,
  );
  return [
    '# Errors',
    '',
    'Generated from `src/actors/errors.ts` (`node scripts/generate-error-docs.mjs` after a build).',
    '',
    'The API answers an error as a problem document (RFC 9457) with its `code`; the command line prints `CODE: message` on one line and ends',
    'with the exit code. Findings in a configuration file have codes of their own, listed in [config.md](config.md); the file is then refused',
    'as a whole with `CONF_INVALID`.',
    '',
    '| code | HTTP status | exit code | what it means, and what to do |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
