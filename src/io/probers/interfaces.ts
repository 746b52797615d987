import type { IntfCheck, IpCheck } from '../../config/types.js';
import type { LocalAddresses } from './local-addresses.js';
import { down, nothing, type Probe, up } from './probe.js';

/** `<intf>` (compatibility page, 2.11.3): up when the interface that has the address is switched on and has a carrier. */
export const createIntfProbe =
  (addresses: LocalAddresses): Probe<IntfCheck> =>
  ({ localAddr }, _place, onResult) => {
    const found = addresses.find(localAddr);
    const link = found?.link === null || found === null ? '' : ` (${found.link})`;
    if (found === null) onResult(down(`no interface that is switched on has the address ${localAddr}`));
    else if (found.running) onResult(up(`${found.interface} with ${localAddr} is up`));
    else onResult(down(`${found.interface} with ${localAddr} is down${link}`));
    return nothing;
  };

/**
 * `<ip>` (compatibility page, 2.11.4): up when the address is configured on this machine, on whatever interface. An interface without a
 * carrier still has its addresses: that is for `<intf>` to notice. An IPv6 address that another machine has too is down.
 */
export const createIpProbe =
  (addresses: LocalAddresses): Probe<IpCheck> =>
  ({ addr }, _place, onResult) => {
    const found = addresses.find(addr);
    if (found === null) onResult(down(`${addr} is not configured on this machine, or its interface is switched off`));
    else if (found.duplicate) onResult(down(`${addr} on ${found.interface} is used by another machine too`));
    else onResult(up(`${addr} is configured on ${found.interface}`));
    return nothing;
  };
