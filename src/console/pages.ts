/** The pages of the console. A new one: a row here, its code in `pages/`, loaded when it is opened. */
import type { ComponentType } from 'preact';
import type { Role } from './session/session.types.js';
import type { ShellKey } from './shell/texts.js';
import { lazily } from './ui/lazy.js';

export interface PageProps {
  /** Parts of the path after the page's own. */
  readonly rest: readonly string[];
  readonly query: URLSearchParams;
}
export interface PageEntry {
  /** First part of the path after the language. */
  readonly path: string;
  readonly title: ShellKey;
  /** Who may see it. */
  readonly role: Role;
  /** Whether it is in the row of pages at the top. */
  readonly listed: boolean;
  /** Also shown before there are users: it says how the first one is made. */
  readonly beforeUsers?: boolean;
  readonly page: ComponentType<PageProps>;
}

export const pages: readonly PageEntry[] = [
  {
    path: 'monitoring',
    title: 'monitoring',
    role: 'monitor',
    listed: true,
    page: lazily(async () => (await import('./pages/monitor/page.js')).MonitorPage),
  },
  {
    path: 'configuration',
    title: 'configuration',
    role: 'admin',
    listed: true,
    beforeUsers: true,
    page: lazily(async () => (await import('./pages/configuration/page.js')).ConfigurationPage),
  },
  {
    path: 'timeline',
    title: 'timeline',
    role: 'monitor',
    listed: true,
    page: lazily(async () => (await import('./pages/timeline/page.js')).TimelinePage),
  },
  {
    path: 'inspector',
    title: 'inspector',
    role: 'monitor',
    listed: true,
    page: lazily(async () => (await import('./pages/inspector/page.js')).InspectorPage),
  },
  {
    path: 'mosaic',
    title: 'mosaic',
    role: 'monitor',
    listed: false,
    page: lazily(async () => (await import('./pages/mosaic/page.js')).MosaicPage),
  },
];
