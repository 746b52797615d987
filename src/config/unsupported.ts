import type { ModuleConfig, Unsupported } from './types.js';

interface Row {
  readonly path: string;
  readonly message: string;
  readonly uses: (config: ModuleConfig) => boolean;
}

/** What is read and checked, but not carried out yet. A row goes when its function comes. */
const rows: readonly Row[] = [
  {
    path: 'safe/service',
    message: 'Modules of mode "mirror" are not supported yet.',
    uses: ({ service }) => service.mode === 'mirror',
  },
  {
    path: 'safe/service',
    message: 'automatic_reboot="on" is not supported yet.',
    uses: ({ service }) => service.automaticReboot,
  },
  {
    path: 'safe/service/heart',
    message: 'Heartbeats of a mirror (<heart>) are not supported yet.',
    uses: ({ heart }) => heart !== null,
  },
  {
    path: 'safe/service/vip',
    message: 'Virtual addresses and load balancing (<vip>) are not supported yet.',
    uses: ({ vip }) => vip !== null && vip.interfaces.length + vip.groups.length > 0,
  },
  { path: 'safe/service/rfs', message: 'Replicated directories (<rfs>) are not supported yet.', uses: ({ rfs }) => rfs !== null },
  {
    path: 'safe/service/vhost',
    message: 'Virtual host names (<vhost>) are not supported yet.',
    uses: ({ vhost }) => vhost !== null,
  },
];

/** What of a valid configuration this version cannot carry out yet; applying such a module is refused with these. Empty: all of it can be. */
export function unsupported(config: ModuleConfig): readonly Unsupported[] {
  return rows
    .filter(({ uses }) => uses(config))
    .map(({ path, message }) => ({ element: path, line: config.lines?.[path] ?? 1, message }));
}
