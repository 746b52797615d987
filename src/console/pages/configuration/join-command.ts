/** How a node is let in, as a command. */
import type { NodeInvitation } from '../../../http/api-types.js';

/** A node that is to come; of one that is in cluster.xml already, its name and addresses are known. */
export interface Comer {
  readonly name: string;
  readonly addresses: readonly { readonly lan: string; readonly address: string }[];
}
/** What is typed on the machine of the node that comes. */
export function joinCommandOf(invitation: NodeInvitation, comer: Comer | null): string {
  const addresses = (comer?.addresses ?? []).map(({ lan, address }) => `${lan}=${address.replace(/^\[|\]$/g, '')}`);
  const named = comer === null ? [] : ['--name', comer.name, ...(addresses.length === 0 ? [] : ['--addr', addresses.join(',')])];
  // In the environment: what is on a command line can be read by everybody on that machine.
  return [`HOLDFAST_JOIN_TOKEN=${invitation.token}`, 'holdfast', 'join', invitation.urls[0] ?? '', ...named].join(' ');
}
