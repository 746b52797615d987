/** The pure parts of the configuration pages: drafts, findings at their fields, what may be written at a place, forms. */
import t from 'tap';
import { applyChanges, type EditDocument, readForEdit } from '../../src/config/xml-edit.js';
import { ApiFailure } from '../../src/console/api/failure.js';
import { createDraft, type DraftStorage, type FileVersion } from '../../src/console/config/draft.js';
import { contextAt, wordAt } from '../../src/console/config/editor/context.js';
import { names } from '../../src/console/config/form/names.js';
import { offsetOf, placeProblems } from '../../src/console/config/problems.js';
import {
  addLan,
  addNodeRow,
  firstCluster,
  type LanRow,
  lansOf,
  namesOf,
  removeRow,
  renameNode,
  writtenAddress,
} from '../../src/console/pages/configuration/cluster-document.js';
import { joinCommandOf } from '../../src/console/pages/configuration/join-command.js';
import type { ConfigProblem } from '../../src/http/api-types.js';

function storage(): DraftStorage & { readonly all: Map<string, string> } {
  const all = new Map<string, string>();
  return {
    all,
    getItem: (key) => all.get(key) ?? null,
    setItem: (key, value) => void all.set(key, value),
    removeItem: (key) => void all.delete(key),
  };
}
/** A file on a node that several change. */
function node(text: string | null) {
  let version: FileVersion | null = text === null ? null : { text, etag: 'v1' };
  let count = 1;
  const put = (next: string): string => {
    count += 1;
    version = { text: next, etag: `v${count}` };
    return `v${count}`;
  };
  return {
    put,
    now: () => version,
    access: {
      read: async () => version,
      write: async (next: string, etag: string | null) => {
        if ((version?.etag ?? null) !== etag) throw new ApiFailure(409, 'FILE_CONFLICT', 'changed', null);
        return put(next);
      },
    },
  };
}

t.test('a draft is saved, and survives loading the page again', async (t) => {
  const [file, kept] = [node('one'), storage()];
  const draft = createDraft('k', file.access, kept);
  t.equal(draft.state.value.kind, 'loading');
  await draft.load();
  t.match([draft.text.value, draft.dirty.value], ['one', false]);
  draft.set('two');
  t.equal(draft.dirty.value, true);
  const again = createDraft('k', file.access, kept);
  await again.load();
  t.match([again.text.value, again.dirty.value, again.restored.value, again.theirs.value], ['two', true, true, null]);
  t.equal(await again.save(), true);
  t.match([file.now()?.text, again.dirty.value, again.restored.value, kept.all.size], ['two', false, false, 0]);
  again.set('three');
  again.discard();
  t.match([again.text.value, kept.all.size], ['two', 0]);
});

t.test('a conflict: nothing is lost, nothing is overwritten unasked', async (t) => {
  const [file, kept] = [node('one'), storage()];
  const draft = createDraft('k', file.access, kept);
  await draft.load();
  draft.set('mine');
  file.put('theirs');
  t.equal(await draft.save(), false);
  t.match([draft.theirs.value?.text, draft.text.value, file.now()?.text], ['theirs', 'mine', 'theirs']);
  t.equal(await draft.save(), false, 'not before it is decided');
  const reloaded = createDraft('k', file.access, kept);
  await reloaded.load();
  t.match([reloaded.theirs.value?.text, reloaded.text.value], ['theirs', 'mine'], 'and also after a reload');
  draft.resolve('mine');
  t.equal(await draft.save(), true);
  t.equal(file.now()?.text, 'mine');
  reloaded.resolve('theirs');
  t.match([reloaded.text.value, reloaded.dirty.value], ['theirs', false]);
  reloaded.resolve('theirs');
  draft.set('more');
  file.put('other');
  await draft.load();
  t.equal(draft.theirs.value?.text, 'other', 'found when it is read again');
  draft.discard();
  t.match([draft.text.value, draft.theirs.value], ['other', null]);
});

t.test('a file that there is not yet; failures; a storage that does not work', async (t) => {
  const file = node(null);
  const draft = createDraft('k', file.access, storage(), 'first');
  await draft.load();
  t.match([draft.text.value, draft.dirty.value], ['first', true]);
  t.equal(await draft.save(), true);
  t.equal(draft.dirty.value, false);
  const away = createDraft(
    'k',
    { read: () => Promise.reject(new ApiFailure(0, 'OFFLINE', 'gone', null)), write: async () => '' },
    storage(),
  );
  await away.load();
  t.match(away.state.value, { kind: 'failed', code: 'OFFLINE' });
  const odd = createDraft(
    'k',
    { read: () => Promise.reject(new Error('x')), write: () => Promise.reject(new Error('y')) },
    storage(),
  );
  await odd.load();
  t.match(odd.state.value, { kind: 'failed' });
  await t.rejects(odd.save(), /y/);
  const full: DraftStorage = {
    getItem: () => '{"base":1}',
    setItem: () => {
      throw new Error('full');
    },
    removeItem: () => undefined,
  };
  const kept = createDraft('k', node('one').access, full);
  await kept.load();
  kept.set('two');
  t.equal(kept.text.value, 'two');
});

const problem = (line: number, column: number, element: string, attribute: string | null): ConfigProblem => ({
  ...{ severity: 'error', code: 'CONF_ATTRIBUTE_VALUE', file: 'x', line, column, element, attribute },
  ...{ value: null, message: 'm', remedy: 'r' },
});
function read(text: string): EditDocument {
  const result = readForEdit(text);
  if (!result.ok) throw new Error(text);
  return result.document;
}

