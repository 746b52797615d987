// Writes docs/api.md from the table of routes. Run after `npm run build`.
import { writeFile } from 'node:fs/promises';
import { apiReference } from '../dist/http/reference.js';

await writeFile(new URL('../docs/api.md', import.meta.url), apiReference());
