/** The inspector's page: the machines of a node as they run, what its flight recorder has of them, and uploaded snapshots and journals. */
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { Chart, StepHistory, UploadedRecord } from '../../../http/api-types.js';
import { momentOf } from '../../i18n/time.js';
import { placeOf } from '../../inspector/chart-index.js';
import { Film } from '../../inspector/fold.js';
import { inspectorTexts as t } from '../../inspector/texts.js';
import { InspectorView } from '../../inspector/view.js';
import { live } from '../../model/store.js';
import type { PageProps } from '../../pages.js';
import { may } from '../../session/session.js';
import {
  askWhy,
  type Follower,
  follow,
  type RecordName,
  readCharts,
  readHistory,
  readUpload,
  removeUpload,
  upload,
} from './source.js';

/** Items that are kept of what is followed. */
const mostItems = 5_000;
type Mode = { readonly kind: 'live' } | { readonly kind: 'record' } | { readonly kind: 'upload'; readonly id: string };
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const dayOf = (time: string | null): string => (time === null ? '' : time.slice(0, 19).replace('T', ' '));

/** What the address says: `?node=&of=&at=&upload=`. */
function modeOf(query: URLSearchParams): Mode {
  const id = query.get('upload');
  if (id !== null) return { kind: 'upload', id };
  return query.get('at') === null ? { kind: 'live' } : { kind: 'record' };
}

