/** The log of a module on a node, as it grows: levels, search, outputs of scripts, saved as text. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { LogLevel, LogLine, LogList } from '../../../http/api-types.js';
import { formatClassic } from '../../../http/log-format.js';
import { dayName, exactTime } from '../../i18n/time.js';
import { live } from '../../model/store.js';
import { navigate } from '../../router.js';
import { api } from '../../session/session.js';
import { Icon } from '../../ui/icons.js';
import { saveFile } from '../../ui/save.js';
import { detailsPath } from '../monitor/card.js';
import { cutAt, filtered, levels, lineOf, merged, mostLines, nearest, userlogOf, usualLevels } from './log-lines.js';
import { NotThere, onNode, useReading } from './read.js';
import { detailsTexts as t } from './texts.js';
import { UserlogDialog } from './userlog.js';

const names = { C: 'levelC', E: 'levelE', U: 'levelU', S: 'levelS', I: 'levelI', D: 'levelD' } as const;
const savedLines = 100_000;
const searchDelayMs = 300;

interface LineProps {
  readonly line: LogLine;
  readonly text: string;
  /** The address asks for its moment. */
  readonly isAsked: boolean;
  readonly onOutput: (name: string) => void;
  readonly onVerbose: (line: LogLine) => void;
}
function Line({ line, text, isAsked, onOutput, onVerbose }: LineProps) {
  const userlog = userlogOf(line);
  return (
    <li class={`line level-${line.level}${isAsked ? ' line-at' : ''}`} aria-current={isAsked ? 'true' : undefined}>
      <time dateTime={line.at} title={line.at}>
        {exactTime(line.wallMs)}
      </time>
      <span class="line-level" title={t(names[line.level])}>
        {line.level}
      </span>
      <span class="line-component">{line.component}</span>
      <span class="line-message">
        {cutAt(line.message, text).map((part, index) => (index % 2 === 1 ? <mark>{part}</mark> : part))}
        {userlog === null ? null : (
          <button type="button" class="line-link" onClick={() => onOutput(userlog)}>
            {t('output')}
          </button>
        )}
      </span>
      {userlog === null && line.level !== 'I' && line.level !== 'D' ? (
        <button
          type="button"
          class="line-more"
          aria-label={`${t('verboseBetween')}: ${line.message}`}
          title={t('verboseBetween')}
          onClick={() => onVerbose(line)}
        >
          <Icon name="more" />
        </button>
      ) : (
        <span />
      )}
    </li>
  );
}
async function saveAs(module: string, node: string, wanted: readonly LogLevel[], text: string): Promise<void> {
  const query = new URLSearchParams({
    level: wanted.join(''),
    verbose: 'true',
    limit: String(savedLines),
    ...(text === '' ? {} : { q: text }),
  });
  const { items } = await api.get<LogList>(onNode(module, node, `logs?${query}`), { timeoutMs: 60_000 });
  saveFile(`${module}-${node}.txt`, new Blob([items.map((line) => `${formatClassic(line)}\n`).join('')], { type: 'text/plain' }));
}

