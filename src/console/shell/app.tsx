/** The frame of every page: who is logged in decides what is shown at all. */
import './shell.css';
import { useEffect, useRef } from 'preact/hooks';
import { startMoving } from '../model/move.js';
import { startNotifying } from '../model/notify.js';
import { live } from '../model/store.js';
import { LoginPage } from '../pages/login/page.js';
import { type PageEntry, pages } from '../pages.js';
import { navigate, place } from '../router.js';
import { findSession, may, session, sessionState } from '../session/session.js';
import { Link } from '../ui/link.js';
import { Banner } from './banner.js';
import { Header } from './header.js';
import { Keys, useKeys } from './keys.js';
import { SetupPage } from './setup.js';
import { shellTexts as t } from './texts.js';

/** Whether the user sees the page: by role, or because it says how to get one. */
function shown(page: PageEntry): boolean {
  return may(page.role) || (page.beforeUsers === true && session.value?.csrf === null);
}
function Navigation({ current }: { readonly current: PageEntry | undefined }) {
  const listed = pages.filter((page) => page.listed && shown(page));
  return (
    <nav class="pages" aria-label={t('pagesLabel')}>
      {listed.map((page) => (
        <Link key={page.path} to={`/${page.path}`} class="tab" current={page === current}>
          {t(page.title)}
        </Link>
      ))}
    </nav>
  );
}
function Content({ entry }: { readonly entry: PageEntry | undefined }) {
  if (entry === undefined || !shown(entry)) {
    return (
      <div class="hint">
        <h1>{entry === undefined ? t('notFound') : t('notAllowed')}</h1>
        <Link to="/monitoring">{t('toMonitoring')}</Link>
      </div>
    );
  }
  const Page = entry.page;
  return <Page rest={place.value.parts.slice(1)} query={place.value.query} />;
}
/** Without a cluster there is nothing to monitor: its wizard opens by itself, once. */
function useFirstRun(): void {
  const asked = useRef(false);
  const configured = live.cluster.value?.configured;
  useEffect(() => {
    if (configured === undefined || asked.current) return;
    asked.current = true;
    if (!configured && place.peek().parts[0] === 'monitoring' && (may('admin') || session.peek()?.csrf === null))
      navigate('/configuration/cluster/config', { replace: true });
  }, [configured]);
}
function Inside() {
  useEffect(() => {
    live.start();
    const stopMoving = startMoving();
    const stopNotifying = startNotifying(({ module, node, data }) =>
      t('notifyTitle', { module: module ?? '', node, state: String(data['state']), quality: String(data['quality']) }),
    );
    // A page that the browser keeps for its Back button must hold no connection: there are six to a host.
    const hide = (): void => live.stop();
    const show = (event: PageTransitionEvent): void => {
      if (event.persisted) live.start();
    };
    addEventListener('pagehide', hide);
    addEventListener('pageshow', show);
    return () => {
      removeEventListener('pagehide', hide);
      removeEventListener('pageshow', show);
      stopNotifying();
      stopMoving();
      live.stop();
    };
  }, []);
  useKeys();
  useFirstRun();
  const entry = pages.find((page) => page.path === place.value.parts[0]);
  return (
    <div class="shell">
      <a class="skip" href="#content">
        {t('skip')}
      </a>
      <Header />
      <Navigation current={entry} />
      <Banner />
      <main id="content" tabIndex={-1}>
        <Content entry={entry} />
      </main>
      <Keys />
    </div>
  );
}
function Silent() {
  useEffect(() => {
    const timer = setInterval(() => void findSession(), 2000);
    return () => clearInterval(timer);
  }, []);
  return (
    <main class="alone">
      <p class="banner bad" role="status">
        {t('offlineUnknown')}
      </p>
    </main>
  );
}

export function App() {
  const state = sessionState.value;
  // The mosaic and one-time links are for whoever has the address.
  const open = pages.find((page) => page.path === 'mosaic');
  if (place.value.parts[0] === 'mosaic' && open !== undefined && state.kind !== 'in') {
    const Page = open.page;
    return (
      <main class="alone wide">
        <Page rest={place.value.parts.slice(1)} query={place.value.query} />
      </main>
    );
  }
  if (state.kind === 'asking') return null;
  if (state.kind === 'silent') return <Silent />;
  if (place.value.parts[0] === 'first') return <LoginPage state={state} code={place.value.parts[1] ?? ''} />;
  if (state.kind === 'setup') return <SetupPage />;
  if (state.kind === 'out') return <LoginPage state={state} code={null} />;
  return <Inside />;
}
