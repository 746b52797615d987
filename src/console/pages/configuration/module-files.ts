/** The files of a module as drafts: kept while the page is there, so that the steps see the same ones. */

import { ApiFailure } from '../../api/client.js';
import { createDraft, type Draft, type FileAccess } from '../../config/draft.js';
import type { EditorLanguage } from '../../config/editor/codemirror.js';
import { api } from '../../session/session.js';

export const configFile = 'conf/userconfig.xml';
const emptyScript = '#!/bin/sh\n\nexit 0\n';

/** Address of a file of a module. */
export function fileUrl(module: string, path: string): string {
  return `/modules/${encodeURIComponent(module)}/config/${path.split('/').map(encodeURIComponent).join('/')}`;
}
function quoted(etag: string): string {
  return `"${etag}"`;
}
function accessOf(module: string, path: string): FileAccess {
  const url = fileUrl(module, path);
  return {
    async read() {
      try {
        const response = await api.send('GET', url, { headers: { accept: 'text/plain, */*' } });
        return { text: await response.text(), etag: (response.headers.get('etag') ?? '').replace(/^W\/|"/g, '') };
      } catch (error) {
        if (error instanceof ApiFailure && error.code === 'FILE_UNKNOWN' && error.status === 404) return null;
        throw error;
      }
    },
    async write(text, etag) {
      const condition = etag === null ? { 'if-none-match': '*' } : { 'if-match': quoted(etag) };
      const response = await api.send('PUT', url, {
        bytes: new TextEncoder().encode(text),
        headers: { 'content-type': 'text/plain', ...condition },
      });
      return (response.headers.get('etag') ?? '').replace(/^W\/|"/g, '');
    },
  };
}
const drafts = new Map<string, Draft>();
const keyOf = (module: string, path: string): string => `holdfast.draft.module.${module}/${path}`;

/** The draft of a file; made, and read, when it is first asked for. */
export function draftOf(module: string, path: string): Draft {
  const key = keyOf(module, path);
  let found = drafts.get(key);
  if (found === undefined) {
    found = createDraft(key, accessOf(module, path), sessionStorage, path.startsWith('bin/') ? emptyScript : '');
    drafts.set(key, found);
    void found.load();
  }
  return found;
}
/** Those of a module that are open or have something that is not saved: also what an earlier visit left in the tab's storage. */
export function openDrafts(module: string): readonly { readonly path: string; readonly draft: Draft }[] {
  const begin = keyOf(module, '');
  for (let index = 0; index < sessionStorage.length; index += 1) {
    const key = sessionStorage.key(index) ?? '';
    if (key.startsWith(begin)) draftOf(module, key.slice(begin.length));
  }
  return [...drafts].flatMap(([key, draft]) => (key.startsWith(begin) ? [{ path: key.slice(begin.length), draft }] : []));
}
/** Forgets a file that was deleted. */
export function forgetDraft(module: string, path: string): void {
  drafts.delete(keyOf(module, path));
  sessionStorage.removeItem(keyOf(module, path));
}
/** Reads the files of a module again: something else may have changed them. */
export function rereadDrafts(module: string): void {
  for (const { draft } of openDrafts(module)) void draft.load();
}
export function languageOf(path: string): EditorLanguage {
  if (path === configFile) return 'module';
  return path.startsWith('bin/') && !/\.(?:py|js|mjs|pl|rb|ps1|cmd|md|txt|json)$/.test(path) ? 'shell' : 'text';
}