export function Logs({ module, node, at }: { readonly module: string; readonly node: string; readonly at: number | null }) {
  const [wanted, setWanted] = useState<readonly LogLevel[]>(usualLevels);
  const [typed, setTyped] = useState('');
  const [text, setText] = useState('');
  const [come, setCome] = useState<readonly LogLine[]>([]);
  const [between, setBetween] = useState<readonly LogLine[]>([]);
  const [output, setOutput] = useState<string | null>(null);
  const [limit, setLimit] = useState(500);
  const [atEnd, setAtEnd] = useState(at === null);
  const [problem, setProblem] = useState<string | null>(null);
  const list = useRef<HTMLDivElement>(null);
  const until = at === null ? {} : { until: String(at + 60_000) };
  const query = new URLSearchParams({
    verbose: 'true',
    level: wanted.join('') || 'C',
    limit: String(limit),
    ...until,
    ...(text === '' ? {} : { q: text }),
  });
  const { reading, again } = useReading<LogList>(onNode(module, node, `logs?${query}`));
  useEffect(() => {
    const timer = setTimeout(() => setText(typed), searchDelayMs);
    return () => clearTimeout(timer);
  }, [typed]);
  useEffect(
    () =>
      live.onEvent((event) => {
        const line = lineOf(event, module, node);
        if (line !== null) setCome((now) => [...now, line].slice(-mostLines));
      }),
    [module, node],
  );
  const read = reading.kind === 'there' ? reading.value.items : [];
  const lines = useMemo(
    () => filtered(merged(merged(read, at === null ? come : []), between), between.length > 0 ? levels : wanted, text),
    [read, come, between, wanted, text, at],
  );
  const asked = useMemo(() => (at === null ? null : nearest(lines, at)), [lines, at]);
  useEffect(() => {
    const box = list.current;
    if (box !== null && atEnd && lines.length > 0) box.scrollTop = box.scrollHeight;
  }, [lines, atEnd]);
  useEffect(() => {
    setAtEnd(at === null);
  }, [at]);
  useEffect(() => {
    list.current?.querySelector('.line-at')?.scrollIntoView({ block: 'center' });
  }, [asked?.wallMs, asked?.message]);

  const orSay = (work: Promise<void>): void => {
    setProblem(null);
    work.catch((error: unknown) => setProblem(error instanceof Error ? error.message : String(error)));
  };
  async function showVerbose(line: LogLine): Promise<void> {
    const before = lines.findLast((one) => one.wallMs < line.wallMs);
    const span = new URLSearchParams({
      verbose: 'true',
      until: String(Math.ceil(line.wallMs)),
      limit: '500',
      ...(before === undefined ? {} : { since: String(Math.floor(before.wallMs)) }),
    });
    const { items } = await api.get<LogList>(onNode(module, node, `logs?${span}`));
    setAtEnd(false);
    setBetween((now) => merged(now, items));
  }
  function toggle(level: LogLevel): void {
    setBetween([]);
    setWanted(
      wanted.includes(level)
        ? wanted.filter((one) => one !== level)
        : levels.filter((one) => one === level || wanted.includes(one)),
    );
  }
  return (
    <div class="logs">
      <div class="toolbar">
        <fieldset class="levels">
          <legend class="visually-hidden">{t('levels')}</legend>
          {levels.map((level) => (
            <button
              key={level}
              type="button"
              class="button small"
              aria-pressed={wanted.includes(level)}
              title={t(names[level])}
              onClick={() => toggle(level)}
            >
              {level}
              <span class="visually-hidden"> {t(names[level])}</span>
            </button>
          ))}
        </fieldset>
        <input
          type="search"
          class="input search"
          aria-label={t('searchHint')}
          placeholder={t('search')}
          value={typed}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
        <span class="spring" />
        {atEnd && at === null ? (
          <span class="muted wide-only">{t('following')}</span>
        ) : (
          <button
            type="button"
            class="button small"
            onClick={() => {
              if (at !== null) navigate(detailsPath(module, node, 'logs'));
              setAtEnd(true);
            }}
          >
            {t('newest')}
          </button>
        )}
        <button type="button" class="button small" onClick={() => orSay(saveAs(module, node, wanted, text))}>
          <Icon name="save" />
          {t('save')}
        </button>
      </div>
      {reading.kind === 'there' ? null : <NotThere reading={reading} again={again} />}
      {problem === null ? null : (
        <p class="log-problem bad" role="alert">
          {t('failed', { reason: problem })}
        </p>
      )}
      <div
        class="lines"
        role="log"
        aria-live="off"
        ref={list}
        // Focusable, so that the keyboard scrolls it.
        tabIndex={0}
        aria-label={t('logLabel', { module, node })}
        onScroll={(event) => {
          const box = event.currentTarget;
          setAtEnd(box.scrollHeight - box.scrollTop - box.clientHeight < 24);
        }}
      >
        <ol>
          {read.length >= limit ? (
            <li class="line-older">
              <button type="button" class="button small" onClick={() => setLimit(limit * 4)}>
                {t('older')}
              </button>
            </li>
          ) : null}
          {lines.map((line, index) => {
            const day = new Date(line.wallMs).toDateString();
            const before = lines[index - 1];
            const first = before === undefined || new Date(before.wallMs).toDateString() !== day;
            return (
              <>
                {first ? <li class="line-day muted">{dayName(line.wallMs)}</li> : null}
                <Line
                  line={line}
                  text={text}
                  isAsked={line === asked}
                  onOutput={setOutput}
                  onVerbose={(one) => orSay(showVerbose(one))}
                />
              </>
            );
          })}
          {reading.kind === 'there' && lines.length === 0 ? <li class="hint">{t('noLines')}</li> : null}
        </ol>
      </div>
      {output === null ? null : <UserlogDialog module={module} node={node} name={output} onClose={() => setOutput(null)} />}
    </div>
  );
}
