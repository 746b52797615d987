// From a machine's definition to a chart in the JSON form of state-machine-cat. Pure, and the same for the same machine: the pictures
// under docs/charts are compared with what this makes. Conditions and events keep their names, so that a chart can be read beside its code.

/** Characters in a line of a description. */
const lineLength = 36;

/** Breaks a sentence into lines. */
function wrapped(text, length = lineLength) {
  const lines = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > length) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** What an event is called in a chart: the runtime's own ones are put in words. */
function eventName(type) {
  if (type === '') return '';
  const after = /^xstate\.after\.([^.]+)\./.exec(type);
  if (after !== null) return `after ${after[1]}`;
  const done = /^xstate\.done\.actor\.(.+)$/.exec(type);
  if (done !== null) return `${done[1]} ended`;
  const failed = /^xstate\.error\.actor\.(.+)$/.exec(type);
  if (failed !== null) return `${failed[1]} failed`;
  return type;
}

/** More ways than that out of a state that is left at once are listed in it instead of drawn. */
const mostAlways = 6;

/** A line of a list, broken where it is long. */
const bullet = (text) =>
  wrapped(text).map((body, at) => ({ type: 'activity', body: at === 0 ? `· ${body}` : `\u00a0\u00a0${body}` }));

/** Where a state is, below its machine. */
const pathOf = (node) => node.path.join('.');

/** What a guard is called. */
function guardName(guard) {
  if (guard === undefined) return null;
  return typeof guard === 'string' ? guard : guard.type;
}

/** Ends and defects that lead the same way are one line; so are events with the same condition. */
function joined(lines) {
  const byGuard = new Map();
  for (const { event, guard } of lines) {
    const events = byGuard.get(guard) ?? [];
    if (!events.includes(event)) events.push(event);
    byGuard.set(guard, events);
  }
  return [...byGuard].map(([guard, events]) => {
    const names = events.filter(
      (event) => !events.some((other) => event === other.replace(/ ended$/, ' failed') && other !== event),
    );
    const said = names.map((name) =>
      events.includes(name.replace(/ ended$/, ' failed')) && / ended$/.test(name) ? `${name} or failed` : name,
    );
    const text = shortened(said).join(', ');
    return [text, guard === null ? '' : `[${guard}]`].filter((part) => part !== '').join(' ');
  });
}

/** `module.stop, module.wait` is `module.stop, .wait`: a prefix is said once. */
function shortened(names) {
  let prefix = '';
  return names.map((name) => {
    const dot = name.indexOf('.');
    const own = dot < 0 ? '' : name.slice(0, dot);
    const text = own !== '' && own === prefix ? name.slice(dot) : name;
    prefix = own;
    return text;
  });
}

/** Where the ways of a state that is left at once lead: those that lead back to where the module was are said together. */
function listedWays(always) {
  const leaves = (one) => one.guard?.params?.leaves ?? [];
  const same = always.filter((one) => leaves(one).length === 1 && leaves(one)[0] === pathOf(one.target[0]));
  const other = always.filter((one) => !same.includes(one));
  return [
    ...(same.length > 0 ? [`→ to where it was, in ${same.length} states`] : []),
    ...other.map((one) => {
      const from = leaves(one).filter((leaf) => leaf !== pathOf(one.target[0]));
      return `→ ${pathOf(one.target[0])}${from.length > 0 ? ` [or was in ${from.join(', ')}]` : ''}`;
    }),
  ];
}

/**
 * @param root `machine.root`
 * @param options `within`: path of the state that is drawn, all of the machine where there is none; `depth`: levels of states below it that
 *   are drawn. Transitions of deeper ones are drawn at the state that holds them.
 * @returns the chart for `render(chart, { inputType: 'json' })`
 */
export function chartOf(root, { within = '', depth = Number.POSITIVE_INFINITY } = {}) {
  const scope = within.split('.').reduce((node, key) => (key === '' ? node : node.states[key]), root);
  const level = scope.path.length;
  const isInside = (node) => scope.path.every((key, at) => node.path[at] === key);
  const shown = (node) => (isInside(node) && node.path.length > level + depth ? shown(node.parent) : node);
  const edges = new Map();
  const outside = new Map();

  const note = (from, to, line) => {
    if (!isInside(to)) outside.set(to.id, to);
    const key = `${from.id}\n${to.id}`;
    edges.set(key, { from: from.id, to: to.id, lines: [...(edges.get(key)?.lines ?? []), line] });
  };
  const transitionsOf = (node, listed) => [...[...node.transitions.values()].flat(), ...(listed ? [] : (node.always ?? []))];

  const stateOf = (node) => {
    const isLeaf = Object.keys(node.states).length === 0;
    const inner = node.path.length < level + depth ? Object.values(node.states) : [];
    const hidden = !isLeaf && inner.length === 0;
    const listed = (node.always?.length ?? 0) > mostAlways;
    const inside = [];
    for (const one of transitionsOf(node, listed)) {
      const line = { event: eventName(one.eventType), guard: guardName(one.guard) };
      const [target] = one.target ?? [];
      if (target === undefined) inside.push(line);
      else note(node, shown(target), line);
    }
    const below = (child) => {
      for (const one of transitionsOf(child, false)) {
        const [target] = one.target ?? [];
        if (target !== undefined && shown(target) !== node) {
          note(node, shown(target), { event: eventName(one.eventType), guard: guardName(one.guard) });
        }
      }
      for (const deeper of Object.values(child.states)) below(deeper);
    };
    if (hidden) for (const child of Object.values(node.states)) below(child);
    const states = inner.map(stateOf);
    const [first] = node.initial?.target ?? [];
    if (states.length > 0 && first !== undefined) {
      states.unshift({ name: `${node.id}.initial`, type: 'initial' });
      edges.set(`${node.id}.initial`, { from: `${node.id}.initial`, to: shown(first).id, lines: [] });
    }
    const actions = [
      ...wrapped(node.description ?? '').map((body) => ({ type: 'activity', body })),
      ...node.invoke.map(({ id }) => ({ type: 'activity', body: `runs ${id}` })),
      ...joined(inside).flatMap(bullet),
      ...(listed ? listedWays(node.always).flatMap(bullet) : []),
    ];
    const quality = ['Ready', 'Transient', 'NotReady'].find((tag) => node.tags.includes(tag));
    return {
      name: node.id,
      type: 'regular',
      label: node.type === 'final' ? `${node.key} (end)` : quality === undefined ? node.key : `${node.key} (${quality})`,
      ...(actions.length > 0 ? { actions } : {}),
      ...(node.tags.includes('serving') ? { color: 'darkgreen' } : quality === 'NotReady' ? { color: 'firebrick' } : {}),
      ...(states.length > 0 ? { statemachine: { states } } : {}),
    };
  };
  const drawn = stateOf(scope);
  const others = [...outside.values()].map((node) => ({ name: node.id, type: 'regular', label: pathOf(node) }));
  const transitions = [...edges.values()].map(({ from, to, lines }, id) => ({ id, from, to, label: joined(lines).join('\n') }));
  return { states: [drawn, ...others], transitions };
}
