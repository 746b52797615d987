/** Who may come in, as the HTTP surface sees it: logins, tokens, and the administration of users. `src/io/auth` implements it. */
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

/** Decides who somebody is. */
export interface Authority extends UserAdministration {
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
