/** Who may come in, as the HTTP surface sees it: logins, tokens, and the administration of users. `src/io/auth` implements it. */
import type { ConfigProblem } from '../config/types.js';
import type { Caller, Outcome } from './face.js';

/** What somebody may do: look, also act, also configure. */
export type Role = 'monitor' | 'control' | 'admin';
/** By what somebody proved who they are. */
export type LoginMethod = 'password' | 'ldap' | 'oidc' | 'token' | 'certificate';

/** Somebody who proved who they are. */
export interface Principal {
  readonly name: string;
  readonly role: Role;
  readonly method: LoginMethod;
  /** Changes when password, role or groups do: what was opened under another stamp has ended. */
  readonly stamp: string;
}

/** What a page of logins needs to know. */
export interface LoginOffer {
  readonly methods: readonly ('password' | 'oidc')[];
  /** Where a login at the OpenID provider begins; null where there is none. */
  readonly oidcUrl: string | null;
  /** Passwords are taken over HTTP from other machines. */
  readonly plainHttp: boolean;
}
/** What is remembered of a login at an OpenID provider until the browser comes back. */
export interface OidcPending {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly redirectUri: string;
}
/** What the front read from a certificate that it verified. */
export interface CertificateClaims {
  readonly name: string;
  readonly units: readonly string[];
  /** SHA-256 of the certificate, and its serial number, in hex. */
  readonly fingerprint: string;
  readonly serial: string;
}

export interface UserSummary {
  readonly name: string;
  /** Its own role; null: what its groups give. */
  readonly role: Role | null;
  /** The greatest of its own role and those of its groups; null: it may not log in. */
  readonly effectiveRole: Role | null;
  readonly groups: readonly string[];
  /** `password`: it has one; `invited`: a one-time link waits; `none`: neither. */
  readonly state: 'password' | 'invited' | 'none';
  /** ISO 8601. */
  readonly changed: string;
}
export interface GroupSummary {
  readonly name: string;
  readonly role: Role;
  readonly members: readonly string[];
}
/** What a user is to be; what is absent stays. */
export interface UserChange {
  readonly role?: Role | null;
  readonly groups?: readonly string[];
  readonly password?: string;
  /** A new one-time link; the old password ends. */
  readonly invite?: boolean;
}
/** A one-time link: whoever has it first sets the password. */
export interface Invitation {
  readonly code: string;
  /** ISO 8601. */
  readonly expires: string;
  /** The only node where it works. */
  readonly node: string;
}

/** The users of the cluster; changes reach the other nodes by themselves. */
export interface UserAdministration {
  users(): readonly UserSummary[];
  groups(): readonly GroupSummary[];
  /** USER_EXISTS, USER_NAME, PASSWORD_WEAK, USER_LIMIT, DISK. */
  addUser(
    name: string,
    change: UserChange,
    caller: Caller,
  ): Promise<Outcome<{ readonly user: UserSummary; readonly invitation: Invitation | null }>>;
  /** USER_UNKNOWN, PASSWORD_WEAK, GROUP_UNKNOWN, DISK. */
  changeUser(
    name: string,
    change: UserChange,
    caller: Caller,
  ): Promise<Outcome<{ readonly user: UserSummary; readonly invitation: Invitation | null }>>;
  /** USER_UNKNOWN, DISK. */
  deleteUser(name: string, caller: Caller): Promise<Outcome<null>>;
  /** USER_NAME, DISK. */
  setGroup(name: string, role: Role, caller: Caller): Promise<Outcome<GroupSummary>>;
  /** GROUP_UNKNOWN, DISK. */
  deleteGroup(name: string, caller: Caller): Promise<Outcome<null>>;
}

export interface TokenSummary {
  readonly id: string;
  readonly label: string;
  readonly role: Role;
  /** Who made it. */
  readonly owner: string;
  /** ISO 8601. */
  readonly created: string;
  readonly expires: string | null;
  readonly expired: boolean;
}
/** Tokens for programs, on all nodes. */
export interface TokenAdministration {
  tokens(): readonly TokenSummary[];
  /** The only time that the token itself is told. @param days until it ends; null: never. USER_NAME, USER_LIMIT, DISK. */
  createToken(
    label: string,
    role: Role,
    days: number | null,
    caller: Caller,
  ): Promise<Outcome<TokenSummary & { readonly token: string }>>;
  /** TOKEN_UNKNOWN, DISK. */
  revokeToken(id: string, caller: Caller): Promise<Outcome<null>>;
}

