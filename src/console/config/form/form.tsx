/** userconfig.xml as a form: made of the schema, over the text. Each change is one of the text, and what it does not touch stays as it is. */
import { configHelp } from 'virtual:config-help';
import { useId, useState } from 'preact/hooks';
import {
  addElement,
  childrenIn,
  contentOf,
  type EditDocument,
  type EditElement,
  moveElement,
  type NewElement,
  removeElement,
  setAttribute,
  setContent,
  type TextChange,
} from '../../../config/xml-edit.js';
import { ConfigHelp } from '../../help/config-help.js';
import type { PlacedProblem } from '../problems.js';
import { Field } from './field.js';
import { elementName } from './names.js';
import { attributesOf, blank, childrenOf, holders, sections } from './plan.js';
import { formTexts as t } from './texts.js';

const help = configHelp.module;

/** What all parts of the form work with. */
export interface FormContext {
  readonly document: EditDocument;
  readonly mode: string;
  readonly placed: readonly PlacedProblem[];
  /** Names to choose from. */
  readonly lans: readonly string[];
  readonly nodes: readonly string[];
  readonly change: (changes: readonly TextChange[]) => void;
}
const attributeOf = (element: EditElement, name: string): string | null =>
  element.attributes.find((one) => one.name === name)?.value ?? null;

function suggestionsOf({ lans, nodes }: FormContext, path: string, attribute: string): readonly string[] {
  if (attribute === 'name' && /\/(?:lan|heartbeat)$/.test(path)) return lans;
  if (attribute === 'name' && path.endsWith('/cluster/host')) return nodes;
  return attribute === 'defaultprim' ? ['alone', 'lastprim', ...nodes] : [];
}
function Attributes({ context, element }: { readonly context: FormContext; readonly element: EditElement }) {
  const [all, setAll] = useState(false);
  const known = help[element.path];
  if (known === undefined) return null;
  const given = element.attributes.map(({ name }) => name);
  const { first, more } = attributesOf(known, element.name, given, context.mode);
  const own = context.placed.filter((one) => one.element === element.index);
  const odd = given.filter((name) => known.attributes[name] === undefined);
  const field = (attribute: string) => {
    const one = known.attributes[attribute];
    if (one === undefined) return null;
    return (
      <Field
        key={attribute}
        {...{ path: element.path, attribute, help: one, value: attributeOf(element, attribute) }}
        problems={own.filter(({ problem }) => problem.attribute === attribute)}
        suggestions={suggestionsOf(context, element.path, attribute)}
        onChange={(value) => context.change(setAttribute(context.document, element, attribute, value))}
      />
    );
  };
  const rest = own.filter(({ problem }) => problem.attribute === null || known.attributes[problem.attribute] === undefined);
  return (
    <>
      {rest.map(({ problem }) => (
        <p key={problem.message} class={problem.severity === 'error' ? 'field-error' : 'field-warning'} lang="en">
          {problem.message} {problem.remedy}
        </p>
      ))}
      <div class="field-grid">
        {first.map(field)}
        {all ? more.map(field) : null}
      </div>
      {odd.length === 0 ? null : <p class="muted">{t('unknown', { names: odd.join(', ') })}</p>}
      {more.length === 0 ? null : (
        <button type="button" class="button small quiet" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? t('fewer') : t('more', { n: more.length })}
        </button>
      )}
    </>
  );
}
function Contents({ context, element }: { readonly context: FormContext; readonly element: EditElement }) {
  const id = useId();
  const content = contentOf(context.document, element);
  if (content === null) return <p class="muted">{t('contentsOther')}</p>;
  return (
    <div class="field">
      <span class="field-head">
        <label for={id}>{t('contents')}</label>
      </span>
      <textarea
        id={id}
        class="input mono"
        rows={Math.min(16, Math.max(4, content.split('\n').length + 1))}
        spellcheck={false}
        value={content}
        onInput={(event) => context.change(setContent(context.document, element, event.currentTarget.value))}
      />
    </div>
  );
}
interface ElementProps {
  readonly context: FormContext;
  readonly element: EditElement;
  /** Its place among those of its kind, from 1; null where there can be one only. */
  readonly place: { readonly now: number; readonly all: number } | null;
}
function Element({ context, element, place }: ElementProps) {
  const name = elementName(element.path);
  const shown = attributeOf(element, 'name') ?? attributeOf(element, 'ident') ?? attributeOf(element, 'addr');
  const title = place === null || shown === null || shown === '' ? name : `${name} ${shown}`;
  return (
    <fieldset class="form-element">
      <legend>
        {title} <ConfigHelp file="module" element={element.path} />
      </legend>
      <div class="form-tools">
        {place === null || place.all < 2 ? null : (
          <>
            <button
              type="button"
              class="button quiet small"
              disabled={place.now === 1}
              aria-label={t('up', { name: title })}
              title={t('up', { name: title })}
              onClick={() => context.change(moveElement(context.document, element, -1))}
            >
              ↑
            </button>
            <button
              type="button"
              class="button quiet small"
              disabled={place.now === place.all}
              aria-label={t('down', { name: title })}
              title={t('down', { name: title })}
              onClick={() => context.change(moveElement(context.document, element, 1))}
            >
              ↓
            </button>
          </>
        )}
        <button
          type="button"
          class="button quiet small"
          aria-label={t('remove', { name: title })}
          title={t('remove', { name: title })}
          onClick={() => context.change(removeElement(context.document, element))}
        >
          ×
        </button>
      </div>
      <Inside context={context} element={element} />
    </fieldset>
  );
}
/** Attributes, text and what is inside of an element. */
function Inside({ context, element }: { readonly context: FormContext; readonly element: EditElement }) {
  return (
    <>
      <Attributes context={context} element={element} />
      {help[element.path]?.text === true ? <Contents context={context} element={element} /> : null}
      <Kinds context={context} parent={element} path={element.path} missing={[]} names={null} />
    </>
  );
}
interface KindsProps {
  readonly context: FormContext;
  /** The nearest element that is there. */
  readonly parent: EditElement;
  /** Of the element that the kinds stand in. */
  readonly path: string;
  /** What has to be made first, from the parent inwards. */
  readonly missing: readonly string[];
  /** Null: all kinds. */
  readonly names: readonly string[] | null;
}
function Kinds({ context, parent, path, missing, names }: KindsProps) {
  const { document, mode } = context;
  const there = missing.length === 0 ? childrenIn(document, parent) : [];
  const possible = childrenOf(help, path, mode);
  const kinds = [
    ...possible,
    // What stands there although it should not is shown too: it can be seen, and taken out.
    ...(help[path]?.children ?? []).filter(
      (kind) => there.some(({ name }) => name === kind.name) && !possible.some(({ name }) => name === kind.name),
    ),
  ].filter(({ name }) => names === null || names.includes(name));
  const unknown = there.filter(({ name }) => help[`${path}/${name}`] === undefined).map(({ name }) => name);
  const order = (of: string): readonly string[] => (help[of]?.children ?? []).map(({ name }) => name);

  function add(kind: string): void {
    const leaf = blank(help, `${path}/${kind}`, mode);
    const made = missing.reduceRight<NewElement>((inner, name) => ({ name, children: [inner] }), leaf);
    context.change(addElement(document, parent, made, order(parent.path)));
  }
  // What holds others only is not offered itself: its kinds are.
  const addable = kinds.filter(
    ({ name, max }) =>
      !(holders.has(name) && max === 1) && (max === null || there.filter((one) => one.name === name).length < max),
  );
  return (
    <>
      {kinds.map(({ name, max }) => {
        const own = there.filter((one) => one.name === name);
        const childPath = `${path}/${name}`;
        const [only] = own;
        if (holders.has(name) && max === 1) {
          return (
            <div key={name} class="form-holder">
              {only === undefined ? (
                <Kinds {...{ context, parent, path: childPath }} missing={[...missing, name]} names={null} />
              ) : (
                <Inside context={context} element={only} />
              )}
            </div>
          );
        }
        if (own.length === 0) return null;
        return (
          <div key={name} class="form-kind">
            {own.map((element, index) => (
              <Element
                key={element.index}
                context={context}
                element={element}
                place={max === 1 ? null : { now: index + 1, all: own.length }}
              />
            ))}
          </div>
        );
      })}
      {addable.length === 0 ? null : (
        <div class="config-row">
          {addable.map(({ name }) => (
            <button key={name} type="button" class="button small" onClick={() => add(name)}>
              {t('add', { name: elementName(`${path}/${name}`) })}
            </button>
          ))}
        </div>
      )}
      {names !== null || unknown.length === 0 ? null : <p class="muted">{t('unknown', { names: unknown.join(', ') })}</p>}
    </>
  );
}