export function InspectorPage({ query }: PageProps) {
  const [charts, setCharts] = useState<readonly Chart[]>([]);
  const [node, setNode] = useState(query.get('node'));
  const [of, setOf] = useState<string | null>(query.get('of'));
  const [mode, setMode] = useState<Mode>(modeOf(query));
  const [uploaded, setUploaded] = useState<UploadedRecord | null>(null);
  const [film, setFilm] = useState(new Film());
  const [at, setAt] = useState(0);
  const [paused, setPaused] = useState(false);
  const [actor, setActor] = useState<string | null>(query.get('of'));
  const [older, setOlder] = useState<string | null>(null);
  const [about, setAbout] = useState<Pick<StepHistory, 'node' | 'version' | 'from' | 'until' | 'doubt'> | null>(null);
  const [busy, setBusy] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  /** Of the following, which goes on by itself. */
  const [silence, setSilence] = useState<string | null>(null);
  const [moment, setMoment] = useState(query.get('at') ?? '');
  const ids = { node: useId(), part: useId(), moment: useId(), file: useId() };
  const picker = useRef<HTMLInputElement>(null);
  const isPaused = useRef(paused);
  isPaused.current = paused;
  const nodes = live.nodes.value;
  const self = nodes.find((one) => one.self)?.name ?? live.cluster.value?.self ?? null;
  const chosen = node ?? self;
  const modules = mode.kind === 'upload' ? (uploaded?.modules ?? []) : (live.modules.value ?? []).map((one) => one.name);
  const record: RecordName | null =
    mode.kind === 'upload' ? { kind: 'upload', id: mode.id } : chosen === null ? null : { kind: 'node', node: chosen };

  useEffect(() => {
    readCharts().then(setCharts, (error: unknown) => setProblem(messageOf(error)));
  }, []);
  useEffect(() => {
    if (mode.kind !== 'live' || chosen === null) return;
    setFilm(new Film());
    setAt(0);
    setOlder(null);
    setAbout(null);
    let now = new Film();
    const follower: Follower = follow(
      chosen,
      of,
      (page) => {
        const before = now.items.length;
        now = now.append(page.items, mostItems);
        setFilm(now);
        if (!isPaused.current) setAt(now.items.length - 1);
        // What was cut off at the beginning moves the place of what is looked at.
        else setAt((place) => Math.max(0, place - Math.max(0, before + page.items.length - now.items.length)));
      },
      setSilence,
    );
    return () => follower.stop();
  }, [mode.kind, chosen, of]);

  const show = async (place: { readonly before?: string | null; readonly at?: string | null }): Promise<void> => {
    if (record === null) return;
    setBusy(t('loading'));
    try {
      const page = await readHistory(record, { of, ...place });
      setProblem(null);
      setAbout(page);
      setOlder(page.next);
      if (place.before == null) {
        const next = new Film(page.items);
        setFilm(next);
        const found = placeOf(page.items, momentOf(place.at ?? null), of);
        const middle =
          place.at != null && momentOf(place.at) === null ? Math.floor(page.items.length / 2) : page.items.length - 1;
        setAt(found < 0 ? Math.max(0, middle) : found);
      } else {
        setFilm((now) => {
          const next = now.prepend(page.items);
          setAt((was) => was + next.items.length - now.items.length);
          return next;
        });
      }
    } catch (error) {
      setProblem(messageOf(error));
    } finally {
      setBusy(null);
    }
  };
  const key = `${mode.kind} ${mode.kind === 'upload' ? mode.id : chosen} ${of}`;
  useEffect(() => {
    if (mode.kind === 'live' || record === null) return;
    setPaused(true);
    // What was shown before is of something else.
    setFilm(new Film());
    setAbout(null);
    if (mode.kind === 'upload' && uploaded?.id !== mode.id) readUpload(mode.id).then(setUploaded, () => undefined);
    void show({ at: moment === '' ? null : moment });
  }, [key]);

  async function take(file: File): Promise<void> {
    setBusy(t('uploading'));
    setProblem(null);
    try {
      const found = await upload(file);
      setUploaded(found);
      setMoment('');
      setOf(found.modules[0] === undefined ? null : `module:${found.modules[0]}`);
      setActor(null);
      setMode({ kind: 'upload', id: found.id });
    } catch (error) {
      setProblem(messageOf(error));
    } finally {
      setBusy(null);
      if (picker.current !== null) picker.current.value = '';
    }
  }
  async function closeUpload(id: string): Promise<void> {
    setUploaded(null);
    setMoment('');
    setMode({ kind: 'live' });
    await removeUpload(id);
  }
  const goLive = (): void => {
    setMoment('');
    setPaused(false);
    if (mode.kind !== 'live') setMode({ kind: 'live' });
    else setAt(film.items.length - 1);
  };
  const goBackInRecord = (): void => {
    setPaused(true);
    setMoment('');
    setMode({ kind: 'record' });
  };
  const pause = (): void => {
    if (mode.kind !== 'live') return;
    setPaused(!paused);
    if (paused) setAt(film.items.length - 1);
  };
  const go = (index: number): void => {
    setAt(index);
    if (mode.kind === 'live') setPaused(index < film.items.length - 1);
  };
  return (
    <div class="inspector-page">
      <form
        class="inspector-bar"
        onSubmit={(event) => {
          event.preventDefault();
          if (mode.kind === 'live') {
            setPaused(true);
            setMode({ kind: 'record' });
          } else void show({ at: moment === '' ? null : moment });
        }}
      >
        <h1 class="visually-hidden">{t('title')}</h1>
        {mode.kind === 'upload' ? null : (
          <div class="field">
            <label for={ids.node}>{t('node')}</label>
            <select id={ids.node} class="input" value={chosen ?? ''} onChange={(event) => setNode(event.currentTarget.value)}>
              {(nodes.length === 0 && chosen !== null ? [chosen] : nodes.map(({ name }) => name)).map((name) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </select>
          </div>
        )}
        <div class="field">
          <label for={ids.part}>{t('part')}</label>
          <select
            id={ids.part}
            class="input"
            value={of ?? ''}
            onChange={(event) => {
              const next = event.currentTarget.value;
              setOf(next === '' ? null : next);
              setActor(next === '' ? null : next);
            }}
          >
            <option value="">{t('everything')}</option>
            {modules.map((name) => (
              <option key={name} value={`module:${name}`}>
                {name}
              </option>
            ))}
            <option value="membership">membership</option>
            <option value="node">node</option>
          </select>
        </div>
        <button type="button" class="button" aria-pressed={mode.kind === 'live' && !paused} onClick={goLive}>
          {t('live')}
        </button>
        <button type="button" class="button" disabled={mode.kind !== 'live'} onClick={pause}>
          {paused && mode.kind === 'live' ? t('goOn') : t('pause')}
        </button>
        <button type="button" class="button" aria-pressed={mode.kind === 'record'} onClick={goBackInRecord}>
          {t('recorded')}
        </button>
        <div class="field">
          <label for={ids.moment}>{t('moment')}</label>
          <input
            id={ids.moment}
            class="input"
            value={moment}
            placeholder="03:12"
            title={t('momentHelp')}
            onInput={(event) => setMoment(event.currentTarget.value.trim())}
          />
        </div>
        <button type="submit" class="button">
          {t('show')}
        </button>
        {!may('control') ? null : (
          <span class="spread">
            <input
              ref={picker}
              id={ids.file}
              type="file"
              class="visually-hidden"
              aria-label={t('uploadLabel')}
              tabIndex={-1}
              accept=".zip,.jsonl"
              onChange={(event) => {
                const file = event.currentTarget.files?.[0];
                if (file !== undefined) void take(file);
              }}
            />
            <button type="button" class="button" onClick={() => picker.current?.click()}>
              {t('upload')}
            </button>
          </span>
        )}
        {mode.kind === 'upload' && uploaded !== null ? (
          <button type="button" class="button" onClick={() => void closeUpload(uploaded.id)}>
            {t('closeUpload', { name: uploaded.node ?? '' })}
          </button>
        ) : null}
        <p class="inspector-note" role="status">
          {busy ?? ''}
          {busy === null && (problem ?? silence) !== null ? (
            <span class="bad">{t('failed', { message: problem ?? silence ?? '' })}</span>
          ) : null}
          {busy === null && about !== null ? (
            <span class="muted">
              {t('of', {
                node: about.node ?? '',
                version: about.version ?? '',
                from: dayOf(about.from),
                until: dayOf(about.until),
              })}
            </span>
          ) : null}
          {about?.doubt == null ? null : (
            <span class="bad">
              {' '}
              {t('doubt')}: {about.doubt}
            </span>
          )}
        </p>
      </form>
      {film.items.length === 0 ? (
        <p class="hint">{busy ?? (mode.kind === 'live' ? t('loading') : t('noSteps'))}</p>
      ) : (
        <InspectorView
          charts={charts}
          film={film}
          at={Math.min(at, film.items.length - 1)}
          actor={actor}
          askWhy={record === null ? null : (module, time) => askWhy(record, module, time)}
          onGo={go}
          onActor={setActor}
          onPause={pause}
          controls={
            <span class="controls">
              {mode.kind === 'live' ? null : (
                <button
                  type="button"
                  class="button"
                  disabled={older === null || busy !== null}
                  onClick={() => void show({ before: older })}
                >
                  {t('older')}
                </button>
              )}
              <button
                type="button"
                class="button"
                onClick={() => (mode.kind === 'live' ? goLive() : void show({}))}
                disabled={busy !== null}
              >
                {t('newest')}
              </button>
            </span>
          }
        />
      )}
    </div>
  );
}
