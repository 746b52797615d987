// Writes docs/api.md and docs/roles.md from the table of routes. Run after `npm run build`.
import { writeFile } from 'node:fs/promises';
import { apiReference } from '../dist/http/reference.js';
import { rolesReference } from '../dist/http/reference-roles.js';

await writeFile(new URL('../docs/api.md', import.meta.url), apiReference());
await writeFile(new URL('../docs/roles.md', import.meta.url), rolesReference());
