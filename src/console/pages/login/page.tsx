/** Logging in, and redeeming a one-time link. */
import { useId, useState } from 'preact/hooks';
import { ApiFailure } from '../../api/client.js';
import { navigate } from '../../router.js';
import { logIn, redeem, type SessionState } from '../../session/session.js';
import { loginTexts as t } from './texts.js';

const shortest = 12;

interface FieldProps {
  readonly label: string;
  readonly type: 'text' | 'password';
  readonly autoComplete: string;
  readonly value: string;
  readonly error: string | null;
  readonly focus?: boolean;
  readonly onChange: (value: string) => void;
}
function Field({ label, type, autoComplete, value, error, focus = false, onChange }: FieldProps) {
  const id = useId();
  const input = {
    id,
    class: 'input',
    name: autoComplete,
    autocomplete: autoComplete,
    autocapitalize: 'none',
    spellcheck: false,
    autofocus: focus,
    value,
    'aria-invalid': error === null ? undefined : 'true',
    'aria-describedby': error === null ? undefined : `${id}-error`,
    onInput: (event: InputEvent & { readonly currentTarget: HTMLInputElement }) => onChange(event.currentTarget.value),
  } as const;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {type === 'text' ? <input type="text" {...input} /> : <input type="password" {...input} />}
      {error === null ? null : (
        <p class="field-error" id={`${id}-error`}>
          {error}
        </p>
      )}
    </div>
  );
}
function reasonOf(error: unknown): string {
  if (!(error instanceof ApiFailure)) return String(error);
  if (error.status === 0) return t('unreachable', { reason: error.message });
  return error.status === 401 ? t('wrong') : error.message;
}

interface LoginPageProps {
  readonly state: SessionState;
  /** Of a one-time link; null: a login. */
  readonly code: string | null;
}
export function LoginPage({ state, code }: LoginPageProps) {
  const [user, setUser] = useState('');
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const login = state.kind === 'out' ? state.login : null;
  const first = code !== null;
  const errors = {
    user: !first && user.trim() === '' ? t('missing') : null,
    password: password === '' ? t('missing') : first && password.length < shortest ? t('short') : null,
    again: first && again !== password ? t('differ') : null,
  };
  const shown = (error: string | null): string | null => (tried ? error : null);

  async function submit(): Promise<void> {
    setTried(true);
    if (errors.user !== null || errors.password !== null || errors.again !== null) return;
    setBusy(true);
    setFailure(null);
    try {
      if (code === null) await logIn(user.trim(), password);
      else {
        await redeem(code, password);
        navigate('/monitoring', { replace: true });
      }
    } catch (error) {
      setFailure(reasonOf(error));
      setPassword('');
      setAgain('');
      setTried(false);
    }
    setBusy(false);
  }
  return (
    <main class="alone">
      <h1 class="brand">Holdfast</h1>
      <h2>{first ? t('firstTitle') : t('title')}</h2>
      {first ? <p>{t('firstIntro')}</p> : null}
      {state.kind === 'out' && state.ended ? <p role="status">{t('ended')}</p> : null}
      <form
        class="login"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        {first ? null : (
          <Field
            label={t('user')}
            type="text"
            autoComplete="username"
            value={user}
            error={shown(errors.user)}
            focus
            onChange={setUser}
          />
        )}
        <Field
          label={t('password')}
          type="password"
          autoComplete={first ? 'new-password' : 'current-password'}
          value={password}
          error={shown(errors.password)}
          focus={first}
          onChange={setPassword}
        />
        {first ? (
          <Field
            label={t('firstAgain')}
            type="password"
            autoComplete="new-password"
            value={again}
            error={shown(errors.again)}
            onChange={setAgain}
          />
        ) : null}
        {failure === null ? null : (
          <p class="bad" role="alert">
            {failure}
          </p>
        )}
        <button type="submit" class="button primary" disabled={busy}>
          {first ? t('firstSubmit') : t('submit')}
        </button>
        {login?.oidcUrl == null || first ? null : (
          <a class="button" href={login.oidcUrl}>
            {t('oidc')}
          </a>
        )}
      </form>
      {login !== null && !login.https && !isLocal() ? <p class="moving">{t('plain')}</p> : null}
    </main>
  );
}
function isLocal(): boolean {
  return location.protocol === 'https:' || /^(?:localhost|127\.|\[::1\])/.test(location.hostname);
}
