/**
 * Archives that no honest tool would make, by every way that an archive comes in by: each is refused with its reason, nothing is written
 * outside or left behind, and the daemon still answers. And files of a module whose names lead elsewhere, and XML that grows.
 */
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { apiBase } from '../../src/http/api-types.js';
import { createPeerClient } from '../../src/http/peer-client.js';
import { createSealer } from '../../src/http/seal.js';
import { createMessageSeal } from '../../src/io/seal-keys.js';
import { type RawEntry, rawZip } from '../io/modules/zip-builder.js';
import { RealDaemon } from './daemon.js';
import { ask } from './http.js';
import { freeTcpPort, freeUdpPort, place } from './place.js';

t.setTimeout(900_000);
const skip = process.platform === 'linux' ? false : 'the paths of this test are those of Linux';

/** What a way takes: what belongs in it, and under which name something more would be looked at. */
interface Content {
  readonly good: RawEntry;
  readonly folder: string;
  readonly more: string;
}
const module: Content = {
  good: { name: 'conf/userconfig.xml', data: '<safe><service mode="light" boot="off"/></safe>' },
  folder: 'bin/',
  more: 'evil',
};
const bundle: Content = {
  good: {
    name: 'cluster.xml',
    data: '<cluster><lans><lan name="default"><node name="n1" addr="127.0.0.1"/></lan></lans></cluster>',
  },
  folder: '',
  more: 'evil',
};
/** The first lines of a daemon's own journal, so that nothing but what was added is a reason to refuse it. */
function journalOf(safevar: string): Content {
  const lines = readFileSync(join(safevar, 'journal', 'journal-00000001.jsonl'), 'utf8')
    .split('\n')
    .slice(0, 20);
  return {
    good: { name: 'journal/journal-00000001.jsonl', data: `${lines.join('\n')}\n` },
    folder: 'journal/',
    more: 'journal-00000002.jsonl',
  };
}
const outside = '/tmp/holdfast-evil';
const link = 0o120777;
/** A MiB more than the largest file that the inspector reads. Its checksum is right for nobody: sizes are looked at before. */
const zeros = { data: Buffer.alloc(65 * 1024 * 1024), deflate: true, crc: 1 };

/** Each with the content that it is to be smuggled in with. */
const archives: Readonly<Record<string, (content: Content) => Buffer>> = {
  'a path that leads up': ({ good, more }) => rawZip([good, { name: `../../../../${more}`, data: 'x' }]),
  'a path that leads up from a folder': ({ good, folder, more }) =>
    rawZip([good, { name: `${folder}../../../../../${more}`, data: 'x' }]),
  'an absolute path': ({ good, more }) => rawZip([good, { name: `${outside}/${more}`, data: 'x' }]),
  'backslashes that lead up': ({ good, more }) => rawZip([good, { name: `..\\..\\..\\${more}`, data: 'x' }]),
  'a drive': ({ good, more }) => rawZip([good, { name: `C:\\${more}`, data: 'x' }]),
  'a name with a zero byte': ({ good, folder, more }) => rawZip([good, { name: `${folder}a\0/../../${more}`, data: 'x' }]),
  'a link to elsewhere': ({ good, folder, more }) => rawZip([good, { name: folder + more, data: '/etc/passwd', mode: link }]),
  'a link, and a file through it': ({ good, folder, more }) =>
    rawZip([good, { name: `${folder}l`, data: '/tmp', mode: link }, { name: `${folder}l/${more}`, data: 'x' }]),
  'a link in the place of what belongs there': ({ good }) => rawZip([{ ...good, data: '/etc/passwd', mode: link }]),
  'a device': ({ good }) => rawZip([{ ...good, mode: 0o060644 }]),
  'one name twice': ({ good }) => rawZip([good, { ...good, data: 'another' }]),
  'a bomb': ({ good }) => rawZip([{ ...good, ...zeros }]),
  'a bomb that says it is small': ({ good }) => rawZip([{ ...good, ...zeros, claimedSize: 10 }]),
  'a giant by its own word': ({ good }) => rawZip([{ ...good, deflate: true, claimedSize: 0xfffffff0 }]),
  'too many entries': ({ good, folder }) =>
    rawZip([good, ...Array.from({ length: 2_100 }, (_, index) => ({ name: `${folder}${index}/journal-00000003.jsonl` }))]),
  'an encrypted entry': ({ good }) => rawZip([{ ...good, flags: 0x801 }]),
  'a wrong checksum': ({ good }) => rawZip([{ ...good, data: 'x'.repeat(100), deflate: true, crc: 1 }]),
  'cut off': ({ good }) => rawZip([good]).subarray(0, -10),
  'no archive': () => Buffer.from('not a zip at all'),
};
/** The inspector unpacks nothing and looks at no kinds: what is only odd for others is no harm to it. */
const harmlessForInspector = new Set(['a link to elsewhere', 'a link, and a file through it', 'a device', 'a wrong checksum']);

