/** The line at the top: how it is going altogether, which node this comes from, help, theme, user. */
import { language } from '../i18n/i18n.js';
import { isLanguage, languages } from '../i18n/languages.js';
import { originsOf, samePageAt } from '../model/move.js';
import { canNotify, notifying, toggleNotifications } from '../model/notify.js';
import { live } from '../model/store.js';
import { summary } from '../model/summary.js';
import { addressOf, switchLanguage } from '../router.js';
import { logOut, session } from '../session/session.js';
import type { Role } from '../session/session.types.js';
import { theme, toggleTheme } from '../theme/theme.js';
import { Icon, StateShape } from '../ui/icons.js';
import { Link } from '../ui/link.js';
import { Menu, type MenuItem } from '../ui/menu.js';
import { keysShown } from './keys.js';
import { shellTexts as t } from './texts.js';

function Overview() {
  const now = summary.value;
  const cluster = live.cluster.value;
  if (now === null || cluster === null) return <span class="muted">{t('connecting')}</span>;
  const parts = [
    cluster.configured ? null : t('notConfigured'),
    now.notServed.length > 0 ? t('notServed', { modules: now.notServed.join(', ') }) : null,
    now.unreachable.length > 0 ? t('unreachable', { nodes: now.unreachable.join(', ') }) : null,
    now.attention > 0 ? t('attention', { n: now.attention }) : null,
  ].filter((part) => part !== null);
  return (
    <p class="overview" role="status">
      <StateShape verdict={now.verdict} />
      <span>
        <span class="overview-count">{t('summary', { nodes: now.nodes, modules: now.modules })}, </span>
        <strong class={now.verdict}>{parts.length === 0 ? t('allWell') : parts.join(', ')}</strong>
      </span>
    </p>
  );
}
function NodeMenu() {
  const self = live.cluster.value?.self ?? location.hostname;
  const { kind } = live.connection.value;
  const state = kind === 'live' ? t('connected') : kind === 'offline' ? t('offline') : t('connecting');
  const items = live.nodes.value.flatMap((node): readonly MenuItem[] => {
    const label = node.name;
    if (node.name === self) return [{ label, hint: t('thisNode'), checked: true }];
    const [origin] = originsOf(node, location);
    if (origin === undefined) return [];
    const target = new URL(samePageAt(origin, ''));
    target.searchParams.delete('from');
    return [{ label, hint: node.online ? t('nodeOnline') : t('nodeOffline'), href: target.href }];
  });
  return (
    <Menu
      label={t('connectedTo', { node: self, state })}
      align="end"
      buttonClass="button node-button"
      button={
        <>
          <StateShape verdict={kind === 'live' ? 'well' : kind === 'offline' ? 'bad' : 'moving'} />
          <span>{self}</span> <span class="muted wide-only">{state}</span>
        </>
      }
      items={items.length === 0 ? [{ label: self, hint: state }] : items}
    />
  );
}
function HelpMenu() {
  const items: readonly MenuItem[] = [
    { label: t('helpKeys'), hint: '?', onSelect: () => (keysShown.value = true) },
    { label: t('helpApi'), href: '/api/' },
    { label: t('helpMosaic'), href: addressOf('/mosaic') },
    { label: t('helpCommands'), disabled: true },
    ...Object.entries(languages).map(([code, name], index) => ({
      label: t('language', { name }),
      checked: code === language.value,
      divided: index === 0,
      onSelect: () => {
        if (isLanguage(code)) switchLanguage(code);
      },
    })),
  ];
  return <Menu label={t('helpLabel')} align="end" buttonClass="button quiet" plain button={<Icon name="help" />} items={items} />;
}
const roleNames = { admin: 'roleAdmin', control: 'roleControl', monitor: 'roleMonitor' } as const;
export function roleName(role: Role): string {
  return t(roleNames[role]);
}
function UserMenu() {
  const now = session.value;
  if (now === null) return null;
  // Before there is any user, this machine may do all (ADR 0005): there is nobody to log out.
  if (now.csrf === null) {
    return (
      <span class="muted wide-only" title={t('noLoginHint')}>
        {t('noLogin')}
      </span>
    );
  }
  const role = roleName(now.role);
  return (
    <Menu
      label={t('userMenu', { user: now.user, role })}
      align="end"
      buttonClass="button quiet"
      button={<span class="user-name">{now.user}</span>}
      items={[
        { label: `${now.user} · ${role}`, disabled: true },
        { label: t('logout'), divided: true, onSelect: () => void logOut() },
      ]}
    />
  );
}
function Bell() {
  if (!canNotify) return null;
  return (
    <button
      type="button"
      class="button quiet"
      aria-label={t('notify')}
      title={t('notify')}
      aria-pressed={notifying.value}
      onClick={() => void toggleNotifications()}
    >
      <Icon name="bell" />
    </button>
  );
}
export function Header() {
  const other = theme.value === 'dark' ? t('themeToLight') : t('themeToDark');
  const label = t('themeLabel', { theme: other });
  return (
    <header class="header">
      <Link to="/monitoring" class="brand">
        Holdfast
      </Link>
      <Overview />
      <div class="header-end">
        <NodeMenu />
        <Bell />
        <HelpMenu />
        <button type="button" class="button quiet" aria-label={label} title={label} onClick={toggleTheme}>
          <Icon name="theme" />
        </button>
        <UserMenu />
      </div>
    </header>
  );
}
