/** What this node finds where an administrator points it: for the wizard of the cluster, before there is a cluster. */

/** What answered at an address. */
export interface AddressReport {
  /** As it was asked for. */
  readonly address: string;
  /** What the name stands for; the address itself where it is one. */
  readonly addresses: readonly string[];
  /**
   * `self`: an address of this node. `node`: a daemon of Holdfast answers. `other`: something else answers on the port. `refused`: the
   * machine is there, nothing listens. `silent`: nothing came back. `unknown`: the name has no address.
   */
  readonly state: 'self' | 'node' | 'other' | 'refused' | 'silent' | 'unknown';
  /** The daemon's name, else that of the machine, where either was found. */
  readonly name: string | null;
  /** In one sentence, for people. */
  readonly message: string;
}
/** Looks at addresses, within bounds: a few at once, and each for a few seconds at most. */
export interface AddressPort {
  /** @param port of the daemons' web service; null: the one of this node. Null: too many are being looked at already. */
  look(address: string, port: number | null): Promise<AddressReport | null>;
}