t.test('each archive by each way', { skip }, async (t) => {
  const directory = place(t);
  const root = join(directory, 'a', 'b', 'c', 'd');
  mkdirSync(root, { recursive: true });
  const httpPort = await freeTcpPort();
  const daemon = new RealDaemon({ directory: root, node: 'n1', httpPort, listen: ['127.0.0.1'] });
  const { safe, safevar, socket } = daemon;
  await daemon.start();
  const pid = daemon.pid();
  const file = join(directory, 'cluster.xml');
  const clusterXml = `<cluster><lans port="${await freeUdpPort()}"><lan name="default"><node name="n1" addr="127.0.0.1"/><node name="n2" addr="127.0.0.2"/></lan></lans></cluster>\n`;
  writeFileSync(file, clusterXml);
  await daemon.must('cluster', 'config', file);
  await daemon.must('module', 'install', '-m', 'web', '--template', 'light');
  await daemon.must('config', '-m', 'web');

  const journal = journalOf(safevar);

  // The other node was taken over: it has the key, and sends what it likes.
  const key = readFileSync(join(safevar, 'cluster', 'cluster.key'), 'utf8').trim();
  const peer = createPeerClient(
    () => ({
      ...{ self: 'n2', bootEpoch: 1, peers: [{ node: 'n1', addresses: [{ host: '127.0.0.1', port: httpPort }] }] },
      ...createMessageSeal(key),
    }),
    createSealer(),
  );
  const caller = { who: 'evil@n2', identity: null };
  interface Verdict {
    readonly status: number;
    readonly code: string;
    readonly detail: string;
  }
  const verdict = (status: number, text: string): Verdict => {
    const { code = '', detail = '' } = Object.assign({}, text.startsWith('{') ? JSON.parse(text) : {});
    return { status, code: String(code), detail: String(detail) };
  };
  const sealed = async (path: string, type: string, body: Uint8Array): Promise<Verdict> => {
    const headers = { 'content-type': type };
    const answer = await peer.call('n1', {
      ...{ method: 'POST', path: apiBase + path, headers, body, caller, role: 'admin', timeoutMs: 180_000 },
    });
    if (!answer.ok) throw new Error(answer.failure.message);
    return verdict(answer.value.status, Buffer.from(answer.value.body).toString());
  };
  const upload = async (method: string, path: string, body?: Uint8Array): Promise<Verdict> => {
    const content = body === undefined ? {} : { body, headers: { 'content-type': 'application/zip' } };
    const answer = await ask({ socketPath: socket, method, path: apiBase + path, timeoutMs: 180_000, ...content });
    return verdict(answer.status, answer.body);
  };
  /** Puts it where somebody with root's disk may have, and has the daemon read it there. */
  const planted = async (path: string, method: string, url: string, archive: Buffer): Promise<Verdict> => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, archive);
    return upload(method, url);
  };
  const exported = {
    module: 'fresh',
    generation: 9,
    id: 77,
    configure: true,
    signature: 'ab',
    at: new Date().toISOString(),
    by: 'x',
  };
  const receive = async (name: string, archive: Buffer): Promise<Verdict> => {
    const transfer = '0123456789abcdef'.repeat(2);
    const sent = await sealed(`/transfers/${transfer}?offset=0`, 'application/octet-stream', archive);
    if (sent.status !== 204) return sent;
    const body = { transfer, exported: { ...exported, module: name, nodes: ['n1'] }, catchUp: false };
    return sealed(`/modules/${name}/receive`, 'application/json', Buffer.from(JSON.stringify(body)));
  };
  const kept = 'web_2026-01-31_142233.safe';
  const ways: Readonly<
    Record<string, { readonly content: Content; readonly code: RegExp; give(archive: Buffer): Promise<Verdict> }>
  > = {
    'module install': { content: module, code: /^MODULE_ARCHIVE$/, give: (archive) => upload('PUT', '/modules/fresh', archive) },
    'module install over another': {
      ...{ content: module, code: /^MODULE_ARCHIVE$/ },
      give: (archive) => upload('PUT', '/modules/web?force=true', archive),
    },
    'a template of the installation': {
      ...{ content: module, code: /^MODULE_ARCHIVE$/ },
      give: (archive) =>
        planted(join(safe, 'Application_Modules', 'mine', 'odd.safe'), 'PUT', '/modules/fresh?template=odd', archive),
    },
    'a backup': {
      ...{ content: module, code: /^MODULE_ARCHIVE$/ },
      give: (archive) =>
        planted(join(safe, 'Application_Modules', 'backup', kept), 'PUT', `/modules/fresh?template=backup/${kept}`, archive),
    },
    'a configuration to go back to': {
      ...{ content: module, code: /^MODULE_ARCHIVE$/ },
      give: (archive) =>
        planted(join(safe, 'modules', 'lastconfig', kept), 'POST', `/modules/web/versions/${kept}/restore`, archive),
    },
    'a module of another node (-E)': { content: module, code: /^MODULE_ARCHIVE$/, give: (archive) => receive('fresh', archive) },
    'the same, over one that is there': { content: module, code: /^MODULE_ARCHIVE$/, give: (archive) => receive('web', archive) },
    'a bundle of the cluster': {
      content: bundle,
      code: /^MODULE_ARCHIVE$/,
      give: (archive) => upload('PUT', '/cluster/bundle', archive),
    },
    'the cluster of another node (-G)': {
      ...{ content: bundle, code: /^MODULE_ARCHIVE$/ },
      give: (archive) => sealed('/cluster/receive?rule=force', 'application/zip', archive),
    },
    'the inspector': {
      content: journal,
      code: /^(INSPECT_RECORD|INSPECT_FAILED)$/,
      give: (archive) => upload('POST', '/inspections', archive),
    },
  };
  /** All paths below the directory but those of logs and of what was planted, and all files of SAFE with their content. */
  const scene = (): Readonly<Record<string, string>> =>
    Object.fromEntries(
      readdirSync(directory, { recursive: true, encoding: 'utf8' })
        .filter(
          (path) =>
            !/(^|\/)(log|journal|run|uploads|inspect\w*|lastconfig|Application_Modules)(\/|$)|\.(tmp|jsonl|sock)$/.test(path),
        )
        .sort()
        .map((path) => {
          const full = join(directory, path);
          const info = lstatSync(full, { throwIfNoEntry: false });
          const isText = info?.isFile() === true && /\/(safe|cluster)\//.test(full);
          return [path, info?.isSymbolicLink() === true ? 'link' : isText ? readFileSync(full, 'latin1') : ''];
        }),
    );
  // Without what was added each is taken: what is refused below is refused for that.
  t.match(await upload('POST', '/inspections', rawZip([journal.good])), { status: 201 }, 'an honest recording');
  t.match(await upload('PUT', '/modules/fresh', rawZip([module.good])), { status: 201 }, 'an honest module');
  await daemon.must('module', 'uninstall', '-m', 'fresh');
  const before = scene();
  // Made once for each content: bombs take their time.
  const made = new Map(
    [module, bundle, journal].map((content) => [
      content,
      Object.entries(archives).map(([name, make]) => [name, make(content)] as const),
    ]),
  );
  for (const [way, { content, code, give }] of Object.entries(ways))
    await t.test(way, async (t) => {
      for (const [name, archive] of made.get(content) ?? []) {
        const answer = await give(archive);
        const harmless = way === 'the inspector' && harmlessForInspector.has(name);
        t.ok(
          (answer.status >= 400 && answer.status < 500 && code.test(answer.code)) || (harmless && answer.status === 201),
          `${name}: ${answer.status} ${answer.code} ${answer.detail.slice(0, 200)}`,
        );
        if (!harmless)
          t.match(answer.detail, /refused|cannot be read|no intact zip|no record|more than|larger|damaged/i, 'with the reason');
        t.notMatch(answer.detail, /\n|at .*\.js|root:/, 'and nothing else');
        t.equal((await daemon.api('GET', '/cluster')).status, 200, 'the daemon answers');
      }
      for (const { id } of JSON.parse((await daemon.api('GET', '/inspections')).body).items)
        await daemon.api('DELETE', `/inspections/${id}`);
      t.same(scene(), before, 'nothing was written, nothing is left');
    });
  t.notOk(existsSync(outside), 'nor outside');
  t.equal(daemon.pid(), pid);
  t.ok(daemon.isRunning(), 'it is the same process');

  await t.test('names of a module’s files', async (t) => {
    const names = [
      '',
      '../../evil',
      'bin/../../../evil',
      '/tmp/holdfast-evil',
      '..\\evil',
      'bin\\..\\..\\evil',
      'C:\\evil',
      'bin/a\0b',
      'other/x',
      '.',
    ];
    for (const name of names)
      for (const method of ['PUT', 'GET', 'DELETE']) {
        const headers = { 'content-type': 'text/plain', 'if-none-match': '*' };
        const path = `${apiBase}/modules/web/config/${encodeURIComponent(name)}`;
        const answer = await ask({ socketPath: socket, method, path, headers, ...(method === 'PUT' ? { body: 'x' } : {}) });
        t.ok(
          answer.status >= 400 && answer.status < 500,
          `${method} ${JSON.stringify(name)}: ${answer.status} ${answer.body.slice(0, 150)}`,
        );
      }
    t.same(scene(), before);
    t.notOk(existsSync(outside));
  });

  await t.test('XML that grows, or reads files, by each way that takes XML', async (t) => {
    const bomb = `<!DOCTYPE x [<!ENTITY a "${'a'.repeat(50)}">${[...'bcdefghij'].map((name, index) => `<!ENTITY ${name} "${`&${'abcdefghij'[index]};`.repeat(10)}">`).join('')}]>`;
    const file = '<!DOCTYPE x [<!ENTITY j SYSTEM "file:///etc/passwd">]>';
    const json = (value: unknown) => ({ body: JSON.stringify(value), headers: { 'content-type': 'application/json' } });
    for (const head of [bomb, file]) {
      const cluster = `${head}<cluster><lans><lan name="&j;"><node name="n1" addr="127.0.0.1"/></lan></lans></cluster>`;
      const safeXml = `${head}<safe><service mode="light" boot="off"><user logging="&j;"/></service></safe>`;
      const archive = (one: Content, data: string): Buffer => rawZip([{ ...one.good, data }]);
      const answers: Readonly<Record<string, Promise<Verdict>>> = {
        'PUT /cluster/config': ask({
          socketPath: socket,
          method: 'PUT',
          path: `${apiBase}/cluster/config`,
          ...json({ xml: cluster }),
        }).then(({ status, body }) => verdict(status, body)),
        'cluster.xml in a bundle': upload('PUT', '/cluster/bundle', archive(bundle, cluster)),
        'cluster.xml of another node': sealed('/cluster/receive?rule=force', 'application/zip', archive(bundle, cluster)),
        'userconfig.xml of another node': receive('fresh', archive(module, safeXml)),
      };
      for (const [way, given] of Object.entries(answers)) {
        const { status, code, detail } = await given;
        t.match(code, /^CONF_INVALID$/, `${way}: ${status} ${detail.slice(0, 150)}`);
        t.notMatch(detail, /root:/);
      }
    }
    t.same(scene(), before);
    t.equal((await daemon.api('GET', '/cluster')).status, 200);
  });
});