/** The whole form. */
export function ModuleForm({ context }: { readonly context: Omit<FormContext, 'mode'> }) {
  const { document } = context;
  const safe = document.elements.find(({ path }) => path === 'safe');
  const service = document.elements.find(({ path }) => path === 'safe/service');
  if (safe === undefined || service === undefined) return <p class="hint">{t('noService')}</p>;
  const whole: FormContext = { ...context, mode: attributeOf(service, 'mode') ?? '' };
  const possible = new Set(childrenOf(help, 'safe/service', whole.mode).map(({ name }) => name));
  const present = new Set(childrenIn(document, service).map(({ name }) => name));
  return (
    <form class="module-form" onSubmit={(event) => event.preventDefault()}>
      {sections
        .filter(
          ({ key, elements }) =>
            key === 'general' || key === 'macros' || elements.some((name) => possible.has(name) || present.has(name)),
        )
        .map(({ key, elements }) => (
          <section key={key} class="form-section" aria-labelledby={`section-${key}`}>
            <h3 id={`section-${key}`}>{t(key)}</h3>
            <p class="muted">{t(`${key}Help`)}</p>
            {key === 'general' ? (
              <Attributes context={whole} element={service} />
            ) : (
              <Kinds
                context={whole}
                parent={key === 'macros' ? safe : service}
                path={key === 'macros' ? 'safe' : 'safe/service'}
                missing={[]}
                names={elements}
              />
            )}
          </section>
        ))}
    </form>
  );
}