t.test('findings are put at their fields', async (t) => {
  const text = '<safe>\r\n  <service mode="x">\n    <errd/>\n    <vip/>\n  </service>\n</safe>\n';
  const document = read(text);
  t.equal(offsetOf(text, 2, 3), text.indexOf('<service'));
  t.equal(offsetOf(text, 99, 1), text.length);
  const [mode, vip, whole] = placeProblems(text, document, [
    problem(2, 12, 'safe/service', 'mode'),
    problem(4, 1, 'safe/service/vip', null),
    problem(1, 1, 'safe', null),
  ]);
  t.equal(text.slice(mode?.from, mode?.to), 'mode="x"');
  t.equal(mode?.element, document.elements.find(({ name }) => name === 'service')?.index);
  t.equal(vip?.element, document.elements.find(({ name }) => name === 'vip')?.index, 'also where only the line is known');
  t.equal(whole?.element, 0);
  t.match(placeProblems('<a', null, [problem(1, 3, '', null)]), [{ element: null, from: 2, to: 2 }]);
});

t.test('what may be written at a place', async (t) => {
  const at = (text: string) => contextAt(text.replace('|', ''), text.indexOf('|'));
  t.match(at('<safe><ser|'), { kind: 'element', path: ['safe'], begun: true, from: 7 });
  t.match(at('<safe>\n|'), { kind: 'element', path: ['safe'], begun: false });
  t.match(at('<|'), { kind: 'element', path: [], begun: true });
  t.match(at('<safe><service mode="farm" bo|'), { kind: 'attribute', path: ['safe', 'service'], used: ['mode'] });
  t.match(at('<safe><service |'), { kind: 'attribute', path: ['safe', 'service'], used: [] });
  t.match(at('<safe><service mode="fa|'), { kind: 'value', attribute: 'mode', path: ['safe', 'service'] });
  t.match(at("<safe><service mode='|"), { kind: 'value', attribute: 'mode' });
  t.match(at('<safe><service mode="farm">\n<user/><|'), { kind: 'element', path: ['safe', 'service'] });
  t.match(at('<a><b></b><c></|'), { kind: 'closing', name: 'c' });
  t.match(at('<a><!-- <b> |'), { kind: 'none' });
  t.match(at('<a><![CDATA[ <b |'), { kind: 'none' });
  t.match(at('<?xml version="1.0"?><!DOCTYPE safe><!-- <x> --><a><![CDATA[<y>]]><|'), { kind: 'element', path: ['a'] });
  t.match(at('<a b=c><|'), { kind: 'element', path: ['a'] }, 'what is wrong does not end it');
  t.match(at('<a ="|'), { kind: 'none' });
  t.match(at('<a =" <b><|'), { kind: 'element' });
  t.same(wordAt('<service mode', 4), { from: 1, to: 8, word: 'service' });
  t.equal(wordAt('<  >', 2), null);
});

t.test('the cluster as networks and nodes', async (t) => {
  const parts = (
    text: string,
  ): { document: EditDocument; rows: readonly LanRow[]; lans: NonNullable<ReturnType<typeof lansOf>>['lans'] } => {
    const document = read(text);
    const found = lansOf(document);
    if (found === null) throw new Error('no lans');
    return { document, ...found };
  };
  const first = firstCluster('n1', '10.0.0.1');
  const one = parts(first);
  t.match(one.rows, [
    {
      name: 'default',
      nodes: [
        { name: 'n1', address: '10.0.0.1' },
        { name: '', address: '' },
      ],
    },
  ]);
  t.same(namesOf(one.rows), ['n1']);
  const [lan] = one.rows;
  const [, empty] = lan?.nodes ?? [];
  if (lan === undefined || empty === undefined) throw new Error('no row');
  const named = applyChanges(first, renameNode(one.document, one.rows, empty, 'n2'));
  const two = parts(named);
  const withLan = applyChanges(named, addLan(two.document, two.lans, two.rows));
  const three = parts(withLan);
  t.match(three.rows[1], { name: 'private', nodes: [{ name: 'n1', address: '' }, { name: 'n2' }] });
  const [row] = three.rows[0]?.nodes ?? [];
  if (row === undefined) throw new Error('no row');
  const renamed = parts(applyChanges(withLan, renameNode(three.document, three.rows, row, 'web1')));
  t.same(
    renamed.rows.map((each) => each.nodes[0]?.name),
    ['web1', 'web1'],
    'on every network',
  );
  const more = parts(applyChanges(first, addNodeRow(one.document, lan, 'n3', '10.0.0.3')));
  t.equal(more.rows[0]?.nodes.length, 3);
  t.equal(parts(applyChanges(first, removeRow(one.document, empty))).rows[0]?.nodes.length, 1);
  t.equal(writtenAddress(' 2001:db8::1 '), '[2001:db8::1]');
  t.equal(writtenAddress('[::1]'), '[::1]');
  t.equal(lansOf(read('<cluster/>')), null);
  const invitation = { token: 'hfj1.x', expires: '', urls: ['http://10.0.0.1:9010'] };
  t.equal(joinCommandOf(invitation, null), 'HOLDFAST_JOIN_TOKEN=hfj1.x holdfast join http://10.0.0.1:9010');
  t.equal(
    joinCommandOf(invitation, { name: 'n2', addresses: [{ lan: 'default', address: '[::2]' }] }),
    'HOLDFAST_JOIN_TOKEN=hfj1.x holdfast join http://10.0.0.1:9010 --name n2 --addr default=::2',
  );
});

t.test('every name of an element and attribute is there in every language', async (t) => {
  t.same(Object.keys(names.fr.elements), Object.keys(names.en.elements));
  t.same(Object.keys(names.fr.attributes), Object.keys(names.en.attributes));
});
