/** CodeMirror as the console uses it: completion and help from the schema, findings at their lines. */

import { configHelp, type ElementHelp } from 'virtual:config-help';
import {
  autocompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
  closeBrackets,
  completionKeymap,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { xmlLanguage } from '@codemirror/lang-xml';
import { bracketMatching, HighlightStyle, indentOnInput, StreamLanguage, syntaxHighlighting } from '@codemirror/language';
import { shell } from '@codemirror/legacy-modes/mode/shell';
import { lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint';
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search';
import { EditorState, type Extension } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  hoverTooltip,
  keymap,
  lineNumbers,
  type Tooltip,
} from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { translated } from '../../help/translated.js';
import type { PlacedProblem } from '../problems.js';
import { contextAt, wordAt } from './context.js';

/** What is written: one of the two files, a script, or something else. */
export type EditorLanguage = 'module' | 'cluster' | 'shell' | 'text';
export interface EditorOptions {
  readonly label: string;
  readonly language: EditorLanguage;
  readonly text: string;
  readonly readOnly: boolean;
  readonly onChange: (text: string) => void;
}
export interface EditorHandle {
  setText(text: string): void;
  setProblems(problems: readonly PlacedProblem[]): void;
  goTo(at: number): void;
  destroy(): void;
}

const theme = EditorView.theme({
  '&': { height: '100%', backgroundColor: 'var(--surface)', color: 'var(--text)', fontSize: '12.5px' },
  '&.cm-focused': { outline: '2px solid var(--accent)' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '20px' },
  '.cm-content': { caretColor: 'var(--text)' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '.cm-gutters': { backgroundColor: 'var(--sunken)', color: 'var(--muted)', borderRight: '1px solid var(--line)' },
  '.cm-activeLine': { backgroundColor: 'transparent' },
  '.cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground': {
    backgroundColor: 'var(--accent-soft)',
  },
  '.cm-tooltip': {
    backgroundColor: 'var(--surface)',
    color: 'var(--text)',
    border: '1px solid var(--line-strong)',
    maxWidth: '60ch',
  },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--accent)', color: 'var(--accent-text)' },
  '.cm-help': { padding: '6px 10px', fontFamily: 'var(--sans)', whiteSpace: 'normal' },
  '.cm-panels': { backgroundColor: 'var(--sunken)', color: 'var(--text)' },
  '.cm-diagnostic': { fontFamily: 'var(--sans)' },
});
const colours = HighlightStyle.define([
  { tag: [tags.tagName, tags.keyword, tags.standard(tags.name)], color: 'var(--accent)' },
  { tag: [tags.attributeName, tags.definition(tags.variableName), tags.variableName], color: 'var(--moving)' },
  { tag: [tags.attributeValue, tags.string], color: 'var(--well)' },
  { tag: [tags.comment, tags.meta], color: 'var(--muted)', fontStyle: 'italic' },
  { tag: tags.invalid, color: 'var(--bad)' },
]);

type Help = Readonly<Record<string, ElementHelp>>;
const rootsOf = (help: Help): readonly string[] => Object.keys(help).filter((path) => !path.includes('/'));

function tagOf(help: Help, path: string, name: string): Completion {
  const known = help[path === '' ? name : `${path}/${name}`];
  const needed = Object.entries(known?.attributes ?? {}).filter(([, one]) => one.required);
  const opening = `${name}${needed.map(([attribute]) => ` ${attribute}=""`).join('')}`;
  const holds = (known?.children.length ?? 0) > 0 || known?.text === true;
  const inserted = holds ? `${opening}></${name}>` : `${opening}/>`;
  // The cursor goes to the first value that is needed, else inside.
  const cursor = needed.length > 0 ? inserted.indexOf('""') + 1 : holds ? opening.length + 1 : inserted.length;
  return {
    label: name,
    type: 'type',
    ...(known === undefined ? {} : { info: translated(known.doc) }),
    apply: (view, _completion, from, to) =>
      view.dispatch({
        changes: { from, to, insert: inserted },
        selection: { anchor: from + cursor },
        userEvent: 'input.complete',
      }),
  };
}
function complete(help: Help): (context: CompletionContext) => CompletionResult | null {
  return (asked) => {
    const text = asked.state.doc.toString();
    const now = contextAt(text, asked.pos);
    if (now.kind === 'none') return null;
    if (now.kind === 'closing') return { from: now.from, options: [{ label: now.name, apply: `${now.name}>`, type: 'type' }] };
    const path = now.path.join('/');
    if (now.kind === 'element') {
      if (!now.begun && !asked.explicit) return null;
      const names = path === '' ? rootsOf(help) : (help[path]?.children.map((child) => child.name) ?? []);
      const options = names.map((name) => tagOf(help, path, name));
      if (now.begun) return { from: now.from, options };
      // Without a `<` there yet, it is put before it.
      return { from: now.from, options: options.map((one) => ({ ...one, apply: `<${one.label}` })) };
    }
    const attributes = help[path]?.attributes ?? {};
    if (now.kind === 'attribute') {
      if (!asked.explicit && now.from === asked.pos) return null;
      return {
        from: now.from,
        options: Object.entries(attributes)
          .filter(([name]) => !now.used.includes(name))
          .map(([name, one]) => ({
            label: name,
            type: 'property',
            info: `${translated(one.doc)} (${translated(one.allowed)})`,
            ...(one.initial === null ? {} : { detail: translated(one.initial) }),
            ...(one.required ? { boost: 1 } : {}),
            apply: (view: EditorView, _completion: Completion, from: number, to: number) =>
              view.dispatch({ changes: { from, to, insert: `${name}=""` }, selection: { anchor: from + name.length + 2 } }),
          })),
      };
    }
    const choices = attributes[now.attribute]?.choices ?? null;
    return choices === null ? null : { from: now.from, options: choices.map((label) => ({ label, type: 'enum' })) };
  };
}
function helpAt(help: Help): (view: EditorView, position: number) => Tooltip | null {
  return (view, position) => {
    const text = view.state.doc.toString();
    const word = wordAt(text, position);
    if (word === null) return null;
    const around = contextAt(text, word.to);
    let said: string | null = null;
    if (around.kind === 'element' && around.begun) {
      const one = help[[...around.path, word.word].join('/')];
      if (one !== undefined) said = translated(one.doc);
    }
    if (around.kind === 'attribute') {
      const one = help[around.path.join('/')]?.attributes[word.word];
      if (one !== undefined) {
        const initial = one.initial === null ? '' : `; ${translated(one.initial)}`;
        said = `${translated(one.doc)} ${translated(one.allowed)}${initial}.`;
      }
    }
    if (said === null) return null;
    const shown = said;
    return {
      pos: word.from,
      end: word.to,
      above: true,
      create() {
        const dom = document.createElement('div');
        dom.className = 'cm-help';
        dom.textContent = shown;
        return { dom };
      },
    };
  };
}
function languageOf(language: EditorLanguage): Extension {
  if (language === 'text') return [];
  if (language === 'shell') return StreamLanguage.define(shell);
  const help = configHelp[language];
  return [
    xmlLanguage,
    xmlLanguage.data.of({ autocomplete: complete(help) }),
    hoverTooltip(helpAt(help)),
    autocompletion(),
    closeBrackets(),
  ];
}

/** The editor counts a line end as one character, however it is written. */
const inLines = (text: string, offset: number): number => offset - (text.slice(0, offset).match(/\r\n/g)?.length ?? 0);

/** Makes an editor inside of an element. */
export function createEditor(host: HTMLElement, { label, language, text, readOnly, onChange }: EditorOptions): EditorHandle {
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' });
  let quiet = false;
  const view = new EditorView({
    parent: root,
    root,
    state: EditorState.create({
      doc: text,
      extensions: [
        ...[
          lineNumbers(),
          history(),
          drawSelection(),
          indentOnInput(),
          bracketMatching(),
          highlightActiveLine(),
          highlightSelectionMatches(),
        ],
        ...[lintGutter(), syntaxHighlighting(colours), theme, languageOf(language), EditorView.lineWrapping],
        // Tab goes on to the next field: nobody is caught in here with a keyboard alone.
        keymap.of([...completionKeymap, ...defaultKeymap, ...historyKeymap, ...searchKeymap, ...lintKeymap]),
        EditorState.readOnly.of(readOnly),
        // What a file has as line ends stays.
        EditorState.lineSeparator.of(text.includes('\r\n') ? '\r\n' : '\n'),
        EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false', autocapitalize: 'off' }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged && !quiet) onChange(update.state.sliceDoc());
        }),
      ],
    }),
  });
  return {
    setText(next) {
      const now = view.state.sliceDoc();
      if (now === next) return;
      quiet = true;
      // Only what differs is replaced: the cursor and the history of changes stay.
      let from = 0;
      while (from < now.length && from < next.length && now.charAt(from) === next.charAt(from)) from += 1;
      let [end, other] = [now.length, next.length];
      while (end > from && other > from && now.charAt(end - 1) === next.charAt(other - 1)) {
        end -= 1;
        other -= 1;
      }
      if (now.charAt(from - 1) === '\r') from -= 1;
      if (now.charAt(end - 1) === '\r' && now.charAt(end) === '\n') {
        end += 1;
        other += 1;
      }
      view.dispatch({
        changes: { from: inLines(now, from), to: inLines(now, end), insert: view.state.toText(next.slice(from, other)) },
      });
      quiet = false;
    },
    setProblems(problems) {
      const most = view.state.doc.length;
      const now = view.state.sliceDoc();
      const place = (offset: number): number => Math.min(inLines(now, offset), most);
      const diagnostics = problems.map(({ problem, from, to }) => ({
        ...{ from: place(from), to: place(Math.max(to, from)), severity: problem.severity },
        message: `${problem.message} ${problem.remedy}`,
      }));
      view.dispatch(setDiagnostics(view.state, diagnostics));
    },
    goTo(at) {
      const anchor = Math.min(inLines(view.state.sliceDoc(), at), view.state.doc.length);
      view.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: 'center' }) });
      view.focus();
    },
    destroy: () => view.destroy(),
  };
}