/** What came of importing SafeKit's user.conf and group.conf. */
export interface ImportedUser {
  readonly name: string;
  readonly result: 'imported' | 'kept' | 'refused';
  readonly message: string;
}
/** Users on their way between nodes: a digest of all, and all of them where the other needs them. */
export interface DirectoryExchange {
  readonly digest: string;
  readonly entries: readonly unknown[] | null;
}
/** One way to log in, and how it fares. */
export interface LoginWay {
  readonly name: 'users' | 'tokens' | 'ldap' | 'oidc' | 'certificates' | 'replication';
  readonly state: 'on' | 'off' | 'failing';
  readonly message: string;
}
export interface AuthStatus {
  readonly node: string;
  /** Over TCP nobody comes in without a login. */
  readonly required: boolean;
  readonly users: number;
  readonly tokens: number;
  readonly sessions: number;
  readonly file: string;
  readonly configFile: string;
  readonly problems: readonly ConfigProblem[];
  /** Where the console of this node is reached from other machines, without the path; null where that is not known. */
  readonly consoleUrl: string | null;
  readonly ways: readonly LoginWay[];
  /** The same on all nodes that have the same users. */
  readonly digest: string;
}
/** One thing that was tried, and how it went. */
export interface AuthTest {
  readonly what: string;
  readonly ok: boolean;
  readonly message: string;
  readonly remedy: string | null;
}

/** Decides who somebody is. */
export interface Authority extends UserAdministration, TokenAdministration {
  /** Whose token that is; null: nobody's, revoked, or too old. */
  token(text: string): Principal | null;
  /** Who has that certificate here; null: nobody. */
  certificate(claims: CertificateClaims): Principal | null;
  /** AUTH_UNAVAILABLE, AUTH_FAILED. */
  oidcBegin(redirectUri: string): Promise<Outcome<{ readonly url: string; readonly pending: OidcPending }>>;
  /** AUTH_UNAVAILABLE, AUTH_FAILED. */
  oidcFinish(url: string, pending: OidcPending): Promise<Outcome<Principal>>;
  /** Another node's users come in, ours go out where they differ. */
  exchange(theirs: DirectoryExchange): Promise<Outcome<DirectoryExchange>>;
  /** user.conf (htpasswd) and group.conf of SafeKit; without the latter all are Admin. USER_FILE, DISK. */
  importUsers(userConf: string, groupConf: string | null, caller: Caller): Promise<Outcome<readonly ImportedUser[]>>;
  /** Its own password, by whoever knows the old one: AUTH_FAILED, PASSWORD_WEAK, HTTP_BUSY, DISK. */
  changeOwn(principal: Principal, old: string, password: string): Promise<Outcome<Principal>>;
  status(): AuthStatus;
  /** auth.json; CONF_NONE. */
  config(): Promise<Outcome<string>>;
  /** Checks and applies auth.json: CONF_INVALID, DISK. */
  configure(text: string, caller: Caller): Promise<Outcome<AuthStatus>>;
  /** Tries what is configured; with a name and a password also whether they let in, and as what. */
  test(name: string | null, password: string | null, caller: Caller): Promise<Outcome<readonly AuthTest[]>>;
  /** There are users, or their file cannot be read: nobody comes in over TCP without a login. */
  required(): boolean;
  /** Nobody has a password yet, and nothing else lets anybody in. */
  setup(): boolean;
  offer(): LoginOffer;
  /** AUTH_FAILED, AUTH_UNAVAILABLE, HTTP_BUSY. Takes as long for a name that there is not as for a wrong password. */
  login(name: string, password: string): Promise<Outcome<Principal>>;
  /** Sets the first password by a one-time link: AUTH_CODE, PASSWORD_WEAK, DISK. `source` is told in the log. */
  redeem(code: string, password: string, source: string): Promise<Outcome<Principal>>;
  /** The same principal as of now, null where it ended: deleted, or another role, password or method. */
  current(principal: Principal): Principal | null;
  /** For the command log: who came in, and who did not. Of many that did not, only some are told, and how many there were. */
  noteLogin(name: string, source: string, result: 'in' | 'out' | 'refused' | 'throttled', role?: Role): void;
  /** Calls back when anything of that may have changed. */
  onChange(listener: () => void): void;
}
