import type { TcpCheck } from '../../config/types.js';
import { closePolitely, connectTo } from './connect.js';
import type { Names } from './names.js';
import { down, type Probe, up } from './probe.js';

/** `<tcp>` (compatibility page, 2.11.1): up when a connection can be made. What the other side says, or whether, does not matter. */
export const createTcpProbe =
  (names: Names): Probe<TcpCheck> =>
  (checker, _place, onResult) =>
    connectTo(names, checker.addr, checker.port, (end) => {
      if (end.kind === 'failed') onResult(down(end.detail));
      else {
        onResult(up(`connected to ${end.place}`));
        closePolitely(end.socket);
      }
    });
